/* SPDX-License-Identifier: GPL-3.0-or-later */
/* words.c - sentences for people about records, hosts and time */
#include "words.h"

char *mg_words_time(MgTime time)
{
    int64_t ms = time / MG_MILLISECONDS, s = ms / 1000, min = s / 60, h = min / 60;
    if (h >= 24)
        return g_strdup_printf("%d d %02d:%02d:%02d", (int)(h / 24), (int)(h % 24), (int)(min % 60),
                               (int)(s % 60));
    if (h > 0)
        return g_strdup_printf("%d:%02d:%02d.%03d", (int)h, (int)(min % 60), (int)(s % 60),
                               (int)(ms % 1000));
    if (min > 0)
        return g_strdup_printf("%d:%02d.%03d", (int)min, (int)(s % 60), (int)(ms % 1000));
    return g_strdup_printf("%d.%03d", (int)s, (int)(ms % 1000));
}

char *mg_words_markup(const char *text)
{
    g_autoptr(GString) markup = g_string_new(NULL);
    g_auto(GStrv) parts = g_strsplit(text, "`", -1);
    for (size_t i = 0; parts[i] != NULL; i++) {
        bool code = i % 2 == 1 && parts[i + 1] != NULL;
        g_autofree char *escaped = g_markup_escape_text(parts[i], -1);
        if (i % 2 == 1 && !code)
            g_string_append_c(markup, '`'); /* one that was never closed */
        if (code)
            g_string_append_printf(
                markup,
                "<span face=\"monospace\" size=\"smaller\" bgcolor=\"#808080\" bgalpha=\"22%%\">"
                "\u2009%s\u2009</span>",
                escaped);
        else
            g_string_append(markup, escaped);
    }
    return g_string_free(g_steal_pointer(&markup), FALSE);
}

/* Kinds of mg_trace_kind_name(), marked for translation. */
static const char *const kinds[] = {N_("command"), N_("reply"), N_("query"),    N_("answer"),
                                    N_("data"),    N_("note"),  N_("decision"), N_("state"),
                                    N_("packet"),  N_("action")};

const char *mg_words_kind(const MgTrace *trace, uint32_t n)
{
    const MgRecord *record = mg_trace_record(trace, n);
    const char *name = mg_trace_kind_name(trace, n);
    if (record->kind == MG_RECORD_EXCHANGE && record->unit == MG_UNIT_NOTE)
        name = "packet";
    else if (record->kind == MG_RECORD_ACTION)
        name = "action";
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        if (g_strcmp0(kinds[i], name) == 0)
            return _(kinds[i]);
    return name;
}

char *mg_words_cut(const char *text, size_t max)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    for (char *at = valid; *at != '\0'; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = ' ';
    if ((size_t)g_utf8_strlen(valid, -1) <= max)
        return g_steal_pointer(&valid);
    g_autofree char *cut = g_utf8_substring(valid, 0, (long)max);
    return g_strconcat(cut, "…", NULL);
}

char *mg_words_summary(const MgTrace *trace, uint32_t n, size_t max)
{
    g_autoptr(GString) line = g_string_new(NULL);
    const MgRecord *record = mg_trace_record(trace, n);
    const MgRegistry *registry = mg_trace_registry(trace);
    if (record->kind == MG_RECORD_STATE) /* names of states are the program's words */
        g_string_append_printf(
            line, "%s: %s → %s", mg_trace_text(trace, record->tag),
            mg_registry_translate(registry, mg_trace_text(trace, record->text_a)),
            mg_registry_translate(registry, mg_trace_text(trace, record->text_b)));
    else
        mg_trace_summarize(trace, n, line);
    return mg_words_cut(line->str, max);
}

static const char *host_name(const MgTrace *trace, MgHostId host)
{
    return host != 0 ? mg_trace_host(trace, host)->name : "";
}

MgHostId mg_words_posed(const MgTrace *trace, uint32_t n)
{
    const MgRecord *record = mg_trace_record(trace, n);
    if (record->kind != MG_RECORD_EXCHANGE || record->flow == 0 || record->from == 0)
        return 0;
    const MgFlow *flow = mg_trace_flow(trace, record->flow);
    const char *said =
        (record->flags & MG_RECORD_FROM_SERVER) != 0 ? flow->server_address : flow->client_address;
    if (strcmp(said, mg_trace_host(trace, record->from)->address) == 0)
        return 0;
    for (MgHostId host = 1; host <= mg_trace_n_hosts(trace); host++)
        if (strcmp(said, mg_trace_host(trace, host)->address) == 0)
            return host;
    return 0;
}

bool mg_words_says_again(const MgTrace *trace, uint32_t before, uint32_t n)
{
    const MgRecord *a = mg_trace_record(trace, before), *b = mg_trace_record(trace, n);
    if (a->kind != b->kind || a->from != b->from || a->to != b->to || a->dissector != b->dissector)
        return false;
    g_autoptr(GString) one = g_string_new(NULL);
    g_autoptr(GString) other = g_string_new(NULL);
    mg_trace_summarize(trace, before, one);
    mg_trace_summarize(trace, n, other);
    return g_string_equal(one, other);
}

/* "mallory", or, if it lies about its address, "mallory (as ns.example.net)". */
static char *sender(const MgTrace *trace, uint32_t n)
{
    MgHostId from = mg_trace_record(trace, n)->from, posed = mg_words_posed(trace, n);
    if (posed == 0)
        return g_strdup(host_name(trace, from));
    /* TRANSLATORS: a host, and the one whose address it pretends to have */
    return g_strdup_printf(_("%s (as %s)"), host_name(trace, from), host_name(trace, posed));
}

char *mg_words_record(const MgTrace *trace, uint32_t n)
{
    const MgRecord *record = mg_trace_record(trace, n);
    g_autofree char *summary = mg_words_summary(trace, n, 80);
    const MgDissector *dissector =
        mg_registry_dissector(mg_trace_registry(trace), record->dissector);
    g_autofree char *from = sender(trace, n);
    if (record->kind == MG_RECORD_EXCHANGE && record->to != 0) {
        const char *label = dissector != NULL ? dissector->label : "";
        bool encrypted = (record->flags & MG_RECORD_ENCRYPTED) != 0;
        /* TRANSLATORS: from host, to host, protocol, kind, wire text */
        return g_strdup_printf(
            encrypted ? _("%s to %s, encrypted %s %s %s") : _("%s to %s, %s %s %s"), from,
            host_name(trace, record->to), label, mg_words_kind(trace, n), summary);
    }
    /* TRANSLATORS: host, kind, text */
    return g_strdup_printf(_("%s, %s: %s"), host_name(trace, record->from), mg_words_kind(trace, n),
                           summary);
}

bool mg_words_is_korean(void)
{
    const char *const *languages = g_get_language_names();
    return languages[0] != NULL && g_str_has_prefix(languages[0], "ko");
}

const char *mg_words_title(const MgNetwork *network)
{
    const char *korean = mg_words_is_korean() ? network->title_ko : NULL;
    return korean != NULL ? korean : network->title != NULL ? network->title : "";
}

const char *mg_words_description(const MgNetwork *network)
{
    const char *korean = mg_words_is_korean() ? network->description_ko : NULL;
    return korean != NULL ? korean : network->description != NULL ? network->description : "";
}

/* The regions of the first and the last mail program: where mail goes from and to. */
char *mg_words_regions(const MgNetwork *network)
{
    const char *first = NULL, *last = NULL;
    for (unsigned i = 0; i < network->hosts->len; i++) {
        const MgNetworkHost *host = &g_array_index(network->hosts, MgNetworkHost, i);
        if (g_strcmp0(host->kind, "mua") != 0 || host->region == NULL)
            continue;
        first = first != NULL ? first : host->region;
        last = host->region;
    }
    if (first == NULL)
        return g_strdup("");
    return strcmp(first, last) == 0 ? g_strdup(first) : g_strdup_printf("%s → %s", first, last);
}

const char *mg_words_host_kind(const char *kind)
{
    static const struct {
        const char *kind, *word;
    } rows[] = {{"mua", N_("mail program")},       {"mta", N_("mail server")},
                {"mda", N_("mailboxes")},          {"resolver", N_("resolver")},
                {"nameserver", N_("name server")}, {"rbl", N_("block list")},
                {"attacker", N_("attacker")},      {"keyserver", N_("key server")}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (g_strcmp0(rows[i].kind, kind) == 0)
            return _(rows[i].word);
    return kind != NULL ? kind : "";
}

char *mg_words_source_uri(const char *source)
{
    if (source == NULL || !g_str_has_prefix(source, "RFC "))
        return NULL;
    unsigned rfc = (unsigned)g_ascii_strtoull(source + 4, NULL, 10);
    const char *section = strstr(source, "§");
    size_t len = section != NULL ? strspn(section + strlen("§"), "0123456789.") : 0;
    if (len > 0)
        return g_strdup_printf("https://www.rfc-editor.org/rfc/rfc%u#section-%.*s", rfc, (int)len,
                               section + strlen("§"));
    return g_strdup_printf("https://www.rfc-editor.org/rfc/rfc%u", rfc);
}
