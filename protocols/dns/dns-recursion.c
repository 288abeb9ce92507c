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

#define TRIES_MAX 2 /* of one server for one question */

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

bool mg_dns_cache_follow(MgDnsCache *cache, MgDnsWay *way, MgTime now, MgDnsResultFunc func,
                         void *user)
{
    uint16_t type = way->type;
    while (way->aliases < MG_DNS_ALIASES_MAX) {
        MgSpan owner = mg_dns_name_span(&way->name), data;
        size_t at = 0;
        const MgDnsCached *set = mg_dns_cache_get(cache, owner, type, now);
        if (set == NULL || set->trust < MG_DNS_TRUST_ANSWER)
            set = type != MG_DNS_CNAME ? mg_dns_cache_get(cache, owner, MG_DNS_CNAME, now) : NULL;
        if (set == NULL || set->trust < MG_DNS_TRUST_ANSWER)
            return false;
        uint32_t ttl = mg_dns_cached_ttl(set, now);
        if (set->n == 0) {
            /* There is no CNAME, or no such type: the latter is an answer. */
            if (set->type == MG_DNS_CNAME && type != MG_DNS_CNAME)
                return false;
            way->rcode = set->rcode;
            if (set->data.len > 0) {
                size_t owner_len = 0;
                while (set->data.data[owner_len] != 0)
                    owner_len += set->data.data[owner_len] + 1u;
                MgSpan rest =
                    mg_span_slice(set->data, owner_len + 1, set->data.len - owner_len - 1);
                if (mg_dns_packed_next(rest, &at, &data))
                    func(user, MG_DNS_AUTHORITY, mg_span_slice(set->data, 0, owner_len + 1),
                         MG_DNS_SOA, ttl, data);
            }
            return true;
        }
        while (mg_dns_packed_next(set->data, &at, &data))
            func(user, MG_DNS_ANSWER, owner, set->type, ttl, data);
        way->rcode = MG_DNS_NOERROR;
        if (set->type == type)
            return true;
        mg_dns_name_set(&way->name, data);
        way->aliases++;
    }
    return false;
}

typedef struct {
    uint16_t section, type, owner_len, data_len;
    uint32_t ttl;
} ResultHead; /* then owner, then data */

static void add_result(void *user, MgDnsSection section, MgSpan owner, uint16_t type, uint32_t ttl,
                       MgSpan data)
{
    MgDnsFrame *frame = user;
    ResultHead head = {(uint16_t)section, type, (uint16_t)owner.len, (uint16_t)data.len, ttl};
    g_byte_array_append(frame->records, (const uint8_t *)&head, sizeof head);
    g_byte_array_append(frame->records, owner.data, (guint)owner.len);
    g_byte_array_append(frame->records, data.data, (guint)data.len);
}

void mg_dns_recursion_each(const MgDnsRecursion *recursion, MgDnsResultFunc func, void *user)
{
    const GByteArray *records = recursion->frames[0]->records;
    for (size_t at = 0; at < records->len;) {
        ResultHead head;
        memcpy(&head, records->data + at, sizeof head);
        at += sizeof head;
        func(user, head.section, (MgSpan){records->data + at, head.owner_len}, head.type, head.ttl,
             (MgSpan){records->data + at + head.owner_len, head.data_len});
        at += (size_t)head.owner_len + head.data_len;
    }
}

/* ---- frames ---- */

static void push(MgDnsRecursion *recursion, MgSpan name, uint16_t type)
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
    recursion->scratch = g_byte_array_new();
    push(recursion, name, type);
    return recursion;
}

void mg_dns_recursion_free(MgDnsRecursion *recursion)
{
    if (recursion == NULL)
        return;
    while (recursion->depth > 0)
        pop(recursion);
    g_byte_array_unref(recursion->scratch);
    g_free(recursion);
}

uint16_t mg_dns_recursion_rcode(const MgDnsRecursion *recursion)
{
    return recursion->frames[0]->way.rcode;
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

static void add_server(MgDnsFrame *frame, unsigned ns, MgSpan address)
{
    frame->ns[ns].has_address = true;
    for (unsigned i = 0; i < frame->n_servers; i++)
        if (frame->servers[i].len == address.len &&
            memcmp(frame->servers[i].address, address.data, address.len) == 0)
            return;
    if (frame->n_servers == MG_DNS_SERVERS_MAX)
        return;
    MgDnsServer *server = &frame->servers[frame->n_servers++];
    *server = (MgDnsServer){.len = (uint8_t)address.len, .ns = (uint8_t)ns};
    memcpy(server->address, address.data, address.len);
}

/* The addresses of name server `ns` that the cache has. */
static void find_addresses(MgDnsRecursion *recursion, MgDnsFrame *frame, unsigned ns, MgTime now)
{
    static const uint16_t types[] = {MG_DNS_A, MG_DNS_AAAA};
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        size_t at = 0;
        MgSpan data;
        const MgDnsCached *set = mg_dns_cache_get(
            recursion->setup.cache, mg_dns_name_span(&frame->ns[ns].name), types[i], now);
        while (set != NULL && mg_dns_packed_next(set->data, &at, &data) && set->n > 0)
            if (data.len == (types[i] == MG_DNS_A ? 4 : 16))
                add_server(frame, ns, data);
    }
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
                add_server(frame, ns, (MgSpan){hint->address, hint->len});
    }
}

/* The deepest zone above the name whose name servers are known. */
static void plan(MgDnsRecursion *recursion, MgDnsFrame *frame, MgTime now)
{
    MgSpan name = mg_dns_name_span(&frame->way.name);
    frame->planned = true;
    frame->n_ns = frame->n_servers = 0;
    if (frame->way.type == MG_DNS_DS && name.len > 1) /* the parent has it: RFC 4035 §3.1.4.1 */
        name = mg_dns_name_parent(name);
    for (; name.len > 1; name = mg_dns_name_parent(name)) {
        const MgDnsCached *set = mg_dns_cache_get(recursion->setup.cache, name, MG_DNS_NS, now);
        size_t at = 0;
        MgSpan data;
        if (set == NULL || set->n == 0)
            continue;
        mg_dns_name_set(&frame->zone, name);
        while (mg_dns_packed_next(set->data, &at, &data))
            add_ns(frame, data);
        for (unsigned i = 0; i < frame->n_ns; i++)
            find_addresses(recursion, frame, i, now);
        return;
    }
    plan_root(recursion, frame);
}

/* The least tried server, IPv4 first, by chance among equals; -1 if there is none left. */
static int choose(MgDnsRecursion *recursion, const MgDnsFrame *frame)
{
    unsigned best = UINT_MAX, n = 0;
    int chosen = -1;
    for (unsigned i = 0; i < frame->n_servers; i++) {
        const MgDnsServer *server = &frame->servers[i];
        unsigned rank = 2u * server->tries + (server->len == 16);
        if (server->bad || server->tries >= TRIES_MAX || rank > best)
            continue;
        n = rank < best ? 1 : n + 1;
        best = rank;
        if (n == 1 || mg_random_next(&recursion->setup.seed) % n == 0)
            chosen = (int)i;
    }
    return chosen;
}

static bool being_sought(const MgDnsRecursion *recursion, MgSpan name)
{
    for (unsigned i = 0; i < recursion->depth; i++) {
        const MgDnsFrame *frame = recursion->frames[i];
        bool address = frame->way.type == MG_DNS_A || frame->way.type == MG_DNS_AAAA;
        if (address && mg_dns_name_equal(mg_dns_name_span(&frame->way.name), name))
            return true;
    }
    return false;
}

/* No server has an address that works: looks for the address of one more. */
static bool seek_address(MgDnsRecursion *recursion, MgDnsFrame *frame)
{
    for (unsigned i = 0; i < frame->n_ns; i++) {
        MgDnsNs *ns = &frame->ns[i];
        MgSpan name = mg_dns_name_span(&ns->name);
        /* Only the zone itself could tell, and without glue nobody gets there. */
        bool inside = mg_dns_name_is_under(name, mg_dns_name_span(&frame->zone));
        if (ns->has_address || ns->asked == 2 || inside || recursion->depth == MG_DNS_DEPTH_MAX ||
            being_sought(recursion, name))
            continue;
        push(recursion, name, ns->asked++ == 0 ? MG_DNS_A : MG_DNS_AAAA);
        return true;
    }
    return false;
}

static void set_address(MgDnsRecursion *recursion, const MgDnsServer *server)
{
    g_autoptr(GString) text = g_string_sized_new(64);
    mg_dns_data_format(server->len == 4 ? MG_DNS_A : MG_DNS_AAAA,
                       (MgSpan){server->address, server->len}, text);
    g_strlcpy(recursion->address, text->str, sizeof recursion->address);
}

static void ask(MgDnsRecursion *recursion, MgDnsFrame *frame, MgDatagramQuestion *question)
{
    MgDnsWriter writer;
    MgDnsServer *server = &frame->servers[frame->server];
    server->tries++;
    recursion->queries++;
    recursion->id = (uint16_t)mg_random_next(&recursion->setup.seed); /* RFC 5452 §4.3 */
    set_address(recursion, server);
    mg_dns_writer_init(&writer, recursion->query, sizeof recursion->query);
    mg_dns_write_header(&writer, recursion->id, 0);
    mg_dns_write_question(&writer, mg_dns_name_span(&frame->way.name), frame->way.type, MG_DNS_IN);
    if (!server->plain)
        mg_dns_write_opt(&writer, MG_DNS_UDP_EDNS, 0, false);
    *question = (MgDatagramQuestion){.address = recursion->address,
                                     .port = recursion->setup.port,
                                     .payload = {recursion->query, writer.len},
                                     .timeout = recursion->setup.timeout,
                                     .dissector = "dns"};
}

static void finish(MgDnsFrame *frame, uint16_t rcode)
{
    frame->way.rcode = rcode;
    frame->done = true;
}

/* True: `question` is to be asked. False: the frame is done, or another lies above it. */
static bool work(MgDnsRecursion *recursion, MgDnsFrame *frame, MgTime now,
                 MgDatagramQuestion *question)
{
    unsigned before = frame->way.aliases;
    if (mg_dns_cache_follow(recursion->setup.cache, &frame->way, now, add_result, frame)) {
        frame->done = true;
        return false;
    }
    if (frame->way.aliases != before) {
        frame->planned = false;
        mg_dns_recursion_note(recursion, MG_DNS_MET_ALIAS);
    }
    if (frame->way.aliases >= MG_DNS_ALIASES_MAX || recursion->queries >= MG_DNS_QUERIES_MAX) {
        mg_dns_recursion_note(recursion, MG_DNS_MET_LIMIT);
        finish(frame, MG_DNS_SERVFAIL);
        return false;
    }
    if (!frame->planned)
        plan(recursion, frame, now);
    int server = choose(recursion, frame);
    if (server >= 0) {
        frame->server = (unsigned)server;
        ask(recursion, frame, question);
        return true;
    }
    if (!seek_address(recursion, frame)) {
        mg_dns_recursion_note(recursion, MG_DNS_MET_NO_SERVER);
        finish(frame, MG_DNS_SERVFAIL);
    }
    return false;
}

bool mg_dns_recursion_step(MgDnsRecursion *recursion, MgTime now, MgDatagramQuestion *question)
{
    for (;;) {
        MgDnsFrame *frame = recursion->frames[recursion->depth - 1];
        if (!frame->done && work(recursion, frame, now, question))
            return true;
        if (frame != recursion->frames[recursion->depth - 1] || !frame->done)
            continue;
        if (recursion->depth == 1)
            return false;
        pop(recursion);
        /* Whether it was found shows in the cache. */
        frame = recursion->frames[recursion->depth - 1];
        for (unsigned i = 0; i < frame->n_ns; i++)
            if (frame->ns[i].asked > 0 && !frame->ns[i].has_address)
                find_addresses(recursion, frame, i, now);
    }
}

void mg_dns_recursion_reply(MgDnsRecursion *recursion, const MgDatagramAnswer *answer, MgTime now)
{
    MgDnsFrame *frame = recursion->frames[recursion->depth - 1];
    MgDnsServer *server = &frame->servers[frame->server];
    if (answer != NULL && answer->reach == MG_REACH_OK) {
        mg_dns_frame_take(recursion, frame, answer->payload, now);
    } else if (answer != NULL && answer->reach == MG_REACH_TIMEOUT) {
        mg_dns_recursion_note(recursion, MG_DNS_MET_TIMEOUT);
    } else {
        server->bad = true;
        mg_dns_recursion_note(recursion, MG_DNS_MET_UNREACHABLE);
    }
}
