/* SPDX-License-Identifier: GPL-3.0-or-later */
/* network-ini.c - a hostile network.ini: what is understood, written again, is understood the same
 */
#include "network-ini.h"

#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_escaped(GString *out, const char *value)
{
    for (const char *at = value; *at != '\0'; at++) {
        const char *code = strchr("\n\t\r\\", *at);
        if (*at == '\\' && at[1] == ';')
            g_string_append(out, "\\;"), at++;
        else if (code != NULL)
            g_string_append_printf(out, "\\%c", "ntr\\"[code - strchr("\n\t\r\\", '\n')]);
        else if (*at == ' ' && (at == value || at[1] == '\0'))
            g_string_append(out, "\\s");
        else
            g_string_append_c(out, *at);
    }
}

static void write_section(GString *out, const MgIniSection *section)
{
    g_string_append_printf(out, "[%s", section->kind);
    for (char **name = section->names; *name != NULL; name++)
        g_string_append_printf(out, " %s", *name);
    g_string_append(out, "]\n");
    for (unsigned i = 0; i < section->rows->len; i++) {
        const MgIniRow *row = &g_array_index(section->rows, MgIniRow, i);
        g_assert_true(row->key[0] != '\0' && row->line > section->line);
        g_string_append(out, row->key);
        if (row->language != NULL)
            g_string_append_printf(out, "[%s]", row->language);
        g_string_append_c(out, '=');
        write_escaped(out, row->value);
        g_string_append_c(out, '\n');
        g_auto(GStrv) list = mg_ini_list(row->value);
        for (size_t j = 0; list[j] != NULL; j++)
            g_assert_true(list[j][0] != '\0');
    }
}

static GString *write_all(const GPtrArray *sections)
{
    GString *out = g_string_new(NULL);
    for (unsigned i = 0; i < sections->len; i++)
        write_section(out, g_ptr_array_index(sections, i));
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgComplaints complaints = {.path = "p", .problems = problems};
    g_autoptr(GPtrArray) sections = mg_ini_parse((const char *)data, size, &complaints);
    g_assert_true(problems->len <= 201);
    for (unsigned i = 0; i < problems->len; i++)
        g_assert_true(g_str_has_prefix(g_ptr_array_index(problems, i), "p:"));
    g_autoptr(GString) first = write_all(sections);
    unsigned n_errors = complaints.n_errors;
    g_autoptr(GPtrArray) again = mg_ini_parse(first->str, first->len, &complaints);
    g_assert_cmpuint(complaints.n_errors, ==, n_errors); /* nothing new is wrong */
    g_autoptr(GString) second = write_all(again);
    g_assert_cmpstr(first->str, ==, second->str);
    return 0;
}
