/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-replay-play.c - plays a scenario: a resolver, and the servers that the script makes up
 *
 * The script is all that there is of a network. A question for which it has no answer is answered
 * SERVFAIL, so that the resolver goes on with another server.
 */
#include "dns-replay.h"

#include "dns.h"

#include "dns-record.h"
#include "dns-resolver-shared.h"
#include "dns-resolver-stream.h"

#define ASKS_MAX 1000 /* of one step: a resolver that asks more runs in a circle */

typedef struct {
    MgDnsScenario *scenario;
    MgSettings settings;
    MgSetting rows[16];
    GString *hints;
    void *shared;
    uint64_t seed;
    MgTime now;
    size_t at;         /* the step */
    GByteArray *reply; /* the last of the resolver's */
    GString *expected, *got, *log;
} Play;

/* ---- the resolver's settings ---- */

static void set(Play *play, const char *key, const char *value)
{
    g_assert(play->settings.n_rows < G_N_ELEMENTS(play->rows));
    play->rows[play->settings.n_rows++] =
        (MgSetting){.key = key, .value = value, .len = strlen(value), .path = key};
    play->settings.rows = play->rows;
}

static void configure(Play *play)
{
    const MgDnsScenario *scenario = play->scenario;
    GHashTableIter iter;
    void *key = NULL, *value = NULL;
    play->hints = g_string_new(". 3600 IN NS k.root-servers.net.\n");
    for (unsigned i = 0; i < scenario->roots->len; i++) {
        const char *address = g_ptr_array_index(scenario->roots, i);
        g_string_append_printf(play->hints, "k.root-servers.net. 3600 IN %s %s\n",
                               strchr(address, ':') != NULL ? "AAAA" : "A", address);
    }
    set(play, "hints", play->hints->str);
    g_hash_table_iter_init(&iter, scenario->config);
    while (g_hash_table_iter_next(&iter, &key, &value))
        if (((const char *)value)[0] != '\0')
            set(play, key, value);
    if (g_hash_table_lookup(scenario->config, "qname-minimisation") == NULL)
        set(play, "qname-minimisation", "yes");
    if (scenario->anchors->len > 0) {
        set(play, "trust-anchor", scenario->anchors->str);
        set(play, "domain-insecure", scenario->insecure->str);
        set(play, "validate", "yes");
    }
    set(play, "mixed-case", "no");
    set(play, "minimised-type", "NS");
}

/* ---- the servers ---- */

static bool is_for(const MgDnsReplayRange *range, unsigned id, const char *address)
{
    if (id < range->from || id > range->to)
        return false;
    for (unsigned i = 0; i < range->addresses->len; i++)
        if (strcmp(g_ptr_array_index(range->addresses, i), address) == 0)
            return true;
    return range->addresses->len == 0;
}

static bool fits(const MgDnsReplayEntry *entry, MgSpan query, bool stream)
{
    g_autofree char *wrong = mg_dns_replay_compare(entry, query, stream);
    return wrong == NULL;
}

static const MgDnsReplayEntry silence = {.adjust = MG_DNS_ADJUST_SILENT}, no_way = {0};

static MgDnsReplayEntry *use(MgDnsReplayEntry *entry)
{
    entry->used = true;
    return entry;
}

/* (nullable) What the script says to this query. */
static const MgDnsReplayEntry *find_entry(const Play *play, const MgDatagramQuestion *question,
                                          bool stream)
{
    const MgDnsScenario *scenario = play->scenario;
    const MgDnsReplayStep *now = g_ptr_array_index(scenario->steps, play->at);
    g_autofree char *address = mg_dns_address_plain(question->address);
    for (unsigned r = 0; address != NULL && r < scenario->ranges->len; r++) {
        const MgDnsReplayRange *range = g_ptr_array_index(scenario->ranges, r);
        for (unsigned i = 0; is_for(range, now->id, address) && i < range->entries->len; i++)
            if (fits(g_ptr_array_index(range->entries, i), question->payload, stream))
                return use(g_ptr_array_index(range->entries, i));
    }
    for (size_t i = play->at + 1; i < scenario->steps->len; i++) {
        MgDnsReplayStep *step = g_ptr_array_index(scenario->steps, i);
        if (step->kind == MG_DNS_STEP_TIMEOUT || step->kind == MG_DNS_STEP_ERROR) {
            bool late = step->kind == MG_DNS_STEP_TIMEOUT;
            step->kind = MG_DNS_STEP_NOTHING;
            return late ? &silence : &no_way;
        }
        if (step->kind != MG_DNS_STEP_REPLY || step->entry == NULL || step->entry->used ||
            !fits(step->entry, question->payload, stream))
            continue;
        return use(step->entry);
    }
    return NULL;
}

/* "  193.0.14.129 tcp www.example.com. A → line 27: NOERROR [qr]: …" */
static void log_query(Play *play, const MgDatagramQuestion *question, bool stream,
                      const MgDnsReplayEntry *entry, MgSpan reply)
{
    MgDnsMessage message;
    if (play->log == NULL || !mg_dns_message_open(&message, question->payload))
        return;
    g_string_append_printf(play->log, "  %s%s ", question->address, stream ? " tcp" : "");
    mg_dns_name_format(mg_dns_name_span(&message.name), play->log);
    g_string_append_c(play->log, ' ');
    mg_dns_type_format(message.type, play->log);
    if (entry != NULL && entry->line > 0)
        g_string_append_printf(play->log, " -> line %u: ", entry->line);
    else
        g_string_append(play->log, entry == &silence  ? " -> silence: "
                                   : entry == &no_way ? " -> no way: "
                                                      : " -> no line: ");
    mg_dns_replay_describe(reply, play->log);
    g_string_append_c(play->log, '\n');
}

static void serve(Play *play, MgEngine *engine, const MgAsk *ask)
{
    bool stream = strcmp(ask->topic, MG_TOPIC_DNS_STREAM) == 0;
    if (!stream && strcmp(ask->topic, MG_TOPIC_DATAGRAM) != 0) {
        mg_engine_answer(engine, ask->id, NULL, play->now);
        return;
    }
    const MgDatagramQuestion *question = ask->question;
    const MgDnsReplayEntry *entry = find_entry(play, question, stream);
    g_autoptr(GByteArray) message = g_byte_array_new();
    MgDatagramAnswer answer = {.reach = MG_REACH_OK};
    if (entry == &no_way) {
        answer.reach = MG_REACH_UNREACHABLE;
    } else if (entry != NULL && (entry->adjust & MG_DNS_ADJUST_SILENT) != 0) {
        answer.reach = MG_REACH_TIMEOUT;
        play->now += question->timeout;
    } else if (entry != NULL) {
        mg_dns_replay_make(entry, question->payload, message);
    } else {
        g_byte_array_append(message, question->payload.data, (guint)question->payload.len);
        message->data[2] |= MG_DNS_QR >> 8;
        message->data[3] = MG_DNS_SERVFAIL;
    }
    play->now += MG_MILLISECONDS;
    answer.payload = (MgSpan){message->data, message->len};
    log_query(play, question, stream, entry, answer.payload);
    mg_engine_answer(engine, ask->id, &answer, play->now);
}

/* ---- the client ---- */

static void ask_resolver(Play *play, const MgEngineKind *kind, MgSpan query)
{
    const MgBirth birth = {.shared = play->shared,
                           .settings = &play->settings,
                           .host = "resolver",
                           .local_address = "127.0.0.1",
                           .peer_address = "127.0.0.1",
                           .epoch = play->scenario->epoch,
                           .seed = mg_random_next(&play->seed),
                           .now = play->now};
    g_autoptr(MgEngine) engine = kind->create(&birth);
    unsigned asks = 0;
    MgEvent event;
    g_byte_array_set_size(play->reply, 0);
    mg_engine_receive(engine, query, play->now);
    while (mg_engine_next(engine, &event)) {
        if (event.kind == MG_EVENT_SEND)
            g_byte_array_append(play->reply, event.send.data, (guint)event.send.len);
        else if (event.kind == MG_EVENT_CLOSE || (event.kind == MG_EVENT_ASK && asks++ == ASKS_MAX))
            return;
        else if (event.kind == MG_EVENT_ASK)
            serve(play, engine, &event.ask);
    }
}

/* As a client does it: over TCP when the datagram was too small, or when it is said. */
static void query(Play *play, const MgDnsReplayEntry *entry)
{
    bool stream = (entry->match & MG_DNS_MATCH_TCP) != 0;
    g_autoptr(GByteArray) message = g_byte_array_new();
    mg_dns_replay_make(entry, (MgSpan){NULL, 0}, message);
    if (entry->raw == NULL)
        mg_dns_put_u16(message->data, (uint16_t)mg_random_next(&play->seed));
    if (!stream)
        ask_resolver(play, &mg_dns_resolver, (MgSpan){message->data, message->len});
    if (!stream &&
        (play->reply->len < MG_DNS_HEADER || (play->reply->data[2] & MG_DNS_TC >> 8) == 0))
        return;
    uint8_t len[] = {(uint8_t)(message->len >> 8), (uint8_t)message->len};
    g_byte_array_prepend(message, len, sizeof len);
    ask_resolver(play, &mg_dns_resolver_tcp, (MgSpan){message->data, message->len});
    if (play->reply->len >= sizeof len)
        g_byte_array_remove_range(play->reply, 0, sizeof len);
}

static char *check(Play *play, const MgDnsReplayStep *step)
{
    MgSpan reply = {play->reply->data, play->reply->len};
    g_autoptr(GByteArray) wanted = g_byte_array_new();
    if (step->entry == NULL)
        return g_strdup("CHECK_ANSWER has no entry");
    char *wrong = reply.len == 0 ? g_strdup("the resolver has not answered")
                                 : mg_dns_replay_compare(step->entry, reply, false);
    if (wrong == NULL)
        return NULL;
    mg_dns_replay_make(step->entry, (MgSpan){NULL, 0}, wanted);
    mg_dns_replay_describe((MgSpan){wanted->data, wanted->len}, play->expected);
    mg_dns_replay_describe(reply, play->got);
    return wrong;
}

/* (transfer full, nullable) An entry that must be used, and was not. */
static char *find_unused(const MgDnsScenario *scenario)
{
    for (unsigned r = 0; r < scenario->ranges->len; r++) {
        const MgDnsReplayRange *range = g_ptr_array_index(scenario->ranges, r);
        for (unsigned i = 0; i < range->entries->len; i++) {
            const MgDnsReplayEntry *entry = g_ptr_array_index(range->entries, i);
            if (entry->mandatory && !entry->used)
                return g_strdup_printf("line %u is MANDATORY, but nobody has asked for it",
                                       entry->line);
        }
    }
    return NULL;
}

static void *make_shared(const Play *play)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    return mg_dns_resolver.setup(&play->settings, problems);
}

static char *play_step(Play *play, const MgDnsReplayStep *step)
{
    switch (step->kind) {
    case MG_DNS_STEP_QUERY:
        if (step->entry == NULL)
            return g_strdup("QUERY has no entry");
        query(play, step->entry);
        return NULL;
    case MG_DNS_STEP_CHECK_ANSWER:
        return check(play, step);
    case MG_DNS_STEP_TIME_PASSES:
        play->now += step->elapse * MG_SECONDS;
        return NULL;
    case MG_DNS_STEP_FLUSH:
        mg_dns_resolver_forget(play->shared, mg_dns_name_span(&step->name));
        return NULL;
    case MG_DNS_STEP_RESTART:
        mg_dns_resolver.teardown(play->shared);
        play->shared = make_shared(play);
        return NULL;
    default:
        return NULL;
    }
}

bool mg_dns_scenario_play(MgDnsScenario *scenario, GString *log, MgDnsStepFunc func, void *user)
{
    Play play = {.scenario = scenario,
                 .seed = 1,
                 .log = log,
                 .reply = g_byte_array_new(),
                 .expected = g_string_new(NULL),
                 .got = g_string_new(NULL)};
    bool good = true;
    configure(&play);
    play.shared = make_shared(&play);
    for (; good && play.at < scenario->steps->len; play.at++) {
        const MgDnsReplayStep *step = g_ptr_array_index(scenario->steps, play.at);
        g_autofree char *wrong = play_step(&play, step);
        if (wrong == NULL && play.at + 1 == scenario->steps->len)
            wrong = find_unused(scenario);
        MgDnsStepResult result = {step, wrong, play.expected->str, play.got->str};
        good = wrong == NULL;
        func(user, &result);
    }
    if (play.shared != NULL)
        mg_dns_resolver.teardown(play.shared);
    g_byte_array_unref(play.reply);
    g_string_free(play.hints, TRUE);
    g_string_free(play.expected, TRUE);
    g_string_free(play.got, TRUE);
    return good;
}
