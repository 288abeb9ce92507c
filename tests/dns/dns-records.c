/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-records.c - thousands of real records: from words to the wire, and back
 *
 * The suite is not part of the project: a folder with records.N (a record a line) and
 * records.N.expected (its wire form in hex, and its canonical text). Types that have no row yet are
 * counted apart; what has passed once must go on passing. */
#include <stdlib.h>

#include "dns-world.h"
#include "dns-zone.h"

#define PASSED_BEFORE 6269

typedef struct {
    unsigned total, wire, text;
} Score;

static GHashTable *scores; /* by type's name */
static unsigned n_passed, n_total;

typedef struct {
    GByteArray *wire;
    GString *text;
    char type[24];
    unsigned n;
} Made;

static void take(void *user, const MgDnsZoneRecord *record)
{
    Made *made = user;
    g_autoptr(GString) type = g_string_new(NULL);
    uint8_t head[10];
    mg_dns_put_u16(head, record->type);
    mg_dns_put_u16(head + 2, record->class);
    mg_dns_put_u16(head + 4, (uint16_t)(record->ttl >> 16));
    mg_dns_put_u16(head + 6, (uint16_t)record->ttl);
    mg_dns_put_u16(head + 8, (uint16_t)record->data.len);
    g_byte_array_append(made->wire, record->owner.wire, record->owner.len);
    g_byte_array_append(made->wire, head, sizeof head);
    g_byte_array_append(made->wire, record->data.data, (guint)record->data.len);
    mg_dns_type_format(record->type, type);
    g_strlcpy(made->type, type->str, sizeof made->type);
    mg_dns_name_format(mg_dns_name_span(&record->owner), made->text);
    g_string_append_printf(made->text, "\t%u\t", record->ttl);
    mg_dns_class_format(record->class, made->text);
    g_string_append_printf(made->text, "\t%s\t", type->str);
    mg_dns_data_format(record->type, record->data, made->text);
    made->n++;
}

static bool make(const char *line, Made *made)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    made->wire = g_byte_array_new();
    made->text = g_string_new(NULL);
    made->n = 0;
    mg_dns_zone_read(mg_span_from_string(line), "suite", NULL, take, made, problems);
    if (problems->len > 0)
        g_test_message("%s in: %.100s", (char *)g_ptr_array_index(problems, 0), line);
    return problems->len == 0 && made->n == 1;
}

static void made_clear(Made *made)
{
    g_byte_array_unref(made->wire);
    g_string_free(made->text, TRUE);
}

static bool hex_is(const GByteArray *wire, const char *hex)
{
    if (strlen(hex) != 2 * (size_t)wire->len)
        return false;
    for (guint i = 0; i < wire->len; i++)
        if (g_ascii_xdigit_value(hex[2 * i]) * 16 + g_ascii_xdigit_value(hex[2 * i + 1]) !=
            wire->data[i])
            return false;
    return true;
}

/* Without the comment that the suite adds to keys and signatures. */
static char *without_comment(const char *line)
{
    const char *comment = strstr(line, " ;{");
    if (comment == NULL)
        comment = strstr(line, " ; ");
    return g_strchomp(comment != NULL ? g_strndup(line, (size_t)(comment - line)) : g_strdup(line));
}

static void check(const char *line, const char *hex, const char *text)
{
    Made made, again;
    bool wire = make(line, &made) && hex_is(made.wire, hex);
    g_autofree char *wanted = without_comment(text);
    g_autofree char *type = g_strdup(made.n == 1 ? made.type : "(not read)");
    Score *score = g_hash_table_lookup(scores, type);
    if (score == NULL)
        g_hash_table_insert(scores, g_strdup(type), score = g_new0(Score, 1));
    /* Back: the canonical text is what we print, and reads as the same wire form. */
    bool same = g_ascii_strcasecmp(made.text->str, wanted) == 0;
    bool back = make(text, &again) && hex_is(again.wire, hex);
    if (made.n == 1 && !same)
        g_test_message("ours:   %.150s\nsuite's: %.150s", made.text->str, wanted);
    score->total++;
    score->wire += wire;
    score->text += same && back;
    n_total++;
    n_passed += wire && same && back;
    made_clear(&made);
    made_clear(&again);
}

static void check_file(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *expected = g_strconcat(path, ".expected", NULL);
    g_autofree char *text = NULL, *wanted = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_true(g_file_get_contents(expected, &wanted, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_auto(GStrv) pairs = g_strsplit(wanted, "\n", -1);
    size_t at = 0;
    for (size_t i = 0; lines[i] != NULL; i++) {
        const char *line = lines[i];
        if (line[strspn(line, " \t")] == '\0' || line[strspn(line, " \t")] == ';')
            continue;
        g_assert_nonnull(pairs[at]);
        g_assert_nonnull(pairs[at + 1]);
        check(line, pairs[at], pairs[at + 1]);
        at += 2;
    }
}

static void test_suite(void)
{
    const char *suites = g_getenv("MAILGLASS_SUITES");
    g_autofree char *folder = g_build_filename(
        suites != NULL ? suites : MAILGLASS_SOURCE "/../shared/suites", "dns", "records", NULL);
    g_autofree char *first = g_build_filename(folder, "records.1", NULL);
    if (!g_file_test(first, G_FILE_TEST_EXISTS)) {
        g_test_skip("there is no suite of records here (MAILGLASS_SUITES)");
        return;
    }
    scores = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    check_file(folder, "records.1");
    check_file(folder, "records.3");
    g_autoptr(GList) types = g_list_sort(g_hash_table_get_keys(scores), (GCompareFunc)strcmp);
    for (GList *type = types; type != NULL; type = type->next) {
        const Score *score = g_hash_table_lookup(scores, type->data);
        g_test_message("%-12s %5u records, %5u to the wire, %5u to text and back",
                       (char *)type->data, score->total, score->wire, score->text);
    }
    g_test_message("%u of %u records pass both ways", n_passed, n_total);
    g_hash_table_unref(scores);
    g_assert_cmpuint(n_passed, >=, PASSED_BEFORE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dns/records/suite", test_suite);
    return g_test_run();
}
