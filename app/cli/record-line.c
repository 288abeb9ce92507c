/* SPDX-License-Identifier: GPL-3.0-or-later */
/* record-line.c - a record as one line on a terminal */
#include <glib/gi18n.h>
#include <stdio.h>

#include "record-line.h"

#include "inet.h"

struct MgRecordLine {
    MgRegistry *registry;
    GByteArray *depth; /* (nullable) of record n at n: how many causes are above it */
    int width_pair, width_label;
    GString *line, *summary;
};

int mg_text_columns(const char *text)
{
    int width = 0;
    for (; *text != '\0'; text = g_utf8_next_char(text)) {
        gunichar c = g_utf8_get_char(text);
        width += g_unichar_iszerowidth(c) ? 0 : g_unichar_iswide(c) ? 2 : 1;
    }
    return width;
}

static MgRecordLine *new_line(int width_pair, MgRegistry *registry)
{
    MgRecordLine *self = g_new0(MgRecordLine, 1);
    self->registry = registry;
    self->line = g_string_new(NULL);
    self->summary = g_string_new(NULL);
    self->width_pair = width_pair;
    self->width_label = 4;
    for (size_t i = 1; i < mg_registry_n_dissectors(self->registry); i++) {
        const char *label = mg_registry_dissector(self->registry, (uint8_t)i)->label;
        self->width_label = MAX(self->width_label, mg_text_columns(label));
    }
    return self;
}

MgRecordLine *mg_record_line_new(const MgNetwork *network, MgRegistry *registry)
{
    int longest[2] = {0, 0};
    for (unsigned i = 0; i < network->hosts->len; i++) {
        int width = mg_text_columns(g_array_index(network->hosts, MgNetworkHost, i).name);
        if (width > longest[0]) {
            longest[1] = longest[0];
            longest[0] = width;
        } else {
            longest[1] = MAX(longest[1], width);
        }
    }
    MgRecordLine *self = new_line(longest[0] + 3 + longest[1], registry);
    self->depth = g_byte_array_new();
    return self;
}

MgRecordLine *mg_record_line_new_for_pair(const char *client, const char *server,
                                          MgRegistry *registry)
{
    return new_line(mg_text_columns(client) + 3 + mg_text_columns(server), registry);
}

void mg_record_line_free(MgRecordLine *self)
{
    if (self == NULL)
        return;
    if (self->depth != NULL)
        g_byte_array_unref(self->depth);
    g_string_free(self->line, TRUE);
    g_string_free(self->summary, TRUE);
    g_free(self);
}

bool mg_record_is_bare(const MgRegistry *registry, const MgRecord *record)
{
    const MgDissector *dissector = mg_registry_dissector(registry, record->dissector);
    return dissector == &mg_inet_tcp || dissector == &mg_inet_udp || dissector == &mg_inet_icmp;
}

bool mg_record_is_layer(const MgTrace *trace, uint32_t n)
{
    const MgRecord *record = mg_trace_record(trace, n);
    bool layered = false;
    for (size_t i = 0; i < mg_registry_n_layers(mg_trace_registry(trace)); i++) {
        const MgLayerKind *layer = mg_registry_layer_at(mg_trace_registry(trace), i);
        layered = layered || record->dissector == mg_registry_dissector_index(
                                                      mg_trace_registry(trace), layer->dissector);
    }
    if (!layered || record->kind != MG_RECORD_EXCHANGE)
        return false;
    g_autoptr(MgTree) tree = mg_trace_tree(trace, n);
    return mg_tree_find(tree, "tls.app_data", MG_NODE_ROOT) != MG_NODE_ROOT;
}

void mg_record_line_note(MgRecordLine *self, const MgRecord *record, uint32_t n)
{
    uint32_t parent = record->parent;
    if (self->depth == NULL)
        return;
    g_assert(parent < n);      /* a cause comes first */
    if (self->depth->len <= n) /* else it is another branch's: told anew from where that begins */
        g_byte_array_set_size(self->depth, n + 1);
    self->depth->data[n] = parent != 0 ? (uint8_t)MIN(self->depth->data[parent] + 1, 20) : 0;
}

static void pad(GString *line, int width, size_t from)
{
    for (int n = mg_text_columns(line->str + from); n < width; n++)
        g_string_append_c(line, ' ');
}

static const char *host_name(const MgTrace *trace, MgHostId host)
{
    return host != 0 ? mg_trace_host(trace, host)->name : "";
}

/* " 0.084  alice → mta.example.com   SMTP   EHLO alice.example.com" */
void mg_record_line_print(MgRecordLine *self, const MgTrace *trace, uint32_t n)
{
    static const char *const kinds[] = {[MG_RECORD_EXCHANGE] = "?",
                                        [MG_RECORD_STATE] = N_("state"),
                                        [MG_RECORD_NOTE] = N_("note"),
                                        [MG_RECORD_DECISION] = N_("decision"),
                                        [MG_RECORD_ACTION] = N_("action")};
    const MgRecord *record = mg_trace_record(trace, n);
    const MgDissector *dissector = mg_registry_dissector(self->registry, record->dissector);
    GString *line = self->line;
    int64_t ms = record->at / MG_MILLISECONDS;
    g_string_printf(line, "%2" G_GINT64_FORMAT ".%03d  ", ms / 1000, (int)(ms % 1000));
    size_t from = line->len;
    g_string_append(line, host_name(trace, record->from));
    if (record->to != 0)
        g_string_append_printf(line, " → %s", host_name(trace, record->to));
    pad(line, self->width_pair, from);
    g_string_append(line, "   ");
    from = line->len;
    g_string_append(line, record->kind == MG_RECORD_EXCHANGE && dissector != NULL
                              ? dissector->label
                              : _(kinds[record->kind]));
    pad(line, self->width_label, from);
    g_string_append(line, "   ");
    for (unsigned i = 0; self->depth != NULL && i < self->depth->data[n]; i++)
        g_string_append(line, "  ");
    g_string_truncate(self->summary, 0); /* a dissector measures what it writes to */
    mg_trace_summarize(trace, n, self->summary);
    g_string_append_len(line, self->summary->str, (gssize)self->summary->len);
    g_string_append_c(line, '\n');
    fwrite(line->str, 1, line->len, stdout);
}
