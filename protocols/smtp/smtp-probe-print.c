/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-probe-print.c - what was learnt of servers, as a table for people and as JSON */
#include "smtp-probe.h"
#include "text.h"

static const struct {
    const char *title, *key;
} stages[MG_PROBE_N_STAGES] = {
    [MG_PROBE_CONNECT] = {"connect", "connect"},
    [MG_PROBE_GREETING] = {"greeting", "greeting"},
    [MG_PROBE_EHLO] = {"EHLO", "ehlo"},
    [MG_PROBE_STARTTLS] = {"STARTTLS", "starttls"},
    [MG_PROBE_CERTIFICATE] = {"certificate", "certificate"},
    [MG_PROBE_EHLO_TLS] = {"EHLO again", "ehlo-tls"},
    [MG_PROBE_MAIL] = {"MAIL", "mail"},
    [MG_PROBE_RCPT] = {"RCPT", "rcpt"},
};

static const char *const outcomes[] = {
    [MG_PROBE_UNTESTED] = "could not test", [MG_PROBE_OK] = "ok",
    [MG_PROBE_REFUSED] = "refused",         [MG_PROBE_NOT_OFFERED] = "not offered",
    [MG_PROBE_NOT_ASKED] = "not asked",
};

/* ---- for people ---- */

/* "ok 12 ms", "refused 550" */
static char *cell_of(const MgProbeResult *result)
{
    const char *word = outcomes[result->outcome];
    if (result->outcome == MG_PROBE_OK)
        return g_strdup_printf("ok %" G_GINT64_FORMAT " ms", result->took / MG_MILLISECONDS);
    if (result->outcome == MG_PROBE_REFUSED && result->code != 0)
        return g_strdup_printf("refused %u", result->code);
    return g_strdup(result->outcome == MG_PROBE_NOT_ASKED ? "-" : word);
}

static char *name_of(const MgProbeHost *host)
{
    return strchr(host->name, ':') != NULL ? g_strdup_printf("[%s]:%u", host->name, host->port)
                                           : g_strdup_printf("%s:%u", host->name, host->port);
}

static void add_cell(GString *out, const char *text, size_t width, bool last)
{
    g_string_append(out, text);
    for (size_t n = strlen(text); !last && n < width + 2; n++)
        g_string_append_c(out, ' ');
}

/* What the table has no room for. */
static void add_details(const MgProbeHost *host, GString *out)
{
    for (size_t i = 0; i < MG_PROBE_N_STAGES; i++) {
        const MgProbeResult *result = &host->results[i];
        bool why = i == MG_PROBE_CERTIFICATE || result->outcome == MG_PROBE_REFUSED ||
                   result->outcome == MG_PROBE_UNTESTED;
        if (!why || result->text == NULL)
            continue;
        /* What one trouble has made impossible is said once. */
        if (result->outcome == MG_PROBE_UNTESTED && i > 0 &&
            g_strcmp0(result->text, host->results[i - 1].text) == 0)
            continue;
        g_string_append_printf(out, "  %s: %s", stages[i].title, outcomes[result->outcome]);
        if (result->code != 0)
            g_string_append_printf(out, " (%u %s)\n", result->code, result->text);
        else
            g_string_append_printf(out, " (%s)\n", result->text);
    }
}

void mg_probe_print_table(const GPtrArray *hosts, GString *out)
{
    size_t widths[MG_PROBE_N_STAGES + 1] = {0};
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
    for (guint h = 0; h <= hosts->len; h++) {
        const MgProbeHost *host = h > 0 ? g_ptr_array_index(hosts, h - 1) : NULL;
        for (size_t i = 0; i <= MG_PROBE_N_STAGES; i++) {
            char *cell = host == NULL ? g_strdup(i == 0 ? "" : stages[i - 1].title)
                         : i == 0     ? name_of(host)
                                      : cell_of(&host->results[i - 1]);
            widths[i] = MAX(widths[i], strlen(cell));
            g_ptr_array_add(cells, cell);
        }
    }
    for (guint c = 0; c < cells->len; c++) {
        size_t column = c % (MG_PROBE_N_STAGES + 1);
        bool last = column == MG_PROBE_N_STAGES;
        add_cell(out, g_ptr_array_index(cells, c), widths[column], last);
        if (last)
            g_string_append_c(out, '\n');
    }
    for (guint h = 0; h < hosts->len; h++) {
        const MgProbeHost *host = g_ptr_array_index(hosts, h);
        g_autofree char *name = name_of(host);
        size_t before = out->len;
        g_string_append_printf(out, "\n%s%s%s%s\n", name, host->address != NULL ? " (" : "",
                               host->address != NULL ? host->address : "",
                               host->address != NULL ? ")" : "");
        size_t head = out->len;
        add_details(host, out);
        if (out->len == head)
            g_string_truncate(out, before);
    }
}

/* ---- for programs ---- */

static void add_string(GString *json, const char *key, const char *value)
{
    g_string_append_printf(json, "\"%s\":", key);
    if (value != NULL)
        mg_text_add_json(json, value);
    else
        g_string_append(json, "null");
}

static void add_result(GString *json, size_t stage, const MgProbeResult *result)
{
    bool tested = result->outcome == MG_PROBE_OK || result->outcome == MG_PROBE_REFUSED;
    g_string_append_printf(json,
                           "{\"stage\":\"%s\",\"outcome\":\"%s\",\"time\":", stages[stage].key,
                           outcomes[result->outcome]);
    if (tested)
        g_string_append_printf(json, "%.6f", (double)result->took / (double)MG_SECONDS);
    else
        g_string_append(json, "null");
    if (result->code != 0)
        g_string_append_printf(json, ",\"code\":%u,", result->code);
    else
        g_string_append(json, ",\"code\":null,");
    add_string(json, "text", result->text);
    g_string_append_c(json, '}');
}

void mg_probe_print_json(const MgProbeHost *host, GString *out)
{
    g_string_append_c(out, '{');
    add_string(out, "host", host->name);
    g_string_append_printf(out, ",\"port\":%u,", host->port);
    add_string(out, "address", host->address);
    if (host->preference >= 0)
        g_string_append_printf(out, ",\"preference\":%d", host->preference);
    g_string_append(out, ",\"stages\":[");
    for (size_t i = 0; i < MG_PROBE_N_STAGES; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        add_result(out, i, &host->results[i]);
    }
    g_string_append_printf(out, "],\"chain\":[%s]}\n", host->chain->str);
}

void mg_probe_add_certificate(MgProbeHost *host, const MgCertificate *certificate)
{
    GString *json = host->chain;
    g_string_append(json, json->len > 0 ? ",{" : "{");
    add_string(json, "subject", certificate->subject);
    g_string_append_c(json, ',');
    add_string(json, "issuer", certificate->issuer);
    g_string_append_c(json, ',');
    add_string(json, "names", certificate->names);
    g_string_append_printf(
        json, ",\"not_before\":%" G_GINT64_FORMAT ",\"not_after\":%" G_GINT64_FORMAT ",",
        certificate->not_before, certificate->not_after);
    add_string(json, "fingerprint", certificate->fingerprint);
    g_string_append_c(json, '}');
}
