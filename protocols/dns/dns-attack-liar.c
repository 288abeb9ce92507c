/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-attack-liar.c - a resolver that lies about some names, and one that tells who asks
 *
 * The liar hands everything else on to a true resolver, so that nobody notices. The other is what
 * leak tests are made of: whoever asks it for any name gets, as the address, the one that the query
 * came from. Through a resolver, that is the resolver's.
 */
#include "dns.h"

#include "dns-attack.h"

#define TTL     3600u
#define TIMEOUT (4 * MG_SECONDS)

enum { R_LIE, R_FORWARDED, R_NO_ANSWER, R_ERROR, R_WHO };

static const MgRule rules[] = {
    [R_LIE] = {"dns.lie", MG_SEVERITY_FAULT, "RFC 9520 §1",
               N_("This resolver lies: the answer does not come from the name's own servers.")},
    [R_FORWARDED] = {"dns.forwarded", MG_SEVERITY_CHAT, "RFC 5625 §3",
                     N_("About this name it does not lie: the query goes on to another resolver, "
                        "and its answer comes back unchanged.")},
    [R_NO_ANSWER] = {"dns.forward-failed", MG_SEVERITY_WARN, "RFC 5625 §3",
                     N_("The other resolver does not answer.")},
    [R_ERROR] = {"dns.forward-bad-query", MG_SEVERITY_WARN, "RFC 1035 §4.1.1",
                 N_("This is no query with one question.")},
    [R_WHO] = {"dns.who-asks", MG_SEVERITY_CHAT, "RFC 7871 §11.2",
               N_("This server answers with the address that asks. Through a resolver, that is the "
                  "resolver's: so a test finds out which one is used.")},
    {0},
};

static const MgSettingRow liar_settings[] = {
    {"lies", MG_SETTING_TEXT, NULL,
     N_("Names and the false addresses for them: `mx.example.net 192.0.2.66`, with `;` between "
        "two.")},
    {"resolver", MG_SETTING_TEXT, NULL,
     N_("The address of the resolver that is asked for all "
        "else.")},
    {0},
};

typedef struct {
    MgDnsName name;
    MgDnsLieAddress address;
} Lie;

/* ---- settings ---- */

static bool read_lie(const char *text, Lie *lie)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \t", -1);
    char *kept[2] = {NULL, NULL};
    unsigned n = 0;
    for (char **word = words; *word != NULL; word++)
        if (**word != '\0' && n++ < 2)
            kept[n - 1] = *word;
    return n == 2 && strcmp(kept[0], "@") != 0 &&
           mg_dns_name_parse(mg_span_from_string(kept[0]), NULL, &lie->name) == NULL &&
           mg_dns_lie_parse(kept[1], &lie->address);
}

static void *setup(const MgSettings *rows, GPtrArray *problems)
{
    GArray *lies = g_array_new(FALSE, TRUE, sizeof(Lie));
    g_auto(GStrv) words = g_strsplit(mg_settings_get(rows, "lies", ""), ";", -1);
    for (char **word = words; *word != NULL; word++) {
        Lie lie;
        if (g_strstrip(*word)[0] == '\0')
            continue;
        if (!read_lie(*word, &lie)) {
            g_ptr_array_add(problems,
                            g_strdup_printf("lies: \"%s\" is no name and IP address", *word));
            g_array_unref(lies);
            return NULL;
        }
        g_array_append_val(lies, lie);
    }
    return lies;
}

static void teardown(void *shared)
{
    g_array_unref(shared);
}

/* ---- a query ---- */

typedef struct {
    MgEngine base;
    const GArray *lies; /* (nullable) */
    char peer[64], resolver[64];
    bool got, done;
    MgDnsMessage query;
    MgAskId ask;
    MgDatagramQuestion question;
    uint8_t out[MG_DNS_MESSAGE_MAX];
    size_t asked; /* octets of the query, in `out` */
    MgDnsEvents events;
} Liar;

static void note(Liar *liar, unsigned rule)
{
    mg_dns_events_note(&liar->events, &rules[rule], (MgSpan){NULL, 0});
}

static void close_engine(Liar *liar)
{
    liar->done = true;
    mg_dns_events_add(&liar->events, (MgEvent){.kind = MG_EVENT_CLOSE});
}

static void send(Liar *liar, size_t len)
{
    mg_dns_events_add(&liar->events, (MgEvent){.kind = MG_EVENT_SEND, .send = {liar->out, len}});
    close_engine(liar);
}

static void begin(Liar *liar, MgDnsWriter *writer, uint16_t flags, uint16_t rcode)
{
    mg_dns_writer_init(writer, liar->out, MG_DNS_UDP_PLAIN);
    mg_dns_lie_begin(writer, &liar->query, flags | (liar->query.flags & MG_DNS_RD));
    mg_dns_write_flags(writer, 0, rcode);
}

/* An address of a family that is asked for; else the name has no such record. */
static void answer_address(Liar *liar, const MgDnsLieAddress *address, uint16_t flags)
{
    MgDnsWriter writer;
    begin(liar, &writer, flags, MG_DNS_NOERROR);
    if (liar->query.type == mg_dns_lie_type(address))
        mg_dns_write_record(&writer, MG_DNS_ANSWER, mg_dns_name_span(&liar->query.name),
                            liar->query.type, flags == MG_DNS_AA ? 0 : TTL,
                            mg_dns_lie_data(address));
    send(liar, writer.len);
}

static void fail(Liar *liar)
{
    MgDnsWriter writer;
    note(liar, R_NO_ANSWER);
    begin(liar, &writer, MG_DNS_RA, MG_DNS_SERVFAIL);
    send(liar, writer.len);
}

static void forward(Liar *liar, MgSpan bytes)
{
    note(liar, R_FORWARDED);
    memcpy(liar->out, bytes.data, bytes.len);
    liar->asked = bytes.len;
    liar->question = (MgDatagramQuestion){.address = liar->resolver,
                                          .port = 53,
                                          .payload = {liar->out, bytes.len},
                                          .timeout = TIMEOUT,
                                          .dissector = "dns",
                                          .echoes = {{0, 2}}};
    liar->ask = 1;
    mg_dns_events_add(
        &liar->events,
        (MgEvent){.kind = MG_EVENT_ASK, .ask = {1, MG_TOPIC_DATAGRAM, &liar->question, bytes.len}});
}

static bool is_query(Liar *liar, MgSpan bytes)
{
    bool opened = mg_dns_message_open(&liar->query, bytes);
    return opened && bytes.len <= sizeof liar->out &&
           (liar->query.flags & (MG_DNS_QR | MG_DNS_OPCODE)) == 0 &&
           liar->query.counts[MG_DNS_QUESTION] == 1;
}

static void refuse(Liar *liar)
{
    note(liar, R_ERROR);
    close_engine(liar);
}

static void receive_lie(MgEngine *engine, MgSpan bytes, MgTime now)
{
    Liar *liar = (Liar *)engine;
    if (liar->got || liar->done)
        return;
    liar->got = true;
    if (!is_query(liar, bytes)) {
        refuse(liar);
        return;
    }
    bool address = liar->query.type == MG_DNS_A || liar->query.type == MG_DNS_AAAA;
    for (unsigned i = 0; liar->lies != NULL && address && i < liar->lies->len; i++) {
        const Lie *lie = &g_array_index(liar->lies, Lie, i);
        if (!mg_dns_name_equal(mg_dns_name_span(&lie->name), mg_dns_name_span(&liar->query.name)))
            continue;
        note(liar, R_LIE);
        answer_address(liar, &lie->address, MG_DNS_RA);
        return;
    }
    forward(liar, bytes);
}

/* TTL 0: no resolver shall remember who has asked last. */
static void receive_who(MgEngine *engine, MgSpan bytes, MgTime now)
{
    Liar *liar = (Liar *)engine;
    MgDnsLieAddress peer;
    if (liar->got || liar->done)
        return;
    liar->got = true;
    if (!is_query(liar, bytes) || !mg_dns_lie_parse(liar->peer, &peer)) {
        refuse(liar);
        return;
    }
    note(liar, R_WHO);
    answer_address(liar, &peer, MG_DNS_AA);
}

static bool answer(MgEngine *engine, MgAskId id, const void *given, MgTime now)
{
    Liar *liar = (Liar *)engine;
    const MgDatagramAnswer *datagram = given;
    if (liar->ask == 0 || id != liar->ask)
        return false;
    liar->ask = 0;
    if (datagram == NULL || datagram->reach != MG_REACH_OK ||
        datagram->payload.len < MG_DNS_HEADER || datagram->payload.len > sizeof liar->out) {
        fail(liar);
    } else {
        memcpy(liar->out, datagram->payload.data, datagram->payload.len);
        send(liar, datagram->payload.len);
    }
    return true;
}

static MgEngine *create(const MgEngineKind *kind, const MgBirth *birth)
{
    Liar *liar = g_new0(Liar, 1);
    liar->base.kind = kind;
    liar->lies = birth->shared;
    g_strlcpy(liar->peer, birth->peer_address != NULL ? birth->peer_address : "",
              sizeof liar->peer);
    g_strlcpy(liar->resolver, mg_settings_get(birth->settings, "resolver", ""),
              sizeof liar->resolver);
    return &liar->base;
}

static MgEngine *create_liar(const MgBirth *birth)
{
    return create(&mg_dns_liar, birth);
}

static MgEngine *create_who(const MgBirth *birth)
{
    return create(&mg_dns_who, birth);
}

static void free_liar(MgEngine *engine)
{
    g_free(engine);
}

static void receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    Liar *liar = (Liar *)engine;
    if (liar->done || (how == MG_END_CLOSED && liar->got))
        return;
    if (liar->ask != 0) /* nobody waits any more */
        mg_dns_events_add(&liar->events, (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = liar->ask});
    liar->ask = 0;
    close_engine(liar);
}

static bool next(MgEngine *engine, MgEvent *event)
{
    return mg_dns_events_next(&((Liar *)engine)->events, event);
}

#define SAME                                                                                       \
    .transport = MG_TRANSPORT_DATAGRAM, .port = 53, .dissector = "dns", .rules = rules,            \
    .free = free_liar, .receive_end = receive_end, .answer = answer, .next = next

const MgEngineKind mg_dns_liar = {
    .name = "dns.liar",
    .summary = N_("A resolver that lies about some names, and hands on the rest"),
    .settings = liar_settings,
    .setup = setup,
    .teardown = teardown,
    .create = create_liar,
    .receive = receive_lie,
    SAME,
};

const MgEngineKind mg_dns_who = {
    .name = "dns.who-asks",
    .summary = N_("A name server that answers with the address of whoever asks"),
    .create = create_who,
    .receive = receive_who,
    SAME,
};
