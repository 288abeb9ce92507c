/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ladder-paint.h - the ladder as a picture: plain functions that need no display */
#pragma once

#include <gtk/gtk.h>

#include "ladder-index.h"
#include "session.h"

G_BEGIN_DECLS

#define MG_LADDER_ROW_HEIGHT  40
#define MG_LADDER_HEAD_HEIGHT 32

typedef struct {
    MgSession *session;
    const MgLadderIndex *index;
    PangoContext *pango;
    double width;
    gboolean dark;
    uint32_t glow; /* record whose row glows; 0 none */
} MgLadderPaint;

/* Names of hosts over their lifelines. */
void mg_ladder_paint_head(const MgLadderPaint *paint, GtkSnapshot *snapshot);
/* Lifelines from y to y + height. */
void mg_ladder_paint_lines(const MgLadderPaint *paint, GtkSnapshot *snapshot, double y,
                           double height);
/* The row of record `n`, from y = 0. */
void mg_ladder_paint_row(const MgLadderPaint *paint, GtkSnapshot *snapshot, uint32_t n,
                         gboolean current, gboolean selected);
/* (transfer full) What is said of a fold: "▸ 6 · DNS: 10 mx.example.net". */
char *mg_ladder_fold_text(const MgLadderIndex *index, const MgFold *fold, uint32_t position);
/* (transfer full) "mta.example.com", or what is not shown for want of room: "+3". */
char *mg_ladder_slot_name(const MgLadderPaint *paint, double x);

/* (transfer full) The ladder with its last rows up to the session's position. */
GskRenderNode *mg_scene_ladder(MgSession *session, double width, double height, gboolean dark);

G_END_DECLS
