/* SPDX-License-Identifier: GPL-3.0-or-later */
/* filter-complete.c - what may follow while somebody types a filter */
#include "filter-private.h"

/* What the words so far ask for. */
typedef enum { WANTS_FIELD, WANTS_OPERATOR, WANTS_VALUE, WANTS_CHAIN } Wants;

static const char *const words_of_operators[] = {"==",       "!=",      ">=", "<=", ">",  "<",
                                                 "eq",       "ne",      "ge", "le", "gt", "lt",
                                                 "contains", "matches", "~",  "in", NULL};

static bool is_one_of(const char *const *words, const char *word)
{
    for (; *words != NULL; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

static Wants after(Wants wants, const char *word)
{
    static const char *const chains[] = {"and", "or", "&&", "||", NULL};
    static const char *const starts[] = {"not", "!", "(", NULL};
    if (is_one_of(chains, word))
        return WANTS_FIELD;
    switch (wants) {
    case WANTS_FIELD:
        return is_one_of(starts, word) ? WANTS_FIELD : WANTS_OPERATOR;
    case WANTS_OPERATOR:
        return is_one_of(words_of_operators, word) ? WANTS_VALUE : WANTS_CHAIN;
    case WANTS_VALUE:
    case WANTS_CHAIN:
        break;
    }
    return WANTS_CHAIN;
}

static void offer(GPtrArray *names, const char *word, const char *name)
{
    if (g_ascii_strncasecmp(name, word, strlen(word)) == 0 && strcmp(name, word) != 0 &&
        !g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
        g_ptr_array_add(names, g_strdup(name));
}

static void offer_fields(GPtrArray *names, const char *word, const MgRegistry *registry)
{
    for (size_t i = 1; i < mg_registry_n_dissectors(registry); i++) {
        const MgDissector *dissector = mg_registry_dissector(registry, (uint8_t)i);
        offer(names, word, dissector->name);
        for (size_t f = 0; f < dissector->n_fields; f++)
            if (dissector->fields[f].id != NULL)
                offer(names, word, dissector->fields[f].id);
    }
    for (const MgOfRow *row = mg_filter_of; row->id != NULL; row++)
        offer(names, word, row->id);
}

/* The values that have a name: verbs in quotes, codes as numbers. */
static void offer_values(GPtrArray *names, const char *word, const MgField *field)
{
    static const char *const kinds[] = {"\"command\"", "\"reply\"", "\"query\"", "\"answer\"",
                                        "\"data\"",    "\"note\"",  "\"state\"", "\"decision\""};
    if (field == NULL) {
        for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
            offer(names, word, kinds[i]);
        return;
    }
    for (const MgName *name = field->names; name != NULL && name->name != NULL; name++) {
        g_autofree char *value = name->text != NULL
                                     ? g_strdup_printf("\"%s\"", name->text)
                                     : g_strdup_printf("%" G_GUINT64_FORMAT, name->value);
        offer(names, word, value);
    }
    if (field->type == MG_FIELD_BOOL) {
        offer(names, word, "true");
        offer(names, word, "false");
    }
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *mg_filter_complete(const char *text, const MgRegistry *registry)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) spaced = g_string_new(NULL);
    for (const char *at = text; *at != '\0'; at++) {
        bool alone = strchr("(){},", *at) != NULL || (*at == '!' && at[1] != '=');
        if (alone)
            g_string_append_c(spaced, ' ');
        g_string_append_c(spaced, *at);
        if (alone)
            g_string_append_c(spaced, ' ');
    }
    g_auto(GStrv) words = g_strsplit_set(spaced->str, " \t", -1);
    Wants wants = WANTS_FIELD;
    const char *word = "", *field_word = "";
    for (size_t i = 0; words[i] != NULL; i++) {
        word = words[i]; /* the last one is being typed, and may be empty */
        if (words[i + 1] == NULL || word[0] == '\0')
            continue;
        if (wants == WANTS_FIELD)
            field_word = word;
        wants = after(wants, word);
    }
    static const char *const chain[] = {"and", "or", NULL};
    const char *const *list = wants == WANTS_CHAIN ? chain : words_of_operators;
    if (wants == WANTS_FIELD) {
        offer_fields(names, word, registry);
    } else if (wants == WANTS_VALUE) {
        const MgField *field = mg_registry_field(registry, field_word, NULL);
        if (field != NULL || strcmp(field_word, "mailglass.kind") == 0)
            offer_values(names, word, field);
    } else {
        for (; *list != NULL; list++)
            offer(names, word, *list);
        for (size_t i = 0; wants == WANTS_OPERATOR && chain[i] != NULL; i++)
            offer(names, word, chain[i]);
    }
    if (wants == WANTS_FIELD || wants == WANTS_VALUE)
        g_ptr_array_sort(names, compare_names);
    return names;
}
