/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tap-command.c - mailglass tap LISTENADDR:PORT URL: stands between a mail program and its server,
 * and prints what they say while they say it */
#include <glib-unix.h>
#include <stdio.h>

#include "command.h"
#include "real-access.h"
#include "record-line.h"

#include "tap.h"

typedef struct {
    MgRealOptions real;
    MgRealAccess access;
    char *certificate, *key;
    MgUrl url;
    const char *listen;
    MgTrace *trace;
    MgRecordLine *line;
    uint32_t seen;
} TapCommand;

/* What is spoken where. */
static const struct {
    const char *scheme, *dissector;
    uint16_t port;
    bool from_start;
} protocols[] = {{"smtp", "smtp", 25, false},        {"smtps", "smtp", 465, true},
                 {"submission", "smtp", 587, false}, {"pop3", "pop", 110, false},
                 {"pop3s", "pop", 995, true},        {"imap", "imap", 143, false},
                 {"imaps", "imap", 993, true}};

/* ---- what is printed ---- */

static void print_record(const TapCommand *tap, uint32_t n)
{
    const MgRecord *record = mg_trace_record(tap->trace, n);
    if (tap->real.json) {
        g_autofree char *json = mg_trace_json(tap->trace, n);
        printf("%s\n", json);
    } else if (record->kind == MG_RECORD_ACTION) { /* the tap itself has something to say */
        g_autoptr(GString) text = g_string_new(NULL);
        mg_trace_summarize(tap->trace, n, text);
        mg_complain(tap->real.command, "%s", text->str);
    } else if (!mg_record_is_layer(tap->trace, n)) {
        mg_record_line_print(tap->line, tap->trace, n);
    }
}

static void on_change(void *data)
{
    TapCommand *tap = data;
    while (tap->seen != mg_trace_n_records(tap->trace))
        if (mg_trace_has(tap->trace, ++tap->seen))
            print_record(tap, tap->seen);
    fflush(stdout);
}

/* ---- the command ---- */

static bool read_files(TapCommand *tap)
{
    MgRealAccess *access = &tap->access;
    return mg_real_access_trust(access) &&
           (tap->certificate == NULL ||
            mg_real_access_set_pem(access, "tls-certificate", tap->certificate)) &&
           (tap->key == NULL || mg_real_access_set_pem(access, "tls-key", tap->key));
}

static int listen_and_wait(TapCommand *tap, const MgTapQuestion *question, MgPcapng *file)
{
    g_autoptr(GError) error = NULL;
    MgTap *open = mg_tap_open(tap->trace, tap->listen, question, &error);
    if (open == NULL) {
        mg_complain(tap->real.command, "%s", error->message);
        if (file != NULL)
            mg_pcapng_close(file, NULL);
        return MG_EXIT_FAILED;
    }
    mg_tap_on_change(open, on_change, tap);
    printf(tap->real.json ? "{\"listening\":\"%s\",\"address\":\"%s\"}\n" : "listening %s %s\n",
           tap->url.scheme, mg_tap_address(open));
    fflush(stdout); /* who started us waits for this line */
    mg_wait_for_signal();
    mg_tap_close(open);
    on_change(tap);
    if (file == NULL || mg_pcapng_close(file, &error))
        return MG_EXIT_DONE;
    mg_complain(tap->real.command, "%s", error->message);
    return MG_EXIT_FAILED;
}

static int run_tap(TapCommand *tap, MgRegistry *registry)
{
    size_t i = 0;
    MgPcapng *file = NULL;
    while (strcmp(protocols[i].scheme, tap->url.scheme) != 0)
        i++;
    if (mg_registry_dissector_index(registry, protocols[i].dissector) == 0) {
        mg_complain(tap->real.command, _("no plugin that knows %s:// is loaded"), tap->url.scheme);
        return MG_EXIT_FAILED;
    }
    if (!read_files(tap))
        return MG_EXIT_FAILED;
    const MgSettings settings = mg_real_access_settings(&tap->access);
    const MgTapQuestion question = {.server = tap->url.host,
                                    .port = tap->url.port,
                                    .dissector = protocols[i].dissector,
                                    .from_start = protocols[i].from_start,
                                    .settings = &settings};
    tap->trace = mg_trace_new(registry);
    tap->line = mg_record_line_new_for_pair("program", tap->url.host, registry);
    mg_trace_set_origin(tap->trace, tap->real.command, g_get_real_time() / G_USEC_PER_SEC,
                        (uint64_t)g_random_int() << 32 | g_random_int());
    if (!mg_trace_for_weeks(tap->trace, &tap->real, &file))
        return MG_EXIT_FAILED;
    return listen_and_wait(tap, &question, file);
}

static int check_arguments(TapCommand *tap, int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    MgScheme schemes[G_N_ELEMENTS(protocols) + 1] = {{0}};
    for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++)
        schemes[i] = (MgScheme){protocols[i].scheme, protocols[i].port};
    if (argc != 3) {
        mg_complain(tap->real.command, "%s",
                    _("where to listen and the server's URL are wanted; see --help"));
        return MG_EXIT_USAGE;
    }
    if (!mg_url_parse(argv[2], schemes, &tap->url, &error)) {
        mg_complain(tap->real.command, "%s", error->message);
        return MG_EXIT_USAGE;
    }
    tap->listen = argv[1];
    return MG_EXIT_DONE;
}

static void tap_clear(TapCommand *tap)
{
    mg_record_line_free(tap->line);
    mg_trace_unref(tap->trace);
    mg_url_clear(&tap->url);
    mg_real_access_clear(&tap->access);
    g_free(tap->certificate);
    g_free(tap->key);
    g_free(tap->real.trace);
}

int mg_tap_main(int argc, char **argv, MgRegistry *registry)
{
    TapCommand tap = {.real = {.command = "mailglass tap"}};
    mg_real_access_init(&tap.access, tap.real.command);
    const GOptionEntry entries[] = {
        {"cert", 0, 0, G_OPTION_ARG_FILENAME, &tap.certificate,
         N_("The certificate that the mail program is shown (PEM); one is made if not given"),
         N_("FILE")},
        {"key", 0, 0, G_OPTION_ARG_FILENAME, &tap.key,
         N_("The certificate's private key, where it is not in the same file"), N_("FILE")},
        {"ca", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &tap.access.ca,
         N_("Trusts the authorities in this file (PEM) besides the system's"), N_("FILE")},
        {"trace", 0, 0, G_OPTION_ARG_FILENAME, &tap.real.trace,
         N_("Keeps what happened as a capture file"), N_("FILE.pcapng")},
        {"json", 0, 0, G_OPTION_ARG_NONE, &tap.real.json, N_("Prints JSON, an object a line"),
         NULL},
        {0}};
    bool helped = false;
    int result = mg_parse_options(
        tap.real.command, "LISTENADDR:PORT URL",
        _("Octets pass unchanged both ways until it is interrupted; passwords are printed, and "
          "kept, as stars. URL is smtp://HOST:PORT, submission://HOST, pop3://HOST, imap://HOST, "
          "or smtps://, pop3s:// and imaps:// with TLS from the start. Where the two begin TLS it "
          "ends at the tap, which "
          "begins its own with the server: the mail program sees the tap's certificate, and must "
          "trust it. A login that is bound to the TLS channel (SCRAM-…-PLUS) fails here, as it "
          "should. Port 0 takes a free one.\n\nExample:\n  mailglass tap 127.0.0.1:2525 "
          "submission://mail.example.com --trace talk.pcapng"),
        entries, &argc, &argv, &helped);
    if (result == MG_EXIT_DONE && !helped) {
        result = check_arguments(&tap, argc, argv);
        if (result == MG_EXIT_DONE)
            result = run_tap(&tap, registry);
    }
    tap_clear(&tap);
    return result;
}
