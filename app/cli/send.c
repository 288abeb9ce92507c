/* SPDX-License-Identifier: GPL-3.0-or-later */
/* send.c - mailglass send URL --from A --to B… FILE: hands one message to a real server */
#include <stdio.h>

#include "command.h"
#include "real-access.h"

#define MESSAGE_MAX ((size_t)256 * 1024 * 1024)

typedef struct {
    MgRealOptions real;
    MgRealAccess access;
    char *from, *helo;
    char **to;
    char *file;
    MgUrl url;
} Send;

static const MgScheme schemes[] = {
    {"smtp", 25}, {"smtps", 465}, {"submission", 587}, {"lmtp", 24}, {0}};

/* What became of it, copied from the answer. */
typedef struct {
    const Send *send;
    bool answered;
    int exit;
} Outcome;

static const char *reach_text(MgReach reach)
{
    static const char *const texts[] = {
        [MG_REACH_REFUSED] = N_("the connection was refused"),
        [MG_REACH_TIMEOUT] = N_("the connection timed out"),
        [MG_REACH_UNREACHABLE] = N_("the host cannot be reached, or there is no such name"),
        [MG_REACH_BAD_ADDRESS] = N_("this is not an address"),
    };
    return _(texts[reach]);
}

static void print_verdict(const Send *send, const char *recipient, const MgVerdict *verdict)
{
    if (send->real.json) {
        g_autoptr(GString) line = g_string_new("{\"recipient\":");
        mg_json_string(line, mg_span_from_string(recipient));
        g_string_append_printf(line, ",\"code\":%u,\"enhanced\":", verdict->code);
        if (verdict->enhanced != NULL)
            mg_json_string(line, mg_span_from_string(verdict->enhanced));
        else
            g_string_append(line, "null");
        g_string_append(line, ",\"text\":");
        mg_json_string(line, mg_span_from_string(verdict->text != NULL ? verdict->text : ""));
        g_print("%s}\n", line->str);
        return;
    }
    g_print("%s: %u%s%s%s%s\n", recipient, verdict->code, verdict->enhanced != NULL ? " " : "",
            verdict->enhanced != NULL ? verdict->enhanced : "", verdict->text != NULL ? " " : "",
            verdict->text != NULL ? verdict->text : "");
}

static void on_answer(const void *data, void *user_data)
{
    const MgSendAnswer *answer = data;
    Outcome *outcome = user_data;
    const Send *send = outcome->send;
    unsigned refused = 0, unknown = 0;
    outcome->answered = true;
    outcome->exit = MG_EXIT_FAILED;
    if (answer == NULL) {
        mg_complain(send->real.command, "%s", _("no plugin could send it"));
        return;
    }
    if (answer->reach != MG_REACH_OK) {
        mg_complain(send->real.command, "%s:%u: %s", send->url.host, send->url.port,
                    reach_text(answer->reach));
        return;
    }
    for (size_t i = 0; i < answer->n_verdicts; i++) {
        uint16_t code = answer->verdicts[i].code;
        if (code == 0) {
            unknown++;
            continue;
        }
        refused += code / 100 != 2;
        print_verdict(send, send->to[i], &answer->verdicts[i]);
    }
    if (unknown > 0)
        mg_complain(send->real.command,
                    _("%s:%u: the connection was lost before the mail was accepted"),
                    send->url.host, send->url.port);
    else if (refused > 0)
        mg_complain(send->real.command, _("%s:%u: %u of %zu recipients were not accepted"),
                    send->url.host, send->url.port, refused, answer->n_verdicts);
    outcome->exit = unknown > 0 ? MG_EXIT_FAILED : refused > 0 ? MG_EXIT_NO : MG_EXIT_DONE;
}

/* Lines end with CR LF on the wire, whatever the file has; a last line without an end gets one. */
static GString *to_wire(const char *text, size_t len)
{
    GString *out = g_string_sized_new(len + len / 32 + 2);
    for (size_t at = 0; at < len;) {
        const char *lf = memchr(text + at, '\n', len - at);
        size_t end = lf != NULL ? (size_t)(lf - text) : len;
        size_t n = end - at;
        if (n > 0 && text[end - 1] == '\r')
            n--;
        g_string_append_len(out, text + at, (gssize)n);
        g_string_append(out, "\r\n");
        at = end + 1;
    }
    return out;
}

/* (transfer full) (nullable) The message; "-" is standard input. */
static GString *read_message(const Send *send)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    if (strcmp(send->file, "-") == 0) {
        char buffer[65536];
        size_t n;
        while ((n = fread(buffer, 1, sizeof buffer, stdin)) > 0 && text->len <= MESSAGE_MAX)
            g_string_append_len(text, buffer, (gssize)n);
    } else {
        g_autofree char *content = NULL;
        gsize len = 0;
        if (!g_file_get_contents(send->file, &content, &len, &error)) {
            mg_complain(send->real.command, "%s", error->message);
            return NULL;
        }
        g_string_append_len(text, content, (gssize)MIN(len, (gsize)MESSAGE_MAX + 1));
    }
    if (text->len > MESSAGE_MAX) {
        mg_complain(send->real.command, _("%s: the message is larger than %u octets"), send->file,
                    (unsigned)MESSAGE_MAX);
        return NULL;
    }
    return to_wire(text->str, text->len);
}

/* Who gives a name wants to log in, on any port, and not to send without. */
static bool prepare(Send *send)
{
    MgRealAccess *access = &send->access;
    if (!mg_real_access_log_in(access, &send->url))
        return false;
    if (access->user != NULL)
        mg_real_access_set(
            access, "auth",
            access->auth == NULL || strcmp(access->auth, "auto") == 0 ? "yes" : access->auth);
    mg_real_access_set(access, "send-tls", mg_url_starttls(&send->url));
    return true;
}

static int run_send(Send *send, MgRegistry *registry)
{
    const MgEngineKind *kind = mg_find_answerer(registry, MG_TOPIC_SEND);
    Outcome outcome = {send, false, MG_EXIT_FAILED};
    if (kind == NULL) {
        mg_complain(send->real.command, _("no plugin that sends mail is loaded"));
        return MG_EXIT_FAILED;
    }
    GString *message = read_message(send);
    if (message == NULL || !prepare(send)) {
        if (message != NULL)
            g_string_free(message, TRUE);
        return MG_EXIT_FAILED;
    }
    const MgSettings settings = mg_real_access_settings(&send->access);
    g_autoptr(GBytes) bytes = g_string_free_to_bytes(message);
    size_t len = 0;
    const uint8_t *data = g_bytes_get_data(bytes, &len);
    g_autoptr(MgRealHost) host = mg_real_host_new(registry, &settings, &send->real);
    if (host == NULL)
        return MG_EXIT_USAGE;
    if (!mg_real_host_add(host, kind))
        return MG_EXIT_FAILED;
    const MgSendQuestion question = {
        .mail = {.mail_from = send->from,
                 .recipients = (const char *const *)send->to,
                 .n_recipients = g_strv_length(send->to),
                 .data = {data, len}},
        .address = send->url.host,
        .port = send->url.port,
        .server = send->url.host,
        .helo = send->helo != NULL ? send->helo : g_get_host_name(),
        .tls = strcmp(send->url.scheme, "smtps") == 0 ? MG_SEND_TLS_FROM_START : MG_SEND_TLS_AS_SET,
        .lmtp = strcmp(send->url.scheme, "lmtp") == 0,
    };
    mg_runtime_ask(host->runtime, host->id, MG_TOPIC_SEND, &question,
                   (MgListener){on_answer, &outcome}, mg_drive_sync(host->drive));
    g_autofree char *what = g_strdup_printf(_("talking to %s"), send->url.host);
    mg_real_host_run(host, what);
    mg_real_access_tell(&send->access, host->trace, outcome.exit == MG_EXIT_DONE);
    if (!outcome.answered)
        mg_complain(send->real.command, "%s",
                    host->interrupted ? _("interrupted") : _("no answer"));
    if (!mg_real_host_save(host))
        return MG_EXIT_FAILED;
    return outcome.exit;
}

static void send_clear(Send *send)
{
    g_free(send->from);
    g_free(send->helo);
    g_free(send->real.trace);
    g_free(send->real.timeout);
    g_strfreev(send->to);
    mg_url_clear(&send->url);
    mg_real_access_clear(&send->access);
}

/* Judges the arguments that are left. */
static int check_arguments(Send *send, int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (argc != 3 || send->from == NULL || send->to == NULL) {
        mg_complain(send->real.command, "%s",
                    _("a URL, --from, at least one --to and a file are wanted; see --help"));
        return MG_EXIT_USAGE;
    }
    if (!mg_url_parse(argv[1], schemes, &send->url, &error)) {
        mg_complain(send->real.command, "%s", error->message);
        return MG_EXIT_USAGE;
    }
    send->file = argv[2];
    return MG_EXIT_DONE;
}

int mg_send_main(int argc, char **argv, MgRegistry *registry)
{
    Send send = {.real = {.command = "mailglass send"}};
    mg_real_access_init(&send.access, send.real.command);
    const GOptionEntry entries[] = {
        {"from", 0, 0, G_OPTION_ARG_STRING, &send.from,
         N_("The sender of the envelope; \"\" is the null sender"), N_("ADDRESS")},
        {"to", 0, 0, G_OPTION_ARG_STRING_ARRAY, &send.to,
         N_("A recipient of the envelope; may be given several times"), N_("ADDRESS")},
        {"helo", 0, 0, G_OPTION_ARG_STRING, &send.helo,
         N_("What to call ourselves; this machine's name if not given"), N_("NAME")},
        MG_REAL_LOGIN_ENTRIES(&send.access),
        MG_REAL_TRUST_ENTRIES(&send.access),
        {"timeout", 0, 0, G_OPTION_ARG_STRING, &send.real.timeout,
         N_("How long a connection may take to be made (30s)"), N_("TIME")},
        {"trace", 0, 0, G_OPTION_ARG_FILENAME, &send.real.trace,
         N_("Keeps what happened as a capture file"), N_("FILE.pcapng")},
        {"json", 0, 0, G_OPTION_ARG_NONE, &send.real.json, N_("Prints JSON, an object a line"),
         NULL},
        {0}};
    bool helped = false;
    int result = mg_parse_options(
        send.real.command, "URL FILE",
        _("URL is smtp://HOST:PORT, submission://USER@HOST, smtps://USER@HOST (TLS from the start) "
          "or lmtp://HOST:PORT. Where the server offers STARTTLS it is used; ?starttls=require "
          "sends to nobody who has not proved the name by TLS, ?starttls=never sends in the clear. "
          "FILE is a message with its header; - is standard input.\n\nExamples:\n  mailglass send "
          "smtp://127.0.0.1:2525 --from alice@example.com --to bob@example.net hello.eml\n  "
          "mailglass send submission://alice@mail.example.com?starttls=require --from "
          "alice@example.com --to bob@example.net hello.eml"),
        entries, &argc, &argv, &helped);
    if (result == MG_EXIT_DONE && !helped) {
        result = check_arguments(&send, argc, argv);
        if (result == MG_EXIT_DONE)
            result = run_send(&send, registry);
    }
    send_clear(&send);
    return result;
}
