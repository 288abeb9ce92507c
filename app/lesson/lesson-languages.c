/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-languages.c - the two languages of a lesson beside each other: what one has, the other has
 */
#include <glib/gi18n-lib.h>

#include "lesson-private.h"

static const char *const names[MG_N_LANGUAGES] = {N_("English"), N_("Korean")};
static const char *const kinds[] = {[MG_PROSE_PARAGRAPH] = N_("a paragraph"),
                                    [MG_PROSE_HEADING] = N_("a heading"),
                                    [MG_PROSE_ITEM] = N_("an item of a list"),
                                    [MG_PROSE_CODE] = N_("wire text"),
                                    [MG_PROSE_QUOTE] = N_("a quotation")};

static const char *kind_at(const MgProse *prose, unsigned i)
{
    if (i >= prose->blocks->len)
        return _("nothing more");
    return _(kinds[((const MgProseBlock *)g_ptr_array_index(prose->blocks, i))->kind]);
}

static bool same_kind(const MgProse *a, const MgProse *b, unsigned i)
{
    if (i >= a->blocks->len || i >= b->blocks->len)
        return a->blocks->len == b->blocks->len;
    return ((const MgProseBlock *)g_ptr_array_index(a->blocks, i))->kind ==
           ((const MgProseBlock *)g_ptr_array_index(b->blocks, i))->kind;
}

static unsigned line_at(const MgProse *prose, unsigned i)
{
    return i < prose->blocks->len
               ? ((const MgProseBlock *)g_ptr_array_index(prose->blocks, i))->line
               : prose->line;
}

/* The first block that differs is told; what follows it would only follow from it. */
static bool compare_blocks(const MgProse *en, const MgProse *ko, const MgComplaints *to)
{
    for (unsigned i = 0; i < MAX(en->blocks->len, ko->blocks->len); i++) {
        if (same_kind(en, ko, i))
            continue;
        mg_lesson_error(to, line_at(ko, i),
                        _("the two languages differ: here the Korean text has %s, the English "
                          "(line %u) %s"),
                        kind_at(ko, i), line_at(en, i), kind_at(en, i));
        return false;
    }
    return true;
}

/* Code and links are of no language: what stands in one text has to stand in the other. That one
 * says it twice is a matter of grammar. */
static void compare_lists(const GPtrArray *a, const GArray *lines, const GPtrArray *b,
                          const char *format, const MgComplaints *to)
{
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    for (unsigned i = 0; i < b->len; i++)
        g_hash_table_add(known, g_ptr_array_index(b, i));
    for (unsigned i = 0; i < a->len; i++) {
        const char *text = g_ptr_array_index(a, i);
        if (!g_hash_table_add(known, (char *)text))
            continue;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        g_autofree char *what = g_strdup_printf(format, text);
#pragma GCC diagnostic pop
        mg_lesson_error(to, g_array_index(lines, unsigned, i), "%s", what);
    }
}

/* By the language that has it. */
static const char *const in_code[MG_N_LANGUAGES] = {N_("`%s` is not in the Korean text"),
                                                    N_("`%s` is not in the English text")};
static const char *const in_links[MG_N_LANGUAGES] = {
    N_("the link to %s is not in the Korean text"),
    N_("the link to %s is not in the English text")};

static void compare_prose(const MgProse *en, const MgProse *ko, const MgComplaints *to)
{
    if (en->line == 0 && ko->line == 0)
        return;
    if (en->line == 0 || ko->line == 0) {
        mg_lesson_error(to, en->line + ko->line, _("the %s text is missing: ### %s"),
                        _(names[en->line == 0 ? MG_ENGLISH : MG_KOREAN]),
                        mg_language_codes[en->line == 0 ? MG_ENGLISH : MG_KOREAN]);
        return;
    }
    if ((en->title == NULL) != (ko->title == NULL))
        mg_lesson_error(to, en->title == NULL ? en->line : ko->line, "%s",
                        _("the title is missing in this language, and the other has one"));
    compare_blocks(en, ko, to);
    compare_lists(en->codes, en->code_lines, ko->codes, _(in_code[MG_ENGLISH]), to);
    compare_lists(ko->codes, ko->code_lines, en->codes, _(in_code[MG_KOREAN]), to);
    compare_lists(en->links, en->link_lines, ko->links, _(in_links[MG_ENGLISH]), to);
    compare_lists(ko->links, ko->link_lines, en->links, _(in_links[MG_KOREAN]), to);
}

static GArray *lines_of(const GPtrArray *list, unsigned line)
{
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(unsigned));
    for (unsigned i = 0; i < list->len; i++)
        g_array_append_val(lines, line);
    return lines;
}

static void compare_parts(const MgBilingual *text,
                          GPtrArray *(*parts)(const MgBilingual *, MgLanguage),
                          const char *const *formats, const MgComplaints *to)
{
    g_autoptr(GPtrArray) en = parts(text, MG_ENGLISH);
    g_autoptr(GPtrArray) ko = parts(text, MG_KOREAN);
    g_autoptr(GArray) en_lines = lines_of(en, text->line[MG_ENGLISH]);
    g_autoptr(GArray) ko_lines = lines_of(ko, text->line[MG_KOREAN]);
    compare_lists(en, en_lines, ko, _(formats[MG_ENGLISH]), to);
    compare_lists(ko, ko_lines, en, _(formats[MG_KOREAN]), to);
}

static void compare_text(const MgBilingual *text, unsigned line, void *data)
{
    const MgComplaints *to = data;
    if (mg_bilingual_is_empty(text))
        return; /* told already */
    for (unsigned l = 0; l < MG_N_LANGUAGES; l++) {
        if (text->source[l] == NULL) {
            mg_lesson_error(to, text->line[1 - l], _("\"%s\" is missing beside \"%s\""),
                            mg_language_codes[l], mg_language_codes[1 - l]);
            return;
        }
    }
    compare_parts(text, mg_bilingual_codes, in_code, to);
    compare_parts(text, mg_bilingual_links, in_links, to);
}

void mg_lesson_compare(const MgLesson *lesson, const MgComplaints *to)
{
    for (unsigned i = 0; i < lesson->steps->len; i++) {
        const MgLessonStep *step = g_ptr_array_index(lesson->steps, i);
        if (step->torn)
            continue; /* the other text may be in the fence */
        compare_prose(&step->prose[MG_ENGLISH], &step->prose[MG_KOREAN], to);
        compare_prose(&step->notes[MG_ENGLISH], &step->notes[MG_KOREAN], to);
    }
    mg_lesson_each_text(lesson, compare_text, (void *)to);
}
