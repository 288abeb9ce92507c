/* SPDX-License-Identifier: GPL-3.0-or-later */
/* host-now.h - what one host is doing at the session's position: engines, their facts, mailboxes */
#pragma once

#include <gtk/gtk.h>

#include "session.h"

G_BEGIN_DECLS

#define MG_TYPE_HOST_NOW (mg_host_now_get_type())
G_DECLARE_FINAL_TYPE(MgHostNow, mg_host_now, MG, HOST_NOW, GtkBox)

GtkWidget *mg_host_now_new(MgSession *session);
/* Also its state machine, and what can be done to it: on a page of its own there is room. */
void mg_host_now_set_whole(MgHostNow *self);
void mg_host_now_set_session(MgHostNow *self, MgSession *session);
/* 0: no host. Reads the network at the position, a little later, so that stepping stays quick. */
void mg_host_now_set_host(MgHostNow *self, MgHostId host);

G_END_DECLS
