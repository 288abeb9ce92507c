/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transcript.c - plays conversations written as text against any engine
 *
 * A file is read once into a Script. A Play is one engine going through it: what the engine says is
 * drained into a queue of events in words, and each line that expects something takes from the
 * queue's head. Whatever is left there when the next input comes was not expected.
 *
 * The host's half of the contract is kept as strictly as it can be: bytes, answers and questions
 * are handed over in allocations of their exact size and freed right after the call, so that a
 * sanitizer sees an engine that keeps or overreads what it was only lent.
 */
#include "transcript.h"

#include <stdarg.h>

/* More than this without a pause is an engine that will never stop. */
#define EVENTS_MAX    1000000u
#define DEADLINES_MAX 200u
#define FREE_ASKS_MAX 2000u
/* Longer conversations are cut at every byte of their first and last so many, and at every 17th
 * between. */
#define CUT_EVERY 1500u

typedef struct {
    char op, how; /* 'S' and one of : ! # * ~ = */
    unsigned index, number;
    char *text;
    GString *bytes; /* C and S lines: the octets meant; NULL for S~ */
} Line;

typedef struct {
    char *path, *folder;
    const MgEngineKind *kind;
    GArray *lines, *settings;
    GPtrArray *strings; /* everything that the settings and the birth point to */
    char *host, *local, *peer, *question, *file_path;
    GString *data, *spooled; /* spooled: (nullable) */
    uint64_t seed;
    int64_t epoch;
    bool whole; /* not to be cut */
    uint16_t local_port, peer_port;
    bool states; /* the file lists state changes, so all of them are looked at */
    size_t n_octets;
} Script;

typedef struct {
    char op; /* as the line that expects it */
    GString *text;
} Said;

typedef struct {
    MgAskId id;
    size_t count;
    unsigned number; /* 1 is the first of the run */
    const MgTopicAdapter *adapter;
    bool answered;
} Ask;

typedef struct {
    const Script *script;
    MgEngine *engine;
    void *shared;
    MgTime now;
    GQueue said; /* of Said */
    GArray *asks;
    GString *log; /* everything said: what two plays are compared by */
    GString *problem;
    MgTranscriptCoverage *coverage;
    unsigned line, n_asks, n_events;
    size_t fed, cut;
    bool closed, bytewise;
    char *state;
} Play;

#define WHOLE SIZE_MAX /* no cut */

static const MgTopicAdapter nobody = {.topic = "", .name = ""};

G_GNUC_PRINTF(2, 3) static void fail(Play *play, const char *format, ...)
{
    if (play->problem->len > 0)
        return;
    va_list arguments;
    va_start(arguments, format);
    g_string_append_printf(play->problem, "%s:%u: ", play->script->path, play->line);
    g_string_append_vprintf(play->problem, format, arguments);
    va_end(arguments);
}

/* ---- reading a file ---- */

static char *keep(Script *script, const char *text)
{
    return mg_transcript_pool_string(script->strings, text);
}

static void add_setting(Script *script, unsigned number, const char *key, const char *value)
{
    MgSetting setting = {.key = keep(script, key),
                         .value = keep(script, value),
                         .len = strlen(value),
                         .line = number};
    g_array_append_val(script->settings, setting);
}

static char *add_file(Script *script, unsigned number, const char *value)
{
    g_auto(GStrv) words = g_strsplit(value, " ", 2);
    if (g_strv_length(words) != 2)
        return g_strdup("= file wants a key and a path");
    g_autofree char *path = g_build_filename(script->folder, words[1], NULL);
    g_autofree char *content = NULL;
    size_t len = 0;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(path, &content, &len, &error))
        return g_strdup(error->message);
    MgSetting setting = {.key = keep(script, words[0]), .len = len, .line = number};
    setting.value = mg_transcript_pool_copy(script->strings, content, len + 1);
    setting.path = keep(script, words[1]);
    g_array_append_val(script->settings, setting);
    return NULL;
}

static char *set_kind(Script *script, const char *name, const MgEngineKind *const *kinds)
{
    for (size_t i = 0; kinds[i] != NULL; i++)
        if (strcmp(kinds[i]->name, name) == 0) {
            script->kind = kinds[i];
            return NULL;
        }
    return g_strdup_printf("no engine %s in this test", name);
}

static char *configure(Script *script, unsigned number, const char *text,
                       const MgEngineKind *const *kinds)
{
    size_t len = strcspn(text, " ");
    g_autofree char *key = g_strndup(text, len);
    const char *value = text[len] != '\0' ? text + len + 1 : "";
    char *problem = NULL;
    if (strcmp(key, "engine") == 0)
        return set_kind(script, value, kinds);
    if (strcmp(key, "file") == 0)
        return add_file(script, number, value);
    if (strcmp(key, "whole") == 0)
        script->whole = true;
    else if (strcmp(key, "host") == 0)
        script->host = keep(script, value);
    else if (strcmp(key, "local") == 0)
        script->local = keep(script, value);
    else if (strcmp(key, "peer") == 0)
        script->peer = keep(script, value);
    else if (strcmp(key, "path") == 0)
        script->file_path = keep(script, value);
    else if (strcmp(key, "question") == 0)
        script->question = keep(script, value);
    else if (strcmp(key, "data") == 0)
        g_string_append_printf(script->data, "%s\r\n", value);
    else if (strcmp(key, "data!") == 0)
        mg_transcript_unescape(value, script->data, &problem);
    else if (strcmp(key, "spooled") == 0) {
        if (script->spooled == NULL)
            script->spooled = g_string_new(NULL);
        mg_transcript_unescape(value, script->spooled, &problem);
    } else if (strcmp(key, "set") == 0) {
        g_auto(GStrv) words = g_strsplit(value, " ", 2);
        add_setting(script, number, words[0], words[1] != NULL ? words[1] : "");
    } else if (strcmp(key, "seed") == 0) {
        script->seed = g_ascii_strtoull(value, NULL, 10);
    } else if (strcmp(key, "epoch") == 0) {
        script->epoch = g_ascii_strtoll(value, NULL, 10);
    } else if (strcmp(key, "local-port") == 0) {
        script->local_port = (uint16_t)g_ascii_strtoull(value, NULL, 10);
    } else if (strcmp(key, "peer-port") == 0) {
        script->peer_port = (uint16_t)g_ascii_strtoull(value, NULL, 10);
    } else {
        add_setting(script, number, key, value);
    }
    return problem;
}

/* The octets of a C or S line. */
static char *octets_of(Line *line)
{
    char *problem = NULL;
    line->bytes = g_string_new(NULL);
    if (line->how == ':') {
        g_string_append_printf(line->bytes, "%s\r\n", line->text);
    } else if (line->how == '!') {
        mg_transcript_unescape(line->text, line->bytes, &problem);
    } else if (line->how == '#') {
        for (const char *c = line->text; *c != '\0'; c++) {
            if (*c == ' ')
                continue;
            if (!g_ascii_isxdigit(c[0]) || !g_ascii_isxdigit(c[1]))
                return g_strdup("hexadecimal digits come in pairs");
            g_string_append_c(line->bytes,
                              (char)(g_ascii_xdigit_value(c[0]) * 16 + g_ascii_xdigit_value(c[1])));
            c++;
        }
    } else if (line->how == '*') {
        char *end = NULL;
        uint64_t times = g_ascii_strtoull(line->text, &end, 10);
        g_autoptr(GString) once = g_string_new(NULL);
        if (*end != ' ' || !mg_transcript_unescape(end + 1, once, &problem))
            return problem != NULL ? problem : g_strdup("wants a number and a text");
        for (uint64_t i = 0; i < times; i++)
            g_string_append_len(line->bytes, once->str, (gssize)once->len);
    } else {
        g_string_free(line->bytes, TRUE);
        line->bytes = NULL;
    }
    return problem;
}

static char *read_line(Script *script, unsigned number, const char *text,
                       const MgEngineKind *const *kinds)
{
    static const char ops[] = "SC?!NTDXZEU+";
    if (text[0] == '=')
        return configure(script, number, text + 1 + strspn(text + 1, " "), kinds);
    if (strchr(ops, text[0]) == NULL)
        return g_strdup_printf("a line cannot begin with '%c'", text[0]);
    Line line = {.op = text[0], .number = number};
    const char *c = text + 1;
    while (g_ascii_isdigit(*c))
        line.index = line.index * 10 + (unsigned)(*c++ - '0');
    line.how = *c;
    if (*c == '\0' || strchr(":!#*~=", *c) == NULL)
        return g_strdup_printf("'%c' is followed by one of : ! # * ~ =", text[0]);
    c++;
    line.text = g_strdup(*c == ' ' ? c + 1 : c);
    char *problem = line.op == 'C' || line.op == 'S' ? octets_of(&line) : NULL;
    if (line.op == 'C' && line.bytes == NULL && problem == NULL)
        problem = g_strdup("C: C! C# or C*");
    script->states = script->states || line.op == 'T';
    if (line.op == 'C' && line.bytes != NULL)
        script->n_octets += line.bytes->len;
    g_array_append_val(script->lines, line);
    return problem;
}

static void line_clear(void *data)
{
    Line *line = data;
    g_free(line->text);
    if (line->bytes != NULL)
        g_string_free(line->bytes, TRUE);
}

static void script_free(Script *script)
{
    g_free(script->path);
    g_free(script->folder);
    g_array_unref(script->lines);
    g_array_unref(script->settings);
    g_ptr_array_unref(script->strings);
    g_string_free(script->data, TRUE);
    if (script->spooled != NULL)
        g_string_free(script->spooled, TRUE);
    g_free(script);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Script, script_free)

static Script *script_read(const char *path, const MgEngineKind *const *kinds, char **problem)
{
    g_autofree char *content = NULL;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(path, &content, NULL, &error)) {
        *problem = g_strdup(error->message);
        return NULL;
    }
    g_autoptr(Script) script = g_new0(Script, 1);
    script->path = g_strdup(path);
    script->folder = g_path_get_dirname(path);
    script->lines = g_array_new(FALSE, FALSE, sizeof(Line));
    g_array_set_clear_func(script->lines, line_clear);
    script->settings = g_array_new(FALSE, FALSE, sizeof(MgSetting));
    script->strings = g_ptr_array_new_with_free_func(g_free);
    script->data = g_string_new(NULL);
    script->kind = kinds[0];
    script->host = keep(script, "mx.example.net");
    script->local = keep(script, "192.0.2.25");
    script->peer = keep(script, "192.0.2.1");
    script->question = keep(script, "");
    script->epoch = 1772442000; /* 2026-03-02T09:00:00Z */
    script->seed = 1;
    script->peer_port = 49152;
    g_auto(GStrv) lines = g_strsplit(content, "\n", -1);
    for (unsigned i = 0; lines[i] != NULL; i++) {
        if (lines[i][0] == '\0' || lines[i][0] == '#')
            continue;
        g_autofree char *wrong = read_line(script, i + 1, lines[i], kinds);
        if (wrong != NULL) {
            *problem = g_strdup_printf("%s:%u: %s", path, i + 1, wrong);
            return NULL;
        }
    }
    if (script->local_port == 0)
        script->local_port = script->kind->port;
    return g_steal_pointer(&script);
}

/* ---- what the engine says ---- */

static void said_free(void *data)
{
    Said *said = data;
    g_string_free(said->text, TRUE);
    g_free(said);
}

static GString *say(Play *play, char op)
{
    Said *said = g_new0(Said, 1);
    said->op = op;
    said->text = g_string_new(NULL);
    g_queue_push_tail(&play->said, said);
    return said->text;
}

static Ask *find_ask(Play *play, MgAskId id)
{
    for (unsigned i = 0; i < play->asks->len; i++) {
        Ask *ask = &g_array_index(play->asks, Ask, i);
        if (ask->id == id)
            return ask;
    }
    return NULL;
}

static void said_ask(Play *play, char op, const MgAsk *event)
{
    const MgTopicAdapter *adapter = mg_transcript_adapter(event->topic);
    GString *text = say(play, op);
    g_string_append(text, adapter != NULL ? adapter->name : event->topic);
    if (adapter != NULL && adapter->format_question != NULL)
        adapter->format_question(event->question, text);
    if (event->id == 0 || find_ask(play, event->id) != NULL)
        fail(play, "ask number %u is 0 or was used before", event->id);
    Ask ask = {
        .id = event->id, .number = ++play->n_asks, .adapter = adapter != NULL ? adapter : &nobody};
    if (adapter != NULL && adapter->count != NULL)
        ask.count = adapter->count(event->question);
    g_array_append_val(play->asks, ask);
}

static void said_cancel(Play *play, MgAskId id)
{
    Ask *ask = find_ask(play, id);
    say(play, 'X');
    if (ask == NULL || ask->answered)
        fail(play, "CANCEL of ask %u, which is not open", id);
    else
        ask->answered = true;
    if (mg_engine_answer(play->engine, id, NULL, play->now))
        fail(play, "an answer to ask %u was taken after its CANCEL", id);
}

static void said_note(Play *play, const MgRule *rule)
{
    const MgRule *known = play->script->kind->rules;
    g_string_append(say(play, 'N'), rule->id);
    while (known != NULL && known->id != NULL && known != rule)
        known++;
    if (known == NULL || known->id == NULL)
        fail(play, "rule %s is not in the rules of %s", rule->id, play->script->kind->name);
    if (play->coverage != NULL)
        g_hash_table_add(play->coverage->rules, g_strdup(rule->id));
}

static void said_state(Play *play, const char *from, const char *to)
{
    const MgTransition *row = play->script->kind->transitions;
    while (row != NULL && row->from != NULL &&
           (strcmp(row->from, from) != 0 || strcmp(row->to, to) != 0))
        row++;
    if (row == NULL || row->from == NULL)
        fail(play, "%s -> %s is not in the transitions of %s", from, to, play->script->kind->name);
    if (play->state != NULL && strcmp(play->state, from) != 0)
        fail(play, "a move from %s, but the state was %s", from, play->state);
    g_free(play->state);
    play->state = g_strdup(to);
    if (play->coverage != NULL)
        g_hash_table_add(play->coverage->transitions,
                         g_strdup_printf("%s %s -> %s", play->script->kind->name, from, to));
    if (play->script->states)
        g_string_append_printf(say(play, 'T'), "%s -> %s", from, to);
    else
        g_string_append_printf(play->log, "T %s -> %s\n", from, to);
}

static void said_event(Play *play, const MgEvent *event)
{
    switch (event->kind) {
    case MG_EVENT_SEND: {
        Said *last = g_queue_peek_tail(&play->said);
        GString *text = last != NULL && last->op == 'S' ? last->text : say(play, 'S');
        g_string_append_len(text, (const char *)event->send.data, (gssize)event->send.len);
        if (event->send.len == 0)
            fail(play, "SEND of nothing");
        break;
    }
    case MG_EVENT_ASK:
        said_ask(play, '?', &event->ask);
        break;
    case MG_EVENT_CANCEL:
        said_cancel(play, event->cancel);
        break;
    case MG_EVENT_NOTE:
        said_note(play, event->note.rule);
        break;
    case MG_EVENT_STATE:
        said_state(play, event->state.from, event->state.to);
        break;
    case MG_EVENT_DELIVER: {
        const MgTopicAdapter *adapter = mg_transcript_adapter(event->deliver.type);
        GString *text = say(play, 'D');
        g_string_append(text, adapter != NULL ? adapter->name : event->deliver.type);
        if (adapter != NULL && adapter->format_answer != NULL)
            adapter->format_answer(event->deliver.item, text);
        break;
    }
    case MG_EVENT_STARTTLS:
        said_ask(play, 'U', &event->ask);
        break;
    case MG_EVENT_CLOSE:
        say(play, 'Z');
        play->closed = true;
        break;
    default:
        fail(play, "an event of unknown kind %d", (int)event->kind);
    }
}

static void check_facts(Play *play)
{
    MgFact facts[16];
    if (play->script->kind->facts == NULL || play->closed)
        return;
    memset(facts, 'x', sizeof facts);
    size_t n = play->script->kind->facts(play->engine, facts, G_N_ELEMENTS(facts));
    if (n > G_N_ELEMENTS(facts))
        fail(play, "facts() gave %zu, more than there was room for", n);
    for (size_t i = 0; i < MIN(n, G_N_ELEMENTS(facts)); i++)
        if (memchr(facts[i].value, '\0', sizeof facts[i].value) == NULL ||
            !g_utf8_validate(facts[i].value, -1, NULL))
            fail(play, "fact %s is not NUL-terminated UTF-8", facts[i].label);
}

/* Takes everything that the engine has to say now. */
static void drain(Play *play)
{
    MgEvent event;
    while (play->problem->len == 0 && mg_engine_next(play->engine, &event)) {
        if (play->closed)
            fail(play, "an event of kind %d after CLOSE", (int)event.kind);
        else if (++play->n_events > EVENTS_MAX)
            fail(play, "%u events without end", EVENTS_MAX);
        else
            said_event(play, &event);
    }
    check_facts(play);
}

/* ---- what the engine hears ---- */

static void hand(Play *play, const char *bytes, size_t len)
{
    g_autoptr(GPtrArray) pool = g_ptr_array_new_with_free_func(g_free);
    if (len == 0)
        return;
    MgSpan span = {mg_transcript_pool_copy(pool, bytes, len), len};
    mg_engine_receive(play->engine, span, play->now);
    play->fed += len;
}

static void feed(Play *play, const GString *bytes)
{
    size_t done = 0;
    if (play->script->kind->transport == MG_TRANSPORT_DATAGRAM) {
        hand(play, bytes->str, bytes->len); /* a datagram is whole or not there */
        return;
    }
    while (done < bytes->len) {
        size_t len = bytes->len - done;
        if (play->bytewise)
            len = 1;
        else if (play->cut != WHOLE && play->cut > play->fed && play->cut - play->fed < len)
            len = play->cut - play->fed;
        hand(play, bytes->str + done, len);
        done += len;
        if (done < bytes->len)
            drain(play);
    }
}

static void end(Play *play, const char *text)
{
    MgEnd how = strcmp(text, "reset") == 0     ? MG_END_RESET
                : strcmp(text, "timeout") == 0 ? MG_END_TIMEOUT
                                               : MG_END_CLOSED;
    mg_engine_receive_end(play->engine, how, play->now);
}

static void answer(Play *play, Ask *ask, const char *text)
{
    g_autoptr(GPtrArray) pool = g_ptr_array_new_with_free_func(g_free);
    void *given = NULL;
    if (text != NULL && strcmp(text, "null") != 0) {
        given = ask->adapter->parse_answer != NULL
                    ? ask->adapter->parse_answer(text, ask->count, pool)
                    : NULL;
        if (given == NULL) {
            fail(play, "not an answer to %s: \"%s\"", ask->adapter->name, text);
            return;
        }
    }
    ask->answered = true;
    MgAskId id = ask->id;
    if (!mg_engine_answer(play->engine, id, given, play->now))
        fail(play, "the answer to open ask %u was not taken", id);
    if (mg_engine_answer(play->engine, id, given, play->now))
        fail(play, "the answer to ask %u was taken twice", id);
}

/* The nth (from 1) of the asks that are open. */
static Ask *open_ask(Play *play, unsigned nth)
{
    for (unsigned i = 0; i < play->asks->len; i++) {
        Ask *ask = &g_array_index(play->asks, Ask, i);
        if (!ask->answered && --nth == 0)
            return ask;
    }
    return NULL;
}

/* One deadline of the engine, if it has one by `limit`. */
static bool one_deadline(Play *play, MgTime limit)
{
    MgTime due = play->closed ? MG_TIME_NEVER : mg_engine_deadline(play->engine);
    if (due == MG_TIME_NEVER || due > limit)
        return false;
    unsigned before = play->n_events;
    play->now = MAX(play->now, due);
    mg_engine_advance(play->engine, play->now);
    drain(play);
    if (!play->closed && mg_engine_deadline(play->engine) <= due && play->n_events == before)
        fail(play, "advance() at the deadline did nothing, and the deadline stays");
    return play->problem->len == 0;
}

static void pass_time(Play *play, const char *text)
{
    MgTime time = 0;
    if (!mg_time_parse(text, &time)) {
        fail(play, "not a time: \"%s\"", text);
        return;
    }
    MgTime target = play->now + time;
    while (one_deadline(play, target))
        ;
    play->now = target;
}

/* ---- playing ---- */

static void show(GString *out, char op, const GString *text)
{
    g_string_append_printf(out, "%c: ", op);
    size_t len = text->len;
    if (op == 'S') {
        const char *line = memchr(text->str, '\n', text->len);
        len = line != NULL ? (size_t)(line - text->str) + 1 : len;
        if (len >= 2 && text->str[len - 1] == '\n' && text->str[len - 2] == '\r')
            len -= 2;
    }
    len = MIN(len, 400);
    mg_transcript_escape((MgSpan){(const uint8_t *)text->str, len}, out);
}

static void nothing_more(Play *play, const char *before)
{
    const Said *said = g_queue_peek_head(&play->said);
    if (said == NULL)
        return;
    g_autoptr(GString) got = g_string_new(NULL);
    show(got, said->op, said->text);
    fail(play, "%s, the engine says more than the transcript\n  +%s", before, got->str);
}

/* Do the words of `wanted` all stand in `got`, in this order? */
static bool words_match(const char *wanted, const char *got)
{
    g_auto(GStrv) want = g_strsplit(wanted, " ", -1);
    g_auto(GStrv) have = g_strsplit(got, " ", -1);
    size_t i = 0;
    for (size_t j = 0; want[i] != NULL && have[j] != NULL; j++)
        if (strcmp(want[i], have[j]) == 0)
            i++;
    return want[i] == NULL || wanted[0] == '\0';
}

/* Takes what the S line means from the head of `text`; false if it is not there. */
static bool take_octets(const Line *line, GString *text)
{
    if (line->how == '~') {
        char *lf = memchr(text->str, '\n', text->len);
        if (lf == NULL || lf == text->str || lf[-1] != '\r')
            return false;
        g_autofree char *first = g_strndup(text->str, (size_t)(lf - text->str) - 1);
        if (!g_pattern_match_simple(line->text, first))
            return false;
        g_string_erase(text, 0, lf - text->str + 1);
        return true;
    }
    if (text->len < line->bytes->len || memcmp(text->str, line->bytes->str, line->bytes->len) != 0)
        return false;
    g_string_erase(text, 0, (gssize)line->bytes->len);
    return true;
}

static bool matches(const Line *line, Said *said)
{
    if (line->op != said->op)
        return false;
    switch (line->op) {
    case 'S':
        return take_octets(line, said->text);
    case 'X':
    case 'Z':
        return true;
    case 'U':
    case '?':
    case 'D':
        if (line->how == ':')
            return words_match(line->text, said->text->str);
        return strcmp(line->text, said->text->str) == 0;
    default:
        return strcmp(line->text, said->text->str) == 0;
    }
}

static void expect(Play *play, const Line *line)
{
    Said *said = g_queue_peek_head(&play->said);
    g_autoptr(GString) before = g_string_new(NULL);
    g_autoptr(GString) got = g_string_new("nothing");
    if (said != NULL) {
        g_string_assign(got, "");
        show(got, said->op, said->text);
        g_string_append_len(before, said->text->str, (gssize)said->text->len);
    }
    if (said == NULL || !matches(line, said)) {
        fail(play, "\n  -%c%c %s\n  +%s", line->op, line->how, line->text, got->str);
        return;
    }
    if (line->op == 'S' && said->text->len > 0) {
        g_string_append_len(play->log, before->str, (gssize)(before->len - said->text->len));
        return;
    }
    if (line->op != 'S')
        g_string_append_printf(play->log, "%c ", line->op);
    g_string_append_len(play->log, before->str, (gssize)before->len);
    g_string_append_c(play->log, '\n');
    said_free(g_queue_pop_head(&play->said));
}

static void input(Play *play, const Line *line)
{
    if (line->op == 'C') {
        feed(play, line->bytes);
    } else if (line->op == 'E') {
        end(play, line->text);
    } else if (line->op == '+') {
        pass_time(play, line->text);
    } else {
        Ask *ask = open_ask(play, MAX(line->index, 1));
        if (ask == NULL)
            fail(play, "an answer, but no ask is open");
        else
            answer(play, ask, line->text);
    }
}

static bool is_input(char op)
{
    return op == 'C' || op == 'E' || op == '!' || op == '+';
}

/* Plays from the first line; stops at the line after which ask number `until` has been made (0:
 * never) and returns the index of the next. Octets that follow each other, and an end that follows
 * them, are handed over together. */
static unsigned play_lines(Play *play, unsigned until)
{
    char last = '\0';
    unsigned i = 0;
    for (; i < play->script->lines->len && play->problem->len == 0; i++) {
        const Line *line = &g_array_index(play->script->lines, Line, i);
        bool together = last == 'C' && (line->op == 'C' || line->op == 'E');
        play->line = line->number;
        if (!together)
            drain(play);
        if (until != 0 && play->n_asks >= until)
            return i;
        if (is_input(line->op) && !together)
            nothing_more(play, "before this line");
        if (play->problem->len > 0)
            break;
        if (is_input(line->op))
            input(play, line);
        else
            expect(play, line);
        last = line->op;
    }
    drain(play);
    if (until == 0)
        nothing_more(play, "at the end");
    return i;
}

/* A command's options are the settings. */
static const void *make_command(const Play *play, const char *const *words, size_t n,
                                GPtrArray *pool)
{
    const GArray *rows = play->script->settings;
    MgSettings options = {(const MgSetting *)rows->data, rows->len};
    MgCommandCall call = {.words = words,
                          .n_words = n,
                          .options = mg_transcript_pool_copy(pool, &options, sizeof options),
                          .json = mg_settings_get(&options, "json", NULL) != NULL,
                          .now = play->script->epoch};
    return mg_transcript_pool_copy(pool, &call, sizeof call);
}

/* (transfer full) The question of an answerer, a verb or a command, its pieces in `pool`. */
static const void *make_question(Play *play, GPtrArray *pool)
{
    const Script *script = play->script;
    const MgEngineKind *kind = script->kind;
    MgSpan data = {(const uint8_t *)script->data->str, script->data->len};
    if (kind->topic != NULL) {
        const MgTopicAdapter *adapter = mg_transcript_adapter(kind->topic);
        void *question = adapter != NULL && adapter->parse_question != NULL
                             ? adapter->parse_question(script->question, data, pool)
                             : NULL;
        if (question == NULL)
            fail(play, "\"= question %s\" is not a question of %s", script->question, kind->topic);
        return question;
    }
    if (kind->verb == NULL && kind->command == NULL)
        return NULL;
    g_auto(GStrv) argv = NULL;
    int argc = 0;
    g_shell_parse_argv(script->question, &argc, &argv, NULL);
    const char **words = g_new0(const char *, (size_t)argc + 1);
    g_ptr_array_add(pool, words);
    for (int i = 0; i < argc; i++)
        words[i] = mg_transcript_pool_string(pool, argv[i]);
    if (kind->command != NULL)
        return make_command(play, words, (size_t)argc, pool);
    MgVerbCall call = {.words = words, .n_words = (size_t)argc, .path = script->file_path};
    call.file = (MgSpan){mg_transcript_pool_copy(pool, data.data, data.len), data.len};
    return mg_transcript_pool_copy(pool, &call, sizeof call);
}

static MgSpan pool_span(GPtrArray *pool, const GString *bytes)
{
    return (MgSpan){mg_transcript_pool_copy(pool, bytes->str, bytes->len), bytes->len};
}

static bool play_begin(Play *play, const Script *script)
{
    *play = (Play){.script = script, .cut = WHOLE};
    play->asks = g_array_new(FALSE, FALSE, sizeof(Ask));
    play->log = g_string_new(NULL);
    play->problem = g_string_new(NULL);
    g_queue_init(&play->said);
    MgSettings settings = {(const MgSetting *)script->settings->data, script->settings->len};
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    if (script->kind->setup != NULL)
        play->shared = script->kind->setup(&settings, problems);
    if (problems->len > 0)
        fail(play, "setup() complains: %s", (char *)g_ptr_array_index(problems, 0));
    g_autoptr(GPtrArray) pool = g_ptr_array_new_with_free_func(g_free);
    MgBirth birth = {.settings = &settings,
                     .shared = play->shared,
                     .question = make_question(play, pool),
                     .host = mg_transcript_pool_string(pool, script->host),
                     .local_address = mg_transcript_pool_string(pool, script->local),
                     .local_port = script->local_port,
                     .epoch = script->epoch,
                     .seed = script->seed};
    MgSpooled spooled = {.item = 1};
    if (script->spooled != NULL) {
        spooled.data = pool_span(pool, script->data);
        spooled.state = pool_span(pool, script->spooled);
        birth.spooled = &spooled;
        birth.question = NULL;
    }
    if (script->kind->port != 0) {
        birth.peer_address = mg_transcript_pool_string(pool, script->peer);
        birth.peer_port = script->peer_port;
    }
    if (play->problem->len > 0)
        return false;
    play->engine = script->kind->create(&birth);
    g_assert(play->engine != NULL && play->engine->kind == script->kind);
    return true;
}

/* (transfer full) What went wrong, NULL if nothing did. */
static char *play_end(Play *play)
{
    if (play->closed) { /* nothing brings a closed engine back */
        hand(play, "NOOP\r\n", 6);
        mg_engine_receive_end(play->engine, MG_END_CLOSED, play->now);
        mg_engine_advance(play->engine, play->now + 24 * MG_HOURS);
        drain(play);
    }
    mg_engine_free(play->engine);
    if (play->script->kind->teardown != NULL && play->shared != NULL)
        play->script->kind->teardown(play->shared);
    g_queue_clear_full(&play->said, said_free);
    g_array_unref(play->asks);
    g_string_free(play->log, TRUE);
    g_free(play->state);
    bool good = play->problem->len == 0;
    char *problem = g_string_free(play->problem, good);
    return good ? NULL : problem;
}

static char *run(const Script *script, MgTranscriptCoverage *coverage, GString *log,
                 unsigned *n_asks)
{
    Play play;
    if (play_begin(&play, script)) {
        play.coverage = coverage;
        play_lines(&play, 0);
        if (log != NULL)
            g_string_append_len(log, play.log->str, (gssize)play.log->len);
        if (n_asks != NULL)
            *n_asks = play.n_asks;
    }
    return play_end(&play);
}

char *mg_transcript_run(const char *path, const MgEngineKind *const *kinds,
                        MgTranscriptCoverage *coverage)
{
    char *problem = NULL;
    g_autoptr(Script) script = script_read(path, kinds, &problem);
    return script != NULL ? run(script, coverage, NULL, NULL) : problem;
}

/* ---- every split ---- */

static char *run_split(const Script *script, size_t cut, const GString *whole)
{
    Play play;
    if (play_begin(&play, script)) {
        play.cut = cut;
        play.bytewise = cut == WHOLE;
        play_lines(&play, 0);
        if (play.problem->len == 0 && !g_string_equal(play.log, whole))
            fail(&play, "other events than uncut:\n--- uncut\n%s\n--- cut\n%s", whole->str,
                 play.log->str);
    }
    g_autofree char *problem = play_end(&play);
    if (problem == NULL)
        return NULL;
    return cut == WHOLE ? g_strdup_printf("%s\n  (octet by octet)", problem)
                        : g_strdup_printf("%s\n  (cut after octet %zu)", problem, cut);
}

char *mg_transcript_run_splits(const char *path, const MgEngineKind *const *kinds)
{
    char *problem = NULL;
    g_autoptr(Script) script = script_read(path, kinds, &problem);
    if (script == NULL)
        return problem;
    g_autoptr(GString) whole = g_string_new(NULL);
    problem = run(script, NULL, whole, NULL);
    if (problem != NULL || script->whole)
        return problem;
    problem = run_split(script, WHOLE, whole);
    for (size_t cut = 1; cut < script->n_octets && problem == NULL; cut++) {
        problem = run_split(script, cut, whole);
        if (cut >= CUT_EVERY && script->n_octets - cut > CUT_EVERY)
            cut += MAX(17, script->n_octets / 500);
    }
    return problem;
}

/* ---- every ask ---- */

static void answer_all_null(Play *play)
{
    Ask *ask = NULL;
    drain(play);
    while (play->problem->len == 0 && !play->closed && (ask = open_ask(play, 1)) != NULL) {
        if (play->n_asks > FREE_ASKS_MAX) {
            fail(play, "asks again and again, although nobody answers");
            return;
        }
        answer(play, ask, NULL);
        drain(play);
    }
    g_queue_clear_full(&play->said, said_free);
}

/* The rest of the conversation with nobody there to answer, and nothing expected but that the
 * engine keeps the contract and a server comes to its end. */
static void play_freely(Play *play, unsigned i)
{
    answer_all_null(play);
    for (; i < play->script->lines->len && play->problem->len == 0; i++) {
        const Line *line = &g_array_index(play->script->lines, Line, i);
        play->line = line->number;
        if (is_input(line->op) && line->op != '!')
            input(play, line);
        answer_all_null(play);
    }
    if (play->script->kind->transport == MG_TRANSPORT_STREAM)
        mg_engine_receive_end(play->engine, MG_END_CLOSED, play->now);
    answer_all_null(play);
    for (unsigned n = 0; n < DEADLINES_MAX && one_deadline(play, MG_TIME_NEVER - 1); n++)
        answer_all_null(play);
    if (play->script->kind->port != 0 && !play->closed)
        fail(play, "the peer is gone and all time has passed, but the server does not CLOSE");
}

/* How ask number `number` goes wrong: one of its topic's faults, or what can befall any ask. */
static bool apply_fault(Play *play, unsigned number, unsigned fault, char **name)
{
    static const char *const any[] = {"null", "time", "end closed", "end reset", "end timeout"};
    Ask *ask = NULL;
    for (unsigned i = 0; i < play->asks->len; i++)
        if (g_array_index(play->asks, Ask, i).number == number)
            ask = &g_array_index(play->asks, Ask, i);
    g_assert(ask != NULL);
    if (fault < G_N_ELEMENTS(any)) {
        *name = g_strdup(any[fault]);
        if (ask->answered || play->closed)
            return true; /* withdrawn in the same breath: nothing is left to go wrong */
        MgAskId id = ask->id;
        if (fault == 0)
            answer(play, ask, NULL);
        else if (fault >= 2)
            end(play, any[fault] + strlen("end "));
        for (unsigned n = 0; fault == 1 && n < DEADLINES_MAX; n++)
            if (find_ask(play, id)->answered || !one_deadline(play, MG_TIME_NEVER - 1))
                break;
        return true;
    }
    const char *const *faults = ask->adapter->faults;
    for (unsigned i = 0; faults != NULL && faults[i] != NULL; i++)
        if (i == fault - G_N_ELEMENTS(any)) {
            *name = g_strdup(faults[i]);
            if (!ask->answered && !play->closed)
                answer(play, ask, faults[i]);
            return true;
        }
    return false;
}

static char *run_ask(const Script *script, unsigned number, unsigned fault, bool *more)
{
    Play play;
    g_autofree char *name = NULL;
    if (play_begin(&play, script)) {
        unsigned next = play_lines(&play, number);
        *more = play.problem->len == 0 && apply_fault(&play, number, fault, &name);
        if (*more)
            play_freely(&play, next);
    }
    g_autofree char *problem = play_end(&play);
    return problem != NULL ? g_strdup_printf("%s\n  (ask %u: %s)", problem, number, name) : NULL;
}

char *mg_transcript_run_asks(const char *path, const MgEngineKind *const *kinds)
{
    char *problem = NULL;
    unsigned n_asks = 0;
    g_autoptr(Script) script = script_read(path, kinds, &problem);
    if (script == NULL)
        return problem;
    problem = run(script, NULL, NULL, &n_asks);
    for (unsigned number = 1; number <= n_asks && problem == NULL; number++) {
        bool more = true;
        for (unsigned fault = 0; more && problem == NULL; fault++)
            problem = run_ask(script, number, fault, &more);
    }
    return problem;
}
