/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasl-test.c - both ends against each other, with every mechanism, and what is wrong on purpose */
#include "sasl-test.h"

static const uint8_t exporter[32] = "an exporter of thirty-two octets";
static const uint8_t end_point[32] = "the hash of some certificate ...";
static const uint8_t other[32] = "what somebody in between sees...";

#define TLS                                                                                        \
    {                                                                                              \
        .tls = true, .exporter = {exporter, 32}, .end_point = {end_point, 32},                     \
        .certificate = "bob"                                                                       \
    }

/* ---- a whole conversation ---- */

static char *pass(const SaslTalk *talk, SaslEnd *end, const char *line)
{
    g_string_append_printf(end->wire, "%s\n", line);
    g_assert_cmpuint(end->n_lines, <, 20);
    char *changed =
        talk->meddle != NULL ? talk->meddle(line, end->n_lines, talk->data) : g_strdup(line);
    end->n_lines++;
    return changed;
}

static MgSaslStep answer(const SaslTalk *talk, MgSaslServer *server, MgSaslStep step)
{
    if (step != MG_SASL_ASK)
        return step;
    bool known = strcmp(mg_sasl_server_user(server), talk->identity.user) == 0;
    return mg_sasl_server_credentials(server, known ? talk->secret : NULL);
}

static void note_end(SaslEnd *end, MgSaslServer *server, MgSaslClient *client)
{
    end->server_fault = mg_sasl_server_fault(server);
    end->client_fault = mg_sasl_client_fault(client);
    if (end->server == MG_SASL_DONE) {
        g_strlcpy(end->name, mg_sasl_server_name(server), sizeof end->name);
        g_strlcpy(end->acts_as, mg_sasl_server_acts_as(server), sizeof end->acts_as);
    }
}

void sasl_talk(const SaslTalk *talk, SaslEnd *end)
{
    g_autoptr(MgSaslServer) server = mg_sasl_server_new(&talk->policy);
    g_autoptr(MgSaslClient) client = mg_sasl_client_new(&talk->identity);
    *end = (SaslEnd){.wire = g_string_new(NULL)};
    end->client = mg_sasl_client_start(client, talk->mechanism);
    if (end->client == MG_SASL_SEND) {
        const char *initial = talk->late ? NULL : mg_sasl_client_initial(client, SIZE_MAX);
        g_autofree char *first = initial != NULL ? pass(talk, end, initial) : NULL;
        MgSpan line = mg_span_from_string(first);
        const char *name = mg_sasl_mechanisms[talk->mechanism].name;
        end->server = answer(
            talk, server,
            mg_sasl_server_start(server, mg_span_from_string(name), first != NULL ? &line : NULL));
        while (end->server == MG_SASL_SEND) {
            g_autofree char *challenge = pass(talk, end, mg_sasl_server_line(server));
            end->client = mg_sasl_client_step(client, mg_span_from_string(challenge));
            g_autofree char *response =
                pass(talk, end, end->client == MG_SASL_SEND ? mg_sasl_client_line(client) : "*");
            end->server =
                answer(talk, server, mg_sasl_server_step(server, mg_span_from_string(response)));
        }
        if (end->server == MG_SASL_DONE && end->client != MG_SASL_FAILED)
            end->client = mg_sasl_client_succeeded(client);
    }
    note_end(end, server, client);
}

static void clear_end(SaslEnd *end)
{
    g_string_free(end->wire, TRUE);
}

static SaslTalk usual(MgSaslMechanism mechanism)
{
    return (SaslTalk){.policy = {.channel = TLS, .host = "mail.example.net", .seed = 1},
                      .identity = {.user = "bob", .password = "se cret", .seed = 2, .channel = TLS},
                      .mechanism = mechanism,
                      .secret = "se cret"};
}

/* ---- all mechanisms ---- */

static void test_good(const void *data)
{
    MgSaslMechanism mechanism = (MgSaslMechanism)GPOINTER_TO_UINT(data);
    static const char *const passwords[] = {"se cret", "비밀번호,=", "p\u00e4ss", "\u00aa\u2168"};
    for (unsigned i = 0; i < G_N_ELEMENTS(passwords) * 4; i++) {
        SaslTalk talk = usual(mechanism);
        SaslEnd end;
        talk.late = i % 2 == 1;
        talk.identity.password = talk.secret = passwords[i / 4];
        bool strange_name = i % 4 >= 2 && mechanism != MG_SASL_EXTERNAL;
        talk.identity.user = strange_name ? "b=o,b@example.net" : "bob";
        sasl_talk(&talk, &end);
        g_assert_cmpint(end.server, ==, MG_SASL_DONE);
        g_assert_cmpint(end.client, ==, MG_SASL_DONE);
        g_assert_cmpint(end.server_fault, ==, MG_SASL_FAULT_NONE);
        g_assert_cmpint(end.client_fault, ==, MG_SASL_FAULT_NONE);
        g_assert_cmpstr(end.name, ==, talk.identity.user);
        g_assert_cmpstr(end.acts_as, ==, talk.identity.user);
        g_autofree char *shown = sasl_base64(talk.secret);
        if ((mg_sasl_mechanisms[mechanism].flags & MG_SASL_CLEAR) == 0)
            g_assert_null(strstr(end.wire->str, shown));
        clear_end(&end);
    }
}

/* The same seeds, the same octets; other seeds, others where there is a nonce. */
static void test_repeatable(const void *data)
{
    MgSaslMechanism mechanism = (MgSaslMechanism)GPOINTER_TO_UINT(data);
    SaslEnd one, two, three;
    SaslTalk talk = usual(mechanism);
    sasl_talk(&talk, &one);
    sasl_talk(&talk, &two);
    talk.policy.seed = 77;
    sasl_talk(&talk, &three);
    g_assert_cmpstr(one.wire->str, ==, two.wire->str);
    bool chance = mechanism <= MG_SASL_CRAM_MD5 && mechanism != MG_SASL_EXTERNAL;
    g_assert_true((strcmp(one.wire->str, three.wire->str) != 0) == chance);
    clear_end(&one);
    clear_end(&two);
    clear_end(&three);
}

static void test_wrong_password(const void *data)
{
    MgSaslMechanism mechanism = (MgSaslMechanism)GPOINTER_TO_UINT(data);
    static const char *const secrets[] = {"Se cret", "se cret ", "", "se cre", NULL};
    unsigned n_lines = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(secrets); i++) {
        SaslTalk talk = usual(mechanism);
        SaslEnd end;
        talk.secret = secrets[i];
        sasl_talk(&talk, &end);
        g_assert_cmpint(end.server, ==, MG_SASL_FAILED);
        g_assert_cmpint(end.server_fault, ==, MG_SASL_FAULT_CREDENTIALS);
        g_assert_cmpstr(end.name, ==, "");
        if (i > 0) /* a stranger's login looks like a wrong password */
            g_assert_cmpuint(end.n_lines, ==, n_lines);
        n_lines = end.n_lines;
        clear_end(&end);
    }
}

static void test_stored_keys(const void *data)
{
    MgSaslMechanism mechanism = (MgSaslMechanism)GPOINTER_TO_UINT(data);
    bool sha1 = mechanism == MG_SASL_SCRAM_SHA_1 || mechanism == MG_SASL_SCRAM_SHA_1_PLUS;
    for (unsigned i = 0; i < 4; i++) {
        MgSaslKeys keys = {.iterations = 5000,
                           .mechanism =
                               sha1 == (i < 2) ? MG_SASL_SCRAM_SHA_1 : MG_SASL_SCRAM_SHA_256};
        g_assert_true(mg_sasl_keys_make(&keys, "se cret", MG_SPAN("0123456789abcdef0")));
        g_autoptr(GString) text = g_string_new(NULL);
        mg_sasl_keys_write(&keys, text);
        SaslTalk talk = usual(mechanism);
        SaslEnd end;
        talk.secret = text->str;
        if (i % 2 == 1)
            talk.identity.password = "wrong";
        sasl_talk(&talk, &end);
        bool clear = (mg_sasl_mechanisms[mechanism].flags & MG_SASL_CLEAR) != 0;
        bool can = mechanism != MG_SASL_CRAM_MD5 && (clear || i < 2);
        g_assert_cmpint(end.server, ==, can && i % 2 == 0 ? MG_SASL_DONE : MG_SASL_FAILED);
        clear_end(&end);
    }
}

static void test_acts_as(const void *data)
{
    MgSaslMechanism mechanism = (MgSaslMechanism)GPOINTER_TO_UINT(data);
    if (mechanism == MG_SASL_CRAM_MD5 || mechanism == MG_SASL_LOGIN)
        return; /* these cannot say it */
    for (unsigned i = 0; i < 2; i++) {
        SaslTalk talk = usual(mechanism);
        SaslEnd end;
        talk.identity.acts_as = "carol,=";
        talk.policy.proxy = i == 1;
        sasl_talk(&talk, &end);
        g_assert_cmpint(end.server, ==, i == 1 ? MG_SASL_DONE : MG_SASL_FAILED);
        if (i == 0)
            g_assert_cmpint(end.server_fault, ==, MG_SASL_FAULT_AUTHZID);
        else
            g_assert_cmpstr(end.acts_as, ==, "carol,=");
        clear_end(&end);
    }
}

/* ---- somebody meddles ---- */

typedef struct {
    unsigned line;
    size_t at;
    int how; /* 0 cut there, 1 another octet, 2 one octet of what is encoded, 3 one more octet */
    bool changed;
} Meddler;

static char *meddle(const char *line, unsigned n, void *data)
{
    Meddler *meddler = data;
    char *text = g_strdup(line);
    if (n != meddler->line || meddler->at > strlen(text))
        return text;
    meddler->changed = true;
    if (meddler->how == 0) {
        meddler->changed = text[meddler->at] != '\0';
        text[meddler->at] = '\0';
    } else if (meddler->how == 1) {
        meddler->changed = text[meddler->at] != '\0';
        if (meddler->changed)
            text[meddler->at] = text[meddler->at] == 'A' ? 'B' : 'A';
    } else if (meddler->how == 2) {
        size_t len = 0;
        guchar *octets = g_base64_decode(text, &len);
        meddler->changed = meddler->at < len;
        if (meddler->changed) {
            octets[meddler->at] ^= 1;
            g_free(text);
            text = g_base64_encode(octets, len);
        }
        g_free(octets);
    } else {
        char *longer = g_strdup_printf("%.*sA%s", (int)meddler->at, text, text + meddler->at);
        g_free(text);
        text = longer;
    }
    return text;
}

/* A challenge that is only there because the server must say something; and "=", cut to "". */
static bool means_nothing(MgSaslMechanism mechanism, const Meddler *meddler, bool late)
{
    if (mechanism == MG_SASL_LOGIN)
        return meddler->line % 2 == 0;
    if (late)
        return meddler->line == 0 && mechanism != MG_SASL_CRAM_MD5;
    return mechanism == MG_SASL_EXTERNAL && meddler->how == 0;
}

/* Every line of every mechanism, cut, garbled and lengthened at every place: no login, but where
 * the change means nothing (a challenge in a mechanism where the client speaks first, or asks by
 * turn). */
static void test_garbled(const void *data)
{
    MgSaslMechanism mechanism = (MgSaslMechanism)GPOINTER_TO_UINT(data);
    unsigned n_played = 0;
    for (int late = 0; late < 2; late++) {
        for (unsigned line = 0; line < 6; line++) {
            for (int how = 0; how < 4; how++) {
                bool more = true;
                for (size_t at = 0; more; at++, n_played++) {
                    Meddler meddler = {.line = line, .at = at, .how = how};
                    SaslTalk talk = usual(mechanism);
                    SaslEnd end;
                    talk.policy.iterations = talk.identity.iterations_min = 1;
                    talk.late = late == 1;
                    talk.meddle = meddle;
                    talk.data = &meddler;
                    sasl_talk(&talk, &end);
                    more = meddler.changed;
                    bool silent = means_nothing(mechanism, &meddler, late == 1);
                    if (more && !silent)
                        g_assert_true(end.server == MG_SASL_FAILED || end.client == MG_SASL_FAILED);
                    else
                        g_assert_cmpint(end.server, ==, MG_SASL_DONE);
                    clear_end(&end);
                }
            }
        }
    }
    g_test_message("%u conversations", n_played);
}

/* ---- each fault, said by name ---- */

typedef struct {
    const char *mechanism;
    const char *lines[3]; /* what the client sends; [0]: the initial response, NULL: none. Not
                             encoded, unless it begins with "!" */
    MgSaslFault fault;
    bool tls;
} Wrong;

static const Wrong wrongs[] = {
    {"GSSAPI", {NULL}, MG_SASL_FAULT_MECHANISM, true},
    {"", {NULL}, MG_SASL_FAULT_MECHANISM, true},
    {"SCRAM-SHA-256-PLUS", {"p=tls-exporter,,n=bob,r=x"}, MG_SASL_FAULT_MECHANISM, false},
    {"PLAIN", {"!AGJvYgBzZWNyZXQ="}, MG_SASL_FAULT_NEEDS_TLS, false},
    {"LOGIN", {NULL}, MG_SASL_FAULT_NEEDS_TLS, false},
    {"EXTERNAL", {""}, MG_SASL_FAULT_CERTIFICATE, false},
    {"PLAIN", {"!AGJvYgBzZWNyZXQ"}, MG_SASL_FAULT_BASE64, true},
    {"PLAIN", {"!AGJvYgBzZWNyZXR="}, MG_SASL_FAULT_BASE64, true},
    {"PLAIN", {"!AGJv YgBzZWNyZXQ="}, MG_SASL_FAULT_BASE64, true},
    {"PLAIN", {"!*"}, MG_SASL_FAULT_BASE64, true},
    {"PLAIN", {NULL, "!*"}, MG_SASL_FAULT_CANCELLED, true},
    {"PLAIN", {NULL, "!="}, MG_SASL_FAULT_BASE64, true},
    {"PLAIN", {"bob"}, MG_SASL_FAULT_PLAIN_FORM, true},
    {"PLAIN", {"!="}, MG_SASL_FAULT_PLAIN_FORM, true},
    {"PLAIN", {"!AGJvYgA="}, MG_SASL_FAULT_PLAIN_FORM, true},         /* no password */
    {"PLAIN", {"!AABzZWNyZXQ="}, MG_SASL_FAULT_PLAIN_FORM, true},     /* no name */
    {"PLAIN", {"!AGJvYgBzZQBjcmV0"}, MG_SASL_FAULT_PLAIN_FORM, true}, /* one NUL more */
    {"PLAIN", {"!AP8AeA=="}, MG_SASL_FAULT_PLAIN_FORM, true},         /* not UTF-8 */
    {"PLAIN", {"!AAcAeA=="}, MG_SASL_FAULT_PREP, true},               /* a name of one BEL */
    {"LOGIN", {NULL, ""}, MG_SASL_FAULT_FORM, true},
    {"LOGIN", {NULL, "bob", ""}, MG_SASL_FAULT_FORM, true},
    {"LOGIN", {NULL, "bob", "!*"}, MG_SASL_FAULT_CANCELLED, true},
    {"LOGIN", {NULL, "\a"}, MG_SASL_FAULT_PREP, true},
    {"CRAM-MD5", {"bob"}, MG_SASL_FAULT_INITIAL, true},
    {"CRAM-MD5", {"!="}, MG_SASL_FAULT_INITIAL, true},
    {"CRAM-MD5", {NULL, ""}, MG_SASL_FAULT_CRAM_FORM, true},
    {"CRAM-MD5", {NULL, "b913a602c7eda7a495b4e6e7334d3890"}, MG_SASL_FAULT_CRAM_FORM, true},
    {"CRAM-MD5", {NULL, "tim B913A602C7EDA7A495B4E6E7334D3890"}, MG_SASL_FAULT_CRAM_FORM, true},
    {"CRAM-MD5", {NULL, "\a b913a602c7eda7a495b4e6e7334d3890"}, MG_SASL_FAULT_PREP, true},
    {"EXTERNAL", {"carol"}, MG_SASL_FAULT_AUTHZID, true},
    {"EXTERNAL", {"!YQBi"}, MG_SASL_FAULT_FORM, true},
    {"SCRAM-SHA-1", {"n,"}, MG_SASL_FAULT_SCRAM_FORM, true},
    {"SCRAM-SHA-1", {"n,,n=bob"}, MG_SASL_FAULT_SCRAM_FORM, true},
    {"SCRAM-SHA-1", {"n,,n=,r=x"}, MG_SASL_FAULT_SCRAM_FORM, true},
    {"SCRAM-SHA-1", {"n,,n=b=2Xb,r=x"}, MG_SASL_FAULT_SCRAM_FORM, true},
    {"SCRAM-SHA-1", {"n,,n=b=,r=x"}, MG_SASL_FAULT_SCRAM_FORM, true},
    {"SCRAM-SHA-1", {"n,a=,n=bob,r=x"}, MG_SASL_FAULT_SCRAM_FORM, true},
    {"SCRAM-SHA-1", {"n,a=bob"}, MG_SASL_FAULT_SCRAM_FORM, true},
    {"SCRAM-SHA-1", {"n,a==,n=bob,r=x"}, MG_SASL_FAULT_SCRAM_FORM, true},
    {"SCRAM-SHA-1", {"n,,r=x,n=bob"}, MG_SASL_FAULT_SCRAM_FORM, true},
    {"SCRAM-SHA-1", {"n,,n=bob,r="}, MG_SASL_FAULT_SCRAM_FORM, true},
    {"SCRAM-SHA-1", {"n,,n=bob,r=a b"}, MG_SASL_FAULT_SCRAM_FORM, true},
    {"SCRAM-SHA-1", {"x,,n=bob,r=x"}, MG_SASL_FAULT_SCRAM_FORM, true},
    {"SCRAM-SHA-1", {"p=tls-exporter"}, MG_SASL_FAULT_SCRAM_FORM, true},
    {"SCRAM-SHA-1", {"!//8="}, MG_SASL_FAULT_SCRAM_FORM, true},
    {"SCRAM-SHA-1", {"n,,n=\a,r=x"}, MG_SASL_FAULT_PREP, true},
    {"SCRAM-SHA-1", {"n,,m=new,n=bob,r=x"}, MG_SASL_FAULT_EXTENSION, true},
    {"SCRAM-SHA-1", {"y,,n=bob,r=x"}, MG_SASL_FAULT_DOWNGRADE, true},
    {"SCRAM-SHA-1", {"p=tls-exporter,,n=bob,r=x"}, MG_SASL_FAULT_CHANNEL_TYPE, true},
    {"SCRAM-SHA-1-PLUS", {"p=tls-unique,,n=bob,r=x"}, MG_SASL_FAULT_CHANNEL_TYPE, true},
    {"SCRAM-SHA-1-PLUS", {"n,,n=bob,r=x"}, MG_SASL_FAULT_CHANNEL, true},
    {"SCRAM-SHA-1-PLUS", {"y,,n=bob,r=x"}, MG_SASL_FAULT_CHANNEL, true},
    {"SCRAM-SHA-1", {"n,,n=bob,r=x", "c=biws,r=x"}, MG_SASL_FAULT_SCRAM_FORM, true},
    {"SCRAM-SHA-1", {"n,,n=bob,r=x", ""}, MG_SASL_FAULT_SCRAM_FORM, true},
    {"SCRAM-SHA-1", {"n,,n=bob,r=x", "c=biws,r=xNONCE,p="}, MG_SASL_FAULT_SCRAM_FORM, true},
    {"SCRAM-SHA-1", {"n,,n=bob,r=x", "c=biws,r=x,p=AAAA"}, MG_SASL_FAULT_NONCE, true},
    {"SCRAM-SHA-1", {"n,,n=bob,r=x", "c=biws,r=xNONCE,p=AAAA"}, MG_SASL_FAULT_CREDENTIALS, true},
    {"SCRAM-SHA-1", {"n,,n=bob,r=x", "c=biws,r=xNONCE,p=A"}, MG_SASL_FAULT_CREDENTIALS, true},
    {"SCRAM-SHA-1", {"n,,n=bob,r=x", "c=eSws,r=xNONCE,p=AAAA"}, MG_SASL_FAULT_CHANNEL, true},
    {"SCRAM-SHA-1-PLUS",
     {"p=tls-exporter,,n=bob,r=x", "c=cD10bHMtZXhwb3J0ZXIsLA==,r=xNONCE,p=AAAA"},
     MG_SASL_FAULT_CHANNEL,
     true},
};

static MgSpan encode(const char *text, char **slot)
{
    *slot = text[0] == '!' ? g_strdup(text + 1) : sasl_base64(text);
    return mg_span_from_string(*slot);
}

static void test_server_faults(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(wrongs); i++) {
        const Wrong *wrong = &wrongs[i];
        MgSaslPolicy policy = {.nonce = "NONCE", .iterations = 2};
        if (wrong->tls)
            policy.channel = (MgSaslChannel)TLS;
        g_autoptr(MgSaslServer) server = mg_sasl_server_new(&policy);
        g_autofree char *first = NULL;
        MgSpan line = {NULL, 0};
        if (wrong->lines[0] != NULL)
            line = encode(wrong->lines[0], &first);
        MgSaslStep step = mg_sasl_server_start(server, mg_span_from_string(wrong->mechanism),
                                               first != NULL ? &line : NULL);
        for (size_t next = 1; step != MG_SASL_FAILED; next++) {
            g_autofree char *text = NULL;
            if (step == MG_SASL_ASK)
                step = mg_sasl_server_credentials(server, "secret");
            g_assert_cmpint(step, ==, MG_SASL_SEND);
            g_assert_nonnull(wrong->lines[next]);
            step = mg_sasl_server_step(server, encode(wrong->lines[next], &text));
        }
        if (mg_sasl_server_fault(server) != wrong->fault)
            g_error("row %zu: %s", i, mg_sasl_rules[mg_sasl_server_fault(server)].id);
    }
}

/* A server that does not play by the rules. */
static const struct {
    MgSaslMechanism mechanism;
    const char *challenges[3]; /* as above; NULL: it says that it is done */
    MgSaslFault fault;
} false_servers[] = {
    {MG_SASL_PLAIN, {"more?"}, MG_SASL_FAULT_UNEXPECTED},
    {MG_SASL_EXTERNAL, {""}, MG_SASL_FAULT_UNEXPECTED},
    {MG_SASL_CRAM_MD5, {NULL}, MG_SASL_FAULT_UNEXPECTED},
    {MG_SASL_CRAM_MD5, {""}, MG_SASL_FAULT_FORM},
    {MG_SASL_CRAM_MD5, {"!<1.2@x>"}, MG_SASL_FAULT_BASE64},
    {MG_SASL_CRAM_MD5, {"<1.2@x>", "again?"}, MG_SASL_FAULT_UNEXPECTED},
    {MG_SASL_LOGIN, {NULL}, MG_SASL_FAULT_UNEXPECTED},
    {MG_SASL_LOGIN, {"!Name: ", "!Password: ", "more?"}, MG_SASL_FAULT_UNEXPECTED},
    {MG_SASL_SCRAM_SHA_1, {NULL}, MG_SASL_FAULT_SIGNATURE},
    {MG_SASL_SCRAM_SHA_1, {""}, MG_SASL_FAULT_SCRAM_FORM},
    {MG_SASL_SCRAM_SHA_1, {"!?"}, MG_SASL_FAULT_BASE64},
    {MG_SASL_SCRAM_SHA_1, {"e=unknown-user"}, MG_SASL_FAULT_SERVER_ERROR},
    {MG_SASL_SCRAM_SHA_1, {"m=x,r=CCC,s=AAAA,i=4096"}, MG_SASL_FAULT_EXTENSION},
    {MG_SASL_SCRAM_SHA_1, {"r=CSSS,s=AAAA,i=4096"}, MG_SASL_FAULT_NONCE},
    {MG_SASL_SCRAM_SHA_1, {"r=C,s=AAAA,i=4096"}, MG_SASL_FAULT_NONCE},
    {MG_SASL_SCRAM_SHA_1, {"r=XXXX,s=AAAA,i=4096"}, MG_SASL_FAULT_NONCE},
    {MG_SASL_SCRAM_SHA_1, {"r=CCCS,s=,i=4096"}, MG_SASL_FAULT_SCRAM_FORM},
    {MG_SASL_SCRAM_SHA_1, {"r=CCCS,s=AAAA,i="}, MG_SASL_FAULT_SCRAM_FORM},
    {MG_SASL_SCRAM_SHA_1, {"r=CCCS,s=AAAA,i=0"}, MG_SASL_FAULT_SCRAM_FORM},
    {MG_SASL_SCRAM_SHA_1, {"r=CCCS,s=AAAA,i=-1"}, MG_SASL_FAULT_SCRAM_FORM},
    {MG_SASL_SCRAM_SHA_1, {"r=CCCS,s=AAAA,i=4095"}, MG_SASL_FAULT_ITERATIONS},
    {MG_SASL_SCRAM_SHA_1, {"r=CCCS,s=AAAA,i=4000000000"}, MG_SASL_FAULT_ITERATIONS},
    {MG_SASL_SCRAM_SHA_1, {"r=CCCS,s=AAAA,i=4096", NULL}, MG_SASL_FAULT_SIGNATURE},
    {MG_SASL_SCRAM_SHA_1, {"r=CCCS,s=AAAA,i=4096", "v=AAAA"}, MG_SASL_FAULT_SIGNATURE},
    {MG_SASL_SCRAM_SHA_1, {"r=CCCS,s=AAAA,i=4096", "v=?"}, MG_SASL_FAULT_SCRAM_FORM},
    {MG_SASL_SCRAM_SHA_1, {"r=CCCS,s=AAAA,i=4096", "e=other-error"}, MG_SASL_FAULT_SERVER_ERROR},
    {MG_SASL_SCRAM_SHA_1, {"r=CCCS,s=AAAA,i=4096", ""}, MG_SASL_FAULT_SCRAM_FORM},
};

static void test_client_faults(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(false_servers); i++) {
        MgSaslIdentity identity = {
            .user = "bob", .password = "secret", .nonce = "CCC", .channel = TLS};
        g_autoptr(MgSaslClient) client = mg_sasl_client_new(&identity);
        MgSaslStep step = mg_sasl_client_start(client, false_servers[i].mechanism);
        mg_sasl_client_initial(client, SIZE_MAX);
        for (size_t next = 0; step != MG_SASL_FAILED; next++) {
            g_autofree char *text = NULL;
            const char *challenge = next < 3 ? false_servers[i].challenges[next] : NULL;
            step = challenge != NULL ? mg_sasl_client_step(client, encode(challenge, &text))
                                     : mg_sasl_client_succeeded(client);
            if (step != MG_SASL_SEND && step != MG_SASL_FAILED)
                g_error("row %zu was taken", i);
        }
        if (mg_sasl_client_fault(client) != false_servers[i].fault)
            g_error("row %zu: %s", i, mg_sasl_rules[mg_sasl_client_fault(client)].id);
    }
    SaslTalk talk = usual(MG_SASL_SCRAM_SHA_256);
    SaslEnd end;
    talk.identity.password = "\a";
    sasl_talk(&talk, &end);
    g_assert_cmpint(end.client_fault, ==, MG_SASL_FAULT_PREP);
    g_assert_cmpint(end.server_fault, ==, MG_SASL_FAULT_CANCELLED);
    clear_end(&end);
}

static char *lengthen(const char *line, unsigned n, void *data)
{
    return n == GPOINTER_TO_UINT(data) ? g_strnfill(MG_SASL_LINE_MAX + 4, 'A') : g_strdup(line);
}

static char *say_more(const char *line, unsigned n, void *data)
{
    return g_strdup(n == 4 ? "AAAA" : line);
}

/* Limits, a line after the end, somebody in between, nobody who can say. */
static void test_rest(void)
{
    SaslTalk talk = usual(MG_SASL_SCRAM_SHA_256_PLUS);
    SaslEnd end;
    talk.meddle = lengthen;
    talk.data = GUINT_TO_POINTER(0);
    sasl_talk(&talk, &end);
    g_assert_cmpint(end.server_fault, ==, MG_SASL_FAULT_LONG);
    clear_end(&end);
    talk.data = GUINT_TO_POINTER(1);
    sasl_talk(&talk, &end);
    g_assert_cmpint(end.client_fault, ==, MG_SASL_FAULT_LONG);
    clear_end(&end);
    talk.meddle = say_more;
    sasl_talk(&talk, &end);
    g_assert_cmpint(end.server_fault, ==, MG_SASL_FAULT_EXTRA);
    clear_end(&end);
    talk.meddle = NULL;
    talk.identity.channel.exporter.data = other;
    sasl_talk(&talk, &end);
    g_assert_cmpint(end.server_fault, ==, MG_SASL_FAULT_CHANNEL);
    clear_end(&end);
    talk.identity.channel.exporter.len = 0; /* tls-server-end-point, then */
    sasl_talk(&talk, &end);
    g_assert_cmpint(end.server, ==, MG_SASL_DONE);
    clear_end(&end);
    talk.identity.channel.end_point.data = other;
    sasl_talk(&talk, &end);
    g_assert_cmpint(end.server_fault, ==, MG_SASL_FAULT_CHANNEL);
    clear_end(&end);
    MgSaslPolicy policy = {.channel = TLS};
    g_autoptr(MgSaslServer) server = mg_sasl_server_new(&policy);
    MgSpan line = MG_SPAN("AGJvYgBzZWNyZXQ=");
    g_assert_cmpint(mg_sasl_server_start(server, MG_SPAN("PLAIN"), &line), ==, MG_SASL_ASK);
    g_assert_cmpint(mg_sasl_server_unavailable(server), ==, MG_SASL_FAILED);
    g_assert_cmpint(mg_sasl_server_fault(server), ==, MG_SASL_FAULT_UNAVAILABLE);
}

/* ---- what is offered, what is chosen ---- */

static void test_offer(void)
{
    static const struct {
        MgSaslPolicy policy;
        const char *list;
    } rows[] = {
        {{0}, "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5"},
        {{.clear = true}, "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN"},
        {{.channel = {.tls = true}}, "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN"},
        {{.channel = TLS},
         "EXTERNAL SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN "
         "LOGIN"},
        {{.mechanisms = "plain scram-sha-256"}, "SCRAM-SHA-256"},
        {{.mechanisms = "plain"}, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) list = g_string_new(NULL);
        g_assert_true(mg_sasl_list(&rows[i].policy, list) == (rows[i].list != NULL));
        g_assert_cmpstr(list->str, ==, rows[i].list != NULL ? rows[i].list : "");
    }
}

static void test_choose(void)
{
    static const struct {
        MgSaslIdentity identity;
        const char *offered, *chosen; /* chosen NULL: `fault` */
        MgSaslFault fault;
        const char *header; /* (nullable) how the first message of SCRAM begins */
    } rows[] = {
        {{.user = "b", .password = "x"}, "PLAIN LOGIN CRAM-MD5", "CRAM-MD5", 0, NULL},
        {{.user = "b", .password = "x"}, "PLAIN LOGIN", NULL, MG_SASL_FAULT_NEEDS_TLS, NULL},
        {{.user = "b", .password = "x", .clear = true}, "LOGIN PLAIN", "PLAIN", 0, NULL},
        {{.user = "b", .password = "x"}, "GSSAPI", NULL, MG_SASL_FAULT_OFFER, NULL},
        {{.user = "b", .password = "x"}, "", NULL, MG_SASL_FAULT_OFFER, NULL},
        {{.user = "b", .channel = TLS}, "PLAIN EXTERNAL", "EXTERNAL", 0, NULL},
        {{.user = "b"}, "PLAIN EXTERNAL", NULL, MG_SASL_FAULT_OFFER, NULL},
        {{.user = "b", .password = "x", .mechanisms = "login", .channel = {.tls = true}},
         "PLAIN LOGIN SCRAM-SHA-1",
         "LOGIN",
         0,
         NULL},
        {{.user = "b", .password = "x"}, "SCRAM-SHA-256-PLUS SCRAM-SHA-1", "SCRAM-SHA-1", 0, "n,,"},
        {{.user = "b", .password = "x", .channel = {.tls = true, .exporter = {exporter, 32}}},
         "SCRAM-SHA-256 SCRAM-SHA-256-PLUS",
         "SCRAM-SHA-256-PLUS",
         0,
         "p=tls-exporter,,"},
        {{.user = "b", .password = "x", .channel = {.tls = true, .end_point = {exporter, 32}}},
         "SCRAM-SHA-256 SCRAM-SHA-256-PLUS",
         "SCRAM-SHA-256-PLUS",
         0,
         "p=tls-server-end-point,,"},
        {{.user = "b", .password = "x", .channel = {.tls = true, .exporter = {exporter, 32}}},
         "SCRAM-SHA-256",
         "SCRAM-SHA-256",
         0,
         "y,,"},
        {{.user = "b",
          .password = "x",
          .mechanisms = "SCRAM-SHA-256",
          .channel = {.tls = true, .exporter = {exporter, 32}}},
         "SCRAM-SHA-256 SCRAM-SHA-256-PLUS",
         "SCRAM-SHA-256",
         0,
         "n,,"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(MgSaslClient) client = mg_sasl_client_new(&rows[i].identity);
        MgSaslMechanism chosen;
        bool any = mg_sasl_client_choose(client, rows[i].offered, &chosen);
        g_assert_true(any == (rows[i].chosen != NULL));
        if (!any) {
            g_assert_cmpint(mg_sasl_client_fault(client), ==, rows[i].fault);
            continue;
        }
        g_assert_cmpstr(mg_sasl_mechanisms[chosen].name, ==, rows[i].chosen);
        g_assert_cmpint(mg_sasl_client_start(client, chosen), ==, MG_SASL_SEND);
        if (rows[i].header != NULL) {
            size_t len = 0;
            g_autofree char *first =
                (char *)g_base64_decode(mg_sasl_client_initial(client, SIZE_MAX), &len);
            g_assert_true(g_str_has_prefix(first, rows[i].header));
        }
    }
}

/* Somebody takes -PLUS out of the offer: both ends find out. */
static void test_downgrade(void)
{
    MgSaslPolicy policy = {.channel = TLS};
    MgSaslIdentity identity = {.user = "bob", .password = "x", .channel = TLS};
    g_autoptr(MgSaslServer) server = mg_sasl_server_new(&policy);
    g_autoptr(MgSaslClient) client = mg_sasl_client_new(&identity);
    MgSaslMechanism chosen;
    g_assert_true(mg_sasl_client_choose(client, "SCRAM-SHA-256", &chosen));
    g_assert_cmpint(mg_sasl_client_start(client, chosen), ==, MG_SASL_SEND);
    MgSpan line = mg_span_from_string(mg_sasl_client_initial(client, SIZE_MAX));
    g_assert_cmpint(mg_sasl_server_start(server, MG_SPAN("SCRAM-SHA-256"), &line), ==,
                    MG_SASL_FAILED);
    g_assert_cmpint(mg_sasl_server_fault(server), ==, MG_SASL_FAULT_DOWNGRADE);
}

static void test_rules(void)
{
    for (unsigned i = 0; i < MG_SASL_N_FAULTS; i++) {
        g_assert_true(g_str_has_prefix(mg_sasl_rules[i].id, "sasl."));
        g_assert_nonnull(mg_sasl_rules[i].source);
        for (unsigned k = 0; k < i; k++)
            g_assert_cmpstr(mg_sasl_rules[i].id, !=, mg_sasl_rules[k].id);
    }
    g_assert_cmpstr(mg_sasl_rules[MG_SASL_FAULT_CLEAR].id, ==, "sasl.password-in-clear");
    g_assert_cmpstr(mg_sasl_rules[MG_SASL_FAULT_EXTRA].id, ==, "sasl.more-after-the-end");
    g_assert_cmpstr(mg_sasl_rules[MG_SASL_FAULT_UNEXPECTED].id, ==, "sasl.unexpected-challenge");
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(const void *data);
        bool passwords; /* not for EXTERNAL */
    } each[] = {{"good", test_good, false},
                {"repeatable", test_repeatable, false},
                {"wrong-password", test_wrong_password, true},
                {"stored-keys", test_stored_keys, true},
                {"acts-as", test_acts_as, false},
                {"garbled", test_garbled, false}};
    g_test_init(&argc, &argv, NULL);
    sasl_add_vectors();
    for (size_t i = 0; i < G_N_ELEMENTS(each); i++)
        for (unsigned k = 0; mg_sasl_mechanisms[k].name != NULL; k++) {
            g_autofree char *path =
                g_strdup_printf("/sasl/%s/%s", each[i].name, mg_sasl_mechanisms[k].name);
            if (!each[i].passwords || k != MG_SASL_EXTERNAL)
                g_test_add_data_func(path, GUINT_TO_POINTER(k), each[i].run);
        }
    g_test_add_func("/sasl/server-faults", test_server_faults);
    g_test_add_func("/sasl/client-faults", test_client_faults);
    g_test_add_func("/sasl/rest", test_rest);
    g_test_add_func("/sasl/offer", test_offer);
    g_test_add_func("/sasl/choose", test_choose);
    g_test_add_func("/sasl/downgrade", test_downgrade);
    g_test_add_func("/sasl/rules", test_rules);
    return g_test_run();
}
