/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-prose-text.c - a lesson's texts on a terminal */
#include "lesson-prose-text.h"

#include <stdio.h>
#include <string.h>

#define WIDTH 78u

static unsigned width_of(const char *text, size_t len)
{
    unsigned width = 0;
    for (const char *at = text; at < text + len; at = g_utf8_next_char(at))
        width += g_unichar_iszerowidth(g_utf8_get_char(at)) ? 0
                 : g_unichar_iswide(g_utf8_get_char(at))    ? 2
                                                            : 1;
    return width;
}

void mg_print_text(const char *text, const char *first, const char *margin)
{
    unsigned column = width_of(first, strlen(first));
    bool fresh = true;
    fputs(first, stdout);
    for (const char *at = text; *at != '\0';) {
        size_t len = strcspn(at, " \n");
        unsigned width = width_of(at, len);
        if (!fresh && column + 1 + width > WIDTH) {
            printf("\n%s", margin);
            column = width_of(margin, strlen(margin));
            fresh = true;
        }
        printf("%s%.*s", fresh || len == 0 ? "" : " ", (int)len, at);
        column += width + !fresh;
        fresh = fresh && len == 0;
        at += len;
        if (*at == '\n') {
            printf("\n%s", margin);
            column = width_of(margin, strlen(margin));
            fresh = true;
        }
        at += *at != '\0';
    }
    putchar('\n');
}

static void print_wire(const char *text, const char *margin)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++)
        printf("%s  %s\n", margin, lines[i]);
}

void mg_print_prose(const MgProse *prose, const char *margin)
{
    MgProseKind before = MG_PROSE_PARAGRAPH;
    for (unsigned i = 0; i < prose->blocks->len; i++) {
        const MgProseBlock *block = g_ptr_array_index(prose->blocks, i);
        if (block->kind != MG_PROSE_ITEM || before != MG_PROSE_ITEM)
            putchar('\n');
        before = block->kind;
        if (block->kind == MG_PROSE_CODE) {
            print_wire(block->plain, margin);
            continue;
        }
        g_autofree char *in = g_strnfill((gsize)2 * block->depth, ' ');
        g_autofree char *mark = block->number > 0 ? g_strdup_printf("%u. ", block->number)
                                : block->kind == MG_PROSE_ITEM  ? g_strdup("- ")
                                : block->kind == MG_PROSE_QUOTE ? g_strdup("> ")
                                                                : g_strdup("");
        g_autofree char *first = g_strconcat(margin, in, mark, NULL);
        g_autofree char *rest = g_strdup_printf("%s%s%*s", margin, in, (int)strlen(mark), "");
        mg_print_text(block->plain, first, rest);
    }
}

void mg_print_quiz(const MgQuiz *quiz, MgLanguage language, const char *margin)
{
    g_autofree char *rest = g_strconcat(margin, "     ", NULL);
    const char *ask = mg_bilingual_plain(&quiz->ask, language);
    putchar('\n');
    mg_print_text(ask != NULL ? ask : "", margin, margin);
    for (unsigned i = 0; i < quiz->answers->len; i++) {
        const MgQuizAnswer *answer = g_ptr_array_index(quiz->answers, i);
        g_autofree char *first = g_strdup_printf("%s  %c) ", margin, 'a' + (int)MIN(i, 25u));
        const char *label = mg_bilingual_plain(&answer->label, language);
        mg_print_text(label != NULL ? label : "", first, rest);
    }
}
