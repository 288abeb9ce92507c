/* SPDX-License-Identifier: GPL-3.0-or-later */
/* console-offers.c - what may be typed next at a console, and what it means */
#include "console-offers.h"

#include "words.h"

#define FILES_MAX 30u

static void offer_free(void *data)
{
    MgOffer *offer = data;
    g_free(offer->text);
    g_free(offer->about);
    g_free(offer);
}

/* Where the last word begins. */
static size_t word_start(const char *text)
{
    const char *space = strrchr(text, ' ');
    return space != NULL ? (size_t)(space + 1 - text) : 0;
}

/* What does not fit the beginning, or is offered already, is left out. */
static void add(GPtrArray *offers, const char *begun, const char *text, const char *about)
{
    if (g_ascii_strncasecmp(text, begun, strlen(begun)) != 0)
        return;
    for (guint i = 0; i < offers->len; i++)
        if (strcmp(((MgOffer *)g_ptr_array_index(offers, i))->text, text) == 0)
            return;
    MgOffer *offer = g_new0(MgOffer, 1);
    offer->text = g_strdup(text);
    offer->about = g_strdup(about);
    g_ptr_array_add(offers, offer);
}

/* ---- a line of a conversation ---- */

struct MgTyping {
    const MgRegistry *registry;
    const MgDissector *dissector; /* (nullable) */
    MgDirection direction;
    void *state; /* of the conversation, after what was said */
};

/* The dissector reads again what was said, so that it knows where the conversation is: in the
 * middle of a letter no word is a command. */
static void catch_up(MgTyping *typing, MgSession *session, MgFlowId flow)
{
    const MgTrace *trace = mg_session_trace(session);
    for (uint32_t n = 1; n <= mg_session_position(session); n++) {
        const MgRecord *record = mg_trace_record(trace, n);
        MgUnit unit = {0};
        if (record->flow == flow && record->kind == MG_RECORD_EXCHANGE && record->len > 0 &&
            mg_registry_dissector(typing->registry, record->dissector) == typing->dissector)
            typing->dissector->cut(typing->state,
                                   (record->flags & MG_RECORD_FROM_SERVER) != 0 ? MG_FROM_SERVER
                                                                                : MG_FROM_CLIENT,
                                   mg_trace_bytes(trace, n), true, &unit);
    }
}

MgTyping *mg_typing_new(MgSession *session, MgFlowId flow, MgHostId host)
{
    MgTyping *typing = g_new0(MgTyping, 1);
    typing->registry = mg_session_registry(session);
    if (flow == 0)
        return typing;
    const MgFlow *about = mg_trace_flow(mg_session_trace(session), flow);
    typing->dissector = mg_registry_dissector(typing->registry, about->dissector);
    typing->direction = about->client == host ? MG_FROM_CLIENT : MG_FROM_SERVER;
    if (typing->dissector == NULL || typing->dissector->cut == NULL ||
        typing->dissector->dissect == NULL) {
        typing->dissector = NULL;
        return typing;
    }
    typing->state = g_malloc0(MAX(typing->dissector->state_size, (size_t)1));
    catch_up(typing, session, flow);
    return typing;
}

void mg_typing_free(MgTyping *typing)
{
    if (typing == NULL)
        return;
    g_free(typing->state);
    g_free(typing);
}

/* Would this line, sent now, have that word with that name there? */
static bool is_found(MgTyping *typing, const char *line, size_t at, const MgName *name)
{
    size_t size = MAX(typing->dissector->state_size, (size_t)1);
    g_autofree void *state = g_memdup2(typing->state, size);
    g_autofree char *octets = g_strconcat(line, "\r\n", NULL);
    g_autoptr(GBytes) bytes = g_bytes_new(octets, strlen(octets));
    MgSpan span = {g_bytes_get_data(bytes, NULL), strlen(octets)};
    MgUnit unit = {0};
    if (!typing->dissector->cut(state, typing->direction, span, false, &unit) ||
        unit.len > span.len)
        return false;
    span.len = unit.len;
    g_autoptr(MgTree) tree = mg_tree_new();
    mg_tree_begin(tree, typing->dissector, "", bytes);
    typing->dissector->dissect(unit.tag, typing->direction, span, tree);
    for (MgNode node = 1; node < mg_tree_n_nodes(tree); node++)
        if (mg_tree_node(tree, node)->offset == at && mg_tree_name(tree, node) == name)
            return true;
    return false;
}

static void try_name(MgTyping *typing, const MgField *field, const MgName *name, const char *text,
                     GPtrArray *offers)
{
    size_t start = word_start(text);
    g_autofree char *number = g_strdup_printf("%" G_GUINT64_FORMAT, name->value);
    const char *word = field->type == MG_FIELD_TEXT ? name->text : number;
    if (word == NULL || g_ascii_strncasecmp(word, text + start, strlen(text + start)) != 0)
        return;
    g_autofree char *begin = g_strndup(text, start);
    g_autofree char *line = g_strconcat(begin, word, NULL);
    if (is_found(typing, line, start, name))
        add(offers, text + start, word, mg_registry_translate(typing->registry, name->name));
}

GPtrArray *mg_typing_offers(MgTyping *typing, const char *text, size_t *start)
{
    GPtrArray *offers = g_ptr_array_new_with_free_func(offer_free);
    *start = word_start(text);
    for (size_t i = 0; typing->dissector != NULL && i < typing->dissector->n_fields; i++) {
        const MgField *field = &typing->dissector->fields[i];
        const MgName *name = field->names;
        if (field->type != MG_FIELD_TEXT && field->type != MG_FIELD_UINT)
            continue;
        for (; name != NULL && name->name != NULL; name++)
            try_name(typing, field, name, text, offers);
    }
    return offers;
}

/* ---- what can be done ---- */

static const MgNetworkHost *host_at(const MgNetwork *network, guint i)
{
    return &g_array_index(network->hosts, MgNetworkHost, i);
}

static guint find_host(const MgNetwork *network, const char *name)
{
    guint i = 0;
    while (i < network->hosts->len && strcmp(host_at(network, i)->name, name) != 0)
        i++;
    return i;
}

static bool has_verb(const MgNetworkHost *host)
{
    for (size_t i = 0; i < host->n_engines; i++)
        if (host->engines[i].kind->verb != NULL)
            return true;
    return false;
}

static void add_hosts(MgSession *session, const char *begun, GPtrArray *offers)
{
    const MgNetwork *network = mg_session_network(session);
    for (guint i = 0; i < network->hosts->len; i++) {
        const MgNetworkHost *host = host_at(network, i);
        if (has_verb(host) || mg_session_waits(session, (MgHostId)(i + 1), NULL))
            add(offers, begun, host->name, mg_words_host_kind(host->kind));
    }
    add(offers, begun, "wait", _("lets time pass"));
}

/* A verb of several kinds is told apart by the scheme of what follows it. */
static void add_verbs(MgSession *session, guint at, const char *begun, GPtrArray *offers)
{
    const MgNetworkHost *host = host_at(mg_session_network(session), at);
    for (size_t i = 0; i < host->n_engines; i++) {
        const MgEngineKind *kind = host->engines[i].kind;
        if (kind->verb == NULL)
            continue;
        bool url = kind->scheme != NULL && kind->scheme_setting == NULL;
        g_autofree char *text =
            url ? g_strdup_printf("%s %s://", kind->verb, kind->scheme) : g_strdup(kind->verb);
        const char *summary = mg_registry_translate(mg_session_registry(session), kind->summary);
        bool plain = kind->usage == NULL || strcmp(kind->usage, kind->verb) == 0 || url;
        g_autofree char *about =
            plain ? g_strdup(summary) : g_strdup_printf("%s · %s", kind->usage, summary);
        add(offers, begun, text, about);
    }
    if (mg_session_waits(session, (MgHostId)(at + 1), NULL))
        add(offers, begun, "hang up", _("ends the conversation"));
}

/* Servers that speak what this verb speaks. */
static void add_urls(const MgNetwork *network, const MgEngineKind *verb, const char *begun,
                     GPtrArray *offers)
{
    for (guint i = 0; i < network->hosts->len && verb->scheme != NULL; i++) {
        const MgNetworkHost *host = host_at(network, i);
        for (size_t e = 0; e < host->n_engines; e++) {
            const MgEngineKind *kind = host->engines[e].kind;
            if (host->engines[e].port == 0 || g_strcmp0(kind->dissector, verb->dissector) != 0)
                continue;
            g_autofree char *url =
                g_strdup_printf("%s://%s:%u", verb->scheme, host->name, host->engines[e].port);
            add(offers, begun, url, mg_words_host_kind(host->kind));
        }
    }
}

static void add_addresses(const MgNetwork *network, const char *begun, GPtrArray *offers)
{
    for (guint i = 0; i < network->hosts->len; i++)
        for (size_t m = 0; m < host_at(network, i)->n_mailboxes; m++)
            add(offers, begun, host_at(network, i)->mailboxes[m].address, NULL);
}

static void add_names(const MgNetwork *network, const char *begun, GPtrArray *offers)
{
    for (guint i = 0; i < network->hosts->len; i++)
        add(offers, begun, host_at(network, i)->name,
            mg_words_host_kind(host_at(network, i)->kind));
}

/* Letters that lie in a folder of the network's. */
static void add_files(const char *root, const char *begun, GPtrArray *offers)
{
    g_autoptr(GDir) folders = root != NULL ? g_dir_open(root, 0, NULL) : NULL;
    const char *folder, *file;
    while (folders != NULL && (folder = g_dir_read_name(folders)) != NULL) {
        g_autofree char *path = g_build_filename(root, folder, NULL);
        g_autoptr(GDir) files = g_dir_open(path, 0, NULL);
        while (files != NULL && (file = g_dir_read_name(files)) != NULL &&
               offers->len < FILES_MAX) {
            g_autofree char *name = g_strdup_printf("%s/%s", folder, file);
            if (g_str_has_suffix(file, ".eml"))
                add(offers, begun, name, NULL);
        }
    }
}

/* The part of the usage that the word with this number is; without its marks. */
static char *part_of(const MgEngineKind *kind, guint number)
{
    g_auto(GStrv) parts = g_strsplit(kind->usage != NULL ? kind->usage : kind->verb, " ", -1);
    guint n = g_strv_length(parts);
    if (n == 0 || (number >= n && !g_str_has_suffix(parts[n - 1], "…")))
        return NULL;
    const char *part = parts[MIN(number, n - 1)];
    part += part[0] == '[' ? 1 : 0;
    size_t len = strcspn(part, "]");
    const char *more = strstr(part, "…");
    return g_strndup(part, more != NULL ? (size_t)(more - part) : len);
}

static void add_words(MgSession *session, char **words, guint number, GPtrArray *offers)
{
    const MgNetwork *network = mg_session_network(session);
    guint at = find_host(network, words[0]);
    for (size_t i = 0; at < network->hosts->len && i < host_at(network, at)->n_engines; i++) {
        const MgEngineKind *kind = host_at(network, at)->engines[i].kind;
        if (g_strcmp0(kind->verb, words[1]) != 0)
            continue;
        g_autofree char *part = part_of(kind, number - 1);
        if (part == NULL)
            continue;
        if (strcmp(part, "URL") == 0) {
            add_urls(network, kind, words[number], offers);
        } else if (strcmp(part, "ADDRESS") == 0) {
            add_addresses(network, words[number], offers);
        } else if (strcmp(part, "FILE") == 0) {
            add_files(network->also, words[number], offers);
            add_files(network->path, words[number], offers);
        } else if (strcmp(part, "SERVER") == 0 || strcmp(part, "HOST") == 0) {
            add_names(network, words[number], offers);
        } else if (!g_ascii_isupper(part[0])) {
            add(offers, words[number], part, NULL);
        }
    }
}

GPtrArray *mg_doing_offers(MgSession *session, const char *text, size_t *start)
{
    GPtrArray *offers = g_ptr_array_new_with_free_func(offer_free);
    const MgNetwork *network = mg_session_network(session);
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    guint n = g_strv_length(words); /* 0 for an empty text */
    *start = word_start(text);
    if (network == NULL)
        return offers;
    if (n <= 1)
        add_hosts(session, text, offers);
    else if (n == 2 && strcmp(words[0], "wait") == 0)
        for (const char *const *time = (const char *const[]){"1min", "5min", "1h", NULL};
             *time != NULL; time++)
            add(offers, words[1], *time, NULL);
    else if (n == 2 && find_host(network, words[0]) < network->hosts->len)
        add_verbs(session, find_host(network, words[0]), words[1], offers);
    else if (n > 2)
        add_words(session, words, n - 1, offers);
    return offers;
}

char *mg_doing_example(MgSession *session)
{
    const MgNetwork *network = mg_session_network(session);
    for (guint i = 0; network != NULL && i < network->hosts->len; i++) {
        const MgNetworkHost *host = host_at(network, i);
        for (size_t e = 0; e < host->n_engines; e++)
            if (host->engines[e].kind->verb != NULL)
                return g_strdup_printf("%s %s", host->name,
                                       host->engines[e].kind->usage != NULL
                                           ? host->engines[e].kind->usage
                                           : host->engines[e].kind->verb);
    }
    return NULL;
}
