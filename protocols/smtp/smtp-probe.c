/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-probe.c - the command "probe": goes with each server of a domain through all that comes
 * before a letter, and says how far it got
 *
 * The servers come one after the other, each on a connection of its own. No letter is sent: after
 * RCPT comes QUIT. A certificate that proves nothing does not end it, for there is no secret to
 * betray, and what comes behind is to be known, too.
 */
#include "smtp-probe.h"

#include "outbox.h"
#include "smtp-reply.h"
#include "smtp.h"
#include "text.h"

#define TYPE_A         1u
#define TYPE_MX        15u
#define TYPE_AAAA      28u
#define RCODE_NXDOMAIN 3u
#define ADDRESSES_MAX  8u
#define HOSTS_MAX      20u
#define PATIENCE       (2 * MG_MINUTES) /* for an answer */
#define GOODBYE        (5 * MG_SECONDS) /* for the answer to QUIT */
#define RECEIVED_MAX   ((size_t)2 * MG_SMTP_REPLY_MAX)

static const char NEW[] = N_("new"), LOOKING[] = N_("looking up"), CONNECTING[] = N_("connecting"),
                  SECURING[] = N_("securing"), TALKING[] = N_("talking"),
                  FINISHED[] = N_("finished");

static const MgTransition transitions[] = {
    {NEW, N_("a domain is to be probed"), LOOKING, "RFC 5321 §5.1"},
    {NEW, N_("there is an address already"), CONNECTING, NULL},
    {NEW, N_("what was typed makes no sense"), FINISHED, NULL},
    {LOOKING, N_("a server has an address"), CONNECTING, "RFC 5321 §5.1"},
    {LOOKING, N_("there is no server left"), FINISHED, NULL},
    {CONNECTING, N_("the connection stands"), TALKING, "RFC 5321 §3.1"},
    {CONNECTING, N_("the connection stands, on a port where TLS comes first"), SECURING,
     "RFC 8314 §3.3"},
    {CONNECTING, N_("it cannot be reached, and there is another server"), LOOKING, NULL},
    {CONNECTING, N_("it cannot be reached, and it was the last"), FINISHED, NULL},
    {TALKING, N_("220 to STARTTLS"), SECURING, "RFC 3207 §4"},
    {SECURING, N_("TLS stands"), TALKING, "RFC 3207 §4.2"},
    {SECURING, N_("TLS has failed, and there is another server"), LOOKING, NULL},
    {SECURING, N_("TLS has failed, and it was the last"), FINISHED, NULL},
    {TALKING, N_("all is known, and there is another server"), LOOKING, NULL},
    {TALKING, N_("all is known, and it was the last"), FINISHED, NULL},
    {0},
};

typedef struct {
    MgEngine base;
    MgOutbox out;
    GString *in;
    size_t in_at;
    uint64_t taken;
    const char *state;
    GPtrArray *hosts;     /* of MgProbeHost */
    unsigned at;          /* of the host that is being probed */
    GPtrArray *addresses; /* of it */
    unsigned address;
    uint16_t type;                   /* of the look-up */
    char *domain, *helo, *from, *to; /* domain: (nullable) its MX are asked for; to: (nullable) */
    uint16_t port;
    bool tls_from_start, tls_never, json;
    MgProbeStage stage; /* what the next reply is to */
    bool quitting, secure, offered, ended, closed;
    const char *topic; /* of the open ask; NULL: none */
    MgAskId last_ask;
    MgTime now, since, due;
    union {
        MgLookupQuestion lookup;
        MgConnectQuestion connect;
        MgSecureQuestion secure;
    } question;
    GPtrArray *kept; /* of GString, what is said */
    MgSpan text;
    int result;
} Probe;

static MgProbeHost *host_of(const Probe *probe)
{
    return g_ptr_array_index(probe->hosts, probe->at);
}

static void free_host(void *data)
{
    MgProbeHost *host = data;
    for (size_t i = 0; i < MG_PROBE_N_STAGES; i++)
        g_free(host->results[i].text);
    g_free(host->name);
    g_free(host->address);
    g_string_free(host->chain, TRUE);
    g_free(host);
}

static void add_host(Probe *probe, const char *name, int preference)
{
    MgProbeHost *host = g_new0(MgProbeHost, 1);
    host->name = g_strdup(name);
    host->port = probe->port;
    host->preference = preference;
    host->chain = g_string_new(NULL);
    g_ptr_array_add(probe->hosts, host);
}

static void enter(Probe *probe, const char *state)
{
    mg_outbox_enter(&probe->out, transitions, &probe->state, state);
}

static void ask(Probe *probe, MgEventKind kind, const char *topic)
{
    probe->topic = topic;
    probe->due = probe->now + PATIENCE;
    mg_outbox_add(&probe->out, (MgEvent){.kind = kind,
                                         .ask = {.id = ++probe->last_ask,
                                                 .topic = topic,
                                                 .question = &probe->question,
                                                 .taken = probe->taken}});
}

/* ---- what is said at the end ---- */

static void deliver(Probe *probe, const char *type, const void *item)
{
    mg_outbox_add(&probe->out, (MgEvent){.kind = MG_EVENT_DELIVER, .deliver = {type, item}});
}

static void finish(Probe *probe, int result)
{
    probe->result = result;
    probe->due = MG_TIME_NEVER;
    probe->closed = true;
    deliver(probe, MG_DELIVER_EXIT, &probe->result);
    mg_outbox_add(&probe->out, (MgEvent){.kind = MG_EVENT_CLOSE});
}

static void give_up(Probe *probe, int result, const char *text)
{
    enter(probe, FINISHED);
    deliver(probe, MG_DELIVER_COMPLAINT, text);
    finish(probe, result);
}

/* 1: somebody said no. 3: nobody did, but not all could be tested. */
static int exit_of(const Probe *probe)
{
    bool untested = false;
    for (guint h = 0; h < probe->hosts->len; h++) {
        const MgProbeHost *host = g_ptr_array_index(probe->hosts, h);
        for (size_t i = 0; i < MG_PROBE_N_STAGES; i++) {
            if (host->results[i].outcome == MG_PROBE_REFUSED)
                return 1;
            untested = untested || host->results[i].outcome == MG_PROBE_UNTESTED;
        }
    }
    return untested ? 3 : 0;
}

static void finish_all(Probe *probe)
{
    GString *out = g_string_new(NULL);
    enter(probe, FINISHED);
    g_ptr_array_add(probe->kept, out);
    for (guint h = 0; probe->json && h < probe->hosts->len; h++)
        mg_probe_print_json(g_ptr_array_index(probe->hosts, h), out);
    if (!probe->json)
        mg_probe_print_table(probe->hosts, out);
    probe->text = (MgSpan){(const uint8_t *)out->str, out->len};
    deliver(probe, MG_DELIVER_TEXT, &probe->text);
    finish(probe, exit_of(probe));
}

/* ---- one stage ---- */

static void set(Probe *probe, MgProbeStage stage, MgProbeOutcome outcome, unsigned code,
                const char *text)
{
    MgProbeResult *result = &host_of(probe)->results[stage];
    if (result->outcome != MG_PROBE_UNTESTED || result->text != NULL)
        return;
    *result = (MgProbeResult){outcome, probe->now - probe->since, code, g_strdup(text)};
    probe->since = probe->now;
}

static void next_host(Probe *probe);

/* What has no outcome yet cannot be tested, and this is why. */
static void end_host(Probe *probe, const char *why)
{
    for (size_t i = 0; i < MG_PROBE_N_STAGES; i++)
        set(probe, (MgProbeStage)i, MG_PROBE_UNTESTED, 0, why);
    probe->at++;
    next_host(probe);
}

static void say(Probe *probe, MgProbeStage stage, const char *line)
{
    g_string_append_printf(probe->out.octets, "%s\r\n", line);
    probe->stage = stage;
    probe->since = probe->now;
    probe->due = probe->now + PATIENCE;
}

static void say_hello(Probe *probe, MgProbeStage stage)
{
    g_autofree char *line = g_strdup_printf("EHLO %s", probe->helo);
    say(probe, stage, line);
}

static void say_mail(Probe *probe)
{
    g_autofree char *line = g_strdup_printf("MAIL FROM:<%s>", probe->from);
    say(probe, MG_PROBE_MAIL, line);
}

static void say_rcpt(Probe *probe)
{
    g_autofree char *line = g_strdup_printf("RCPT TO:<%s>", probe->to);
    say(probe, MG_PROBE_RCPT, line);
}

static void say_quit(Probe *probe)
{
    say(probe, probe->stage, "QUIT");
    probe->quitting = true;
    probe->due = probe->now + GOODBYE;
}

static void ask_secure(Probe *probe)
{
    size_t rest = probe->in->len - probe->in_at; /* RFC 3207 §4.2: it came in the clear */
    probe->in_at += rest;
    probe->taken += rest;
    probe->since = probe->now;
    probe->question.secure = (MgSecureQuestion){.name = host_of(probe)->name, .any = true};
    enter(probe, SECURING);
    ask(probe, MG_EVENT_STARTTLS, MG_TOPIC_SECURE);
}

/* Without STARTTLS the envelope is tried in the clear. */
static void greeted(Probe *probe)
{
    if (probe->secure || probe->tls_never) {
        MgProbeOutcome none = probe->tls_never ? MG_PROBE_NOT_ASKED : MG_PROBE_OK;
        set(probe, MG_PROBE_STARTTLS, none, 0, NULL);
        set(probe, MG_PROBE_CERTIFICATE, none, 0, NULL);
        set(probe, MG_PROBE_EHLO_TLS, none, 0, NULL);
        say_mail(probe);
    } else if (probe->offered) {
        say(probe, MG_PROBE_STARTTLS, "STARTTLS");
    } else {
        set(probe, MG_PROBE_STARTTLS, MG_PROBE_NOT_OFFERED, 0, NULL);
        set(probe, MG_PROBE_CERTIFICATE, MG_PROBE_NOT_OFFERED, 0, NULL);
        set(probe, MG_PROBE_EHLO_TLS, MG_PROBE_NOT_OFFERED, 0, NULL);
        say_mail(probe);
    }
}

static void read_extensions(Probe *probe, MgSpan reply)
{
    MgSpan text;
    size_t at = 0;
    probe->offered = false;
    mg_smtp_reply_line(reply, &at, &text); /* the first names the server */
    while (mg_smtp_reply_line(reply, &at, &text))
        probe->offered = probe->offered || mg_span_equal_nocase(text, MG_SPAN("STARTTLS"));
}

/* The stage was passed: what comes next. */
static void passed(Probe *probe, MgSpan reply)
{
    switch (probe->stage) {
    case MG_PROBE_GREETING:
        say_hello(probe, MG_PROBE_EHLO);
        break;
    case MG_PROBE_EHLO:
        read_extensions(probe, reply);
        greeted(probe);
        break;
    case MG_PROBE_STARTTLS:
        ask_secure(probe);
        break;
    case MG_PROBE_EHLO_TLS:
        say_mail(probe);
        break;
    case MG_PROBE_MAIL:
        if (probe->to != NULL)
            say_rcpt(probe);
        else
            say_quit(probe);
        break;
    default: /* RCPT */
        say_quit(probe);
    }
}

static void refused(Probe *probe)
{
    if (probe->stage == MG_PROBE_STARTTLS) { /* it goes on in the clear */
        set(probe, MG_PROBE_CERTIFICATE, MG_PROBE_UNTESTED, 0, "STARTTLS was refused");
        set(probe, MG_PROBE_EHLO_TLS, MG_PROBE_UNTESTED, 0, "STARTTLS was refused");
        say_mail(probe);
        return;
    }
    static const char *const because[] = {
        [MG_PROBE_GREETING] = "the server does not want to talk",
        [MG_PROBE_EHLO] = "EHLO was refused",
        [MG_PROBE_EHLO_TLS] = "EHLO was refused",
        [MG_PROBE_MAIL] = "MAIL was refused",
    };
    for (size_t i = probe->stage + 1; i < MG_PROBE_N_STAGES; i++)
        set(probe, (MgProbeStage)i, MG_PROBE_UNTESTED, 0, because[probe->stage]);
    say_quit(probe);
}

static void replied(Probe *probe, MgSpan bytes, const MgSmtpReply *reply)
{
    if (probe->quitting) {
        end_host(probe, "the server has hung up");
        return;
    }
    g_autofree char *words = mg_smtp_reply_text(bytes, reply);
    g_autofree char *text =
        g_strdup_printf("%.*s%s%s", (int)reply->enhanced.len, (const char *)reply->enhanced.data,
                        reply->enhanced.len > 0 ? " " : "", words);
    bool good = reply->code / 100 == 2;
    set(probe, probe->stage, good ? MG_PROBE_OK : MG_PROBE_REFUSED, reply->code, text);
    if (reply->code == 421) /* RFC 5321 §3.8: the server closes */
        end_host(probe, "the server has hung up");
    else if (good)
        passed(probe, mg_span_slice(bytes, 0, reply->len));
    else
        refused(probe);
}

/* ---- the connection ---- */

static void connect_next(Probe *probe)
{
    MgProbeHost *host = host_of(probe);
    g_free(host->address);
    host->address = g_strdup(g_ptr_array_index(probe->addresses, probe->address++));
    probe->since = probe->now;
    probe->question.connect = (MgConnectQuestion){host->address, host->port, "smtp"};
    enter(probe, CONNECTING);
    ask(probe, MG_EVENT_ASK, MG_TOPIC_CONNECT);
}

static void connected(Probe *probe, const MgConnectAnswer *answer)
{
    static const char *const reaches[] = {
        [MG_REACH_OK] = "",
        [MG_REACH_REFUSED] = "the connection was refused",
        [MG_REACH_TIMEOUT] = "the connection timed out",
        [MG_REACH_UNREACHABLE] = "the host cannot be reached, or there is no such name",
        [MG_REACH_BAD_ADDRESS] = "this is not an address"};
    MgReach reach = answer != NULL ? answer->reach : MG_REACH_UNREACHABLE;
    if (reach != MG_REACH_OK) {
        if (probe->address < probe->addresses->len)
            connect_next(probe);
        else
            end_host(probe, reaches[reach]);
        return;
    }
    set(probe, MG_PROBE_CONNECT, MG_PROBE_OK, 0, NULL);
    probe->stage = MG_PROBE_GREETING;
    probe->due = probe->now + PATIENCE;
    if (probe->tls_from_start)
        ask_secure(probe);
    else
        enter(probe, TALKING);
}

/* "TLSv1.3, CN=mx.example.net of CN=CA until 2026-12-24" */
static char *describe(const MgSecureAnswer *answer)
{
    if (answer->n_chain == 0)
        return g_strdup(answer->version);
    const MgCertificate *own = &answer->chain[0];
    g_autoptr(GDateTime) until = g_date_time_new_from_unix_utc(own->not_after);
    g_autofree char *date = until != NULL ? g_date_time_format(until, "%Y-%m-%d") : g_strdup("?");
    return g_strdup_printf("%s, %s of %s until %s", answer->version, own->subject, own->issuer,
                           date);
}

static void secured(Probe *probe, const MgSecureAnswer *answer)
{
    for (size_t i = 0; answer != NULL && i < answer->n_chain; i++)
        mg_probe_add_certificate(host_of(probe), &answer->chain[i]);
    if (answer == NULL || !answer->secure) {
        const char *reason = answer != NULL ? answer->reason : "nothing here can do TLS";
        g_autofree char *why = g_strdup_printf("TLS did not come about: %s",
                                               reason != NULL ? reason : "the handshake failed");
        end_host(probe, why);
        return;
    }
    g_autofree char *text = answer->verified ? describe(answer) : g_strdup(answer->reason);
    set(probe, MG_PROBE_CERTIFICATE, answer->verified ? MG_PROBE_OK : MG_PROBE_REFUSED, 0, text);
    probe->secure = true;
    enter(probe, TALKING);
    if (probe->tls_from_start)
        set(probe, MG_PROBE_STARTTLS, MG_PROBE_NOT_ASKED, 0, NULL);
    if (probe->tls_from_start)
        set(probe, MG_PROBE_EHLO_TLS, MG_PROBE_NOT_ASKED, 0, NULL);
    else
        say_hello(probe, MG_PROBE_EHLO_TLS);
    probe->due = probe->now + PATIENCE;
}

/* ---- names ---- */

static void look_up(Probe *probe, const char *name, uint16_t type)
{
    probe->type = type;
    probe->question.lookup = (MgLookupQuestion){name, type};
    enter(probe, LOOKING);
    ask(probe, MG_EVENT_ASK, MG_TOPIC_LOOKUP);
}

static void next_host(Probe *probe)
{
    probe->secure = probe->quitting = probe->ended = false;
    probe->in_at = 0;
    g_string_truncate(probe->in, 0);
    g_ptr_array_set_size(probe->addresses, 0);
    probe->address = 0;
    if (probe->at == probe->hosts->len) {
        finish_all(probe);
        return;
    }
    MgProbeHost *host = host_of(probe);
    if (probe->to == NULL)
        set(probe, MG_PROBE_RCPT, MG_PROBE_NOT_ASKED, 0, NULL);
    if (mg_text_is_address(mg_span_from_string(host->name))) {
        g_ptr_array_add(probe->addresses, g_strdup(host->name));
        connect_next(probe);
    } else {
        look_up(probe, host->name, TYPE_A);
    }
}

/* IPv4 and IPv6. Where the domain name system has none, whoever carries the octets may know a name
 * that was typed, as "localhost". */
static void take_addresses(Probe *probe, const MgLookupAnswer *answer)
{
    for (size_t i = 0; answer != NULL && i < answer->n_records; i++)
        if (answer->records[i].type == probe->type && probe->addresses->len < ADDRESSES_MAX)
            g_ptr_array_add(probe->addresses, g_strdup(answer->records[i].data));
    if (probe->type == TYPE_A) {
        look_up(probe, host_of(probe)->name, TYPE_AAAA);
        return;
    }
    if (probe->addresses->len == 0 && probe->domain == NULL)
        g_ptr_array_add(probe->addresses, g_strdup(host_of(probe)->name));
    if (probe->addresses->len > 0)
        connect_next(probe);
    else
        end_host(probe, answer != NULL && answer->reached ? "the name has no address"
                                                          : "the name cannot be looked up now");
}

static int compare_hosts(const void *a, const void *b)
{
    const MgProbeHost *one = *(MgProbeHost *const *)a, *two = *(MgProbeHost *const *)b;
    return one->preference - two->preference;
}

/* "10 mx.example.net." */
static void take_exchanger(Probe *probe, const char *data)
{
    char *name = NULL;
    uint64_t preference = g_ascii_strtoull(data, &name, 10);
    name += strspn(name, " ");
    size_t len = strlen(name);
    g_autofree char *bare = g_strndup(name, len - (len > 1 && name[len - 1] == '.'));
    if (probe->hosts->len < HOSTS_MAX)
        add_host(probe, bare, (int)MIN(preference, 65535));
}

static void take_exchangers(Probe *probe, const MgLookupAnswer *answer)
{
    if (answer == NULL || !answer->reached ||
        (answer->rcode != 0 && answer->rcode != RCODE_NXDOMAIN)) {
        give_up(probe, 3, N_("the domain's mail servers cannot be looked up now"));
        return;
    }
    if (answer->rcode == RCODE_NXDOMAIN) {
        give_up(probe, 1, N_("there is no such domain (NXDOMAIN)"));
        return;
    }
    for (size_t i = 0; i < answer->n_records; i++)
        if (answer->records[i].type == TYPE_MX)
            take_exchanger(probe, answer->records[i].data);
    if (probe->hosts->len == 1 && strcmp(host_of(probe)->name, ".") == 0) {
        give_up(probe, 1, N_("the domain takes no mail, and says so: a null MX (RFC 7505)"));
        return;
    }
    if (probe->hosts->len == 0) /* RFC 5321 §5.1: the domain itself */
        add_host(probe, probe->domain, -1);
    g_ptr_array_sort(probe->hosts, compare_hosts);
    next_host(probe);
}

static void found(Probe *probe, const MgLookupAnswer *answer)
{
    if (probe->type == TYPE_MX)
        take_exchangers(probe, answer);
    else
        take_addresses(probe, answer);
}

/* ---- what was typed ---- */

static bool is_speakable(const char *text)
{
    for (const char *c = text; *c != '\0'; c++)
        if ((uint8_t)*c <= 0x20 || *c == 0x7f || *c == '<' || *c == '>')
            return false;
    return strlen(text) <= MG_SMTP_PATH_MAX && g_utf8_validate(text, -1, NULL);
}

/* "smtp://mx.example.net:25", "smtps://user@mx.example.net". A user means nothing here. */
static bool read_url(Probe *probe, const char *url)
{
    static const struct {
        const char *scheme;
        uint16_t port;
        bool from_start;
    } schemes[] = {{"smtp://", 25, false}, {"smtps://", 465, true}, {"submission://", 587, false}};
    for (size_t i = 0; i < G_N_ELEMENTS(schemes); i++) {
        if (!g_str_has_prefix(url, schemes[i].scheme))
            continue;
        const char *authority = url + strlen(schemes[i].scheme);
        size_t len = strcspn(authority, "/?#");
        g_autofree char *whole = g_strndup(authority, len), *name = NULL;
        const char *user = strrchr(whole, '@');
        probe->tls_never = strstr(authority + len, "starttls=never") != NULL;
        probe->tls_from_start = schemes[i].from_start;
        if (!mg_text_parse_endpoint(user != NULL ? user + 1 : whole, schemes[i].port, &name,
                                    &probe->port))
            return false;
        add_host(probe, name, -1);
        return true;
    }
    return false;
}

/* NULL, or what is wrong. */
static const char *read_call(Probe *probe, const MgCommandCall *call)
{
    if (call == NULL || call->n_words != 1)
        return N_("a URL or a domain is wanted; see --help");
    const char *where = call->words[0];
    const char *port = mg_settings_get(call->options, "port", "25");
    uint64_t number = 0;
    if (!mg_text_parse_uint(mg_span_from_string(port), 65535, &number) || number == 0)
        return N_("--port wants a number up to 65535");
    if (!is_speakable(probe->from) || !is_speakable(probe->helo) ||
        (probe->to != NULL && !is_speakable(probe->to)))
        return N_("an address or name like that cannot be said in SMTP");
    probe->port = (uint16_t)number;
    if (strstr(where, "://") != NULL)
        return read_url(probe, where)
                   ? NULL
                   : N_("this is no URL of a server; one looks like smtp://mx.example.net");
    if (mg_text_is_address(mg_span_from_string(where)))
        add_host(probe, where, -1);
    else
        probe->domain = g_strdup(where);
    return NULL;
}

static MgEngine *create(const MgBirth *birth)
{
    const MgCommandCall *call = birth->question;
    const MgSettings *options = call != NULL ? call->options : NULL;
    Probe *probe = g_new0(Probe, 1);
    probe->base.kind = &mg_smtp_probe;
    mg_outbox_init(&probe->out);
    probe->in = g_string_new(NULL);
    probe->state = NEW;
    probe->hosts = g_ptr_array_new_with_free_func(free_host);
    probe->addresses = g_ptr_array_new_with_free_func(g_free);
    probe->kept = g_ptr_array_new();
    probe->helo = g_strdup(mg_settings_get(options, "helo", birth->host));
    probe->from = g_strdup(mg_settings_get(options, "from", ""));
    probe->to = g_strdup(mg_settings_get(options, "to", NULL));
    probe->json = call != NULL && call->json;
    probe->now = probe->since = birth->now;
    const char *wrong = read_call(probe, call);
    if (wrong != NULL)
        give_up(probe, 2, wrong);
    else if (probe->domain != NULL)
        look_up(probe, probe->domain, TYPE_MX);
    else
        next_host(probe);
    return &probe->base;
}

static void free_probe(MgEngine *engine)
{
    Probe *probe = (Probe *)engine;
    mg_outbox_clear(&probe->out);
    g_string_free(probe->in, TRUE);
    g_ptr_array_unref(probe->hosts);
    g_ptr_array_unref(probe->addresses);
    for (guint i = 0; i < probe->kept->len; i++)
        g_string_free(g_ptr_array_index(probe->kept, i), TRUE);
    g_ptr_array_unref(probe->kept);
    g_free(probe->domain);
    g_free(probe->helo);
    g_free(probe->from);
    g_free(probe->to);
    g_free(probe);
}

/* ---- the engine ---- */

static void receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    Probe *probe = (Probe *)engine;
    if (probe->state != TALKING || probe->ended)
        return;
    probe->now = now;
    size_t room = RECEIVED_MAX - MIN(probe->in->len, RECEIVED_MAX);
    g_string_append_len(probe->in, (const char *)bytes.data, (gssize)MIN(bytes.len, room));
}

static void receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    Probe *probe = (Probe *)engine;
    probe->now = now;
    probe->ended = probe->state == TALKING || probe->state == SECURING;
}

static void cancel(Probe *probe)
{
    if (probe->topic != NULL)
        mg_outbox_add(&probe->out, (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = probe->last_ask});
    probe->topic = NULL;
}

static void advance(MgEngine *engine, MgTime now)
{
    Probe *probe = (Probe *)engine;
    if (probe->closed || now < probe->due)
        return;
    probe->now = now;
    const char *topic = probe->topic;
    cancel(probe);
    if (topic != NULL && strcmp(topic, MG_TOPIC_LOOKUP) == 0)
        found(probe, NULL);
    else if (topic != NULL && strcmp(topic, MG_TOPIC_CONNECT) == 0)
        connected(probe, &(MgConnectAnswer){.reach = MG_REACH_TIMEOUT});
    else
        end_host(probe, "the server does not answer");
}

static bool answer(MgEngine *engine, MgAskId id, const void *given, MgTime now)
{
    Probe *probe = (Probe *)engine;
    const char *topic = probe->topic;
    if (topic == NULL || id != probe->last_ask)
        return false;
    probe->topic = NULL;
    probe->now = now;
    if (strcmp(topic, MG_TOPIC_LOOKUP) == 0)
        found(probe, given);
    else if (strcmp(topic, MG_TOPIC_CONNECT) == 0)
        connected(probe, given);
    else
        secured(probe, given);
    return true;
}

/* Reads one reply. Returns false if there is none. */
static bool read_reply(Probe *probe)
{
    MgSmtpReply reply;
    MgSpan bytes = {(const uint8_t *)probe->in->str + probe->in_at, probe->in->len - probe->in_at};
    if (probe->state != TALKING || probe->topic != NULL)
        return false;
    switch (mg_smtp_reply_cut(bytes, &reply)) {
    case MG_REPLY_MORE:
        return false;
    case MG_REPLY_BROKEN:
        end_host(probe, "what the server says is no SMTP");
        return true;
    default:
        probe->in_at += reply.len;
        probe->taken += reply.len;
        replied(probe, bytes, &reply);
        return true;
    }
}

static bool next(MgEngine *engine, MgEvent *event)
{
    Probe *probe = (Probe *)engine;
    while (!mg_outbox_next(&probe->out, event)) {
        if (probe->closed)
            return false;
        if (read_reply(probe))
            continue;
        if (probe->in_at > 0) {
            g_string_erase(probe->in, 0, (gssize)probe->in_at);
            probe->in_at = 0;
        }
        if (!probe->ended)
            return false;
        cancel(probe);
        end_host(probe, "the connection was lost");
    }
    return true;
}

static MgTime deadline(const MgEngine *engine)
{
    return ((const Probe *)engine)->due;
}

static const MgCommandOption options[] = {
    {"to", "ADDRESS", N_("Asks for this recipient, too (RCPT); no letter is sent"), NULL, false},
    {"from", "ADDRESS", N_("The sender (MAIL); the null sender if not given"), NULL, false},
    {"helo", "NAME", N_("What to call ourselves; this machine's name if not given"), NULL, false},
    {"port", "PORT", N_("The port of a domain's servers (25)"), NULL, false},
    {"server", "ADDRESS[:PORT]", N_("The name server to ask; the system's first if not given"),
     "resolver", false},
    {"ca", "FILE", N_("Trusts the authorities in this file (PEM) besides the system's"), "tls-ca",
     true},
    {0},
};

static const MgCommandRow command = {
    .name = "probe",
    .usage = "URL|DOMAIN",
    .summary = N_("tries a domain's mail servers, short of sending a letter"),
    .about =
        N_("Of a DOMAIN all servers (MX) are tried, of a URL (smtp://HOST:PORT, submission://HOST, "
           "smtps://HOST) that one. For each the connection, the greeting, EHLO, STARTTLS, the "
           "certificate, EHLO again, MAIL and, with --to, RCPT end with `ok`, `refused`, `not "
           "offered` or `could not test`. It returns 1 if anything was refused, 3 if something "
           "could not be tested.\n\nExample:\n  mailglass probe example.net --to "
           "postmaster@example.net"),
    .options = options,
    .real = true,
};

const MgEngineKind mg_smtp_probe = {
    .name = "smtp.probe",
    .summary = N_("Tries mail servers, short of sending a letter"),
    .command = &command,
    .dissector = "smtp",
    .transitions = transitions,
    .create = create,
    .free = free_probe,
    .receive = receive,
    .receive_end = receive_end,
    .advance = advance,
    .answer = answer,
    .next = next,
    .deadline = deadline,
};
