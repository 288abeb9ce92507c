/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-zone.c - reads master files
 *
 * An entry is one line; parentheses let it span several. It is cut into words first, and the words
 * are understood after that, so that a mistake anywhere in it is passed over whole.
 */
#include "dns-zone.h"

#include "dns-record-special.h"

typedef struct {
    MgSpan text;
    size_t at;
    unsigned line, column;
    const char *path;
    const MgDnsZoneSource *source;
    unsigned n_problems, max_problems, depth, n_files;

    GArray *words; /* of MgDnsToken: this entry's */
    bool starts_blank;

    MgDnsName origin, owner;
    bool has_owner, has_default_ttl, has_last_ttl;
    uint32_t default_ttl, last_ttl;
    uint16_t class;
    GByteArray *data;
} Reader;

static void complain(Reader *reader, unsigned line, unsigned column, const char *text)
{
    if (++reader->n_problems > reader->max_problems)
        return;
    g_ptr_array_add(reader->source->problems,
                    g_strdup_printf("%s:%u:%u: error: %s", reader->path, line, column, text));
}

static void complain_at(Reader *reader, const MgDnsToken *word, const char *text)
{
    complain(reader, word->line, word->column, text);
}

/* ---- words ---- */

static void step(Reader *reader)
{
    if (reader->text.data[reader->at++] == '\n') {
        reader->line++;
        reader->column = 1;
    } else {
        reader->column++;
    }
}

static bool at_end(const Reader *reader)
{
    return reader->at >= reader->text.len;
}

static void read_quoted(Reader *reader)
{
    MgDnsToken word = {.line = reader->line, .column = reader->column, .quoted = true};
    step(reader);
    size_t start = reader->at;
    while (!at_end(reader) && reader->text.data[reader->at] != '"') {
        uint8_t c = reader->text.data[reader->at];
        if (c == '\n')
            break;
        step(reader);
        if (c == '\\' && !at_end(reader) && reader->text.data[reader->at] != '\n')
            step(reader);
    }
    word.text = (MgSpan){reader->text.data + start, reader->at - start};
    if (at_end(reader) || reader->text.data[reader->at] != '"')
        complain_at(reader, &word, "this quote has no end on its line");
    else
        step(reader);
    g_array_append_val(reader->words, word);
}

static void read_word(Reader *reader)
{
    MgDnsToken word = {.line = reader->line, .column = reader->column};
    size_t start = reader->at;
    while (!at_end(reader)) {
        uint8_t c = reader->text.data[reader->at];
        if (c <= ' ' || c == ';' || c == '(' || c == ')' || c == '"')
            break;
        step(reader);
        if (c == '\\' && !at_end(reader) && reader->text.data[reader->at] != '\n')
            step(reader);
    }
    word.text = (MgSpan){reader->text.data + start, reader->at - start};
    g_array_append_val(reader->words, word);
}

/* Reads the words of the next entry. False at the end of the file. */
static bool read_entry(Reader *reader)
{
    unsigned depth = 0, open_line = 0, open_column = 0;
    g_array_set_size(reader->words, 0);
    if (at_end(reader))
        return false;
    reader->starts_blank =
        reader->text.data[reader->at] == ' ' || reader->text.data[reader->at] == '\t';
    while (!at_end(reader)) {
        uint8_t c = reader->text.data[reader->at];
        if (c == '\n' && depth == 0) {
            step(reader);
            return true;
        }
        if (c == ';') {
            while (!at_end(reader) && reader->text.data[reader->at] != '\n')
                step(reader);
        } else if (c == '(') {
            open_line = reader->line;
            open_column = reader->column;
            depth++;
            step(reader);
        } else if (c == ')') {
            if (depth == 0)
                complain(reader, reader->line, reader->column, "a ) without its (");
            else
                depth--;
            step(reader);
        } else if (c == '"') {
            read_quoted(reader);
        } else if (c <= ' ') {
            step(reader);
        } else {
            read_word(reader);
        }
    }
    if (depth > 0)
        complain(reader, open_line, open_column, "a ( without its )");
    return true;
}

/* ---- entries ---- */

static bool is_word(const MgDnsToken *word, const char *text)
{
    return !word->quoted && mg_span_equal_nocase(word->text, mg_span_from_string(text));
}

static void read_all(Reader *reader);

/* RFC 1035 §5.1: the other file's entries stand here; origin and last name are as before, then. */
static void enter_file(Reader *reader, const MgDnsZoneFile *file, const MgDnsName *origin)
{
    const Reader outer = *reader;
    reader->text = file->text.len > 0 ? file->text : MG_SPAN("");
    reader->path = file->path != NULL ? file->path : outer.path;
    reader->at = 0;
    reader->line = reader->column = 1;
    reader->depth++;
    reader->origin = *origin;
    read_all(reader);
    reader->text = outer.text;
    reader->path = outer.path;
    reader->at = outer.at;
    reader->line = outer.line;
    reader->column = outer.column;
    reader->depth = outer.depth;
    reader->origin = outer.origin;
    reader->owner = outer.owner;
    reader->has_owner = outer.has_owner;
}

/* $INCLUDE FILE [ORIGIN] */
static void read_include(Reader *reader, const MgDnsToken *words, size_t n)
{
    const MgDnsZoneSource *source = reader->source;
    const MgDnsToken word = words[1];
    MgDnsName origin = reader->origin;
    MgDnsZoneFile file = {0};
    g_autoptr(GByteArray) path = g_byte_array_new();
    if (n > 2) {
        const char *problem = mg_dns_name_parse(words[2].text, &reader->origin, &origin);
        if (problem != NULL) {
            complain_at(reader, &words[2], problem);
            return;
        }
    }
    if (n > 3)
        complain_at(reader, &words[3], "this is more than the directive takes");
    if (source->include == NULL) {
        complain_at(reader, &words[0],
                    "$INCLUDE is not followed here: put the records into this file");
        return;
    }
    if (!mg_dns_string_parse(word.text, path) || path->len == 0 ||
        memchr(path->data, 0, path->len) != NULL) {
        complain_at(reader, &word, "this cannot be a file's name");
        return;
    }
    g_byte_array_append(path, (const uint8_t *)"", 1);
    if (reader->depth >= MG_DNS_ZONE_DEPTH || reader->n_files++ >= MG_DNS_ZONE_FILES) {
        complain_at(reader, &word, "too many files in files; does one include itself?");
        return;
    }
    if (source->include(source->user, (const char *)path->data, reader->path, &file))
        enter_file(reader, &file, &origin);
    else if (file.error != NULL)
        complain_at(reader, &word, file.error);
}

static void read_ttl(Reader *reader, const MgDnsToken *word)
{
    reader->has_default_ttl = mg_dns_period_parse(word->text, &reader->default_ttl);
    if (!reader->has_default_ttl)
        complain_at(reader, word, "not a number of seconds");
    else if (reader->default_ttl > INT32_MAX) /* RFC 2181 §8 */
        complain_at(reader, word, "a TTL is at most 2147483647");
}

static void read_directive(Reader *reader, const MgDnsToken *words, size_t n)
{
    MgDnsName name;
    bool origin = is_word(&words[0], "$ORIGIN"), include = is_word(&words[0], "$INCLUDE");
    if (!origin && !include && !is_word(&words[0], "$TTL")) {
        complain_at(reader, &words[0], "unknown directive; there are $ORIGIN, $TTL and $INCLUDE");
        return;
    }
    if (n < 2) {
        complain_at(reader, &words[0], "something is missing after this directive");
        return;
    }
    if (include) {
        read_include(reader, words, n);
        return;
    }
    if (n > 2)
        complain_at(reader, &words[2], "this is more than the directive takes");
    if (!origin) {
        read_ttl(reader, &words[1]);
        return;
    }
    const char *problem = mg_dns_name_parse(words[1].text, &reader->origin, &name);
    if (problem != NULL)
        complain_at(reader, &words[1], problem);
    else
        reader->origin = name;
}

typedef struct {
    MgDnsZoneRecord record;
    bool has_ttl, has_class;
} Entry;

/* [TTL] [class] or [class] [TTL], then the type. The index behind it, 0 if something is wrong. */
static size_t read_type(Reader *reader, const MgDnsToken *words, size_t n, size_t at, Entry *entry)
{
    for (; at < n; at++) {
        const MgDnsToken *word = &words[at];
        bool digit = word->text.len > 0 && g_ascii_isdigit(word->text.data[0]);
        if (digit && !entry->has_ttl && mg_dns_period_parse(word->text, &entry->record.ttl)) {
            entry->has_ttl = true;
            if (entry->record.ttl > INT32_MAX) { /* RFC 2181 §8 */
                complain_at(reader, word, "a TTL is at most 2147483647");
                return 0;
            }
            continue;
        }
        if (!entry->has_class && mg_dns_class_parse(word->text, &entry->record.class)) {
            entry->has_class = true;
            continue;
        }
        if (!word->quoted && mg_dns_type_parse(word->text, &entry->record.type))
            return at + 1;
        complain_at(reader, word,
                    digit ? "not a TTL, and not a record type"
                          : "not a record type; an unknown one is written TYPE123");
        return 0;
    }
    complain_at(reader, &words[n - 1], "the type of this record is missing");
    return 0;
}

/* RFC 2308 §4 lets $TTL decide, RFC 1035 §5.1 the record before; last comes the SOA's minimum. */
static bool find_ttl(Reader *reader, Entry *entry)
{
    MgSpan data = entry->record.data;
    if (entry->has_ttl)
        ;
    else if (reader->has_default_ttl)
        entry->record.ttl = reader->default_ttl;
    else if (reader->has_last_ttl)
        entry->record.ttl = reader->last_ttl;
    else if (entry->record.type == MG_DNS_SOA && data.len >= 4)
        entry->record.ttl = mg_dns_get_u32(data.data + data.len - 4);
    else
        return false;
    reader->last_ttl = entry->record.ttl;
    reader->has_last_ttl = true;
    return true;
}

static void read_record(Reader *reader, const MgDnsToken *words, size_t n)
{
    Entry entry = {.record = {.class = reader->class,
                              .path = reader->path,
                              .line = words[0].line,
                              .column = words[0].column}};
    size_t at = 0;
    if (!reader->starts_blank) {
        const char *problem = mg_dns_name_parse(words[0].text, &reader->origin, &reader->owner);
        reader->has_owner = problem == NULL;
        if (problem != NULL) {
            complain_at(reader, &words[0], problem);
            return;
        }
        at = 1;
    }
    if (!reader->has_owner) {
        complain_at(reader, &words[0],
                    "this line begins blank, but there is no record before it "
                    "whose name it could have");
        return;
    }
    entry.record.owner = reader->owner;
    at = read_type(reader, words, n, at, &entry);
    if (at == 0)
        return;
    if (entry.record.type == MG_DNS_OPT || (entry.record.type >= 249 && entry.record.type <= 255)) {
        complain_at(reader, &words[at - 1], "no zone has records of this type");
        return;
    }
    size_t wrong = 0;
    g_byte_array_set_size(reader->data, 0);
    const char *problem = mg_dns_data_parse(entry.record.type, words + at, n - at, &reader->origin,
                                            reader->data, &wrong);
    if (problem != NULL) {
        complain_at(reader, &words[MIN(at + wrong, n - 1)], problem);
        return;
    }
    entry.record.data = (MgSpan){reader->data->data, reader->data->len};
    if (!find_ttl(reader, &entry)) {
        complain_at(reader, &words[0], "this record has no TTL: begin the file with $TTL 3600");
        return;
    }
    reader->class = entry.record.class;
    reader->source->sink(reader->source->user, &entry.record);
}

static void read_all(Reader *reader)
{
    while (reader->n_problems < reader->max_problems && read_entry(reader)) {
        const MgDnsToken *words = (const MgDnsToken *)(void *)reader->words->data;
        size_t n = reader->words->len;
        if (n == 0)
            continue;
        if (!reader->starts_blank && words[0].text.len > 0 && words[0].text.data[0] == '$' &&
            !words[0].quoted)
            read_directive(reader, words, n);
        else
            read_record(reader, words, n);
    }
}

bool mg_dns_zone_read_source(const MgDnsZoneSource *source)
{
    Reader reader = {.text = source->text,
                     .line = 1,
                     .column = 1,
                     .path = source->path != NULL ? source->path : "zone",
                     .source = source,
                     .max_problems =
                         source->problems_max > 0 ? source->problems_max : MG_DNS_ZONE_PROBLEMS_MAX,
                     .class = MG_DNS_IN,
                     .words = g_array_new(FALSE, FALSE, sizeof(MgDnsToken)),
                     .data = g_byte_array_sized_new(512)};
    if (source->origin != NULL)
        reader.origin = *source->origin;
    else
        mg_dns_name_set_root(&reader.origin);
    reader.has_default_ttl = source->no_ttl;
    read_all(&reader);
    g_array_unref(reader.words);
    g_byte_array_unref(reader.data);
    return reader.n_problems == 0;
}

bool mg_dns_zone_read(MgSpan text, const char *path, const MgDnsName *origin, MgDnsZoneSink sink,
                      void *user, GPtrArray *problems)
{
    const MgDnsZoneSource source = {.text = text,
                                    .path = path,
                                    .origin = origin,
                                    .sink = sink,
                                    .user = user,
                                    .problems = problems};
    return mg_dns_zone_read_source(&source);
}

bool mg_dns_zone_origin(const char *path, MgDnsName *origin)
{
    const char *base = path != NULL ? strrchr(path, '/') : NULL;
    base = base != NULL ? base + 1 : path;
    size_t len = base != NULL ? strlen(base) : 0;
    if (len <= 5 || strcmp(base + len - 5, ".zone") != 0)
        return false;
    MgSpan name = {(const uint8_t *)base, len - 5};
    if (mg_span_equal_nocase(name, MG_SPAN("root"))) {
        mg_dns_name_set_root(origin);
        return true;
    }
    return mg_dns_name_parse(name, NULL, origin) == NULL;
}
