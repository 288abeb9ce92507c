/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-content.c - Content-Type and Content-Disposition with their parameters
 * (RFC 2045 §5.1, RFC 2183, RFC 2231)
 */
#include "message-private.h"

#define PARAMETERS_MAX 200u
#define NO_PIECE       UINT_MAX

/* As it is written: "filename*1*=…" is {filename, 1, extended}. */
typedef struct {
    char *name;
    unsigned piece; /* NO_PIECE: the value is whole */
    bool extended, used;
    GString *value;
} Raw;

static void clear_raw(void *data)
{
    Raw *raw = data;
    g_free(raw->name);
    g_string_free(raw->value, TRUE);
}

static char *take_token(MgMessageScan *scan, const char *ends)
{
    size_t from = scan->at;
    while (!mg_message_scan_end(scan)) {
        uint8_t octet = mg_message_scan_peek(scan);
        if (mg_message_is_space(octet) || octet == 0 || strchr(ends, octet) != NULL)
            break;
        scan->at++;
    }
    return g_ascii_strdown((const char *)scan->text.data + from, (gssize)(scan->at - from));
}

static void take_value(MgMessageScan *scan, GString *out)
{
    if (mg_message_scan_peek(scan) == '"') {
        mg_message_scan_quoted(scan, out);
        return;
    }
    for (;;) {
        while (!mg_message_scan_end(scan) && mg_message_scan_peek(scan) != ';' &&
               !mg_message_is_space(mg_message_scan_peek(scan)))
            g_string_append_c(out, (char)scan->text.data[scan->at++]);
        /* Does "name=" come next, or more of the value ("name=my file.txt")? */
        MgMessageScan ahead = *scan;
        mg_message_scan_cfws(&ahead);
        MgMessageScan word = ahead;
        g_autofree char *token = take_token(&word, "=;\"(");
        mg_message_scan_cfws(&word);
        if (token[0] == '\0' || mg_message_scan_peek(&word) == '=') {
            *scan = ahead;
            return;
        }
        g_string_append_c(out, ' ');
        *scan = ahead;
    }
}

/* "name", "name*", "name*1", "name*1*" (RFC 2231 §3, §4) */
static void split_name(Raw *raw)
{
    raw->piece = NO_PIECE;
    char *star = strchr(raw->name, '*');
    if (star == NULL)
        return;
    char *end = star + 1;
    if (g_ascii_isdigit(*end)) {
        guint64 piece = g_ascii_strtoull(star + 1, &end, 10);
        raw->piece = piece < PARAMETERS_MAX ? (unsigned)piece : NO_PIECE - 1;
    }
    raw->extended = raw->piece == NO_PIECE || *end == '*';
    *star = '\0';
}

static void take_parameter(MgMessageScan *scan, GArray *raws)
{
    Raw raw = {.name = take_token(scan, "=;\"(")};
    mg_message_scan_cfws(scan);
    raw.value = g_string_new(NULL);
    if (mg_message_scan_peek(scan) == '=') {
        scan->at++;
        mg_message_scan_cfws(scan);
        take_value(scan, raw.value);
    }
    if (raw.name[0] == '\0' || raws->len == PARAMETERS_MAX) {
        clear_raw(&raw);
        return;
    }
    split_name(&raw);
    g_array_append_val(raws, raw);
}

/* ---- putting pieces together ---- */

static Raw *find_piece(GArray *raws, const char *name, unsigned piece, int extended)
{
    for (guint i = 0; i < raws->len; i++) {
        Raw *raw = &g_array_index(raws, Raw, i);
        if (raw->piece == piece && (extended < 0 || raw->extended == (extended > 0)) &&
            strcmp(raw->name, name) == 0)
            return raw;
    }
    return NULL;
}

/* RFC 2231 §4: "charset'language'octets". `*charset` is (transfer full). */
static MgSpan strip_charset(const GString *value, char **charset)
{
    const char *first = strchr(value->str, '\'');
    const char *second = first != NULL ? strchr(first + 1, '\'') : NULL;
    if (second == NULL)
        return (MgSpan){(const uint8_t *)value->str, value->len};
    *charset = g_strndup(value->str, (gsize)(first - value->str));
    return mg_span_from_string(second + 1);
}

static char *extended_value(GArray *raws, Raw *first)
{
    g_autofree char *charset = NULL;
    g_autoptr(GByteArray) octets = g_byte_array_new();
    bool any = false;
    for (Raw *raw = first; raw != NULL;
         raw = raw->piece < NO_PIECE - 1 ? find_piece(raws, raw->name, raw->piece + 1, -1) : NULL) {
        MgSpan span = {(const uint8_t *)raw->value->str, raw->value->len};
        if (raw->extended && raw == first)
            span = strip_charset(raw->value, &charset);
        if (raw->extended)
            mg_message_decode_percent(span, octets);
        else
            g_byte_array_append(octets, span.data, (guint)span.len);
        any = any || raw->extended;
        raw->used = true;
    }
    MgSpan whole = {octets->data != NULL ? octets->data : (const uint8_t *)"", octets->len};
    if (!any)
        return mg_message_decode_words(whole);
    g_autoptr(GString) text = g_string_new(NULL);
    GString *out = g_string_new(NULL);
    mg_message_to_utf8(whole, charset != NULL && charset[0] != '\0' ? charset : NULL, text);
    mg_message_add_utf8((MgSpan){(const uint8_t *)text->str, text->len}, false, out);
    return g_string_free(out, FALSE);
}

static const char *keep(GStringChunk *strings, MgSpan raw)
{
    g_autoptr(GString) valid = g_string_new(NULL);
    mg_message_add_utf8(raw, false, valid);
    return g_string_chunk_insert(strings, valid->str);
}

/* One value a name: extended is better than in pieces, and both than plain, which is there for
 * programs that know neither. */
static void add_parameter(GArray *raws, Raw *raw, GStringChunk *strings, GArray *parameters)
{
    Raw *first = find_piece(raws, raw->name, NO_PIECE, 1);
    first = first != NULL ? first : find_piece(raws, raw->name, 0, -1);
    g_autofree char *value = NULL;
    if (first != NULL)
        value = extended_value(raws, first);
    else
        value =
            mg_message_decode_words((MgSpan){(const uint8_t *)raw->value->str, raw->value->len});
    MgMessageParameter parameter = {keep(strings, mg_span_from_string(raw->name)),
                                    g_string_chunk_insert(strings, value)};
    g_array_append_val(parameters, parameter);
}

static void add_parameters(GArray *raws, GStringChunk *strings, GArray *parameters)
{
    for (guint i = 0; i < raws->len; i++) {
        Raw *raw = &g_array_index(raws, Raw, i);
        bool known = false;
        for (guint k = 0; k < i && !known; k++)
            known = strcmp(g_array_index(raws, Raw, k).name, raw->name) == 0;
        if (!known)
            add_parameter(raws, raw, strings, parameters);
    }
}

/* ---- the whole ---- */

void mg_message_parse_content(MgSpan raw, GStringChunk *strings, const char **type,
                              const char **subtype, GArray *parameters)
{
    MgMessageScan scan = {raw, 0};
    mg_message_scan_cfws(&scan);
    g_autofree char *first = take_token(&scan, "/;(\"=");
    g_autofree char *second = NULL;
    mg_message_scan_cfws(&scan);
    if (mg_message_scan_peek(&scan) == '/') {
        scan.at++;
        mg_message_scan_cfws(&scan);
        second = take_token(&scan, ";(\"=");
    }
    *type = keep(strings, mg_span_from_string(first));
    *subtype =
        second != NULL && second[0] != '\0' ? keep(strings, mg_span_from_string(second)) : NULL;
    g_autoptr(GArray) raws = g_array_new(FALSE, TRUE, sizeof(Raw));
    g_array_set_clear_func(raws, clear_raw);
    for (;;) {
        mg_message_scan_cfws(&scan);
        if (mg_message_scan_end(&scan))
            break;
        size_t before = scan.at;
        if (mg_message_scan_peek(&scan) == ';')
            scan.at++;
        mg_message_scan_cfws(&scan);
        take_parameter(&scan, raws);
        if (scan.at == before) /* what is no parameter at all */
            scan.at++;
    }
    add_parameters(raws, strings, parameters);
}

const char *mg_message_parameter(const GArray *parameters, const char *name)
{
    for (guint i = 0; i < parameters->len; i++) {
        const MgMessageParameter *parameter = &g_array_index(parameters, MgMessageParameter, i);
        if (strcmp(parameter->name, name) == 0)
            return parameter->value;
    }
    return NULL;
}
