/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transcript-topics.c - how the questions and answers of topics.h are written in transcripts */
#include "transcript-folders.h"
#include "transcript-letter.h"

static GPtrArray *added; /* adapters of this program, looked at first */

/* ---- small tools ---- */

void mg_transcript_escape(MgSpan bytes, GString *out)
{
    for (size_t i = 0; i < bytes.len; i++) {
        uint8_t c = bytes.data[i];
        switch (c) {
        case '\r':
            g_string_append(out, "\\r");
            break;
        case '\n':
            g_string_append(out, "\\n");
            break;
        case '\t':
            g_string_append(out, "\\t");
            break;
        case '\\':
            g_string_append(out, "\\\\");
            break;
        default:
            if (c < 0x20 || c == 0x7f)
                g_string_append_printf(out, "\\x%02x", c);
            else
                g_string_append_c(out, (char)c);
        }
    }
}

bool mg_transcript_unescape(const char *text, GString *out, char **problem)
{
    static const char letters[] = "rnt0\\", values[] = "\r\n\t\0\\";
    for (const char *c = text; *c != '\0'; c++) {
        if (*c != '\\') {
            g_string_append_c(out, *c);
            continue;
        }
        c++;
        const char *found = *c != '\0' ? strchr(letters, *c) : NULL;
        if (found != NULL) {
            g_string_append_c(out, values[found - letters]);
        } else if (*c == 'x' && g_ascii_isxdigit(c[1]) && g_ascii_isxdigit(c[2])) {
            g_string_append_c(out,
                              (char)(g_ascii_xdigit_value(c[1]) * 16 + g_ascii_xdigit_value(c[2])));
            c += 2;
        } else {
            *problem = g_strdup_printf("no such escape: \\%c", *c);
            return false;
        }
    }
    return true;
}

void *mg_transcript_pool_copy(GPtrArray *pool, const void *bytes, size_t len)
{
    void *copy = g_malloc(MAX(len, 1));
    if (len > 0)
        memcpy(copy, bytes, len);
    g_ptr_array_add(pool, copy);
    return copy;
}

char *mg_transcript_pool_string(GPtrArray *pool, const char *text)
{
    return mg_transcript_pool_copy(pool, text, strlen(text) + 1);
}

char *mg_transcript_value(const char *text, const char *key, size_t nth, GPtrArray *pool)
{
    size_t key_len = strlen(key);
    for (const char *word = text; *word != '\0';) {
        size_t len = strcspn(word, " ");
        bool rest = g_str_has_prefix(word, "data=") || g_str_has_prefix(word, "text=");
        if (rest)
            len = strlen(word);
        if (len > key_len && strncmp(word, key, key_len) == 0 && word[key_len] == '=') {
            if (nth == 0) {
                g_autofree char *value = g_strndup(word + key_len + 1, len - key_len - 1);
                return mg_transcript_pool_string(pool, value);
            }
            nth--;
        }
        word += len;
        word += strspn(word, " ");
    }
    return NULL;
}

/* The first word of *text, which is moved behind it. */
static char *take_word(const char **text, GPtrArray *pool)
{
    const char *word = *text + strspn(*text, " ");
    size_t len = strcspn(word, " ");
    *text = word + len + strspn(word + len, " ");
    g_autofree char *copy = g_strndup(word, len);
    return mg_transcript_pool_string(pool, copy);
}

/* "data=…", repeated as often as "repeat=N" says. */
static bool take_data(const char *text, MgSpan *data, GPtrArray *pool)
{
    *data = (MgSpan){NULL, 0};
    char *escaped = mg_transcript_value(text, "data", 0, pool);
    char *repeat = mg_transcript_value(text, "repeat", 0, pool);
    g_autoptr(GString) once = g_string_new(NULL);
    g_autofree char *problem = NULL;
    if (escaped == NULL)
        return true;
    if (!mg_transcript_unescape(escaped, once, &problem))
        return false;
    g_autoptr(GString) all = g_string_new(NULL);
    uint64_t times = repeat != NULL ? g_ascii_strtoull(repeat, NULL, 10) : 1;
    for (uint64_t i = 0; i < times; i++)
        g_string_append_len(all, once->str, (gssize)once->len);
    *data = (MgSpan){mg_transcript_pool_copy(pool, all->str, all->len), all->len};
    return true;
}

static void add(GString *out, const char *key, const char *value)
{
    if (value != NULL)
        g_string_append_printf(out, " %s=%s", key, value);
}

static void add_data(GString *out, MgSpan data)
{
    if (data.len > 0) {
        g_string_append(out, " data=");
        mg_transcript_escape(data, out);
    }
}

static const char *const reach_words[] = {
    [MG_REACH_OK] = "ok",
    [MG_REACH_REFUSED] = "refused",
    [MG_REACH_TIMEOUT] = "timeout",
    [MG_REACH_UNREACHABLE] = "unreachable",
    [MG_REACH_BAD_ADDRESS] = "bad-address",
};

static bool find_word(const char *const *words, size_t n, const char *word, unsigned *out)
{
    for (size_t i = 0; i < n; i++)
        if (words[i] != NULL && strcmp(words[i], word) == 0) {
            *out = (unsigned)i;
            return true;
        }
    return false;
}

static const char *const body_words[] = {
    [MG_BODY_7BIT] = "7BIT", [MG_BODY_8BITMIME] = "8BITMIME", [MG_BODY_BINARY] = "BINARYMIME"};
static const char *const ret_words[] = {
    [MG_RET_UNSAID] = "", [MG_RET_FULL] = "FULL", [MG_RET_HEADERS] = "HDRS"};
static const char *const notify_words[] = {"NEVER", "SUCCESS", "FAILURE", "DELAY"};

/* " notify2=SUCCESS,DELAY orcpt2=rfc822;bob@example.net": of the second recipient. */
static void format_wish(const MgMailWish *wish, size_t number, GString *out)
{
    const char *comma = "";
    if (wish->notify != 0)
        g_string_append_printf(out, " notify%zu=", number);
    for (unsigned i = 0; i < G_N_ELEMENTS(notify_words); i++)
        if ((wish->notify & 1u << i) != 0) {
            g_string_append_printf(out, "%s%s", comma, notify_words[i]);
            comma = ",";
        }
    if (wish->orcpt != NULL)
        g_string_append_printf(out, " orcpt%zu=%s", number, wish->orcpt);
}

/* What was said with the envelope is shown where it was said. */
static void format_mail(const MgMail *mail, GString *out)
{
    add(out, "from", mail->mail_from);
    if (mail->body != MG_BODY_7BIT)
        add(out, "body", body_words[mail->body]);
    if (mail->smtputf8)
        add(out, "smtputf8", "yes");
    if (mail->ret != MG_RET_UNSAID)
        add(out, "ret", ret_words[mail->ret]);
    add(out, "envid", mail->envid);
    add(out, "auth", mail->auth);
    for (size_t i = 0; i < mail->n_recipients; i++) {
        add(out, "to", mail->recipients[i]);
        if (mail->wishes != NULL)
            format_wish(&mail->wishes[i], i + 1, out);
    }
}

static void parse_wish(const char *text, size_t number, MgMailWish *wish, GPtrArray *pool)
{
    g_autofree char *notify_key = g_strdup_printf("notify%zu", number);
    g_autofree char *orcpt_key = g_strdup_printf("orcpt%zu", number);
    const char *notify = mg_transcript_value(text, notify_key, 0, pool);
    g_auto(GStrv) words = g_strsplit(notify != NULL ? notify : "", ",", -1);
    for (size_t i = 0; words[i] != NULL; i++) {
        unsigned bit = 0;
        if (find_word(notify_words, G_N_ELEMENTS(notify_words), words[i], &bit))
            wish->notify |= 1u << bit;
    }
    wish->orcpt = mg_transcript_value(text, orcpt_key, 0, pool);
}

static void parse_saying(const char *text, MgMail *mail, GPtrArray *pool)
{
    unsigned found = 0;
    const char *body = mg_transcript_value(text, "body", 0, pool);
    const char *ret = mg_transcript_value(text, "ret", 0, pool);
    if (body != NULL && find_word(body_words, G_N_ELEMENTS(body_words), body, &found))
        mail->body = (MgBody)found;
    if (ret != NULL && find_word(ret_words, G_N_ELEMENTS(ret_words), ret, &found))
        mail->ret = (MgRet)found;
    mail->smtputf8 = mg_transcript_value(text, "smtputf8", 0, pool) != NULL;
    mail->envid = mg_transcript_value(text, "envid", 0, pool);
    mail->auth = mg_transcript_value(text, "auth", 0, pool);
}

static void parse_mail(const char *text, MgSpan data, MgMail *mail, GPtrArray *pool)
{
    size_t n = 0;
    while (mg_transcript_value(text, "to", n, pool) != NULL)
        n++;
    const char **recipients = g_new0(const char *, n + 1);
    g_ptr_array_add(pool, recipients);
    MgMailWish *wishes = g_new0(MgMailWish, n + 1);
    g_ptr_array_add(pool, wishes);
    for (size_t i = 0; i < n; i++) {
        recipients[i] = mg_transcript_value(text, "to", i, pool);
        parse_wish(text, i + 1, &wishes[i], pool);
    }
    parse_saying(text, mail, pool);
    mail->wishes = wishes;
    mail->mail_from = mg_transcript_value(text, "from", 0, pool);
    if (mail->mail_from == NULL)
        mail->mail_from = "";
    mail->recipients = recipients;
    mail->n_recipients = n;
    mail->data = (MgSpan){mg_transcript_pool_copy(pool, data.data, data.len), data.len};
}

/* ---- verdicts: "550 5.7.1 SPF fail" ---- */

static void format_verdict(const MgVerdict *verdict, GString *out)
{
    g_string_append_printf(out, " %u", verdict->code);
    if (verdict->enhanced != NULL)
        g_string_append_printf(out, " %s", verdict->enhanced);
    if (verdict->text != NULL)
        g_string_append_printf(out, " %s", verdict->text);
}

static bool parse_verdict(const char *text, MgVerdict *verdict, GPtrArray *pool)
{
    char *code = take_word(&text, pool);
    char *end = NULL;
    verdict->code = (uint16_t)g_ascii_strtoull(code, &end, 10);
    if (end == code || *end != '\0')
        return false;
    size_t len = strspn(text, "0123456789.");
    if (len >= 5 && text[1] == '.' && (text[len] == ' ' || text[len] == '\0'))
        verdict->enhanced = take_word(&text, pool);
    if (*text != '\0')
        verdict->text = mg_transcript_pool_string(pool, text);
    return true;
}

static void verdict_format(const void *answer, GString *out)
{
    format_verdict(answer, out);
}

static void *verdict_parse(const char *text, size_t count, GPtrArray *pool)
{
    MgVerdict verdict = {0};
    if (!parse_verdict(text, &verdict, pool))
        return NULL;
    return mg_transcript_pool_copy(pool, &verdict, sizeof verdict);
}

static const char *const verdict_faults[] = {"0", "421 4.3.2 Closing", "451 4.3.0 Later",
                                             "550 5.7.1 Never", NULL};

/* ---- smtp.policy ---- */

static const struct {
    MgStage stage;
    const char *name;
} stages[] = {{MG_STAGE_CONNECT, "connect"},
              {MG_STAGE_HELO, "helo"},
              {MG_STAGE_MAIL, "mail"},
              {MG_STAGE_RCPT, "rcpt"},
              {MG_STAGE_MESSAGE, "message"}};

static void policy_format_question(const void *data, GString *out)
{
    const MgPolicyQuestion *question = data;
    for (size_t i = 0; i < G_N_ELEMENTS(stages); i++)
        if (stages[i].stage == question->stage)
            g_string_append_printf(out, " %s", stages[i].name);
    add(out, "client", question->client_ip);
    add(out, "helo", question->helo);
    format_mail(&question->mail, out);
    add(out, "rcpt", question->rcpt);
    if (question->trusted)
        g_string_append(out, " trusted");
    add_data(out, question->mail.data);
}

static void *policy_parse_question(const char *text, MgSpan data, GPtrArray *pool)
{
    MgPolicyQuestion question = {.stage = MG_STAGE_RCPT};
    for (size_t i = 0; i < G_N_ELEMENTS(stages); i++)
        if (g_str_has_prefix(text, stages[i].name))
            question.stage = stages[i].stage;
    parse_mail(text, data, &question.mail, pool);
    question.client_ip = mg_transcript_value(text, "client", 0, pool);
    question.helo = mg_transcript_value(text, "helo", 0, pool);
    question.rcpt = mg_transcript_value(text, "rcpt", 0, pool);
    question.trusted = g_str_has_suffix(text, " trusted");
    return mg_transcript_pool_copy(pool, &question, sizeof question);
}

/* ---- mail.accept ---- */

static void accept_format_question(const void *data, GString *out)
{
    const MgAcceptQuestion *question = data;
    format_mail(question, out);
    add_data(out, question->data);
}

static void *accept_parse_question(const char *text, MgSpan data, GPtrArray *pool)
{
    MgAcceptQuestion question = {0};
    parse_mail(text, data, &question, pool);
    return mg_transcript_pool_copy(pool, &question, sizeof question);
}

/* ---- mail.send ---- */

static void send_format_question(const void *data, GString *out)
{
    const MgSendQuestion *question = data;
    g_string_append_printf(out, " %s %u", question->address, question->port);
    add(out, "server", question->server);
    add(out, "helo", question->helo);
    if (question->tls != MG_SEND_TLS_AS_SET)
        g_string_append(out, question->tls == MG_SEND_TLS_NEVER ? " in-clear" : " tls");
    if (question->lmtp)
        g_string_append(out, " lmtp");
    format_mail(&question->mail, out);
    add_data(out, question->mail.data);
}

static void *send_parse_question(const char *text, MgSpan data, GPtrArray *pool)
{
    MgSendQuestion question = {.port = 25, .helo = "client.example"};
    parse_mail(text, data, &question.mail, pool);
    question.address = mg_transcript_value(text, "address", 0, pool);
    question.server = mg_transcript_value(text, "server", 0, pool);
    const char *helo = mg_transcript_value(text, "helo", 0, pool);
    const char *port = mg_transcript_value(text, "port", 0, pool);
    const char *lmtp = mg_transcript_value(text, "lmtp", 0, pool);
    if (helo != NULL)
        question.helo = helo;
    if (port != NULL)
        question.port = (uint16_t)g_ascii_strtoull(port, NULL, 10);
    question.lmtp = g_strcmp0(lmtp, "yes") == 0;
    const char *tls = mg_transcript_value(text, "tls", 0, pool);
    question.tls = g_strcmp0(tls, "from-start") == 0 ? MG_SEND_TLS_FROM_START
                   : g_strcmp0(tls, "never") == 0    ? MG_SEND_TLS_NEVER
                                                     : MG_SEND_TLS_AS_SET;
    if (question.address == NULL)
        return NULL;
    return mg_transcript_pool_copy(pool, &question, sizeof question);
}

static void send_format_answer(const void *data, GString *out)
{
    const MgSendAnswer *answer = data;
    g_string_append_printf(out, " %s%s%s", reach_words[answer->reach], answer->lost ? " lost" : "",
                           answer->dsn ? " dsn" : "");
    if (answer->tls_failed)
        g_string_append(out, " tls-failed");
    for (size_t i = 0; i < answer->n_verdicts; i++) {
        if (i > 0)
            g_string_append(out, " ;");
        format_verdict(&answer->verdicts[i], out);
    }
}

static void *send_parse_answer(const char *text, size_t count, GPtrArray *pool)
{
    MgSendAnswer answer = {0};
    unsigned reach = 0;
    if (!find_word(reach_words, G_N_ELEMENTS(reach_words), take_word(&text, pool), &reach))
        return NULL;
    answer.reach = (MgReach)reach;
    if (g_str_has_prefix(text, "lost")) {
        answer.lost = true;
        take_word(&text, pool);
    }
    if (g_str_has_prefix(text, "dsn")) {
        answer.dsn = true;
        take_word(&text, pool);
    }
    if (g_str_has_prefix(text, "tls-failed")) {
        answer.tls_failed = true;
        take_word(&text, pool);
    }
    /* The last verdict stands for the recipients that are left. */
    g_auto(GStrv) parts = g_strsplit(text, " ; ", -1);
    MgVerdict *verdicts = g_new0(MgVerdict, count + 1);
    g_ptr_array_add(pool, verdicts);
    for (size_t i = 0, part = 0; i < count && parts[0] != NULL; i++) {
        if (!parse_verdict(parts[part], &verdicts[i], pool))
            return NULL;
        if (parts[part + 1] != NULL)
            part++;
    }
    answer.verdicts = verdicts;
    answer.n_verdicts = count;
    return mg_transcript_pool_copy(pool, &answer, sizeof answer);
}

static size_t send_count(const void *question)
{
    return ((const MgSendQuestion *)question)->mail.n_recipients;
}

static const char *const send_faults[] = {"refused",     "timeout",         "unreachable",
                                          "ok lost",     "ok 421 4.3.2 No", "ok 451 4.3.0 Later",
                                          "bad-address", "ok 550 5.1.1 No", NULL};

/* ---- net.connect ---- */

static void connect_format_question(const void *data, GString *out)
{
    const MgConnectQuestion *question = data;
    g_string_append_printf(out, " %s %u", question->address, question->port);
    if (question->dissector != NULL)
        g_string_append_printf(out, " %s", question->dissector);
}

static void connect_format_answer(const void *data, GString *out)
{
    const MgConnectAnswer *answer = data;
    g_string_append_printf(out, " %s", reach_words[answer->reach]);
    if (answer->text != NULL)
        g_string_append_printf(out, " %s", answer->text);
}

static void *connect_parse_answer(const char *text, size_t count, GPtrArray *pool)
{
    MgConnectAnswer answer = {0};
    unsigned reach = 0;
    if (!find_word(reach_words, G_N_ELEMENTS(reach_words), take_word(&text, pool), &reach))
        return NULL;
    answer.reach = (MgReach)reach;
    if (*text != '\0')
        answer.text = mg_transcript_pool_string(pool, text);
    return mg_transcript_pool_copy(pool, &answer, sizeof answer);
}

static const char *const connect_faults[] = {"refused", "timeout", "unreachable", "bad-address",
                                             NULL};

/* ---- net.secure ---- */

static void secure_format_question(const void *data, GString *out)
{
    const MgSecureQuestion *question = data;
    if (question->name != NULL)
        g_string_append_printf(out, " name=%s", question->name);
    if (question->alpn != NULL)
        g_string_append_printf(out, " alpn=%s", question->alpn);
    if (question->any)
        g_string_append(out, " any");
    if (question->asks)
        g_string_append(out, " asks");
}

static void secure_format_answer(const void *data, GString *out)
{
    const MgSecureAnswer *answer = data;
    g_string_append(out, answer->secure ? " ok" : " failed");
    if (answer->verified)
        g_string_append(out, " verified");
    if (answer->reason != NULL)
        g_string_append_printf(out, " text=%s", answer->reason);
}

/* "ok", "ok verified", "ok text=why it is not verified", "failed text=why". */
static void *secure_parse_answer(const char *text, size_t count, GPtrArray *pool)
{
    const char *word = take_word(&text, pool);
    MgSecureAnswer answer = {.version = "", .cipher = ""};
    if (strcmp(word, "ok") != 0 && strcmp(word, "failed") != 0)
        return NULL;
    answer.secure = word[0] == 'o';
    answer.verified = answer.secure && g_str_has_prefix(text, "verified");
    answer.reason = mg_transcript_value(text, "text", 0, pool);
    answer.peer = mg_transcript_value(text, "peer", 0, pool);
    answer.own = mg_transcript_value(text, "own", 0, pool);
    if (answer.secure) {
        static uint8_t binding[32];
        answer.version = "TLSv1.3";
        answer.cipher = "TLS_AES_256_GCM_SHA384";
        answer.exporter = answer.end_point = (MgSpan){binding, sizeof binding};
    }
    return mg_transcript_pool_copy(pool, &answer, sizeof answer);
}

static const char *const secure_faults[] = {
    "failed text=the connection ended in the middle of the handshake",
    "ok text=the certificate proves nothing", NULL};

/* ---- net.datagram: payloads in hexadecimal ---- */

static void add_hex(GString *out, MgSpan bytes)
{
    g_string_append_c(out, ' ');
    for (size_t i = 0; i < bytes.len; i++)
        g_string_append_printf(out, "%02x", bytes.data[i]);
}

static void datagram_format_question(const void *data, GString *out)
{
    const MgDatagramQuestion *question = data;
    g_string_append_printf(out, " %s %u", question->address, question->port);
    add_hex(out, question->payload);
}

static void datagram_format_answer(const void *data, GString *out)
{
    const MgDatagramAnswer *answer = data;
    g_string_append_printf(out, " %s", reach_words[answer->reach]);
    if (answer->payload.len > 0)
        add_hex(out, answer->payload);
}

static void *datagram_parse_answer(const char *text, size_t count, GPtrArray *pool)
{
    MgDatagramAnswer answer = {0};
    unsigned reach = 0;
    if (!find_word(reach_words, G_N_ELEMENTS(reach_words), take_word(&text, pool), &reach))
        return NULL;
    g_autoptr(GString) bytes = g_string_new(NULL);
    for (; *text != '\0'; text++) {
        if (*text == ' ')
            continue;
        if (!g_ascii_isxdigit(text[0]) || !g_ascii_isxdigit(text[1]))
            return NULL;
        g_string_append_c(
            bytes, (char)(g_ascii_xdigit_value(text[0]) * 16 + g_ascii_xdigit_value(text[1])));
        text++;
    }
    answer.reach = (MgReach)reach;
    answer.payload = (MgSpan){mg_transcript_pool_copy(pool, bytes->str, bytes->len), bytes->len};
    return mg_transcript_pool_copy(pool, &answer, sizeof answer);
}

static const char *const datagram_faults[] = {
    "timeout", "refused", "unreachable", "ok", "ok 00", "ok 000000000000000000000000", NULL};

/* ---- dns.lookup ---- */

static const struct {
    uint16_t type;
    const char *name;
} types[] = {{1, "A"},   {2, "NS"},     {5, "CNAME"},   {6, "SOA"},  {12, "PTR"},
             {15, "MX"}, {16, "TXT"},   {28, "AAAA"},   {33, "SRV"}, {41, "OPT"},
             {43, "DS"}, {46, "RRSIG"}, {48, "DNSKEY"}, {255, "ANY"}};

static const char *const rcodes[] = {"NOERROR",  "FORMERR", "SERVFAIL",
                                     "NXDOMAIN", "NOTIMP",  "REFUSED"};

static void add_type(GString *out, uint16_t type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (types[i].type == type) {
            g_string_append_printf(out, " %s", types[i].name);
            return;
        }
    g_string_append_printf(out, " TYPE%u", type);
}

static bool parse_type(const char *text, uint16_t *type)
{
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++)
        if (strcmp(types[i].name, text) == 0) {
            *type = types[i].type;
            return true;
        }
    if (!g_str_has_prefix(text, "TYPE"))
        return false;
    *type = (uint16_t)g_ascii_strtoull(text + 4, NULL, 10);
    return true;
}

static void lookup_format_question(const void *data, GString *out)
{
    const MgLookupQuestion *question = data;
    g_string_append_printf(out, " %s", question->name);
    add_type(out, question->type);
}

static void *lookup_parse_question(const char *text, MgSpan data, GPtrArray *pool)
{
    MgLookupQuestion question = {.name = take_word(&text, pool)};
    if (!parse_type(take_word(&text, pool), &question.type))
        return NULL;
    return mg_transcript_pool_copy(pool, &question, sizeof question);
}

static void lookup_format_answer(const void *data, GString *out)
{
    const MgLookupAnswer *answer = data;
    if (!answer->reached) {
        g_string_append(out, " unreachable");
        return;
    }
    if (answer->rcode < G_N_ELEMENTS(rcodes))
        g_string_append_printf(out, " %s", rcodes[answer->rcode]);
    else
        g_string_append_printf(out, " RCODE%u", answer->rcode);
    for (size_t i = 0; i < answer->n_records; i++) {
        const MgLookupRecord *record = &answer->records[i];
        g_string_append_printf(out, "%s %s %u", i > 0 ? " ;" : "", record->name, record->ttl);
        add_type(out, record->type);
        g_string_append_printf(out, " %s", record->data);
    }
}

static void *lookup_parse_answer(const char *text, size_t count, GPtrArray *pool)
{
    MgLookupAnswer answer = {.reached = true};
    char *word = take_word(&text, pool);
    unsigned rcode = 0;
    if (strcmp(word, "unreachable") == 0)
        answer.reached = false;
    else if (!find_word(rcodes, G_N_ELEMENTS(rcodes), word, &rcode))
        return NULL;
    answer.rcode = (uint16_t)rcode;
    g_auto(GStrv) parts = g_strsplit(text, " ; ", -1);
    size_t n = *text != '\0' ? g_strv_length(parts) : 0;
    MgLookupRecord *records = g_new0(MgLookupRecord, n + 1);
    g_ptr_array_add(pool, records);
    for (size_t i = 0; i < n; i++) {
        const char *part = parts[i];
        records[i].name = take_word(&part, pool);
        records[i].ttl = (uint32_t)g_ascii_strtoull(take_word(&part, pool), NULL, 10);
        if (!parse_type(take_word(&part, pool), &records[i].type))
            return NULL;
        records[i].data = mg_transcript_pool_string(pool, part);
    }
    answer.records = records;
    answer.n_records = n;
    return mg_transcript_pool_copy(pool, &answer, sizeof answer);
}

static const char *const lookup_faults[] = {"unreachable", "SERVFAIL", "NXDOMAIN",
                                            "NOERROR",     "REFUSED",  NULL};

/* ---- mailbox ---- */

static const char *const mailbox_results[] = {
    [MG_MAILBOX_OK] = "ok",         [MG_MAILBOX_NONE] = "none", [MG_MAILBOX_DENIED] = "denied",
    [MG_MAILBOX_LOCKED] = "locked", [MG_MAILBOX_FULL] = "full", [MG_MAILBOX_FAILED] = "failed",
};

static void mailbox_format_question(const void *data, GString *out)
{
    static const char *const ops[] = {
        [MG_MAILBOX_FIND] = "find",       [MG_MAILBOX_APPEND] = "append",
        [MG_MAILBOX_OPEN] = "open",       [MG_MAILBOX_READ] = "read",
        [MG_MAILBOX_EXPUNGE] = "expunge", [MG_MAILBOX_CLOSE] = "close",
        [MG_MAILBOX_SECRET] = "secret",
    };
    const MgMailboxQuestion *question = data;
    g_string_append_printf(out, " %s", ops[question->op]);
    add(out, "user", question->user);
    add(out, "password", question->password);
    if (question->proved)
        g_string_append(out, " proved");
    add(out, "timestamp", question->apop_timestamp);
    add(out, "digest", question->apop_digest);
    if (question->op == MG_MAILBOX_APPEND)
        add(out, "from", question->mail_from);
    if (question->op == MG_MAILBOX_READ)
        g_string_append_printf(out, " uid=%u", question->uid);
    if (question->op == MG_MAILBOX_EXPUNGE)
        g_string_append(out, " uids=");
    for (size_t i = 0; question->op == MG_MAILBOX_EXPUNGE && i < question->n_uids; i++)
        g_string_append_printf(out, "%s%u", i > 0 ? "," : "", question->uids[i]);
    if (question->op == MG_MAILBOX_APPEND)
        add_data(out, question->data);
}

static void mailbox_format_answer(const void *data, GString *out)
{
    const MgMailboxAnswer *answer = data;
    g_string_append_printf(out, " %s", mailbox_results[answer->result]);
    add_data(out, answer->data);
}

/* "ok validity=7 messages=1:120,2:300", "ok data=Subject: hi\r\n". */
static void *mailbox_parse_answer(const char *text, size_t count, GPtrArray *pool)
{
    MgMailboxAnswer answer = {.uid_validity = 1};
    unsigned result = 0;
    if (!find_word(mailbox_results, G_N_ELEMENTS(mailbox_results), take_word(&text, pool), &result))
        return NULL;
    answer.result = (MgMailboxResult)result;
    const char *validity = mg_transcript_value(text, "validity", 0, pool);
    if (validity != NULL)
        answer.uid_validity = (uint32_t)g_ascii_strtoull(validity, NULL, 10);
    const char *list = mg_transcript_value(text, "messages", 0, pool);
    g_auto(GStrv) items = g_strsplit(list != NULL ? list : "", ",", -1);
    size_t n = g_strv_length(items);
    MgMailboxMessage *messages = g_new0(MgMailboxMessage, n + 1);
    g_ptr_array_add(pool, messages);
    for (size_t i = 0; i < n; i++) {
        char *end = NULL;
        messages[i].uid = (uint32_t)g_ascii_strtoull(items[i], &end, 10);
        if (*end != ':')
            return NULL;
        messages[i].size = g_ascii_strtoull(end + 1, NULL, 10);
    }
    answer.messages = messages;
    answer.n_messages = n;
    if (!take_data(text, &answer.data, pool))
        return NULL;
    return mg_transcript_pool_copy(pool, &answer, sizeof answer);
}

static const char *const mailbox_faults[] = {"none",   "denied", "locked", "full",
                                             "failed", "ok",     NULL};

/* ---- spool: "ok 1", "failed" ---- */

static void spool_format_question(const void *data, GString *out)
{
    static const char *const ops[] = {
        [MG_SPOOL_PUT] = "put", [MG_SPOOL_UPDATE] = "update", [MG_SPOOL_REMOVE] = "remove"};
    const MgSpoolQuestion *question = data;
    g_string_append_printf(out, " %s", ops[question->op]);
    if (question->op != MG_SPOOL_PUT)
        g_string_append_printf(out, " %u", question->item);
    if (question->op != MG_SPOOL_REMOVE) {
        g_string_append(out, " state=");
        mg_transcript_escape(question->state, out);
    }
    add_data(out, question->data);
}

static void *spool_parse_answer(const char *text, size_t count, GPtrArray *pool)
{
    MgSpoolAnswer answer = {0};
    const char *word = take_word(&text, pool);
    answer.done = strcmp(word, "ok") == 0;
    if (!answer.done && strcmp(word, "failed") != 0)
        return NULL;
    answer.item = (uint32_t)g_ascii_strtoull(text, NULL, 10);
    return mg_transcript_pool_copy(pool, &answer, sizeof answer);
}

static const char *const spool_faults[] = {"failed", "ok 7", NULL};

/* ---- mail.fate, only ever delivered ---- */

static void fate_format(const void *data, GString *out)
{
    static const char *const kinds[] = {
        [MG_FATE_QUEUED] = "queued",   [MG_FATE_RELAYED] = "relayed", [MG_FATE_BOUNCED] = "bounced",
        [MG_FATE_DROPPED] = "dropped", [MG_FATE_SENT] = "sent",       [MG_FATE_REFUSED] = "refused",
        [MG_FATE_FETCHED] = "fetched",
    };
    const MgFate *fate = data;
    g_string_append_printf(out, " %s", kinds[fate->kind]);
    add(out, "from", fate->mail_from);
    add(out, "to", fate->recipient);
    add(out, "text", fate->text);
    add_data(out, fate->data);
}

/* ---- person.line: "line EHLO client.example", "line" alone, "hang-up" ---- */

static void person_format_question(const void *data, GString *out)
{
    const MgPersonQuestion *question = data;
    g_string_append_printf(out, " %s", question->peer);
}

static void *person_parse_answer(const char *text, size_t count, GPtrArray *pool)
{
    MgPersonAnswer answer = {0};
    if (strcmp(text, "line") == 0)
        answer.text = "";
    else if (g_str_has_prefix(text, "line "))
        answer.text = mg_transcript_pool_string(pool, text + strlen("line "));
    else if (strcmp(text, "hang-up") != 0)
        return NULL;
    return mg_transcript_pool_copy(pool, &answer, sizeof answer);
}

static const char *const person_faults[] = {"hang-up", "line", "line QUIT", NULL};

/* ---- file.read: "ok path=zones/a.inc data=…", "error no such file" ---- */

static void file_format_question(const void *data, GString *out)
{
    const MgFileQuestion *question = data;
    g_string_append_printf(out, " %s", question->path);
    add(out, "beside", question->beside);
}

static void *file_parse_answer(const char *text, size_t count, GPtrArray *pool)
{
    MgFileAnswer answer = {.path = "?"};
    if (g_str_has_prefix(text, "error "))
        answer.error = mg_transcript_pool_string(pool, text + strlen("error "));
    else if (g_str_has_prefix(text, "ok "))
        answer.path = mg_transcript_value(text, "path", 0, pool);
    else
        return NULL;
    if (answer.error == NULL && !take_data(text, &answer.data, pool))
        return NULL;
    return mg_transcript_pool_copy(pool, &answer, sizeof answer);
}

static const char *const file_faults[] = {"error no such file", "ok path=empty data=", NULL};

/* ---- what a command says ---- */

static void text_format(const void *data, GString *out)
{
    g_string_append_c(out, ' ');
    mg_transcript_escape(*(const MgSpan *)data, out);
}

static void complaint_format(const void *data, GString *out)
{
    g_string_append_printf(out, " %s", (const char *)data);
}

static void exit_format(const void *data, GString *out)
{
    g_string_append_printf(out, " %d", *(const int *)data);
}

static const MgTopicAdapter adapters[] = {
    {.topic = MG_TOPIC_POLICY,
     .name = "policy",
     .format_question = policy_format_question,
     .format_answer = verdict_format,
     .parse_answer = verdict_parse,
     .parse_question = policy_parse_question,
     .faults = verdict_faults},
    {.topic = MG_TOPIC_ACCEPT,
     .name = "accept",
     .format_question = accept_format_question,
     .format_answer = verdict_format,
     .parse_answer = verdict_parse,
     .parse_question = accept_parse_question,
     .faults = verdict_faults},
    {.topic = MG_TOPIC_SEND,
     .name = "send",
     .format_question = send_format_question,
     .format_answer = send_format_answer,
     .parse_answer = send_parse_answer,
     .parse_question = send_parse_question,
     .count = send_count,
     .faults = send_faults},
    {.topic = MG_TOPIC_CONNECT,
     .name = "connect",
     .format_question = connect_format_question,
     .format_answer = connect_format_answer,
     .parse_answer = connect_parse_answer,
     .faults = connect_faults},
    {.topic = MG_TOPIC_SECURE,
     .name = "secure",
     .format_question = secure_format_question,
     .format_answer = secure_format_answer,
     .parse_answer = secure_parse_answer,
     .faults = secure_faults},
    {.topic = MG_TOPIC_DATAGRAM,
     .name = "datagram",
     .format_question = datagram_format_question,
     .format_answer = datagram_format_answer,
     .parse_answer = datagram_parse_answer,
     .faults = datagram_faults},
    {.topic = MG_TOPIC_LOOKUP,
     .name = "lookup",
     .format_question = lookup_format_question,
     .format_answer = lookup_format_answer,
     .parse_answer = lookup_parse_answer,
     .parse_question = lookup_parse_question,
     .faults = lookup_faults},
    {.topic = MG_TOPIC_MAILBOX,
     .name = "mailbox",
     .format_question = mailbox_format_question,
     .format_answer = mailbox_format_answer,
     .parse_answer = mailbox_parse_answer,
     .faults = mailbox_faults},
    {.topic = MG_TOPIC_SPOOL,
     .name = "spool",
     .format_question = spool_format_question,
     .parse_answer = spool_parse_answer,
     .faults = spool_faults},
    {.topic = MG_TOPIC_PERSON,
     .name = "person",
     .format_question = person_format_question,
     .parse_answer = person_parse_answer,
     .faults = person_faults},
    {.topic = MG_TOPIC_FILE,
     .name = "file",
     .format_question = file_format_question,
     .parse_answer = file_parse_answer,
     .faults = file_faults},
    {.topic = MG_DELIVER_FATE, .name = "fate", .format_answer = fate_format},
    {.topic = MG_DELIVER_TEXT, .name = "text", .format_answer = text_format},
    {.topic = MG_DELIVER_COMPLAINT, .name = "complaint", .format_answer = complaint_format},
    {.topic = MG_DELIVER_EXIT, .name = "exit", .format_answer = exit_format},
};

void mg_transcript_add_adapter(const MgTopicAdapter *adapter)
{
    if (added == NULL)
        added = g_ptr_array_new();
    g_ptr_array_insert(added, 0, (void *)adapter);
}

const MgTopicAdapter *mg_transcript_adapter(const char *topic)
{
    for (size_t i = 0; added != NULL && i < added->len; i++) {
        const MgTopicAdapter *adapter = g_ptr_array_index(added, i);
        if (strcmp(adapter->topic, topic) == 0)
            return adapter;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(adapters); i++)
        if (strcmp(adapters[i].topic, topic) == 0)
            return &adapters[i];
    if (strcmp(topic, MG_TOPIC_LETTER) == 0)
        return &mg_transcript_letter;
    return strcmp(topic, MG_TOPIC_FOLDERS) == 0 ? &mg_transcript_folders : NULL;
}
