/* SPDX-License-Identifier: GPL-3.0-or-later */
/* picture.h - map and ladder as files, without a display */
#pragma once

#include "registry.h"

G_BEGIN_DECLS

/* `mailglass picture NETWORK --at N --output FILE.png|svg|pdf [--view map|ladder] [--dark]
 * [--language ko]
 * [--size 1280x800]`; argv[0] is "picture". Returns the program's exit code: 0 done, 2 usage, 3
 * failed. */
int mg_picture_run(int argc, char **argv, MgRegistry *registry);

G_END_DECLS
