/* SPDX-License-Identifier: GPL-3.0-or-later */
/* network-ini.c - a key file with its line numbers */
#include "network-ini.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#define PROBLEMS_MAX 200u /* a file that is no network at all need not be told line by line */

/* ---- complaints ---- */

static void complain(MgComplaints *to, unsigned line, const char *word, const char *format,
                     va_list args)
{
    if (to->problems->len == PROBLEMS_MAX)
        g_ptr_array_add(to->problems, g_strdup_printf("%s: warning: %s", to->path,
                                                      _("there is more, which is not listed")));
    if (to->problems->len > PROBLEMS_MAX)
        return;
    g_autofree char *text = g_strdup_vprintf(format, args);
    if (line > 0)
        g_ptr_array_add(to->problems, g_strdup_printf("%s:%u: %s: %s", to->path, line, word, text));
    else
        g_ptr_array_add(to->problems, g_strdup_printf("%s: %s: %s", to->path, word, text));
}

void mg_complain_error(MgComplaints *to, unsigned line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain(to, line, "error", format, args);
    va_end(args);
    to->n_errors++;
}

void mg_complain_warning(MgComplaints *to, unsigned line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain(to, line, "warning", format, args);
    va_end(args);
}

/* ---- sections and rows ---- */

static void row_clear(void *data)
{
    MgIniRow *row = data;
    g_free(row->key);
    g_free(row->language);
    g_free(row->value);
}

static void section_free(void *data)
{
    MgIniSection *section = data;
    g_free(section->kind);
    g_strfreev(section->names);
    g_array_unref(section->rows);
    g_free(section);
}

/* The words between spaces; none of them is empty. */
static char **split_words(const char *text)
{
    GPtrArray *words = g_ptr_array_new();
    g_auto(GStrv) parts = g_strsplit_set(text, " \t", -1);
    for (size_t i = 0; parts[i] != NULL; i++)
        if (parts[i][0] != '\0')
            g_ptr_array_add(words, g_strdup(parts[i]));
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(words, FALSE);
}

static MgIniSection *section_new(char *line, unsigned number, MgComplaints *complaints)
{
    char *close = strchr(line, ']');
    if (close == NULL || close[1] != '\0') {
        mg_complain_error(complaints, number, _("a section is written [NAME], and nothing else"));
        if (close == NULL)
            close = line + strlen(line);
    }
    *close = '\0';
    g_auto(GStrv) words = split_words(line + 1);
    if (words[0] == NULL) {
        mg_complain_error(complaints, number, _("the section has no name"));
        return NULL;
    }
    MgIniSection *section = g_new0(MgIniSection, 1);
    section->kind = g_strdup(words[0]);
    section->names = g_strdupv(words + 1);
    section->rows = g_array_new(FALSE, TRUE, sizeof(MgIniRow));
    g_array_set_clear_func(section->rows, row_clear);
    section->line = number;
    return section;
}

/* Undoes the escapes in place; false at one that does not exist. */
static bool unescape(char *value)
{
    char *to = value;
    for (const char *from = value; *from != '\0'; from++) {
        if (*from != '\\') {
            *to++ = *from;
            continue;
        }
        static const char codes[] = "sntr\\", stands[] = " \n\t\r\\";
        from++;
        const char *code = *from != '\0' ? strchr(codes, *from) : NULL;
        if (code != NULL) {
            *to++ = stands[code - codes];
        } else if (*from == ';') {
            *to++ = '\\';
            *to++ = ';';
        } else {
            return false;
        }
    }
    *to = '\0';
    return true;
}

static const MgIniRow *find_row(const MgIniSection *section, const MgIniRow *like)
{
    for (unsigned i = 0; i < section->rows->len; i++) {
        const MgIniRow *row = &g_array_index(section->rows, MgIniRow, i);
        if (strcmp(row->key, like->key) == 0 && g_strcmp0(row->language, like->language) == 0)
            return row;
    }
    return NULL;
}

static void add_row(MgIniSection *section, char *line, unsigned number, MgComplaints *complaints)
{
    char *equals = strchr(line, '=');
    if (equals == NULL) {
        mg_complain_error(complaints, number,
                          _("this is no comment (#), section ([NAME]) or KEY=VALUE: \"%s\""), line);
        return;
    }
    *equals = '\0';
    char *key = g_strchomp(line), *value = g_strchug(equals + 1);
    MgIniRow row = {.line = number};
    char *open = strchr(key, '[');
    size_t len = strlen(key);
    if (open != NULL && key[len - 1] == ']') {
        key[len - 1] = *open = '\0';
        row.language = open + 1;
    }
    row.key = key;
    if (key[0] == '\0' || strpbrk(key, "[] \t") != NULL) {
        mg_complain_error(complaints, number, _("the key before \"=\" is empty or has spaces"));
        return;
    }
    if (!unescape(value)) {
        mg_complain_error(complaints, number,
                          _("a backslash stands before s, n, t, r, ; or \\: write \\\\ for one"));
        return;
    }
    const MgIniRow *other = find_row(section, &row);
    if (other != NULL) {
        mg_complain_error(complaints, number, _("\"%s\" is there twice; the first is on line %u"),
                          key, other->line);
        return;
    }
    row.key = g_strdup(key);
    row.language = g_strdup(row.language);
    row.value = g_strdup(value);
    g_array_append_val(section->rows, row);
}

GPtrArray *mg_ini_parse(const char *text, size_t len, MgComplaints *complaints)
{
    GPtrArray *sections = g_ptr_array_new_with_free_func(section_free);
    MgIniSection *section = NULL;
    bool lost = false; /* below a section that has no name */
    unsigned number = 0;
    for (size_t at = 0; at < len;) {
        const char *start = text + at;
        const char *lf = memchr(start, '\n', len - at);
        size_t line_len = lf != NULL ? (size_t)(lf - start) : len - at;
        at += line_len + 1;
        number++;
        if (!g_utf8_validate_len(start, line_len, NULL)) {
            mg_complain_error(complaints, number, _("this line is not UTF-8 text"));
            continue;
        }
        g_autofree char *copy = g_strndup(start, line_len);
        char *line = g_strstrip(copy);
        if (line[0] == '\0' || line[0] == '#')
            continue;
        if (line[0] == '[') {
            section = section_new(line, number, complaints);
            lost = section == NULL;
            if (section != NULL)
                g_ptr_array_add(sections, section);
        } else if (section != NULL) {
            add_row(section, line, number, complaints);
        } else if (!lost) {
            mg_complain_error(complaints, number, _("this stands before the first [section]"));
            lost = true;
        }
    }
    return sections;
}

/* ---- values ---- */

char **mg_ini_list(const char *value)
{
    GPtrArray *parts = g_ptr_array_new();
    g_autoptr(GString) part = g_string_new(NULL);
    for (const char *at = value;; at++) {
        if (*at == '\\' && at[1] == ';') {
            g_string_append_c(part, *++at);
        } else if (*at != ';' && *at != '\0') {
            g_string_append_c(part, *at);
        } else {
            char *copy = g_strstrip(g_strdup(part->str));
            if (copy[0] != '\0')
                g_ptr_array_add(parts, copy);
            else
                g_free(copy);
            g_string_truncate(part, 0);
            if (*at == '\0')
                break;
        }
    }
    g_ptr_array_add(parts, NULL);
    return (char **)g_ptr_array_free(parts, FALSE);
}

#define WORD_MAX 40u

/* How many letters must be changed, left out or put in (Levenshtein). */
static unsigned distance(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);
    if (a_len > WORD_MAX || b_len > WORD_MAX)
        return WORD_MAX;
    unsigned row[WORD_MAX + 1];
    for (unsigned j = 0; j <= b_len; j++)
        row[j] = j;
    for (unsigned i = 1; i <= a_len; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= b_len; j++) {
            unsigned change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            row[j] = MIN(change, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[b_len];
}

const char *mg_ini_nearest(const char *word, const char *const *among)
{
    const char *nearest = NULL;
    unsigned best = 1 + (unsigned)MIN(strlen(word), 9u) / 3; /* what is a slip in a word so long */
    for (size_t i = 0; among[i] != NULL; i++) {
        unsigned far = distance(word, among[i]);
        if (far <= best && (nearest == NULL || far < best)) {
            nearest = among[i];
            best = far;
        }
    }
    return nearest;
}
