/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasl-vectors.c - the examples that the RFCs print, octet by octet, at both ends */
#include "sasl-test.h"

char *sasl_base64(const char *text)
{
    return g_base64_encode((const guchar *)text, strlen(text));
}

typedef struct {
    MgSaslMechanism mechanism;
    const char *user, *password, *acts_as;
    const char *client_nonce, *server_nonce, *salt; /* salt: base64, as it is printed */
    const char *lines[4]; /* not encoded: client, server, client, server; NULL: not said */
    const char *source;
} Vector;

static const Vector vectors[] = {
    {MG_SASL_SCRAM_SHA_1,
     "user",
     "pencil",
     NULL,
     "fyko+d2lbbFgONRv9qkxdawL",
     "3rfcNHYJY1ZVvWVs7j",
     "QSXCR+Q6sek8bf92",
     {"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
      "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
      "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
      "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="},
     "RFC 5802 §5"},
    {MG_SASL_SCRAM_SHA_256,
     "user",
     "pencil",
     NULL,
     "rOprNGfwEbeRWgbNEkqO",
     "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
     "W22ZaJ0SNY7soEsUEjb6gQ==",
     {"n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
      "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
      "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
      "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="},
     "RFC 7677 §3"},
    {MG_SASL_CRAM_MD5,
     "tim",
     "tanstaaftanstaaf",
     NULL,
     NULL,
     "<1896.697170952@postoffice.reston.mci.net>",
     NULL,
     {NULL, "<1896.697170952@postoffice.reston.mci.net>", "tim b913a602c7eda7a495b4e6e7334d3890",
      NULL},
     "RFC 2195 §2"},
};

static MgSpan line_of(const char *text, char **slot)
{
    *slot = sasl_base64(text);
    return mg_span_from_string(*slot);
}

static void check_server(const Vector *vector, const char *secret)
{
    MgSaslPolicy policy = {.nonce = vector->server_nonce};
    g_autoptr(MgSaslServer) server = mg_sasl_server_new(&policy);
    MgSpan name = mg_span_from_string(mg_sasl_mechanisms[vector->mechanism].name);
    g_autofree char *first = NULL, *second = NULL, *sent = NULL, *proof = NULL;
    MgSpan line = vector->lines[0] != NULL ? line_of(vector->lines[0], &first) : (MgSpan){NULL, 0};
    MgSaslStep step = mg_sasl_server_start(server, name, first != NULL ? &line : NULL);
    if (step == MG_SASL_ASK) {
        g_assert_cmpstr(mg_sasl_server_user(server), ==, vector->user);
        step = mg_sasl_server_credentials(server, secret);
    }
    g_assert_cmpint(step, ==, MG_SASL_SEND);
    line_of(vector->lines[1], &sent);
    g_assert_cmpstr(mg_sasl_server_line(server), ==, sent);
    step = mg_sasl_server_step(server, line_of(vector->lines[2], &second));
    if (step == MG_SASL_ASK)
        step = mg_sasl_server_credentials(server, secret);
    if (vector->lines[3] != NULL) {
        line_of(vector->lines[3], &proof);
        g_assert_cmpint(step, ==, MG_SASL_SEND);
        g_assert_cmpstr(mg_sasl_server_line(server), ==, proof);
        step = mg_sasl_server_step(server, (MgSpan){NULL, 0});
    }
    g_assert_cmpint(step, ==, MG_SASL_DONE);
    g_assert_cmpstr(mg_sasl_server_name(server), ==, vector->user);
}

static void check_client(const Vector *vector)
{
    MgSaslIdentity identity = {
        .user = vector->user, .password = vector->password, .nonce = vector->client_nonce};
    g_autoptr(MgSaslClient) client = mg_sasl_client_new(&identity);
    g_autofree char *first = NULL, *challenge = NULL, *answer = NULL, *proof = NULL;
    g_assert_cmpint(mg_sasl_client_start(client, vector->mechanism), ==, MG_SASL_SEND);
    const char *initial = mg_sasl_client_initial(client, SIZE_MAX);
    if (vector->lines[0] != NULL)
        line_of(vector->lines[0], &first);
    g_assert_cmpstr(initial, ==, first);
    MgSpan line = line_of(vector->lines[1], &challenge);
    g_assert_cmpint(mg_sasl_client_step(client, line), ==, MG_SASL_SEND);
    line_of(vector->lines[2], &answer);
    g_assert_cmpstr(mg_sasl_client_line(client), ==, answer);
    if (vector->lines[3] != NULL) {
        line = line_of(vector->lines[3], &proof);
        g_assert_cmpint(mg_sasl_client_step(client, line), ==, MG_SASL_SEND);
        g_assert_cmpstr(mg_sasl_client_line(client), ==, "");
    }
    g_assert_cmpint(mg_sasl_client_succeeded(client), ==, MG_SASL_DONE);
}

static void test_vector(const void *data)
{
    const Vector *vector = data;
    const char *secret = vector->password;
    g_autoptr(GString) keys_text = g_string_new(NULL);
    if (vector->salt != NULL) { /* the salt of the RFC is stored */
        size_t len = 0;
        g_autofree guchar *salt = g_base64_decode(vector->salt, &len);
        MgSaslKeys keys = {.mechanism = vector->mechanism, .iterations = 4096};
        g_assert_true(mg_sasl_keys_make(&keys, vector->password, (MgSpan){salt, len}));
        mg_sasl_keys_write(&keys, keys_text);
        secret = keys_text->str;
    }
    check_server(vector, secret);
    check_client(vector);
}

/* RFC 4616 §4 */
static void test_plain(void)
{
    static const struct {
        const char octets[40];
        size_t len;
        const char *user, *password, *acts_as;
    } rows[] = {
        {"\0tim\0tanstaaftanstaaf", 21, "tim", "tanstaaftanstaaf", NULL},
        {"Ursel\0Kurt\0xipj3plmq", 20, "Kurt", "xipj3plmq", "Ursel"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *line = g_base64_encode((const guchar *)rows[i].octets, rows[i].len);
        MgSpan span = mg_span_from_string(line);
        MgSaslPolicy policy = {.clear = true, .proxy = true};
        g_autoptr(MgSaslServer) server = mg_sasl_server_new(&policy);
        g_assert_cmpint(mg_sasl_server_start(server, MG_SPAN("plain"), &span), ==, MG_SASL_ASK);
        g_assert_cmpint(mg_sasl_server_fault(server), ==, MG_SASL_FAULT_CLEAR);
        g_assert_cmpstr(mg_sasl_server_user(server), ==, rows[i].user);
        g_assert_cmpint(mg_sasl_server_credentials(server, rows[i].password), ==, MG_SASL_DONE);
        g_assert_cmpstr(mg_sasl_server_acts_as(server), ==,
                        rows[i].acts_as != NULL ? rows[i].acts_as : rows[i].user);
        MgSaslIdentity identity = {.user = rows[i].user,
                                   .password = rows[i].password,
                                   .acts_as = rows[i].acts_as,
                                   .clear = true};
        g_autoptr(MgSaslClient) client = mg_sasl_client_new(&identity);
        g_assert_cmpint(mg_sasl_client_start(client, MG_SASL_PLAIN), ==, MG_SASL_SEND);
        g_assert_cmpstr(mg_sasl_client_initial(client, SIZE_MAX), ==, line);
    }
}

/* RFC 4013 §3, and more of its tables. */
static void test_prep(void)
{
    static const struct {
        const char *text, *prepared; /* NULL: forbidden */
    } rows[] = {
        {"I\u00adX", "IX"},
        {"user", "user"},
        {"USER", "USER"},
        {"\u00aa", "a"},
        {"\u2168", "IX"},
        {"\a", NULL},
        {"\u06271", NULL},
        {"a\u00a0b", "a b"},
        {"", ""},
        {"\u0627b\u0628", NULL},
        {"\u06271\u0628", "\u06271\u0628"},
        {"1\u0627", NULL},
        {"\ue000", NULL},
        {"\ufdd0", NULL},
        {"\U0002fffe", NULL},
        {"a\x7f", NULL},
        {"\xff", NULL},
        {"비밀번호", "비밀번호"},
        {"\u1107\u1175", "비"},
        {"\u212b", "\u00c5"} /* the case stays */,
        {"\u2ff0", NULL},
        {"a\u200eb", NULL},
        {"\ufffd", NULL},
        {"\U000e0020", NULL},
        {"I\u200bX", "I X"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *prepared = mg_sasl_prep(rows[i].text, true);
        g_assert_cmpstr(prepared, ==, rows[i].prepared);
    }
    g_autofree char *later = mg_sasl_prep("a\u0378", false); /* not assigned: only for a query */
    g_assert_cmpstr(later, ==, "a\u0378");
    g_assert_null(mg_sasl_prep("a\u0378", true));
}

static void test_keys(void)
{
    static const char text[] = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
                               "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
                               "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
    MgSaslKeys keys, made = {.mechanism = MG_SASL_SCRAM_SHA_256, .iterations = 4096};
    g_assert_true(mg_sasl_keys_parse(text, &keys));
    g_assert_true(mg_sasl_keys_make(&made, "pencil", (MgSpan){keys.salt, keys.salt_len}));
    g_assert_cmpmem(keys.stored, 32, made.stored, 32);
    g_assert_cmpmem(keys.server, 32, made.server, 32);
    g_autoptr(GString) out = g_string_new(NULL);
    mg_sasl_keys_write(&made, out);
    g_assert_cmpstr(out->str, ==, text);
    for (size_t i = 0; i < strlen(text); i++) { /* cut short, it is none */
        g_autofree char *cut = g_strndup(text, i);
        g_assert_false(mg_sasl_keys_parse(cut, &keys));
    }
    static const char *const wrong[] = {"secret",
                                        "",
                                        "$",
                                        "SCRAM-SHA-256$0:AA==$AA==:AA==",
                                        "SCRAM-SHA-256$ 1:AA==$AA==:AA==",
                                        "CRAM-MD5$4096:AA==$AA==:AA==",
                                        "SCRAM-SHA-1$4096:$:",
                                        "SCRAM-SHA-1$99999999999:AA==$A:A"};
    for (size_t i = 0; i < G_N_ELEMENTS(wrong); i++)
        g_assert_false(mg_sasl_keys_parse(wrong[i], &keys));
}

static void test_for_people(void)
{
    g_autofree char *plain = mg_sasl_decode_for_people(MG_SPAN("AGJvYgBzZWNyZXQ="));
    g_assert_cmpstr(plain, ==, "␀bob␀secret");
    g_autofree char *odd = mg_sasl_decode_for_people(MG_SPAN("/wfDpQ=="));
    g_assert_cmpstr(odd, ==, "\\xff\\x07å");
    g_assert_null(mg_sasl_decode_for_people(MG_SPAN("Zg=")));
    g_assert_null(mg_sasl_decode_for_people(MG_SPAN("Zh==")));
    g_assert_null(mg_sasl_decode_for_people(MG_SPAN("Zm 9")));
    g_assert_null(mg_sasl_decode_for_people(MG_SPAN("====")));
}

void sasl_add_vectors(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(vectors); i++) {
        g_autofree char *path =
            g_strdup_printf("/sasl/vector/%s", mg_sasl_mechanisms[vectors[i].mechanism].name);
        g_test_add_data_func(path, &vectors[i], test_vector);
    }
    g_test_add_func("/sasl/vector/plain", test_plain);
    g_test_add_func("/sasl/prep", test_prep);
    g_test_add_func("/sasl/keys", test_keys);
    g_test_add_func("/sasl/for-people", test_for_people);
}
