/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view.h - who looks: the two ends of a conversation, or somebody on the wire between them */
#pragma once

#include "trace.h"

G_BEGIN_DECLS

typedef enum {
    MG_VIEW_ENDS, /* what was hidden is read, the octets that hid it are left out */
    MG_VIEW_WIRE  /* an eavesdropper's: what was hidden is not there */
} MgView;

/* Whether it is left out in this view. */
bool mg_view_hides(MgView view, const MgTrace *trace, uint32_t n);
/* Whether anything was hidden on the wire up to record `n`, so that the views differ. */
bool mg_view_matters(const MgTrace *trace, uint32_t n);
/* The same moment in this view: of what is left out, what stands for it there. */
uint32_t mg_view_moment(MgView view, const MgTrace *trace, uint32_t n);

G_END_DECLS
