/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-replay-read.c - the reader of *.rpl scenarios: a line at a time, a row for each keyword */
#include "dns-replay.h"

#include "dns-record.h"
#include "dns-zone.h"

typedef struct {
    MgDnsScenario *scenario;
    const char *path;
    GPtrArray *problems;
    unsigned line, n_parts;
    bool configured, ended;
    MgDnsReplayRange *range; /* the one that is open */
    MgDnsReplayStep *step;
    MgDnsReplayEntry *entry;
    int section;        /* MgDnsSection, or one of these */
    char *origin, *ttl; /* (nullable) $ORIGIN and $TTL, which stand from there on */
} Reader;

enum { SECTION_NONE = -1, SECTION_RAW = 4, SECTION_OPTIONS };

G_GNUC_PRINTF(2, 3) static void complain(Reader *reader, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    g_autofree char *text = g_strdup_vprintf(format, list);
    va_end(list);
    if (reader->problems->len < MG_DNS_ZONE_PROBLEMS_MAX)
        g_ptr_array_add(reader->problems,
                        g_strdup_printf("%s:%u: %s", reader->path, reader->line, text));
    else
        reader->ended = true;
}

static bool one_more(Reader *reader)
{
    if (reader->n_parts++ < MG_DNS_REPLAY_PARTS)
        return true;
    complain(reader, "the scenario has more than %d parts", MG_DNS_REPLAY_PARTS);
    reader->ended = true;
    return false;
}

/* ---- pieces ---- */

static void free_record(void *data)
{
    MgDnsReplayRecord *record = data;
    g_byte_array_unref(record->data);
    g_free(record);
}

static void free_entry(void *data)
{
    MgDnsReplayEntry *entry = data;
    if (entry == NULL)
        return;
    g_ptr_array_unref(entry->records);
    g_clear_pointer(&entry->raw, g_byte_array_unref);
    g_clear_pointer(&entry->options, g_byte_array_unref);
    g_free(entry);
}

static void free_range(void *data)
{
    MgDnsReplayRange *range = data;
    g_ptr_array_unref(range->addresses);
    g_ptr_array_unref(range->entries);
    g_free(range);
}

static void free_step(void *data)
{
    MgDnsReplayStep *step = data;
    free_entry(step->entry);
    g_free(step);
}

void mg_dns_scenario_free(MgDnsScenario *scenario)
{
    if (scenario == NULL)
        return;
    g_free(scenario->title);
    g_hash_table_unref(scenario->config);
    g_ptr_array_unref(scenario->roots);
    g_ptr_array_unref(scenario->notes);
    g_string_free(scenario->insecure, TRUE);
    g_free(scenario->zone);
    g_string_free(scenario->anchors, TRUE);
    g_ptr_array_unref(scenario->ranges);
    g_ptr_array_unref(scenario->steps);
    g_free(scenario);
}

/* ---- words of an entry ---- */

typedef struct {
    const char *name;
    uint32_t bits;
} Word;

#define QUESTION (MG_DNS_MATCH_QTYPE | MG_DNS_MATCH_QNAME)
static const Word match_words[] = {
    {"opcode", MG_DNS_MATCH_OPCODE},
    {"qtype", MG_DNS_MATCH_QTYPE},
    {"qname", MG_DNS_MATCH_QNAME},
    {"qcase", MG_DNS_MATCH_QCASE},
    {"subdomain", MG_DNS_MATCH_SUBDOMAIN},
    {"flags", MG_DNS_MATCH_FLAGS},
    {"rcode", MG_DNS_MATCH_RCODE},
    {"question", QUESTION},
    {"answer", MG_DNS_MATCH_ANSWER},
    {"authority", MG_DNS_MATCH_AUTHORITY},
    {"additional", MG_DNS_MATCH_ADDITIONAL},
    {"edns", MG_DNS_MATCH_EDNS},
    {"noedns", MG_DNS_MATCH_NO_EDNS},
    {"ednsdata", MG_DNS_MATCH_OPTIONS},
    {"nsid", MG_DNS_MATCH_NSID},
    {"TCP", MG_DNS_MATCH_TCP},
    {"UDP", MG_DNS_MATCH_UDP},
    {"ttl", MG_DNS_MATCH_TTL},
    {"DO", MG_DNS_MATCH_DO},
    {"all", MG_DNS_MATCH_OPCODE | QUESTION | MG_DNS_MATCH_FLAGS | MG_DNS_MATCH_RCODE |
                MG_DNS_MATCH_ANSWER | MG_DNS_MATCH_AUTHORITY | MG_DNS_MATCH_ADDITIONAL},
    {0},
};
static const Word adjust_words[] = {
    {"copy_id", MG_DNS_ADJUST_COPY_ID},
    {"copy_query", MG_DNS_ADJUST_COPY_QUERY},
    {"raw_id", MG_DNS_ADJUST_RAW_ID},
    {"do_not_answer", MG_DNS_ADJUST_SILENT},
    {0},
};
static const Word flag_words[] = {
    {"QR", MG_DNS_QR}, {"AA", MG_DNS_AA}, {"TC", MG_DNS_TC}, {"RD", MG_DNS_RD},
    {"RA", MG_DNS_RA}, {"AD", MG_DNS_AD}, {"CD", MG_DNS_CD}, {0},
};
static const Word opcode_words[] = {
    {"QUERY", 0},        {"IQUERY", 1 << 11}, {"STATUS", 2 << 11},
    {"NOTIFY", 4 << 11}, {"UPDATE", 5 << 11}, {0},
};
static const Word rcode_words[] = {
    {"NOERROR", 0},    {"FORMERR", 1},
    {"SERVFAIL", 2},   {"NXDOMAIN", 3},
    {"NOTIMP", 4},     {"NOTIMPL", 4},
    {"REFUSED", 5},    {"YXDOMAIN", 6},
    {"YXRRSET", 7},    {"NXRRSET", 8},
    {"NOTAUTH", 9},    {"NOTZONE", 10},
    {"BADVERS", 16},   {"BADSIG", 16},
    {"BADKEY", 17},    {"BADTIME", 18},
    {"BADMODE", 19},   {"BADNAME", 20},
    {"BADALG", 21},    {"BADTRUNC", 22},
    {"BADCOOKIE", 23}, {0},
};

static const Word *find_word(const Word *rows, const char *word)
{
    for (; rows->name != NULL; rows++)
        if (g_ascii_strcasecmp(rows->name, word) == 0)
            return rows;
    return NULL;
}

static void read_match(Reader *reader, char **words)
{
    for (; *words != NULL; words++) {
        const Word *row = find_word(match_words, *words);
        if (row == NULL)
            complain(reader, "MATCH knows no \"%s\"", *words);
        else
            reader->entry->match |= row->bits;
    }
}

static void read_adjust(Reader *reader, char **words)
{
    for (; *words != NULL; words++) {
        const Word *row = find_word(adjust_words, *words);
        if (row == NULL)
            complain(reader, "ADJUST knows no \"%s\"", *words);
        else
            reader->entry->adjust |= row->bits;
    }
}

static void read_flags(Reader *reader, char **words)
{
    MgDnsReplayEntry *entry = reader->entry;
    for (; *words != NULL; words++) {
        const Word *flag = find_word(flag_words, *words), *rcode = find_word(rcode_words, *words),
                   *opcode = find_word(opcode_words, *words);
        if (flag != NULL)
            entry->flags |= (uint16_t)flag->bits;
        else if (rcode != NULL)
            entry->rcode = (uint16_t)rcode->bits;
        else if (opcode != NULL)
            entry->flags = (uint16_t)((entry->flags & ~MG_DNS_OPCODE) | opcode->bits);
        else if (g_ascii_strcasecmp(*words, "DO") == 0)
            entry->dnssec_ok = true;
        else
            complain(reader, "REPLY knows no \"%s\"", *words);
    }
}

static void read_section(Reader *reader, char **words)
{
    static const char *const names[] = {"QUESTION", "ANSWER", "AUTHORITY", "ADDITIONAL", "RAW"};
    for (int i = 0; words[0] != NULL && i < (int)G_N_ELEMENTS(names); i++)
        if (g_ascii_strcasecmp(words[0], names[i]) == 0) {
            reader->section = i;
            return;
        }
    complain(reader, "SECTION wants QUESTION, ANSWER, AUTHORITY or ADDITIONAL");
}

static void read_raw(Reader *reader, char **words)
{
    reader->section = SECTION_RAW;
}

/* The same with the id of the query, as testbound has it. */
static void read_hex_answer(Reader *reader, char **words)
{
    reader->section = SECTION_RAW;
    reader->entry->adjust |= MG_DNS_ADJUST_RAW_ID;
}

static void read_options(Reader *reader, char **words)
{
    reader->section = SECTION_OPTIONS;
}

static void end_hex(Reader *reader, char **words)
{
    reader->section = reader->section == SECTION_OPTIONS ? MG_DNS_ADDITIONAL : SECTION_NONE;
}

static void read_mandatory(Reader *reader, char **words)
{
    reader->entry->mandatory = true;
}

static void read_origin(Reader *reader, char **words)
{
    MgDnsName name;
    if (words[0] == NULL || mg_dns_name_parse(mg_span_from_string(words[0]), NULL, &name) != NULL) {
        complain(reader, "$ORIGIN wants a name");
        return;
    }
    g_free(reader->origin);
    reader->origin = g_strdup(words[0]);
}

static void read_ttl(Reader *reader, char **words)
{
    uint64_t ttl = 0;
    if (words[0] == NULL || !mg_dns_replay_number(words[0], INT32_MAX, &ttl)) {
        complain(reader, "$TTL wants seconds");
        return;
    }
    g_free(reader->ttl);
    reader->ttl = g_strdup(words[0]);
}

/* ---- what is in the sections ---- */

static MgDnsName origin_of(const Reader *reader)
{
    MgDnsName origin;
    mg_dns_name_set_root(&origin);
    if (reader->origin != NULL)
        mg_dns_name_parse(mg_span_from_string(reader->origin), NULL, &origin);
    return origin;
}

/* NAME [TTL] [CLASS] TYPE */
static void read_question(Reader *reader, const char *line)
{
    MgDnsReplayEntry *entry = reader->entry;
    g_auto(GStrv) words = NULL;
    g_autofree char *text = g_strndup(line, strcspn(line, ";"));
    words = g_strsplit_set(g_strstrip(text), " \t", -1);
    MgDnsName name;
    uint16_t type = 0, class = MG_DNS_IN;
    uint64_t number = 0;
    MgDnsName origin = origin_of(reader);
    const char *wrong = mg_dns_name_parse(mg_span_from_string(words[0]), &origin, &name);
    if (wrong != NULL) {
        complain(reader, "%s: %s", words[0], wrong);
        return;
    }
    for (char **word = words + 1; *word != NULL; word++) {
        MgSpan span = mg_span_from_string(*word);
        if ((*word)[0] == '\0' || mg_dns_replay_number(*word, UINT32_MAX, &number) ||
            mg_dns_class_parse(span, &class))
            continue;
        if (type != 0 || !mg_dns_type_parse(span, &type)) {
            complain(reader, "\"%s\" is no type of record", *word);
            return;
        }
    }
    if (type == 0) {
        complain(reader, "a question needs a type");
        return;
    }
    if (entry->n_questions++ > 0)
        return;
    entry->name = name;
    entry->type = type;
    entry->class = class;
}

static void take_record(void *user, const MgDnsZoneRecord *zone)
{
    Reader *reader = user;
    MgDnsReplayRecord *record = g_new0(MgDnsReplayRecord, 1);
    record->name = zone->owner;
    record->type = zone->type;
    record->class = zone->class;
    record->ttl = zone->ttl;
    record->section = (uint8_t)reader->section;
    record->data = g_byte_array_new();
    g_byte_array_append(record->data, zone->data.data, (guint)zone->data.len);
    g_ptr_array_add(reader->entry->records, record);
}

/* "PATH:2:7: error: TEXT" of a master file of ours becomes a line of this file. */
static void read_record(Reader *reader, const char *line)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    const char *ttl = reader->ttl != NULL ? reader->ttl : "3600";
    g_autofree char *text = g_strdup_printf("$TTL %s\n%s\n", ttl, line);
    MgDnsName origin = origin_of(reader);
    mg_dns_zone_read(mg_span_from_string(text), "line", &origin, take_record, reader, problems);
    for (unsigned i = 0; i < problems->len; i++) {
        const char *problem = g_ptr_array_index(problems, i);
        const char *error = strstr(problem, "error: ");
        complain(reader, "%s", error != NULL ? error + strlen("error: ") : problem);
    }
}

static void read_hex(Reader *reader, const char *line)
{
    MgDnsReplayEntry *entry = reader->entry;
    GByteArray **out = reader->section == SECTION_RAW ? &entry->raw : &entry->options;
    uint8_t octet = 0;
    bool half = false;
    if (*out == NULL)
        *out = g_byte_array_new();
    for (const char *c = line; *c != '\0' && *c != ';'; c++) {
        int digit = g_ascii_xdigit_value(*c);
        if (digit < 0 && g_ascii_isspace(*c))
            continue;
        if (digit < 0 || (*out)->len >= MG_DNS_MESSAGE_MAX) {
            complain(reader, digit < 0 ? "RAW wants a line of hexadecimal digits"
                                       : "RAW is longer than any message");
            return;
        }
        octet = (uint8_t)(octet << 4 | digit);
        half = !half;
        if (!half)
            g_byte_array_append(*out, &octet, 1);
    }
    if (half)
        complain(reader, "RAW wants an even number of hexadecimal digits");
}

/* ---- blocks ---- */

static void begin_entry(Reader *reader, char **words)
{
    if (reader->entry != NULL) {
        complain(reader, "ENTRY_BEGIN within an entry: ENTRY_END is missing");
        return;
    }
    if (!one_more(reader))
        return;
    MgDnsReplayEntry *entry = g_new0(MgDnsReplayEntry, 1);
    entry->line = reader->line;
    entry->records = g_ptr_array_new_with_free_func(free_record);
    reader->section = SECTION_NONE;
    reader->entry = entry;
    if (reader->range != NULL) {
        g_ptr_array_add(reader->range->entries, entry);
    } else if (reader->step != NULL && reader->step->entry == NULL) {
        reader->step->entry = entry;
    } else {
        complain(reader, reader->step == NULL ? "an entry stands in a RANGE or a STEP"
                                              : "a STEP has one entry");
        reader->entry = NULL;
        free_entry(entry);
    }
}

static void end_entry(Reader *reader, char **words)
{
    MgDnsReplayEntry *entry = reader->entry;
    if (entry == NULL) {
        complain(reader, "ENTRY_END without ENTRY_BEGIN");
        return;
    }
    if (entry->match == 0)
        entry->match = MG_DNS_MATCH_OPCODE | QUESTION;
    reader->entry = NULL;
}

static void begin_range(Reader *reader, char **words)
{
    uint64_t from = 0, to = 0;
    if (words[0] == NULL || words[1] == NULL ||
        !mg_dns_replay_number(words[0], UINT32_MAX, &from) ||
        !mg_dns_replay_number(words[1], UINT32_MAX, &to)) {
        complain(reader, "RANGE_BEGIN wants two numbers of steps");
        return;
    }
    if (!one_more(reader))
        return;
    MgDnsReplayRange *range = g_new0(MgDnsReplayRange, 1);
    range->from = (unsigned)from;
    range->to = (unsigned)to;
    range->addresses = g_ptr_array_new_with_free_func(g_free);
    range->entries = g_ptr_array_new_with_free_func(free_entry);
    g_ptr_array_add(reader->scenario->ranges, range);
    reader->range = range;
    for (words += 2; *words != NULL; words++) {
        char *address = mg_dns_address_plain(*words);
        if (address != NULL)
            g_ptr_array_add(range->addresses, address);
    }
}

static void end_range(Reader *reader, char **words)
{
    if (reader->range == NULL)
        complain(reader, "RANGE_END without RANGE_BEGIN");
    reader->range = NULL;
}

static void read_address(Reader *reader, char **words)
{
    if (reader->range == NULL)
        return; /* of a STEP: from where it is asked; nothing depends on it */
    for (; *words != NULL; words++) {
        char *address = mg_dns_address_plain(*words);
        if (address == NULL)
            complain(reader, "\"%s\" is no IP address", *words);
        else
            g_ptr_array_add(reader->range->addresses, address);
    }
}

static void read_time(Reader *reader, MgDnsReplayStep *step, char **words)
{
    uint64_t elapse = 0;
    if (words[0] == NULL || g_ascii_strcasecmp(words[0], "ELAPSE") != 0 || words[1] == NULL ||
        !mg_dns_replay_number(words[1], INT32_MAX, &elapse))
        complain(reader, "TIME_PASSES wants ELAPSE and seconds");
    step->elapse = (uint32_t)elapse;
}

/* The name whose answers are to be forgotten. */
static void read_flush(Reader *reader, MgDnsReplayStep *step, char **words)
{
    MgDnsName origin = origin_of(reader);
    if (words[0] == NULL ||
        mg_dns_name_parse(mg_span_from_string(words[0]), &origin, &step->name) != NULL)
        complain(reader, "FLUSH_MESSAGE wants a name");
}

static void begin_step(Reader *reader, char **words)
{
    static const Word kinds[] = {
        {"QUERY", MG_DNS_STEP_QUERY},
        {"CHECK_ANSWER", MG_DNS_STEP_CHECK_ANSWER},
        {"ANSWER", MG_DNS_STEP_CHECK_ANSWER},
        {"TIME_PASSES", MG_DNS_STEP_TIME_PASSES},
        {"REPLY", MG_DNS_STEP_REPLY},
        {"MOCK", MG_DNS_STEP_REPLY},
        {"TIMEOUT", MG_DNS_STEP_TIMEOUT},
        {"RESTART", MG_DNS_STEP_RESTART},
        {"ERROR", MG_DNS_STEP_ERROR},
        /* As Deckard has it: what a resolver still waits for is its own business. */
        {"CHECK_OUT_QUERY", MG_DNS_STEP_NOTHING},
        {"FLUSH_MESSAGE", MG_DNS_STEP_FLUSH},
        {"EXPIRE_MESSAGE", MG_DNS_STEP_FLUSH},
        {"NOTHING", MG_DNS_STEP_NOTHING},
        {"LOG", MG_DNS_STEP_NOTHING},
        {"INFRA_RTT", MG_DNS_STEP_NOTHING},
        {"TRAFFIC", MG_DNS_STEP_NOTHING},
        {0},
    };
    uint64_t id = 0;
    const Word *kind = words[0] != NULL && words[1] != NULL ? find_word(kinds, words[1]) : NULL;
    if (words[0] == NULL || words[1] == NULL || !mg_dns_replay_number(words[0], UINT32_MAX, &id)) {
        complain(reader, "STEP wants a number and what is done");
        return;
    }
    if (kind == NULL) {
        complain(reader, "STEP knows no \"%s\"", words[1]);
        return;
    }
    if (!one_more(reader))
        return;
    MgDnsReplayStep *step = g_new0(MgDnsReplayStep, 1);
    step->line = reader->line;
    step->id = (unsigned)id;
    step->kind = (MgDnsStepKind)kind->bits;
    if (step->kind == MG_DNS_STEP_TIME_PASSES)
        read_time(reader, step, words + 2);
    else if (step->kind == MG_DNS_STEP_FLUSH)
        read_flush(reader, step, words + 2);
    g_ptr_array_add(reader->scenario->steps, step);
    reader->step = step;
    reader->range = NULL;
}

static void end_scenario(Reader *reader, char **words)
{
    reader->ended = true;
}

typedef struct {
    const char *word;
    bool inside; /* an entry */
    void (*read)(Reader *reader, char **words);
} Keyword;

static const Keyword keywords[] = {
    {"ENTRY_BEGIN", false, begin_entry},
    {"ENTRY_END", true, end_entry},
    {"RANGE_BEGIN", false, begin_range},
    {"RANGE_END", false, end_range},
    {"ADDRESS", false, read_address},
    {"STEP", false, begin_step},
    {"SCENARIO_END", false, end_scenario},
    {"MATCH", true, read_match},
    {"ADJUST", true, read_adjust},
    {"REPLY", true, read_flags},
    {"FLAGS", true, read_flags},
    {"SECTION", true, read_section},
    {"RAW", true, read_raw},
    {"MANDATORY", true, read_mandatory},
    {"HEX_ANSWER_BEGIN", true, read_hex_answer},
    {"HEX_ANSWER_END", true, end_hex},
    {"HEX_EDNSDATA_BEGIN", true, read_options},
    {"HEX_EDNSDATA_END", true, end_hex},
    {"$ORIGIN", true, read_origin},
    {"$TTL", true, read_ttl},
    {"$ORIGIN", false, read_origin},
    {"$TTL", false, read_ttl},
    {0},
};

/* ---- lines ---- */

static char **words_of(const char *line)
{
    g_autofree char *text = g_strndup(line, strcspn(line, ";#"));
    g_auto(GStrv) all = g_strsplit_set(text, " \t\r", -1);
    GPtrArray *words = g_ptr_array_new();
    for (char **word = all; *word != NULL; word++)
        if ((*word)[0] != '\0')
            g_ptr_array_add(words, g_strdup(*word));
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(words, FALSE);
}

static const Keyword *find_keyword(const Reader *reader, const char *word)
{
    bool inside = reader->entry != NULL;
    for (const Keyword *row = keywords; word != NULL && row->word != NULL; row++)
        if (strcmp(row->word, word) == 0 &&
            (row->inside == inside || row->read == begin_entry || row->read == end_entry))
            return row;
    return NULL;
}

static void read_line(Reader *reader, const char *line)
{
    g_auto(GStrv) words = words_of(line);
    const Keyword *row = find_keyword(reader, words[0]);
    if (row != NULL)
        row->read(reader, words + 1);
    else if (words[0] == NULL)
        return;
    else if (reader->entry == NULL)
        complain(reader, "\"%s\" is not known here", words[0]);
    else if (reader->section == MG_DNS_QUESTION)
        read_question(reader, line);
    else if (reader->section == SECTION_RAW || reader->section == SECTION_OPTIONS)
        read_hex(reader, line);
    else if (reader->section > 0)
        read_record(reader, line);
    else
        complain(reader, "\"%s\" is not known in an entry", words[0]);
}

static void read_head(Reader *reader, const char *line)
{
    MgDnsReplayPlace where = {reader->path, reader->line, reader->problems};
    if (g_str_has_prefix(line, "CONFIG_END")) {
        reader->configured = true;
    } else if (g_str_has_prefix(line, "SCENARIO_BEGIN")) {
        reader->configured = true;
        g_free(reader->scenario->title);
        reader->scenario->title = g_strdup(line + strlen("SCENARIO_BEGIN"));
        g_strstrip(reader->scenario->title);
    } else if (!reader->configured) {
        mg_dns_replay_config(reader->scenario, line, &where);
    } else {
        read_line(reader, line);
    }
}

static void read_all(Reader *reader, MgSpan text)
{
    for (size_t at = 0; at < text.len && !reader->ended;) {
        const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
        size_t len = end != NULL ? (size_t)(end - text.data) - at : text.len - at;
        reader->line++;
        if (len > MG_DNS_REPLAY_LINE_MAX) {
            complain(reader, "the line is longer than %d octets", MG_DNS_REPLAY_LINE_MAX);
        } else {
            g_autofree char *line = g_strndup((const char *)text.data + at, len);
            read_head(reader, g_strstrip(line));
        }
        at += len + 1;
    }
}

MgDnsScenario *mg_dns_scenario_read(MgSpan text, const char *path, GPtrArray *problems)
{
    MgDnsScenario *scenario = g_new0(MgDnsScenario, 1);
    guint before = problems->len;
    scenario->config = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    scenario->roots = g_ptr_array_new_with_free_func(g_free);
    scenario->notes = g_ptr_array_new_with_free_func(g_free);
    scenario->anchors = g_string_new(NULL);
    scenario->insecure = g_string_new(NULL);
    scenario->ranges = g_ptr_array_new_with_free_func(free_range);
    scenario->steps = g_ptr_array_new_with_free_func(free_step);
    Reader reader = {
        .scenario = scenario, .path = path, .problems = problems, .section = SECTION_NONE};
    read_all(&reader, text);
    if (reader.entry != NULL)
        complain(&reader, "ENTRY_END is missing");
    g_free(reader.origin);
    g_free(reader.ttl);
    if (problems->len == before && scenario->steps->len == 0)
        complain(&reader, "there is no STEP: this is no scenario");
    if (problems->len == before && scenario->roots->len == 0)
        complain(&reader, "there is no stub-addr: the resolver has nobody to begin with");
    if (problems->len == before)
        return scenario;
    mg_dns_scenario_free(scenario);
    return NULL;
}
