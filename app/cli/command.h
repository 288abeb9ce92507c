/* SPDX-License-Identifier: GPL-3.0-or-later */
/* command.h - the commands of mailglass: a row each, a file each, and what they share */
#pragma once

#include <glib/gi18n.h>

#include "lesson.h"
#include "network.h"
#include "real-host.h"

G_BEGIN_DECLS

/* `argv[0]` is the command's last word; returns MG_EXIT_…. */
typedef int (*MgCommandMain)(int argc, char **argv, MgRegistry *registry);

typedef struct {
    const char *name;    /* "network check" */
    const char *usage;   /* what follows it, in short */
    const char *summary; /* N_() one line */
    MgCommandMain main;
} MgCommand; /* the table is in main.c; it ends with {0} */

extern const MgCommand mg_commands[];

int mg_run_main(int argc, char **argv, MgRegistry *registry);
int mg_network_check_main(int argc, char **argv, MgRegistry *registry);
int mg_network_new_main(int argc, char **argv, MgRegistry *registry);
int mg_plugin_list_main(int argc, char **argv, MgRegistry *registry);
int mg_plugin_check_main(int argc, char **argv, MgRegistry *registry);
int mg_picture_main(int argc, char **argv, MgRegistry *registry);
int mg_help_main(int argc, char **argv, MgRegistry *given);
int mg_version_main(int argc, char **argv, MgRegistry *registry);
int mg_serve_main(int argc, char **argv, MgRegistry *registry);
int mg_send_main(int argc, char **argv, MgRegistry *registry);
int mg_talk_main(int argc, char **argv, MgRegistry *registry);
int mg_tap_main(int argc, char **argv, MgRegistry *registry);
int mg_fetch_main(int argc, char **argv, MgRegistry *registry);
int mg_lesson_list_main(int argc, char **argv, MgRegistry *registry);
int mg_lesson_show_main(int argc, char **argv, MgRegistry *registry);
int mg_lesson_run_main(int argc, char **argv, MgRegistry *registry);
int mg_lesson_check_main(int argc, char **argv, MgRegistry *registry);
int mg_lesson_new_main(int argc, char **argv, MgRegistry *registry);
int mg_lesson_report_main(int argc, char **argv, MgRegistry *registry);

/* (transfer full) (nullable) The folder that `name` means: a path, or the name of a network that is
 * shipped. NULL after saying, for `command`, what there is. */
char *mg_find_network(const char *command, const char *name);
/* The names of the networks that are shipped, sorted. (transfer full) */
GPtrArray *mg_shipped_networks(void);
/* Loads it; what is wrong with it is on standard error, a line each. */
MgNetwork *mg_load_network(const char *command, const char *name, const MgRegistry *registry);
/* Two engines of a host may read, and complain about, the same file. */
void mg_drop_repeated(GPtrArray *problems);
void mg_print_problems(GPtrArray *problems);

/* (transfer full) (nullable) The folder of a lesson by its id or path; NULL after saying what there
 * is. */
char *mg_find_lesson(const char *command, const char *name);
/* Reads it; what is wrong with it is on standard error, a line each. */
MgLesson *mg_load_lesson(const char *command, const char *name);
/* "en", "ko"; NULL is what the program speaks. False after saying that there is no such language.
 */
bool mg_pick_language(const char *command, const char *text, MgLanguage *language);

/* Becomes the window's program. Returns only if that failed, after saying why. */
int mg_exec_window(char **argv);

G_END_DECLS
