/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plugin-command.h - commands that plugins bring: engine kinds with a command row */
#pragma once

#include "registry.h"

G_BEGIN_DECLS

/* How many words of `argv` (after the program) are this name; 0 if they are others. */
int mg_command_words(const char *name, int argc, char **argv);
/* (nullable) The kind whose command's name the arguments begin with, and how many words that is. */
const MgEngineKind *mg_find_plugin_command(const MgRegistry *registry, int argc, char **argv,
                                           int *words);
/* `argv[0]` is the command's last word. Returns MG_EXIT_…. */
int mg_plugin_command_main(const MgEngineKind *kind, int argc, char **argv, MgRegistry *registry);

G_END_DECLS
