/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasl.c - a hostile end of a login
 *
 * The first octet says which mechanism and which end is ours, the second what is around it. Then
 * lines of the other end; one that begins with "!" is sent as it is, others in base64. What is
 * never possible: a login without the password, and an engine that says something that is no line.
 */
#include "sasl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char secret[] = "s3cret-that-no-fuzzer-finds";
static const uint8_t exporter[32] = "an exporter of thirty-two octets";

static void check_line(const char *line)
{
    gsize len = 0;
    if (line[0] == '\0' || strcmp(line, "=") == 0)
        return;
    g_autofree guchar *octets = g_base64_decode(line, &len);
    g_autofree char *again = g_base64_encode(octets, len);
    g_assert_cmpstr(line, ==, again);
}

/* What the other end sends next; freed by the caller. False: nothing more. */
static bool take_line(MgSpan *rest, char **line, MgSpan *span)
{
    if (rest->len == 0)
        return false;
    const uint8_t *lf = memchr(rest->data, '\n', rest->len);
    size_t len = lf != NULL ? (size_t)(lf - rest->data) : rest->len;
    *line = rest->data[0] == '!' ? g_memdup2(rest->data + 1, len - 1)
                                 : g_base64_encode(rest->data, len);
    *span = (MgSpan){(const uint8_t *)*line, rest->data[0] == '!' ? len - 1 : strlen(*line)};
    size_t step = MIN(len + 1, rest->len);
    *rest = (MgSpan){rest->data + step, rest->len - step};
    return true;
}

static void check_fault(MgSaslStep step, MgSaslFault fault)
{
    if (step == MG_SASL_FAILED)
        g_assert_cmpint(fault, <, MG_SASL_N_FAULTS);
    else
        g_assert_true(fault == MG_SASL_FAULT_NONE || fault == MG_SASL_FAULT_CLEAR);
}

static void serve(MgSaslMechanism mechanism, unsigned around, MgSpan rest)
{
    MgSaslPolicy policy = {.clear = true, .iterations = 3, .nonce = "N", .host = "h"};
    if ((around & 1) != 0)
        policy.channel =
            (MgSaslChannel){.tls = true, .exporter = {exporter, 32}, .certificate = "bob"};
    g_autoptr(MgSaslServer) server = mg_sasl_server_new(&policy);
    char *line = NULL;
    MgSpan span = {NULL, 0};
    bool initial = (around & 2) != 0 && take_line(&rest, &line, &span);
    MgSaslStep step = mg_sasl_server_start(
        server, mg_span_from_string(mg_sasl_mechanisms[mechanism].name), initial ? &span : NULL);
    for (unsigned n = 0;; n++) {
        g_assert_cmpuint(n, <, 12);
        g_free(line);
        line = NULL;
        check_fault(step, mg_sasl_server_fault(server));
        check_line(mg_sasl_server_line(server));
        if (step == MG_SASL_ASK) {
            g_assert_true(g_utf8_validate(mg_sasl_server_user(server), -1, NULL));
            bool known = strcmp(mg_sasl_server_user(server), "bob") == 0;
            step = (around & 4) != 0 ? mg_sasl_server_unavailable(server)
                                     : mg_sasl_server_credentials(server, known ? secret : NULL);
            continue;
        }
        if (step != MG_SASL_SEND || !take_line(&rest, &line, &span))
            break;
        step = mg_sasl_server_step(server, span);
    }
    if (step == MG_SASL_DONE && mechanism == MG_SASL_EXTERNAL)
        g_assert_cmpstr(mg_sasl_server_acts_as(server), ==, "bob");
    else
        g_assert_cmpint(step, !=, MG_SASL_DONE);
}

static void log_in(MgSaslMechanism mechanism, unsigned around, MgSpan rest)
{
    MgSaslIdentity identity = {.user = "bob",
                               .password = secret,
                               .nonce = "C",
                               .clear = true,
                               .iterations_min = 1,
                               .iterations_max = 50};
    if ((around & 1) != 0)
        identity.channel =
            (MgSaslChannel){.tls = true, .exporter = {exporter, 32}, .certificate = "bob"};
    g_autoptr(MgSaslClient) client = mg_sasl_client_new(&identity);
    char *line = NULL;
    MgSpan span;
    MgSaslStep step = mg_sasl_client_start(client, mechanism);
    if ((around & 2) != 0 && step == MG_SASL_SEND &&
        mg_sasl_client_initial(client, SIZE_MAX) != NULL)
        check_line(mg_sasl_client_line(client));
    while (step == MG_SASL_SEND && take_line(&rest, &line, &span)) {
        step = mg_sasl_client_step(client, span);
        check_fault(step, mg_sasl_client_fault(client));
        check_line(mg_sasl_client_line(client));
        g_free(line);
    }
    if (step == MG_SASL_SEND && mg_sasl_client_succeeded(client) == MG_SASL_DONE)
        g_assert_true(mechanism == MG_SASL_EXTERNAL || mechanism >= MG_SASL_CRAM_MD5);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    MgSaslMechanism mechanism = (MgSaslMechanism)(data[0] % 8);
    MgSpan rest = {data + 2, size - 2};
    if ((data[0] & 8) != 0)
        log_in(mechanism, data[1], rest);
    else
        serve(mechanism, data[1], rest);
    MgSaslKeys keys;
    g_autofree char *text = g_strndup((const char *)rest.data, rest.len);
    g_autofree char *prepared = mg_sasl_prep(text, true);
    if (prepared != NULL) { /* RFC 3454 §7: once prepared, it stays */
        g_autofree char *again = mg_sasl_prep(prepared, true);
        g_assert_cmpstr(prepared, ==, again);
    }
    if (mg_sasl_keys_parse(text, &keys)) {
        g_autoptr(GString) written = g_string_new(NULL);
        mg_sasl_keys_write(&keys, written);
        g_assert_true(mg_sasl_keys_parse(written->str, &keys));
    }
    g_autofree char *shown = mg_sasl_decode_for_people(rest);
    if (shown != NULL)
        g_assert_true(g_utf8_validate(shown, -1, NULL));
    return 0;
}
