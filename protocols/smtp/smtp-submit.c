/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-submit.c - the verb "send" of an MUA: hands a letter to its submission server (RFC 6409)
 *
 * The envelope is not made of the letter's header: who it is from is the setting `account` (or the
 * words "from ADDRESS"), who it is to are the words after "to". Only a missing Date and Message-ID
 * are added to the letter (RFC 5322 §3.6).
 */
#include "outbox.h"
#include "smtp-letter.h"
#include "smtp.h"
#include "text.h"

#define SMTPS          "smtps://"
#define TYPE_A         1u
#define LOOKUP_TIMEOUT MG_MINUTES
#define SEND_TIMEOUT   (2 * MG_HOURS)

static const char NEW[] = N_("new"), LOOKING[] = N_("looking up"), SENDING[] = N_("sending"),
                  DONE[] = N_("done");

static const MgTransition transitions[] = {
    {NEW, N_("the submission server has a name"), LOOKING, NULL},
    {NEW, N_("the submission server has an address"), SENDING, "RFC 6409 §3"},
    {NEW, N_("something is missing"), DONE, NULL},
    {LOOKING, N_("the name has an address"), SENDING, "RFC 6409 §3"},
    {LOOKING, N_("the name has no address"), DONE, NULL},
    {SENDING, N_("the server has said yes or no to each recipient"), DONE, "RFC 6409 §3"},
    {0},
};

enum { R_NO_SERVER, R_NO_RECIPIENT, R_NO_ACCOUNT, R_ADDED };

static const MgRule rules[] = {
    [R_NO_SERVER] = {"smtp.no-submission", MG_SEVERITY_NOTE, "RFC 6409 §3.1",
                     N_("This mail program does not know a server that takes its mail: the "
                        "setting `submission` is missing, or its name has no address.")},
    [R_NO_RECIPIENT] = {"smtp.no-recipient", MG_SEVERITY_NOTE, "RFC 5321 §3.3",
                        N_("A mail needs a recipient: send FILE to ADDRESS.")},
    [R_NO_ACCOUNT] = {"smtp.no-account", MG_SEVERITY_NOTE, "RFC 5321 §3.3",
                      N_("This mail program does not know whose mail it sends: the setting "
                         "`account` is missing.")},
    [R_ADDED] = {"smtp.header-added", MG_SEVERITY_CHAT, "RFC 5322 §3.6",
                 N_("The letter had no Date or no Message-ID; the mail program adds it.")},
    {0},
};

static const MgSettingRow setting_rows[] = {
    {"submission", MG_SETTING_TEXT, NULL,
     N_("The server that takes this program's mail: HOST:PORT, usually port 587; or "
        "smtps://HOST, port 465, where TLS comes first.")},
    {"account", MG_SETTING_TEXT, NULL, N_("The address of the person at this host.")},
    MG_SMTP_LINE_ENDS_ROW,
    {"notify", MG_SETTING_TEXT, NULL,
     N_("When servers shall report (DSN): any of success, failure, delay, separated by \";\", or "
        "never.")},
    {"return", MG_SETTING_TEXT, NULL,
     N_("What comes back with the report of a failure: `full`, the whole letter, or `hdrs`, its "
        "header.")},
    {0},
};

typedef struct {
    MgEngine base;
    MgOutbox out;
    const char *state;
    char *from, *server, *helo, *address; /* address: (nullable) */
    uint16_t port;
    bool smtps;
    GPtrArray *recipients; /* of char * */
    MgMailWish *wishes;    /* one for each recipient */
    MgRet ret;
    char *envid; /* (nullable) */
    bool smtputf8;
    GByteArray *letter;
    bool asking, closed;
    MgAskId last_ask;
    MgTime due;
    union {
        MgLookupQuestion lookup;
        MgSendQuestion send;
    } question;
    GPtrArray *scratch; /* what events point to */
} Submit;

static void enter(Submit *submit, const char *state)
{
    mg_outbox_enter(&submit->out, transitions, &submit->state, state);
}

static void note(Submit *submit, unsigned rule)
{
    mg_outbox_note(&submit->out, &rules[rule], (MgSpan){NULL, 0});
}

static void ask(Submit *submit, const char *topic, MgTime due)
{
    submit->asking = true;
    submit->due = due;
    mg_outbox_add(&submit->out, (MgEvent){.kind = MG_EVENT_ASK,
                                          .ask = {.id = ++submit->last_ask,
                                                  .topic = topic,
                                                  .question = &submit->question}});
}

static void say_fate(Submit *submit, MgFateKind kind, size_t recipient, char *text)
{
    MgFate *fate = g_new0(MgFate, 1);
    g_ptr_array_add(submit->scratch, fate);
    g_ptr_array_add(submit->scratch, text);
    *fate = (MgFate){.kind = kind,
                     .mail_from = submit->from,
                     .recipient = recipient < submit->recipients->len
                                      ? g_ptr_array_index(submit->recipients, recipient)
                                      : "",
                     .text = text};
    mg_outbox_add(&submit->out, (MgEvent){.kind = MG_EVENT_DELIVER,
                                          .deliver = {.type = MG_DELIVER_FATE, .item = fate}});
}

static void finish(Submit *submit)
{
    enter(submit, DONE);
    mg_outbox_add(&submit->out, (MgEvent){.kind = MG_EVENT_CLOSE});
    submit->closed = true;
    submit->due = MG_TIME_NEVER;
}

/* The same words for all recipients. */
static void refuse(Submit *submit, const char *text)
{
    for (size_t i = 0; i < MAX(submit->recipients->len, 1); i++)
        say_fate(submit, MG_FATE_REFUSED, i, g_strdup(text));
    finish(submit);
}

static void send_to(Submit *submit, const char *address, MgTime now)
{
    g_free(submit->address);
    submit->address = g_strdup(address);
    submit->question.send =
        (MgSendQuestion){.mail = {.mail_from = submit->from,
                                  .recipients = (const char *const *)submit->recipients->pdata,
                                  .n_recipients = submit->recipients->len,
                                  .data = {submit->letter->data, submit->letter->len},
                                  .smtputf8 = submit->smtputf8,
                                  .ret = submit->ret,
                                  .envid = submit->envid,
                                  .wishes = submit->wishes},
                         .address = submit->address,
                         .port = submit->port,
                         .server = submit->server,
                         .helo = submit->helo,
                         .tls = submit->smtps ? MG_SEND_TLS_FROM_START : MG_SEND_TLS_AS_SET};
    enter(submit, SENDING);
    ask(submit, MG_TOPIC_SEND, now + SEND_TIMEOUT);
}

static void found(Submit *submit, const MgLookupAnswer *answer, MgTime now)
{
    const char *address = NULL;
    if (answer != NULL && answer->reached && answer->rcode == 0)
        for (size_t i = 0; i < answer->n_records && address == NULL; i++)
            if (answer->records[i].type == TYPE_A)
                address = answer->records[i].data;
    if (address != NULL) {
        send_to(submit, address, now);
        return;
    }
    g_autofree char *text =
        g_strdup_printf("%s: %s", submit->server,
                        answer == NULL || !answer->reached ? "nobody answers for this name"
                        : answer->rcode == 3               ? "no such name"
                                                           : "the name has no address");
    note(submit, R_NO_SERVER);
    refuse(submit, text);
}

static void sent(Submit *submit, const MgSendAnswer *answer)
{
    static const char *const reaches[] = {"", "connection refused", "nobody answers",
                                          "no route to it", "not an address"};
    if (answer == NULL || answer->reach != MG_REACH_OK) {
        unsigned reach = answer != NULL ? MIN((unsigned)answer->reach, 4) : 3;
        g_autofree char *text =
            g_strdup_printf("%s: %s", submit->server,
                            answer != NULL ? reaches[reach] : "nothing on this host can send mail");
        refuse(submit, text);
        return;
    }
    for (size_t i = 0; i < submit->recipients->len; i++) {
        MgVerdict none = {.text = answer->lost ? "the connection was lost" : "no reply"};
        const MgVerdict *verdict = i < answer->n_verdicts ? &answer->verdicts[i] : &none;
        if (verdict->code == 0)
            verdict = &none;
        bool good = verdict->code >= 200 && verdict->code <= 299;
        char *text =
            verdict->code == 0
                ? g_strdup(verdict->text)
                : g_strdup_printf("%u%s%s %s", verdict->code, verdict->enhanced != NULL ? " " : "",
                                  verdict->enhanced != NULL ? verdict->enhanced : "",
                                  verdict->text != NULL ? verdict->text : "");
        say_fate(submit, good ? MG_FATE_SENT : MG_FATE_REFUSED, i, text);
    }
    finish(submit);
}

/* ---- birth ---- */

/* "to ADDRESS… [from ADDRESS]"; what stands before "to" is the file. */
static void read_words(Submit *submit, const MgVerbCall *call)
{
    enum { BEFORE, TO, FROM } where = BEFORE;
    for (size_t i = 0; i < call->n_words; i++) {
        const char *word = call->words[i];
        if (strcmp(word, "to") == 0) {
            where = TO;
        } else if (strcmp(word, "from") == 0) {
            where = FROM;
        } else if (where == TO) {
            g_ptr_array_add(submit->recipients, g_strdup(word));
        } else if (where == FROM) {
            g_free(submit->from);
            submit->from = g_strdup(strcmp(word, "<>") == 0 ? "" : word);
        }
    }
}

static void complete_letter(Submit *submit, const MgBirth *birth)
{
    MgSpan letter = {submit->letter->data, submit->letter->len};
    g_autoptr(GString) head = g_string_new(NULL);
    uint64_t seed = birth->seed;
    bool has_date = mg_letter_count(letter, "Date") > 0;
    bool has_id = mg_letter_count(letter, "Message-ID") > 0;
    if (has_date && has_id)
        return;
    int64_t seconds = birth->epoch + birth->now / MG_SECONDS;
    if (!has_date) {
        g_string_append(head, "Date: ");
        mg_text_add_date(head, seconds);
        g_string_append(head, "\r\n");
    }
    if (!has_id) { /* RFC 5322 §3.6.4: the domain makes it the only one */
        const char *at = submit->from != NULL ? strrchr(submit->from, '@') : NULL;
        g_string_append_printf(head, "Message-ID: <%" G_GINT64_FORMAT ".%08x@%s>\r\n", seconds,
                               (unsigned)(mg_random_next(&seed) >> 32),
                               at != NULL ? at + 1 : birth->host);
    }
    g_byte_array_prepend(submit->letter, (const uint8_t *)head->str, (guint)head->len);
    note(submit, R_ADDED);
}

/* RFC 3461 §4: what this person wants to be told of. ORCPT says of whom, whatever name the report
 * has in the end; ENVID says of which mail. */
static void read_wishes(Submit *submit, const MgBirth *birth)
{
    static const char *const names[] = {"never", "success", "failure", "delay"};
    const char *notify = mg_settings_get(birth->settings, "notify", "");
    const char *ret = mg_settings_get(birth->settings, "return", "");
    unsigned bits = 0;
    for (unsigned i = 0; i < G_N_ELEMENTS(names); i++)
        if (mg_text_list_has(notify, mg_span_from_string(names[i])))
            bits |= 1u << i;
    if ((bits & MG_NOTIFY_NEVER) != 0)
        bits = MG_NOTIFY_NEVER; /* §4.1: it stands alone */
    submit->ret = g_ascii_strcasecmp(ret, "full") == 0   ? MG_RET_FULL
                  : g_ascii_strcasecmp(ret, "hdrs") == 0 ? MG_RET_HEADERS
                                                         : MG_RET_UNSAID;
    submit->smtputf8 = submit->from != NULL && !g_str_is_ascii(submit->from);
    submit->wishes = g_new0(MgMailWish, submit->recipients->len + 1);
    for (guint i = 0; i < submit->recipients->len; i++) {
        const char *recipient = submit->recipients->pdata[i];
        bool ascii = g_str_is_ascii(recipient);
        submit->smtputf8 = submit->smtputf8 || !ascii;
        submit->wishes[i].notify = bits;
        if (bits != 0 && ascii)
            submit->wishes[i].orcpt = g_strdup_printf("rfc822;%s", recipient);
    }
    uint64_t seed = birth->seed;
    mg_random_next(&seed); /* the Message-ID's */
    if (bits != 0 || submit->ret != MG_RET_UNSAID)
        submit->envid = g_strdup_printf("%08x", (unsigned)(mg_random_next(&seed) >> 32));
}

/* RFC 5321 §4.1.1.1: its whole name; where it has none, its address. */
static char *helo_of(const MgBirth *birth)
{
    const char *account = mg_settings_get(birth->settings, "account", NULL);
    const char *domain = account != NULL ? strrchr(account, '@') : NULL;
    if (strchr(birth->host, '.') != NULL || birth->local_address == NULL)
        return g_strdup(birth->host);
    if (domain != NULL) /* "alice" of example.com: a host's name is a whole one, RFC 5321 §2.3.5 */
        return g_strdup_printf("%s.%s", birth->host, domain + 1);
    bool v6 = strchr(birth->local_address, ':') != NULL;
    return g_strdup_printf("[%s%s]", v6 ? "IPv6:" : "", birth->local_address);
}

static void start(Submit *submit, const MgBirth *birth)
{
    const char *server = mg_settings_get(birth->settings, "submission", NULL);
    submit->smtps = server != NULL && g_str_has_prefix(server, SMTPS);
    if (submit->smtps)
        server += strlen(SMTPS);
    if (submit->recipients->len == 0) {
        note(submit, R_NO_RECIPIENT);
        refuse(submit, "no recipient: send FILE to ADDRESS");
    } else if (submit->from == NULL) {
        note(submit, R_NO_ACCOUNT);
        refuse(submit, "the setting account is missing");
    } else if (server == NULL || !mg_text_parse_endpoint(server, submit->smtps ? 465 : 587,
                                                         &submit->server, &submit->port)) {
        note(submit, R_NO_SERVER);
        refuse(submit, "the setting submission is missing");
    } else if (mg_text_is_address(mg_span_from_string(submit->server))) {
        send_to(submit, submit->server, birth->now);
    } else {
        submit->question.lookup = (MgLookupQuestion){.name = submit->server, .type = TYPE_A};
        enter(submit, LOOKING);
        ask(submit, MG_TOPIC_LOOKUP, birth->now + LOOKUP_TIMEOUT);
    }
}

static MgEngine *submit_create(const MgBirth *birth)
{
    const MgVerbCall *call = birth->question;
    Submit *submit = g_new0(Submit, 1);
    submit->base.kind = &mg_smtp_submit;
    mg_outbox_init(&submit->out);
    submit->state = NEW;
    submit->from = g_strdup(mg_settings_get(birth->settings, "account", NULL));
    submit->helo = helo_of(birth);
    submit->recipients = g_ptr_array_new_with_free_func(g_free);
    submit->scratch = g_ptr_array_new_with_free_func(g_free);
    if (mg_letter_keeps_line_ends(birth->settings))
        submit->letter =
            g_byte_array_append(g_byte_array_new(), call->file.data, (guint)call->file.len);
    else
        submit->letter = mg_letter_copy(call->file);
    submit->due = MG_TIME_NEVER;
    read_words(submit, call);
    complete_letter(submit, birth);
    read_wishes(submit, birth);
    start(submit, birth);
    return &submit->base;
}

static void submit_free(MgEngine *engine)
{
    Submit *submit = (Submit *)engine;
    mg_outbox_clear(&submit->out);
    for (guint i = 0; i < submit->recipients->len; i++)
        g_free((char *)submit->wishes[i].orcpt);
    g_free(submit->wishes);
    g_free(submit->envid);
    g_ptr_array_unref(submit->recipients);
    g_ptr_array_unref(submit->scratch);
    g_byte_array_unref(submit->letter);
    g_free(submit->from);
    g_free(submit->server);
    g_free(submit->helo);
    g_free(submit->address);
    g_free(submit);
}

/* ---- the engine ---- */

static void answered(Submit *submit, const void *answer, MgTime now)
{
    submit->asking = false;
    submit->due = MG_TIME_NEVER;
    if (submit->state == LOOKING)
        found(submit, answer, now);
    else
        sent(submit, answer);
}

static void submit_advance(MgEngine *engine, MgTime now)
{
    Submit *submit = (Submit *)engine;
    if (!submit->asking || now < submit->due)
        return;
    mg_outbox_add(&submit->out, (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = submit->last_ask});
    answered(submit, NULL, now);
}

static bool submit_answer(MgEngine *engine, MgAskId ask_id, const void *answer, MgTime now)
{
    Submit *submit = (Submit *)engine;
    if (!submit->asking || ask_id != submit->last_ask)
        return false;
    answered(submit, answer, now);
    return true;
}

static bool submit_next(MgEngine *engine, MgEvent *event)
{
    return mg_outbox_next(&((Submit *)engine)->out, event);
}

static MgTime submit_deadline(const MgEngine *engine)
{
    return ((const Submit *)engine)->due;
}

static size_t submit_facts(const MgEngine *engine, MgFact *facts, size_t max)
{
    const Submit *submit = (const Submit *)engine;
    size_t n = 0;
    if (n < max)
        mg_text_set_fact(&facts[n++], N_("Session"), "%s", submit->state);
    if (n < max && submit->server != NULL)
        mg_text_set_fact(&facts[n++], N_("Server"), "%s:%u", submit->server, submit->port);
    if (n < max)
        mg_text_set_fact(&facts[n++], N_("Envelope from"), "<%s>",
                         submit->from != NULL ? submit->from : "");
    if (n < max && submit->recipients->len > 0)
        mg_text_set_fact(&facts[n++], N_("Recipients"), "%u: %s%s", submit->recipients->len,
                         (const char *)g_ptr_array_index(submit->recipients, 0),
                         submit->recipients->len > 1 ? " …" : "");
    return n;
}

const MgEngineKind mg_smtp_submit = {
    .name = "smtp.submit",
    .summary = N_("Sends a letter through the submission server"),
    .usual = "mua",
    .verb = "send",
    .usage = "send FILE to ADDRESS…",
    .settings = setting_rows,
    .rules = rules,
    .transitions = transitions,
    .create = submit_create,
    .free = submit_free,
    .advance = submit_advance,
    .answer = submit_answer,
    .next = submit_next,
    .deadline = submit_deadline,
    .facts = submit_facts,
};
