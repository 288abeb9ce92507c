/* SPDX-License-Identifier: GPL-3.0-or-later */
/* built.c N - prints N letters as somebody might compose them, and what was meant, for built.py: a
 * line a thing, its values in base64 */
#include <stdio.h>
#include <stdlib.h>

#include "message.h"

#define PEOPLE_MAX 6
#define FILES_MAX  4

/* Scripts, and what is special in fields, lines and encodings. */
static const char *const pieces[] = {"Hello",     " ",    "안녕하세요",
                                     "é",         "🙂", "\"",
                                     "\\",        "=?",   "?=",
                                     "=",         "_",    ".",
                                     "\n",        "\n.",  "\nFrom ",
                                     ",",         ";",    ":",
                                     "<",         ">",    "(",
                                     ")",         "@",    "日本語",
                                     "\t",        " \n",  "averylongwordwithoutanyspaceinit",
                                     "Ж",         "--",   "'",
                                     "%",         "*",    "=20",
                                     "e\xcc\x81", "a/b",  "  "};

static char *random_text(GRand *rand, int max, bool one_line)
{
    GString *text = g_string_new(NULL);
    int n = g_rand_int_range(rand, 0, max + 1);
    for (int i = 0; i < n; i++) {
        const char *piece = pieces[g_rand_int_range(rand, 0, G_N_ELEMENTS(pieces))];
        for (const char *c = piece; *c != '\0'; c++)
            if (!one_line || (*c != '\n' && *c != '\t'))
                g_string_append_c(text, *c);
    }
    if (one_line)
        g_strstrip(text->str);
    return g_string_free(text, FALSE);
}

static void print(const char *what, const void *octets, size_t len)
{
    g_autofree char *text = g_base64_encode(octets, len);
    printf("%s %s\n", what, text);
}

static void print_text(const char *what, const char *text)
{
    if (text != NULL)
        print(what, text, strlen(text));
}

static size_t people(GRand *rand, MgMessagePerson *out, size_t max)
{
    static const char *const addresses[] = {"alice@example.com", "bob.b+tag@example.net",
                                            "o'neil@a-rather-long-domain-name.example.org",
                                            "x@[192.0.2.1]"};
    size_t n = (size_t)g_rand_int_range(rand, 1, (int)max + 1);
    for (size_t i = 0; i < n; i++)
        out[i] = (MgMessagePerson){random_text(rand, 5, true),
                                   addresses[g_rand_int_range(rand, 0, G_N_ELEMENTS(addresses))]};
    return n;
}

static void print_people(const char *what, const MgMessagePerson *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        print_text(what, list[i].name);
        print_text("address", list[i].address);
        g_free((char *)list[i].name);
    }
}

static void print_letter(GRand *rand, uint64_t seed)
{
    static const char *const types[] = {"image/png", "application/zip", NULL, "application/pdf"};
    MgMessagePerson from[1], to[PEOPLE_MAX], cc[PEOPLE_MAX];
    MgMessageAttachment files[FILES_MAX];
    g_autofree char *subject = random_text(rand, 20, true);
    g_autofree char *text = random_text(rand, 60, false);
    g_autofree char *html = g_rand_boolean(rand) ? random_text(rand, 30, false) : NULL;
    g_autoptr(GPtrArray) keep = g_ptr_array_new_with_free_func(g_free);
    MgMessageDraft draft = {.from = from,
                            .to = to,
                            .cc = cc,
                            .subject = subject,
                            .date = g_rand_int_range(rand, 0, G_MAXINT),
                            .zone_minutes = 15 * g_rand_int_range(rand, -48, 57),
                            .text = text,
                            .html = html,
                            .attachments = files,
                            .n_attachments = (size_t)g_rand_int_range(rand, 0, FILES_MAX + 1),
                            .seed = seed};
    draft.n_from = people(rand, from, 1);
    draft.n_to = people(rand, to, PEOPLE_MAX);
    draft.n_cc = people(rand, cc, PEOPLE_MAX);
    for (size_t i = 0; i < draft.n_attachments; i++) {
        size_t len = (size_t)g_rand_int_range(rand, 0, 300);
        uint8_t *octets = g_malloc(len + 1);
        for (size_t k = 0; k < len; k++)
            octets[k] = (uint8_t)g_rand_int(rand);
        g_ptr_array_add(keep, octets);
        char *name = random_text(rand, 12, true);
        g_ptr_array_add(keep, name);
        files[i] =
            (MgMessageAttachment){.file_name = name[0] != '\0' ? name : NULL,
                                  .type = types[g_rand_int_range(rand, 0, G_N_ELEMENTS(types))],
                                  .data = {octets, len}};
    }
    g_autoptr(GString) wire = mg_message_build(&draft);
    print("wire", wire->str, wire->len);
    print_text("subject", subject);
    print_text("text", text);
    print_text("html", html);
    printf("date %" G_GINT64_FORMAT "\nzone %d\n", draft.date, draft.zone_minutes);
    print_people("from", from, draft.n_from);
    print_people("to", to, draft.n_to);
    print_people("cc", cc, draft.n_cc);
    for (size_t i = 0; i < draft.n_attachments; i++) {
        print("file", files[i].data.data, files[i].data.len);
        printf("type %s\n", files[i].type != NULL ? files[i].type : "application/octet-stream");
        print_text("name", files[i].file_name);
    }
    puts("end");
}

int main(int argc, char **argv)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(47);
    for (int i = 0; argc > 1 && i < atoi(argv[1]); i++)
        print_letter(rand, (uint64_t)i);
    return 0;
}
