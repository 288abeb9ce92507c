/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-lookup.c - mailglass dns lookup NAME [TYPE]: asks a real name server
 *
 * The engine that answers "dns.lookup" does the asking; this file knows only the topic.
 */
#include <stdlib.h>

#include "command.h"

typedef struct {
    MgRealOptions real;
    char *server;
    char *name;
    uint16_t type;
} Lookup;

typedef struct {
    const Lookup *lookup;
    bool answered;
    int exit;
} Outcome;

static const struct {
    uint16_t type;
    const char *name;
} types[] = {{1, "A"},     {2, "NS"},   {5, "CNAME"}, {6, "SOA"},  {12, "PTR"},
             {15, "MX"},   {16, "TXT"}, {28, "AAAA"}, {33, "SRV"}, {35, "NAPTR"},
             {52, "TLSA"}, {99, "SPF"}, {257, "CAA"}};

static const char *const rcodes[] = {"NOERROR",  "FORMERR", "SERVFAIL",
                                     "NXDOMAIN", "NOTIMP",  "REFUSED"};

static char *type_text(uint16_t type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (types[i].type == type)
            return g_strdup(types[i].name);
    return g_strdup_printf("TYPE%u", type); /* RFC 3597 §5 */
}

static bool parse_type(const char *text, uint16_t *type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_ascii_strcasecmp(types[i].name, text) == 0) {
            *type = types[i].type;
            return true;
        }
    char *end = NULL;
    if (g_ascii_strncasecmp(text, "TYPE", 4) != 0 || !g_ascii_isdigit(text[4]))
        return false;
    uint64_t number = g_ascii_strtoull(text + 4, &end, 10);
    *type = (uint16_t)number;
    return *end == '\0' && number <= 65535;
}

static char *rcode_text(uint16_t rcode)
{
    return rcode < G_N_ELEMENTS(rcodes) ? g_strdup(rcodes[rcode])
                                        : g_strdup_printf("RCODE%u", rcode);
}

static void print_json(const MgLookupAnswer *answer)
{
    g_autofree char *rcode = rcode_text(answer->rcode);
    g_autoptr(GString) line = g_string_new("{\"rcode\":");
    mg_json_string(line, mg_span_from_string(rcode));
    g_string_append(line, ",\"answer\":[");
    for (size_t i = 0; i < answer->n_records; i++) {
        const MgLookupRecord *record = &answer->records[i];
        g_autofree char *type = type_text(record->type);
        g_string_append(line, i > 0 ? ",{\"name\":" : "{\"name\":");
        mg_json_string(line, mg_span_from_string(record->name));
        g_string_append_printf(line, ",\"ttl\":%u,\"type\":", record->ttl);
        mg_json_string(line, mg_span_from_string(type));
        g_string_append(line, ",\"data\":");
        mg_json_string(line, mg_span_from_string(record->data));
        g_string_append_c(line, '}');
    }
    g_print("%s]}\n", line->str);
}

static void on_answer(const void *data, void *user_data)
{
    const MgLookupAnswer *answer = data;
    Outcome *outcome = user_data;
    const Lookup *lookup = outcome->lookup;
    outcome->answered = true;
    if (answer == NULL || !answer->reached) {
        mg_complain(lookup->real.command, _("%s: the name server does not answer"), lookup->server);
        outcome->exit = MG_EXIT_FAILED;
        return;
    }
    if (lookup->real.json)
        print_json(answer);
    for (size_t i = 0; !lookup->real.json && i < answer->n_records; i++) {
        g_autofree char *type = type_text(answer->records[i].type);
        g_print("%s %u %s %s\n", answer->records[i].name, answer->records[i].ttl, type,
                answer->records[i].data);
    }
    g_autofree char *rcode = rcode_text(answer->rcode);
    g_autofree char *type = type_text(lookup->type);
    if (answer->rcode == 3)
        mg_complain(lookup->real.command, _("%s: there is no such name (NXDOMAIN)"), lookup->name);
    else if (answer->rcode != 0)
        mg_complain(lookup->real.command, _("%s answered %s"), lookup->server, rcode);
    else if (answer->n_records == 0)
        mg_complain(lookup->real.command, _("%s has no record of type %s"), lookup->name, type);
    outcome->exit = answer->rcode == 0   ? MG_EXIT_DONE
                    : answer->rcode == 3 ? MG_EXIT_NO
                                         : MG_EXIT_FAILED;
}

/* (transfer full) (nullable) The system's first name server. */
static char *system_server(void)
{
    g_autofree char *content = NULL;
    if (!g_file_get_contents("/etc/resolv.conf", &content, NULL, NULL))
        return NULL;
    g_auto(GStrv) lines = g_strsplit(content, "\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++) {
        g_auto(GStrv) words = g_strsplit_set(lines[i], " \t", 2);
        if (words[0] != NULL && strcmp(words[0], "nameserver") == 0 && words[1] != NULL)
            return g_strdup(g_strstrip(words[1]));
    }
    return NULL;
}

static int run_lookup(Lookup *lookup, MgRegistry *registry)
{
    const MgEngineKind *kind = mg_find_answerer(registry, MG_TOPIC_LOOKUP);
    Outcome outcome = {lookup, false, MG_EXIT_FAILED};
    if (kind == NULL) {
        mg_complain(lookup->real.command, "%s", _("no plugin that asks name servers is loaded"));
        return MG_EXIT_FAILED;
    }
    if (lookup->server == NULL && (lookup->server = system_server()) == NULL) {
        mg_complain(lookup->real.command, "%s",
                    _("/etc/resolv.conf names no server; give one by --server"));
        return MG_EXIT_FAILED;
    }
    const MgSetting row = {
        .key = "resolver", .value = lookup->server, .len = strlen(lookup->server)};
    const MgSettings settings = {&row, 1};
    g_autoptr(MgRealHost) host = mg_real_host_new(registry, &settings, &lookup->real);
    if (host == NULL)
        return MG_EXIT_USAGE;
    if (!mg_real_host_add(host, kind))
        return MG_EXIT_FAILED;
    const MgLookupQuestion question = {lookup->name, lookup->type};
    mg_runtime_ask(host->runtime, host->id, MG_TOPIC_LOOKUP, &question,
                   (MgListener){on_answer, &outcome}, mg_drive_sync(host->drive));
    g_autofree char *what = g_strdup_printf(_("asking %s"), lookup->server);
    mg_real_host_run(host, what);
    if (!outcome.answered)
        mg_complain(lookup->real.command, "%s",
                    host->interrupted ? _("interrupted") : _("no answer"));
    return mg_real_host_save(host) ? outcome.exit : MG_EXIT_FAILED;
}

int mg_dns_lookup_main(int argc, char **argv, MgRegistry *registry)
{
    Lookup lookup = {.real = {.command = "mailglass dns lookup"}, .type = 1};
    const GOptionEntry entries[] = {
        {"server", 0, 0, G_OPTION_ARG_STRING, &lookup.server,
         N_("The name server to ask; the system's first if not given"), N_("ADDR[:PORT]")},
        {"trace", 0, 0, G_OPTION_ARG_FILENAME, &lookup.real.trace,
         N_("Keeps what happened as a capture file"), N_("FILE.pcapng")},
        {"json", 0, 0, G_OPTION_ARG_NONE, &lookup.real.json, N_("Prints JSON, an object a line"),
         NULL},
        {0}};
    bool helped = false;
    int result = mg_parse_options(
        lookup.real.command, "NAME [TYPE]",
        _("TYPE is A if not given; MX, TXT, AAAA or TYPE65 are others.\n\nExample:\n  mailglass "
          "dns lookup example.net MX --server 127.0.0.1:5353"),
        entries, &argc, &argv, &helped);
    if (result == MG_EXIT_DONE && !helped) {
        if ((argc != 2 && argc != 3) || (argc == 3 && !parse_type(argv[2], &lookup.type))) {
            mg_complain(lookup.real.command, "%s",
                        _("a name and perhaps a type (A, MX, TXT) are wanted; see --help"));
            result = MG_EXIT_USAGE;
        } else {
            lookup.name = argv[1];
            result = run_lookup(&lookup, registry);
        }
    }
    g_free(lookup.server);
    g_free(lookup.real.trace);
    return result;
}
