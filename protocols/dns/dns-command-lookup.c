/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-command-lookup.c - mailglass dns lookup NAME [TYPE]: asks one server one question, and prints
 * all of its answer */
#include "dns.h"

#include "dns-client.h"
#include "dns-command.h"
#include "dns-edns.h"
#include "text.h"

static const MgRule rules[] = {MG_DNS_CLIENT_RULES, {0}};

static const char asking[] = N_("asking"), answered[] = N_("answered"),
                  unanswered[] = N_("unanswered");

static const MgTransition transitions[] = {
    {asking, N_("an answer arrives, whatever it says"), answered, "RFC 1034 §5.3.1"},
    {asking, N_("nobody answers"), unanswered, "RFC 1035 §4.2.1"},
    {0},
};

typedef struct {
    MgDnsAsker asker;
    MgDnsOutput output;
    const char *state;
    bool json, brief;
    uint8_t subnet[MG_DNS_SUBNET_MAX];
    MgTime asked;
} Lookup;

/* ---- printing ---- */

/* A record of the reply with its data written out. */
typedef struct {
    MgDnsRecord record;
    MgSpan data;
} Row;

static bool next_row(MgDnsMessage *message, MgSpan bytes, GByteArray *scratch, Row *row)
{
    if (!mg_dns_message_next(message, &row->record))
        return false;
    g_byte_array_set_size(scratch, 0);
    if (row->record.section == MG_DNS_QUESTION || !mg_dns_expand_data(bytes, &row->record, scratch))
        return next_row(message, bytes, scratch, row);
    row->data = (MgSpan){scratch->len > 0 ? scratch->data : (const uint8_t *)"", scratch->len};
    return true;
}

static void append_rcode(unsigned rcode, GString *out)
{
    const char *name = mg_dns_rcode_name(rcode);
    if (name != NULL)
        g_string_append(out, name);
    else
        g_string_append_printf(out, "RCODE%u", rcode);
}

static void print_record(const Row *row, GString *out)
{
    mg_dns_name_format(mg_dns_name_span(&row->record.name), out);
    g_string_append_printf(out, "\t%u\t", row->record.ttl);
    mg_dns_class_format(row->record.class, out);
    g_string_append_c(out, '\t');
    mg_dns_type_format(row->record.type, out);
    g_string_append_c(out, '\t');
    mg_dns_data_format(row->record.type, row->data, out);
    g_string_append_c(out, '\n');
}

static const struct {
    uint16_t bit;
    const char *name;
} flag_names[] = {{MG_DNS_QR, "qr"}, {MG_DNS_AA, "aa"}, {MG_DNS_TC, "tc"}, {MG_DNS_RD, "rd"},
                  {MG_DNS_RA, "ra"}, {MG_DNS_AD, "ad"}, {MG_DNS_CD, "cd"}};

static void print_header(const Lookup *lookup, const MgDnsMessage *message, unsigned rcode,
                         GString *out)
{
    static const char *const opcodes[] = {"QUERY", "IQUERY", "STATUS", "3", "NOTIFY", "UPDATE"};
    unsigned opcode = (message->flags & MG_DNS_OPCODE) >> 11;
    g_string_append(out, "; mailglass dns lookup ");
    mg_dns_name_format(mg_dns_name_span(&lookup->asker.client.name), out);
    g_string_append_c(out, ' ');
    mg_dns_type_format(lookup->asker.client.type, out);
    g_string_append_printf(out, "\n;; ->>HEADER<<- opcode: %s, status: ",
                           opcode < G_N_ELEMENTS(opcodes) ? opcodes[opcode] : "?");
    append_rcode(rcode, out);
    g_string_append_printf(out, ", id: %u\n;; flags:", message->id);
    for (size_t i = 0; i < G_N_ELEMENTS(flag_names); i++)
        if ((message->flags & flag_names[i].bit) != 0)
            g_string_append_printf(out, " %s", flag_names[i].name);
    g_string_append_printf(out, "; QUERY: %u, ANSWER: %u, AUTHORITY: %u, ADDITIONAL: %u\n",
                           message->counts[0], message->counts[1], message->counts[2],
                           message->counts[3]);
}

static void print_opt(const Row *row, GString *out)
{
    MgDnsEdns edns = mg_dns_edns_of(&row->record);
    MgDnsReader reader = {.data = row->data.data, .len = row->data.len};
    uint16_t code = 0;
    MgSpan value;
    g_string_append_printf(out, "\n;; OPT PSEUDOSECTION:\n; EDNS: version: %u, flags:%s; udp: %u\n",
                           edns.version, edns.dnssec_ok ? " do" : "", edns.payload);
    while (mg_dns_option_next(&reader, &code, &value)) {
        g_string_append(out, "; ");
        mg_dns_option_format(code, value, out);
        g_string_append_c(out, '\n');
    }
}

static void print_question(const MgDnsMessage *message, GString *out)
{
    g_string_append(out, "\n;; QUESTION SECTION:\n;");
    mg_dns_name_format(mg_dns_name_span(&message->name), out);
    g_string_append(out, "\t\t");
    mg_dns_class_format(message->class, out);
    g_string_append_c(out, '\t');
    mg_dns_type_format(message->type, out);
    g_string_append_c(out, '\n');
}

static void print_end(const Lookup *lookup, MgTime now, GString *out)
{
    const MgDnsClient *client = &lookup->asker.client;
    g_string_append_printf(out, "\n;; Query time: %u msec\n;; SERVER: %s#%u (%s)\n",
                           (unsigned)((now - lookup->asked) / MG_MILLISECONDS), client->address,
                           client->port, lookup->asker.client.streamed ? "TCP" : "UDP");
    g_string_append_printf(out, ";; MSG SIZE  rcvd: %u\n", client->reply->len);
}

/* As dig does, so that who knows one reads the other. */
static void print_all(const Lookup *lookup, unsigned rcode, MgTime now, GString *out)
{
    static const char *const titles[] = {"", "ANSWER", "AUTHORITY", "ADDITIONAL"};
    MgSpan bytes = mg_dns_client_reply(&lookup->asker.client);
    g_autoptr(GByteArray) scratch = g_byte_array_new();
    g_autoptr(GString) records = g_string_new(NULL);
    MgDnsMessage message;
    MgDnsSection section = MG_DNS_QUESTION;
    Row row;
    mg_dns_message_open(&message, bytes);
    print_header(lookup, &message, rcode, out);
    MgDnsMessage walk = message;
    while (next_row(&walk, bytes, scratch, &row)) {
        if (row.record.type == MG_DNS_OPT) {
            print_opt(&row, out);
            continue;
        }
        if (row.record.section != section) {
            section = row.record.section;
            g_string_append_printf(records, "\n;; %s SECTION:\n", titles[section]);
        }
        print_record(&row, records);
    }
    if (message.counts[MG_DNS_QUESTION] > 0)
        print_question(&message, out);
    g_string_append_len(out, records->str, (gssize)records->len);
    print_end(lookup, now, out);
}

/* The data of the answer alone, a line each. */
static void print_brief(const Lookup *lookup, GString *out)
{
    MgSpan bytes = mg_dns_client_reply(&lookup->asker.client);
    g_autoptr(GByteArray) scratch = g_byte_array_new();
    MgDnsMessage message;
    Row row;
    mg_dns_message_open(&message, bytes);
    while (next_row(&message, bytes, scratch, &row)) {
        if (row.record.section != MG_DNS_ANSWER)
            continue;
        mg_dns_data_format(row.record.type, row.data, out);
        g_string_append_c(out, '\n');
    }
}

static void json_options(const Row *row, GString *out)
{
    MgDnsEdns edns = mg_dns_edns_of(&row->record);
    MgDnsReader reader = {.data = row->data.data, .len = row->data.len};
    uint16_t code = 0;
    MgSpan value;
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_append_printf(out, ",\"edns\":{\"version\":%u,\"do\":%s,\"udp\":%u,\"options\":[",
                           edns.version, edns.dnssec_ok ? "true" : "false", edns.payload);
    for (bool first = true; mg_dns_option_next(&reader, &code, &value); first = false) {
        g_string_truncate(text, 0);
        mg_dns_option_format(code, value, text);
        g_string_append_printf(out, "%s{\"code\":%u,\"text\":", first ? "" : ",", code);
        mg_text_add_json(out, text->str);
        g_string_append_c(out, '}');
    }
    g_string_append(out, "]}");
}

static void print_json(const Lookup *lookup, unsigned rcode, MgTime now, GString *out)
{
    static const char *const keys[] = {NULL, "answer", "authority", "additional"};
    MgSpan bytes = mg_dns_client_reply(&lookup->asker.client);
    g_autoptr(GByteArray) scratch = g_byte_array_new();
    g_autoptr(GString) edns = g_string_new(NULL);
    MgDnsMessage message, walk;
    Row row;
    mg_dns_message_open(&message, bytes);
    g_string_append(out, "{\"rcode\":\"");
    append_rcode(rcode, out);
    g_string_append_c(out, '"');
    for (size_t i = 1; i < G_N_ELEMENTS(flag_names); i++)
        g_string_append_printf(out, ",\"%s\":%s", flag_names[i].name,
                               (message.flags & flag_names[i].bit) != 0 ? "true" : "false");
    for (unsigned section = MG_DNS_ANSWER; section <= MG_DNS_ADDITIONAL; section++) {
        bool first = true;
        walk = message;
        g_string_append_printf(out, ",\"%s\":[", keys[section]);
        while (next_row(&walk, bytes, scratch, &row)) {
            if (row.record.section != section)
                continue;
            if (row.record.type == MG_DNS_OPT) {
                json_options(&row, edns);
                continue;
            }
            if (!first)
                g_string_append_c(out, ',');
            first = false;
            mg_dns_record_json(mg_dns_name_span(&row.record.name), row.record.ttl, row.record.class,
                               row.record.type, row.data, out);
        }
        g_string_append_c(out, ']');
    }
    g_string_append_len(out, edns->str, (gssize)edns->len);
    g_string_append_printf(out,
                           ",\"server\":\"%s\",\"port\":%u,\"transport\":\"%s\",\"time\":%.6f}\n",
                           lookup->asker.client.address, lookup->asker.client.port,
                           lookup->asker.client.streamed ? "tcp" : "udp",
                           (double)(now - lookup->asked) / (double)MG_SECONDS);
}

/* ---- the end ---- */

static void end(Lookup *lookup, const char *state, int result)
{
    mg_dns_events_add(&lookup->asker.client.events,
                      (MgEvent){.kind = MG_EVENT_STATE, .state = {asking, state}});
    lookup->state = state;
    mg_dns_output_exit(&lookup->output, result);
}

static void take_answer(Lookup *lookup, MgTime now)
{
    MgSpan bytes = mg_dns_client_reply(&lookup->asker.client);
    unsigned rcode = mg_dns_client_rcode(&lookup->asker.client);
    g_autoptr(GString) text = g_string_sized_new(1024);
    g_autoptr(GString) name = g_string_new(NULL);
    if (lookup->json)
        print_json(lookup, rcode, now, text);
    else if (lookup->brief)
        print_brief(lookup, text);
    else
        print_all(lookup, rcode, now, text);
    mg_dns_output_text(&lookup->output, text);
    append_rcode(rcode, name);
    if (rcode == MG_DNS_NXDOMAIN)
        mg_dns_output_complain(&lookup->output, N_("there is no such name (NXDOMAIN)"));
    else if (rcode != 0)
        mg_dns_output_complain(&lookup->output, "the name server answered %s", name->str);
    else if (mg_dns_get_u16(bytes.data + 6) == 0 && lookup->brief)
        mg_dns_output_complain(&lookup->output, N_("the name has no record of this type"));
    end(lookup, answered,
        rcode == 0                 ? MG_DNS_EXIT_DONE
        : rcode == MG_DNS_NXDOMAIN ? MG_DNS_EXIT_NO
                                   : MG_DNS_EXIT_FAILED);
}

static void settle(MgEngine *engine, MgDnsClientState state, MgTime now)
{
    Lookup *lookup = (Lookup *)engine;
    if (state == MG_DNS_CLIENT_ANSWERED) {
        take_answer(lookup, now);
    } else if (state == MG_DNS_CLIENT_GIVEN_UP) {
        mg_dns_output_complain(&lookup->output, N_("the name server does not answer"));
        end(lookup, unanswered, MG_DNS_EXIT_FAILED);
    }
}

/* ---- what was typed ---- */

static void refuse(Lookup *lookup, int result, const char *text)
{
    mg_dns_output_complain(&lookup->output, "%s", text);
    mg_dns_output_exit(&lookup->output, result);
}

static bool take_words(Lookup *lookup, const MgCommandCall *call)
{
    MgDnsClient *client = &lookup->asker.client;
    uint8_t octets[16];
    size_t n = call != NULL ? call->n_words : 0;
    if (n < 1 || n > 2) {
        refuse(lookup, MG_DNS_EXIT_USAGE, N_("a name and perhaps a type are wanted; see --help"));
        return false;
    }
    client->type = mg_dns_address_parse(call->words[0], octets) > 0 ? MG_DNS_PTR : MG_DNS_A;
    if (n == 2 && !mg_dns_type_parse(mg_span_from_string(call->words[1]), &client->type)) {
        refuse(lookup, MG_DNS_EXIT_USAGE,
               N_("there is no such type; A, MX, TXT, AAAA or TYPE65 are some"));
        return false;
    }
    if (client->type == MG_DNS_AXFR || client->type == MG_DNS_IXFR) {
        refuse(lookup, MG_DNS_EXIT_USAGE, N_("a whole zone is no question of this command"));
        return false;
    }
    if (!mg_dns_client_set_name(client, call->words[0])) {
        mg_dns_client_note(client, MG_DNS_CLIENT_NAME);
        refuse(lookup, MG_DNS_EXIT_USAGE, N_("this cannot be a domain name"));
        return false;
    }
    return true;
}

static bool has(const MgSettings *options, const char *key)
{
    return mg_settings_get(options, key, NULL) != NULL;
}

static bool take_options(Lookup *lookup, const MgSettings *options)
{
    MgDnsClientWish *wish = &lookup->asker.client.wish;
    const char *subnet = mg_settings_get(options, "subnet", NULL);
    *wish = (MgDnsClientWish){.no_recurse = has(options, "no-recurse"),
                              .dnssec = has(options, "dnssec"),
                              .stream = has(options, "tcp"),
                              .nsid = has(options, "nsid"),
                              .cookie = !has(options, "no-cookie")};
    lookup->brief = has(options, "short");
    if (subnet == NULL)
        return true;
    size_t len = mg_dns_subnet_parse(subnet, lookup->subnet);
    wish->subnet = (MgSpan){lookup->subnet, len};
    if (len == 0)
        refuse(lookup, MG_DNS_EXIT_USAGE, N_("--subnet looks like 192.0.2.0/24"));
    return len > 0;
}

static bool take_server(Lookup *lookup, const char *server)
{
    MgDnsClient *client = &lookup->asker.client;
    uint8_t octets[16];
    if (server == NULL) {
        mg_dns_client_note(client, MG_DNS_CLIENT_SERVER);
        refuse(lookup, MG_DNS_EXIT_FAILED,
               N_("the system names no server (/etc/resolv.conf); give one by --server"));
        return false;
    }
    bool good = mg_dns_client_set_server(client, server);
    if (good && strcmp(client->address, "localhost") == 0)
        g_strlcpy(client->address, "127.0.0.1", sizeof client->address);
    if (!good || mg_dns_address_parse(client->address, octets) == 0) {
        refuse(lookup, MG_DNS_EXIT_USAGE,
               N_("--server wants an IP address, with a port if you like: 127.0.0.1:5353"));
        return false;
    }
    return true;
}

/* With --iterate nobody is asked to ask for us, so that what is said to that one has no meaning;
 * without it, nor have the habits of a resolver. */
static const char *misplaced(const MgSettings *options)
{
    static const char *const of_lookup[] = {"tcp",  "dnssec", "no-recurse", "short",
                                            "nsid", "subnet", "no-cookie",  NULL};
    static const char *const of_iterate[] = {"hints",    "query-port",        "qname-minimisation",
                                             "validate", "trust-anchor-file", NULL};
    bool iterate = has(options, "iterate");
    for (const char *const *key = iterate ? of_lookup : of_iterate; *key != NULL; key++)
        if (has(options, *key))
            return iterate
                       ? N_("--iterate goes with --hints, --port, --minimise, --validate and "
                            "--trust-anchor only")
                       : N_("--hints, --port, --minimise, --validate and --trust-anchor go with "
                            "--iterate only");
    return NULL;
}

static MgEngine *create(const MgBirth *birth)
{
    const MgCommandCall *call = birth->question;
    const MgSettings *options = call != NULL ? call->options : NULL;
    const char *wrong = options != NULL ? misplaced(options) : NULL;
    if (wrong == NULL && options != NULL && has(options, "iterate"))
        return mg_dns_iterate.create(birth);
    Lookup *lookup = g_new0(Lookup, 1);
    lookup->asker.base.kind = &mg_dns_command_lookup;
    lookup->asker.settle = settle;
    lookup->state = asking;
    lookup->asked = birth->now;
    lookup->json = call != NULL && call->json;
    mg_dns_client_init(&lookup->asker.client, birth, rules);
    mg_dns_output_init(&lookup->output);
    if (wrong != NULL)
        refuse(lookup, MG_DNS_EXIT_USAGE, wrong);
    else if (take_words(lookup, call) && take_options(lookup, options) &&
             take_server(lookup, mg_settings_get(options, "resolver", NULL)))
        mg_dns_client_ask(&lookup->asker.client);
    return &lookup->asker.base;
}

static void free_lookup(MgEngine *engine)
{
    Lookup *lookup = (Lookup *)engine;
    mg_dns_client_clear(&lookup->asker.client);
    mg_dns_output_clear(&lookup->output);
    g_free(lookup);
}

static bool next(MgEngine *engine, MgEvent *event)
{
    Lookup *lookup = (Lookup *)engine;
    return mg_dns_events_next(&lookup->asker.client.events, event) ||
           mg_dns_output_next(&lookup->output, event);
}

static const MgCommandOption options[] = {
    {"server", "ADDRESS[:PORT]", N_("The name server to ask; the system's first if not given"),
     "resolver", false},
    {"tcp", NULL, N_("Asks over TCP from the beginning"), NULL, false},
    {"dnssec", NULL, N_("Asks for signatures, too (DO)"), NULL, false},
    {"no-recurse", NULL, N_("Asks for what the server knows itself (RD is 0)"), NULL, false},
    {"short", NULL, N_("Prints the data of the answer alone"), NULL, false},
    {"nsid", NULL, N_("Asks which of several servers answers"), NULL, false},
    {"subnet", "ADDRESS/LENGTH", N_("Says from which network the question comes"), NULL, false},
    {"no-cookie", NULL, N_("Sends no cookie"), NULL, false},
    {"iterate", NULL, N_("Asks down from the root by itself, and shows each step"), NULL, false},
    {"hints", "FILE", N_("With --iterate: the root's name servers, as a master file"), NULL, false},
    {"port", "PORT", N_("With --iterate: the port of all name servers"), "query-port", false},
    {"minimise", NULL,
     N_("With --iterate: tells each server only as much of the name as it needs (RFC 9156)"),
     "qname-minimisation", false},
    {"validate", NULL, N_("With --iterate: checks signatures (DNSSEC)"), "validate", false},
    {"trust-anchor", "FILE",
     N_("With --iterate: DS or DNSKEY records where trust begins, as a master file"),
     "trust-anchor-file", true},
    {0},
};

static const MgCommandRow command = {
    .name = "dns lookup",
    .usage = "NAME [TYPE]",
    .summary = N_("asks a name server, and prints its answer"),
    .about =
        N_("TYPE is A if not given, PTR if NAME is an IP address; MX, TXT, AAAA or TYPE65 are "
           "others.\n\nExample:\n  mailglass dns lookup example.net MX --server 127.0.0.1:5353\n"
           "  mailglass dns lookup example.net MX --iterate --hints root.hints"),
    .options = options,
    .real = true,
};

const MgEngineKind mg_dns_command_lookup = {
    .name = "dns.command-lookup",
    .summary = N_("Asks a name server, and prints its answer"),
    .transport = MG_TRANSPORT_NONE,
    .command = &command,
    .dissector = "dns",
    .rules = rules,
    .transitions = transitions,
    .create = create,
    .free = free_lookup,
    .receive = mg_dns_asker_receive,
    .answer = mg_dns_asker_answer,
    .next = next,
    MG_DNS_ASKER_CALLS,
};
