/* SPDX-License-Identifier: GPL-3.0-or-later */
/* network-ini.h - a key file with its line numbers
 *
 * GKeyFile's syntax (groups, keys with a language in brackets, "#" comments, the escapes \s \n \t
 * \r \\ \;), read so that every mistake can be reported with its line, and all at once.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

G_BEGIN_DECLS

/* Every mistake in a network, as "PATH:LINE: error: text". */
typedef struct {
    const char *path;    /* of network.ini */
    GPtrArray *problems; /* char *: may hold others' already */
    unsigned n_errors;
} MgComplaints;

void mg_complain_error(MgComplaints *to, unsigned line, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
void mg_complain_warning(MgComplaints *to, unsigned line, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

typedef struct {
    char *key;      /* without its language */
    char *language; /* (nullable) "ko" of title[ko] */
    char *value;    /* escapes undone, but "\;", which mg_ini_list() undoes */
    unsigned line;
} MgIniRow;

typedef struct {
    char *kind;   /* "host" */
    char **names; /* NULL-terminated: the words after it */
    GArray *rows; /* MgIniRow */
    unsigned line;
} MgIniSection;

/* (transfer full) (element-type MgIniSection): what could be understood. */
GPtrArray *mg_ini_parse(const char *text, size_t len, MgComplaints *complaints);
/* The parts between ";", without spaces around them and without empty ones. */
char **mg_ini_list(const char *value);
/* (nullable) The word among these (NULL-terminated) that `word` may have been meant to be. */
const char *mg_ini_nearest(const char *word, const char *const *among);

G_END_DECLS
