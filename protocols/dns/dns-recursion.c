/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-recursion.c - finds an answer by asking down from the root
 *
 *      what the cache knows is followed           the answer is whole: done
 *      the deepest zone whose servers are known   at last the root's, from the hints
 *      a server of it, by chance, is asked        an answer, a referral: into the cache, again
 *                                                 nothing, nonsense: another server
 *      none has an address                        a frame more: what is the address of ns?
 */
#include "dns-recursion-private.h"

#include "dns-record.h"

#define TRIES_MAX          2                      /* of one server for one question */
#define NEARLY             (50 * MG_MILLISECONDS) /* as fast as the fastest */
#define MINIMISE_COUNT     10                     /* RFC 9156 §2.3 … */
#define MINIMISE_ONE_LABEL 4

void mg_dns_recursion_note(MgDnsRecursion *recursion, MgDnsMet met)
{
    if (recursion->n_met < MG_DNS_MET_MAX)
        recursion->met[recursion->n_met++] = (uint8_t)met;
}

MgDnsMet mg_dns_recursion_met(MgDnsRecursion *recursion)
{
    if (recursion->met_given < recursion->n_met)
        return recursion->met[recursion->met_given++];
    recursion->n_met = recursion->met_given = 0;
    return MG_DNS_MET_NOTHING;
}

/* ---- results ---- */

static void add_result(void *user, MgDnsSection section, MgSpan owner, uint16_t type, uint32_t ttl,
                       MgSpan data)
{
    MgDnsFrame *frame = user;
    const MgDnsResult result = {section, owner, data, type, ttl};
    mg_dns_results_add(frame->records, &result);
}

void mg_dns_recursion_each(const MgDnsRecursion *recursion, MgDnsResultFunc func, void *user)
{
    MgDnsResult result;
    for (size_t at = 0; mg_dns_results_next(recursion->frames[0]->records, &at, &result);)
        func(user, result.section, result.owner, result.type, result.ttl, result.data);
}

/* ---- frames ---- */

void mg_dns_recursion_push(MgDnsRecursion *recursion, MgSpan name, uint16_t type)
{
    MgDnsFrame *frame = g_new0(MgDnsFrame, 1);
    mg_dns_name_set(&frame->way.name, name);
    frame->way.type = type;
    frame->records = g_byte_array_new();
    recursion->frames[recursion->depth++] = frame;
}

static void pop(MgDnsRecursion *recursion)
{
    MgDnsFrame *frame = recursion->frames[--recursion->depth];
    g_byte_array_unref(frame->records);
    g_free(frame);
}

MgDnsRecursion *mg_dns_recursion_new(const MgDnsRecursionSetup *setup, MgSpan name, uint16_t type)
{
    MgDnsRecursion *recursion = g_new0(MgDnsRecursion, 1);
    recursion->setup = *setup;
    recursion->began = MG_TIME_NEVER;
    recursion->scratch = g_byte_array_new();
    recursion->extra = g_byte_array_new();
    mg_dns_name_set(&recursion->name, name);
    recursion->type = type;
    mg_dns_recursion_push(recursion, name, type);
    return recursion;
}

void mg_dns_recursion_free(MgDnsRecursion *recursion)
{
    if (recursion == NULL)
        return;
    while (recursion->depth > 0)
        pop(recursion);
    mg_dns_validator_free(recursion->validator);
    g_byte_array_unref(recursion->scratch);
    g_byte_array_unref(recursion->extra);
    g_free(recursion);
}

uint16_t mg_dns_recursion_rcode(const MgDnsRecursion *recursion)
{
    return recursion->frames[0]->way.rcode;
}

MgDnsSecurity mg_dns_recursion_security(const MgDnsRecursion *recursion)
{
    return recursion->security;
}

MgDnsWhy mg_dns_recursion_why(const MgDnsRecursion *recursion)
{
    return recursion->why;
}

MgSpan mg_dns_recursion_name(const MgDnsRecursion *recursion, uint16_t *type)
{
    const MgDnsFrame *frame = recursion->frames[recursion->depth - 1];
    *type = frame->way.type;
    return mg_dns_name_span(&frame->way.name);
}

const char *mg_dns_recursion_server(const MgDnsRecursion *recursion)
{
    return recursion->address;
}

bool mg_dns_recursion_over_tcp(const MgDnsRecursion *recursion)
{
    const MgDnsFrame *frame = recursion->frames[recursion->depth - 1];
    return frame->servers[frame->server].tcp;
}

unsigned mg_dns_recursion_n_queries(const MgDnsRecursion *recursion)
{
    return recursion->queries;
}

/* ---- whom to ask ---- */

static void add_ns(MgDnsFrame *frame, MgSpan name)
{
    if (frame->n_ns == MG_DNS_NS_MAX)
        return;
    for (unsigned i = 0; i < frame->n_ns; i++)
        if (mg_dns_name_equal(mg_dns_name_span(&frame->ns[i].name), name))
            return;
    frame->ns[frame->n_ns] = (MgDnsNs){0};
    mg_dns_name_set(&frame->ns[frame->n_ns++].name, name);
}

bool mg_dns_is_loopback(MgSpan address)
{
    static const uint8_t v6[16] = {[15] = 1}, mapped[12] = {[10] = 0xff, [11] = 0xff};
    if (address.len == 4)
        return address.data[0] == 127;
    return memcmp(address.data, v6, 16) == 0 ||
           (memcmp(address.data, mapped, 12) == 0 && address.data[12] == 127);
}

static bool add_server(MgDnsRecursion *recursion, MgDnsFrame *frame, unsigned ns, MgSpan address)
{
    const MgDnsHabits *habits = recursion->setup.habits;
    if (address.len == 16 && !habits->ipv6)
        return false;
    if (mg_dns_is_loopback(address) && !habits->loopback) {
        mg_dns_recursion_note(recursion, MG_DNS_MET_LOOPBACK);
        return false;
    }
    frame->ns[ns].has_address = true;
    for (unsigned i = 0; i < frame->n_servers; i++)
        if (frame->servers[i].len == address.len &&
            memcmp(frame->servers[i].address, address.data, address.len) == 0)
            return false;
    if (frame->n_servers == MG_DNS_SERVERS_MAX)
        return false;
    MgDnsServer *server = &frame->servers[frame->n_servers++];
    *server = (MgDnsServer){.len = (uint8_t)address.len, .ns = (uint8_t)ns};
    memcpy(server->address, address.data, address.len);
    return true;
}

typedef const MgDnsCached *(*Getter)(MgDnsCache *cache, MgSpan name, uint16_t type, MgTime now);

/* The addresses of name server `ns` that the cache has. True: there was a new one. */
static bool find_addresses(MgDnsRecursion *recursion, MgDnsFrame *frame, unsigned ns, Getter get,
                           MgTime now)
{
    static const uint16_t types[] = {MG_DNS_A, MG_DNS_AAAA};
    bool found = false;
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        size_t at = 0;
        MgSpan data;
        const MgDnsCached *set =
            get(recursion->setup.cache, mg_dns_name_span(&frame->ns[ns].name), types[i], now);
        while (set != NULL && set->n > 0 && mg_dns_packed_next(set->data, &at, &data))
            if (data.len == (types[i] == MG_DNS_A ? 4 : 16))
                found |= add_server(recursion, frame, ns, data);
    }
    return found;
}

static void plan_root(MgDnsRecursion *recursion, MgDnsFrame *frame)
{
    const GArray *rows = recursion->setup.hints->rows;
    mg_dns_name_set_root(&frame->zone);
    for (size_t i = 0; i < rows->len; i++) {
        const MgDnsHint *hint = &g_array_index(rows, MgDnsHint, i);
        if (hint->type == MG_DNS_NS)
            add_ns(frame, mg_dns_name_span(&hint->name));
    }
    for (size_t i = 0; i < rows->len; i++) {
        const MgDnsHint *hint = &g_array_index(rows, MgDnsHint, i);
        for (unsigned ns = 0; hint->type != MG_DNS_NS && ns < frame->n_ns; ns++)
            if (mg_dns_name_equal(mg_dns_name_span(&frame->ns[ns].name),
                                  mg_dns_name_span(&hint->name)))
                add_server(recursion, frame, ns, (MgSpan){hint->address, hint->len});
    }
}

static void add_ns_set(MgDnsFrame *frame, const MgDnsCached *set)
{
    size_t at = 0;
    MgSpan data;
    while (mg_dns_packed_next(set->data, &at, &data))
        add_ns(frame, data);
}

/* The deepest zone above the name whose name servers are known. */
static void plan(MgDnsRecursion *recursion, MgDnsFrame *frame, MgTime now)
{
    MgSpan name = mg_dns_name_span(&frame->way.name);
    frame->planned = true;
    frame->parents = frame->modest = frame->heard = frame->whole = false;
    frame->n_ns = frame->n_servers = frame->n_seeks = frame->n_known = 0;
    if (frame->way.type == MG_DNS_DS && name.len > 1) /* the parent has it: RFC 4035 §3.1.4.1 */
        name = mg_dns_name_parent(name);
    for (; name.len > 1; name = mg_dns_name_parent(name)) {
        const MgDnsCached *set = mg_dns_cache_get(recursion->setup.cache, name, MG_DNS_NS, now);
        if (set == NULL || set->n == 0)
            continue;
        mg_dns_name_set(&frame->zone, name);
        frame->old = set->stored < recursion->began;
        add_ns_set(frame, set);
        for (unsigned i = 0; i < frame->n_ns; i++)
            find_addresses(recursion, frame, i, mg_dns_cache_get, now);
        return;
    }
    plan_root(recursion, frame);
}

/* Where the child's own word has led nowhere, the parent's may. */
static bool plan_parents(MgDnsRecursion *recursion, MgDnsFrame *frame, MgTime now)
{
    MgDnsCache *cache = recursion->setup.cache;
    bool found = false;
    if (frame->parents)
        return false;
    frame->parents = true;
    const MgDnsCached *set =
        mg_dns_cache_get_parent(cache, mg_dns_name_span(&frame->zone), MG_DNS_NS, now);
    unsigned before = frame->n_ns;
    if (set != NULL && set->n > 0)
        add_ns_set(frame, set);
    for (unsigned i = 0; i < frame->n_ns; i++) {
        found |= find_addresses(recursion, frame, i, mg_dns_cache_get_parent, now);
        found |= find_addresses(recursion, frame, i, mg_dns_cache_get, now);
    }
    if (found || frame->n_ns > before)
        mg_dns_recursion_note(recursion, MG_DNS_MET_PARENT);
    return found || frame->n_ns > before;
}

/* The parent may have changed its mind, or its glue may be gone: what it said is forgotten, so that
 * it is asked once more. */
static bool renew(MgDnsRecursion *recursion, MgDnsFrame *frame)
{
    if (frame->renewed || !frame->old || frame->zone.len <= 1)
        return false;
    frame->renewed = true;
    frame->planned = false;
    mg_dns_cache_forget(recursion->setup.cache, mg_dns_name_span(&frame->zone), MG_DNS_NS);
    return true;
}

/* Servers that ask others are better than none. */
static bool be_modest(MgDnsRecursion *recursion, MgDnsFrame *frame)
{
    if (frame->modest)
        return false;
    for (unsigned i = 0; i < frame->n_servers; i++) {
        MgDnsServer *server = &frame->servers[i];
        if (!server->recursive)
            continue;
        server->bad = false;
        server->tries = 0;
        frame->modest = true;
    }
    if (frame->modest)
        mg_dns_recursion_note(recursion, MG_DNS_MET_RECURSIVE);
    return frame->modest;
}

/* The fastest by experience, and those that are nearly as fast, by chance; all are tried before one
 * is tried again. -1 if there is none left. */
static int choose(MgDnsRecursion *recursion, const MgDnsFrame *frame, MgTime now)
{
    MgTime ranks[MG_DNS_SERVERS_MAX], best = MG_TIME_NEVER;
    unsigned n = 0;
    int chosen = -1;
    for (unsigned i = 0; i < frame->n_servers; i++) {
        const MgDnsServer *server = &frame->servers[i];
        ranks[i] = MG_TIME_NEVER;
        if (server->bad || server->tries >= TRIES_MAX ||
            mg_dns_frame_avoids(recursion, frame, server))
            continue;
        ranks[i] = mg_dns_known_rank(
            mg_dns_known_server(recursion->setup.known, server->address, server->len), now);
        ranks[i] += server->tries * MG_MINUTES + (server->len == 16 ? NEARLY + 1 : 0);
        best = MIN(best, ranks[i]);
    }
    for (unsigned i = 0; best != MG_TIME_NEVER && i < frame->n_servers; i++) {
        if (ranks[i] == MG_TIME_NEVER || ranks[i] > best + NEARLY)
            continue;
        if (n++ == 0 || mg_random_next(&recursion->setup.seed) % n == 0)
            chosen = (int)i;
    }
    return chosen;
}

static bool being_sought(const MgDnsRecursion *recursion, MgSpan name, uint16_t type)
{
    for (unsigned i = 0; i < recursion->depth; i++) {
        const MgDnsFrame *frame = recursion->frames[i];
        if (frame->way.type == type && mg_dns_name_equal(mg_dns_name_span(&frame->way.name), name))
            return true;
    }
    return false;
}

/* No server has an address that works: looks for the address of one more. First those of which
 * nothing is known, IPv4 before IPv6, then what else those may have of which something is. */
static bool seek_address(MgDnsRecursion *recursion, MgDnsFrame *frame)
{
    static const uint16_t types[] = {MG_DNS_A, MG_DNS_AAAA};
    for (unsigned pass = 0; pass < 4; pass++)
        for (unsigned i = 0; i < frame->n_ns; i++) {
            MgDnsNs *ns = &frame->ns[i];
            uint16_t type = types[pass % 2];
            MgSpan name = mg_dns_name_span(&ns->name), zone = mg_dns_name_span(&frame->zone);
            /* Only the zone itself could tell, and without a good server nobody gets there. */
            bool inside = !frame->heard && mg_dns_name_is_under(name, zone);
            if ((ns->asked & 1u << pass % 2) != 0 || (pass < 2 && ns->has_address) || inside ||
                (type == MG_DNS_AAAA && !recursion->setup.habits->ipv6) ||
                recursion->depth == MG_DNS_DEPTH_MAX || frame->n_seeks == MG_DNS_SEEKS_MAX ||
                being_sought(recursion, name, type))
                continue;
            ns->asked |= (uint8_t)(1u << pass % 2);
            frame->n_seeks++;
            mg_dns_recursion_push(recursion, name, type);
            return true;
        }
    return false;
}

/* ---- asking ---- */

static void set_address(MgDnsRecursion *recursion, const MgDnsServer *server)
{
    g_autoptr(GString) text = g_string_sized_new(64);
    mg_dns_data_format(server->len == 4 ? MG_DNS_A : MG_DNS_AAAA,
                       (MgSpan){server->address, server->len}, text);
    g_strlcpy(recursion->address, text->str, sizeof recursion->address);
}

/* RFC 9156 §2.3: one label more than what is known to be in this zone; several at once when the
 * name is very long. */
static void set_name(MgDnsRecursion *recursion, MgDnsFrame *frame)
{
    MgDnsLabels whole, zone;
    frame->name = frame->way.name;
    frame->type = frame->way.type;
    if (!recursion->setup.habits->minimise || frame->whole)
        return;
    mg_dns_name_labels(mg_dns_name_span(&frame->way.name), &whole);
    mg_dns_name_labels(mg_dns_name_span(&frame->zone), &zone);
    unsigned known = MAX(frame->n_known, (unsigned)zone.n);
    unsigned done = known - zone.n, left = whole.n - MIN(known, (unsigned)whole.n);
    unsigned step = done < MINIMISE_ONE_LABEL || left <= MINIMISE_COUNT - MINIMISE_ONE_LABEL
                        ? 1
                        : left / (MINIMISE_COUNT - MINIMISE_ONE_LABEL);
    unsigned n = known + step;
    if (n >= whole.n)
        return;
    MgSpan all = mg_dns_name_span(&frame->way.name);
    size_t at = whole.at[whole.n - n];
    mg_dns_name_set(&frame->name, mg_span_slice(all, at, all.len - at));
    frame->type = recursion->setup.habits->minimised_type;
    frame->n_asked = n;
    mg_dns_recursion_note(recursion, MG_DNS_MET_MINIMISED);
}

static void mix_case(MgDnsRecursion *recursion, MgDnsName *name)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < name->len; i += 1u + name->wire[i])
        for (unsigned j = i + 1; j <= i + name->wire[i]; j++) {
            bits = j % 64 == 1 || bits == 0 ? mg_random_next(&recursion->setup.seed) : bits;
            if (g_ascii_isalpha(name->wire[j]) && (bits & 1) != 0)
                name->wire[j] ^= 0x20;
            bits >>= 1;
        }
}

static uint16_t draw_id(MgDnsRecursion *recursion)
{
    if (recursion->setup.habits->random_id)
        return (uint16_t)mg_random_next(&recursion->setup.seed);
    return ++*recursion->setup.last_id;
}

static uint16_t draw_port(MgDnsRecursion *recursion)
{
    if (!recursion->setup.habits->random_port)
        return MG_DNS_FIXED_PORT;
    return (uint16_t)(1024 + mg_random_next(&recursion->setup.seed) % (UINT16_MAX - 1024));
}

static void ask(MgDnsRecursion *recursion, MgDnsFrame *frame, MgTime now,
                MgDatagramQuestion *question)
{
    MgDnsWriter writer;
    const MgDnsHabits *habits = recursion->setup.habits;
    MgDnsServer *server = &frame->servers[frame->server];
    MgDnsKnownServer *known =
        mg_dns_known_server(recursion->setup.known, server->address, server->len);
    recursion->queries++;
    recursion->asked_at = now;
    recursion->id = draw_id(recursion);
    set_address(recursion, server);
    set_name(recursion, frame);
    if (habits->mixed_case && !known->no_case)
        mix_case(recursion, &frame->name);
    mg_dns_writer_init(&writer, recursion->query, sizeof recursion->query);
    mg_dns_write_header(&writer, recursion->id, server->recursive ? MG_DNS_RD : 0);
    mg_dns_write_question(&writer, mg_dns_name_span(&frame->name), frame->type, MG_DNS_IN);
    if (!known->plain)
        mg_dns_write_opt(&writer, MG_DNS_UDP_EDNS, 0, habits->validate);
    *question =
        (MgDatagramQuestion){.address = recursion->address,
                             .port = habits->port,
                             .local_port = draw_port(recursion),
                             .payload = {recursion->query, writer.len},
                             .echoes = {{0, 2}, {(uint16_t)(MG_DNS_HEADER + frame->name.len), 4}},
                             .timeout = mg_dns_known_timeout(known, server->tries, habits->timeout),
                             .dissector = "dns"};
    server->tries++;
    frame->asked = true;
}

static void finish(MgDnsFrame *frame, uint16_t rcode)
{
    frame->way.rcode = rcode;
    frame->done = true;
}

static void give_up(MgDnsRecursion *recursion, MgDnsFrame *frame, MgDnsMet met)
{
    mg_dns_recursion_note(recursion, met);
    finish(frame, MG_DNS_SERVFAIL);
    if (!frame->way.loop) /* a circle is shown */
        g_byte_array_set_size(frame->records, 0);
}

/* What the cache knows. True: the frame is done. */
static bool follow(MgDnsRecursion *recursion, MgDnsFrame *frame, MgTime now)
{
    unsigned before = frame->way.aliases;
    if (mg_dns_cache_follow(recursion->setup.cache, &frame->way, now, add_result, frame)) {
        frame->done = true;
        return true;
    }
    if (frame->way.aliases == before)
        return false;
    frame->planned = false;
    mg_dns_recursion_note(recursion, frame->way.dname ? MG_DNS_MET_DNAME : MG_DNS_MET_ALIAS);
    frame->way.dname = false;
    return false;
}

/* All that are left have answered badly: there is no point in looking for more of them. */
static bool avoids_any(const MgDnsRecursion *recursion, const MgDnsFrame *frame)
{
    for (unsigned i = 0; i < frame->n_servers; i++)
        if (mg_dns_frame_avoids(recursion, frame, &frame->servers[i]))
            return true;
    return false;
}

/* True: `question` is to be asked. False: the frame is done, or another lies above it. */
static bool work(MgDnsRecursion *recursion, MgDnsFrame *frame, MgTime now,
                 MgDatagramQuestion *question)
{
    const MgDnsHabits *habits = recursion->setup.habits;
    if (follow(recursion, frame, now))
        return false;
    if (frame->way.loop) {
        give_up(recursion, frame, MG_DNS_MET_LOOP);
        return false;
    }
    if (frame->way.aliases >= MG_DNS_ALIASES_MAX || recursion->queries >= habits->queries_max ||
        now - recursion->began > habits->patience) {
        give_up(recursion, frame, MG_DNS_MET_LIMIT);
        return false;
    }
    if (!frame->planned)
        plan(recursion, frame, now);
    int server = choose(recursion, frame, now);
    if (server < 0 && avoids_any(recursion, frame)) {
        give_up(recursion, frame, MG_DNS_MET_NO_SERVER);
        return false;
    }
    if (server < 0 && (be_modest(recursion, frame) || plan_parents(recursion, frame, now)))
        server = choose(recursion, frame, now);
    if (server >= 0) {
        frame->server = (unsigned)server;
        ask(recursion, frame, now, question);
        return true;
    }
    if (seek_address(recursion, frame))
        return false;
    if (renew(recursion, frame))
        return false;
    if (frame->vague)
        finish(frame, MG_DNS_NOERROR);
    else
        give_up(recursion, frame, MG_DNS_MET_NO_SERVER);
    return false;
}

bool mg_dns_recursion_step(MgDnsRecursion *recursion, MgTime now, MgDatagramQuestion *question)
{
    if (recursion->began == MG_TIME_NEVER)
        recursion->began = now;
    for (;;) {
        MgDnsFrame *frame = recursion->frames[recursion->depth - 1];
        if (!frame->done && work(recursion, frame, now, question))
            return true;
        if (frame != recursion->frames[recursion->depth - 1] || !frame->done)
            continue;
        if (recursion->depth == 1 && mg_dns_recursion_judge(recursion, now))
            continue;
        if (recursion->depth == 1)
            return false;
        if (frame->needed) {
            recursion->others = mg_dns_frame_has_others(recursion, frame);
            mg_dns_validator_take(recursion->validator, frame->records, frame->way.rcode, now);
        }
        pop(recursion);
        /* Whether it was found shows in the cache; so may something that the parent says. */
        frame = recursion->frames[recursion->depth - 1];
        frame->parents = false;
        for (unsigned i = 0; i < frame->n_ns; i++)
            if (frame->ns[i].asked > 0)
                find_addresses(recursion, frame, i, mg_dns_cache_get, now);
    }
}

void mg_dns_recursion_reply(MgDnsRecursion *recursion, const MgDatagramAnswer *answer, MgTime now)
{
    MgDnsFrame *frame = recursion->frames[recursion->depth - 1];
    MgDnsServer *server = &frame->servers[frame->server];
    MgDnsKnownServer *known =
        mg_dns_known_server(recursion->setup.known, server->address, server->len);
    if (answer != NULL && answer->strangers > 0)
        mg_dns_recursion_note(recursion, MG_DNS_MET_STRANGERS);
    if (answer != NULL && answer->reach == MG_REACH_OK) {
        mg_dns_known_answered(known, now - recursion->asked_at);
        mg_dns_frame_take(recursion, frame, answer->payload, now);
    } else if (answer != NULL && answer->reach == MG_REACH_TIMEOUT) {
        mg_dns_known_silent(known, now);
        mg_dns_recursion_note(recursion, MG_DNS_MET_TIMEOUT);
    } else {
        server->bad = true;
        mg_dns_recursion_note(recursion, MG_DNS_MET_UNREACHABLE);
    }
}
