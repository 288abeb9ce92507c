/* SPDX-License-Identifier: GPL-3.0-or-later */
/* letter.h - what somebody wrote, as a message: a plugin makes it, or it is plain */
#pragma once

#include "registry.h"

#include <mailglass/topics.h>

G_BEGIN_DECLS

/* Whether a plugin answers letter.build: then letters may have any characters, and files. */
gboolean mg_letter_has_builder(const MgRegistry *registry);
/* (transfer full) Lines end with CR LF. Without a plugin: ASCII alone and no files, else NULL with
 * an error for people. */
GBytes *mg_letter_write(MgRegistry *registry, const MgLetterQuestion *question, GError **error);

G_END_DECLS
