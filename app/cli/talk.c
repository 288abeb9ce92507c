/* SPDX-License-Identifier: GPL-3.0-or-later */
/* talk.c - mailglass talk URL: a console on a real server
 *
 * What is typed goes out as it is; what is printed is the trace, where passwords are stars. A
 * script on standard input waits with each line for the reply to the one before, as a person would.
 */
#include <errno.h>
#include <glib-unix.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "command.h"
#include "real-access.h"
#include "record-line.h"

/* Data that has no reply of its own does not stop a script. */
#define DATA_PATIENCE (2 * MG_SECONDS)
/* Columns of what is said about an exchange. */
#define INDENT      12
#define ABOUT_WIDTH 92

typedef struct {
    MgRealOptions real;
    MgRealAccess access;
    MgUrl url;
    MgRegistry *registry;
    MgRealHost *host;
    uint32_t seen;   /* records that are printed */
    GString *input;  /* typed, and not yet said */
    bool terminal;   /* somebody types */
    bool input_over; /* nothing more will be typed */
    bool hung_up;
    MgTime owed;    /* until when a script waits for a reply; 0: it does not */
    bool connected; /* the server has said something */
} Talk;

static const MgScheme schemes[] = {{"smtp", 25},  {"smtps", 465}, {"submission", 587},
                                   {"pop3", 110}, {"pop3s", 995}, {0}};

/* ---- what is printed ---- */

/* A paragraph, set in and broken between words. */
static void print_words(const char *lead, const char *text)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    int margin = MIN(INDENT + mg_text_columns(lead), 2 * INDENT);
    int column = INDENT + mg_text_columns(lead);
    printf("%*s%s", INDENT, "", lead);
    for (size_t i = 0; words[i] != NULL; i++) {
        int width = mg_text_columns(words[i]);
        bool breaks = i > 0 && column + 1 + width > ABOUT_WIDTH;
        if (breaks)
            printf("\n%*s", margin, "");
        else if (i > 0)
            printf(" ");
        printf("%s", words[i]);
        column = (breaks ? margin : column + (i > 0)) + width;
    }
    printf("\n");
}

/* What it says in plain words, and what each thing in it that has a name means. */
static void explain(const Talk *talk, uint32_t n)
{
    const MgTrace *trace = talk->host->trace;
    const MgRecord *record = mg_trace_record(trace, n);
    const MgDissector *own = mg_registry_dissector(talk->registry, record->dissector);
    g_autoptr(MgTree) tree = mg_trace_tree(trace, n);
    g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const char *caption = mg_registry_translate(talk->registry, mg_tree_caption(tree));
    if (caption != NULL)
        print_words("", caption);
    for (MgNode node = 1; node < mg_tree_n_nodes(tree); node++) {
        const MgName *name = mg_tree_name(tree, node);
        if (name == NULL || mg_tree_node(tree, node)->dissector != own)
            continue;
        g_autofree char *value = mg_tree_value(tree, node);
        g_autofree char *lead = g_strdup_printf("%s: ", value);
        if (!g_hash_table_add(told, g_strdup(lead))) /* each line of a reply has the code */
            continue;
        const char *about = name->about != NULL ? name->about : name->name;
        print_words(lead, mg_registry_translate(talk->registry, about));
    }
}

/* What TLS says is not the conversation. */
static bool is_spoken(const Talk *talk, const MgRecord *record)
{
    return record->kind == MG_RECORD_EXCHANGE && record->flow != 0 &&
           record->dissector == mg_trace_flow(talk->host->trace, record->flow)->dissector;
}

static void print_exchange(const Talk *talk, uint32_t n)
{
    const MgTrace *trace = talk->host->trace;
    const MgRecord *record = mg_trace_record(trace, n);
    g_autoptr(GString) line = g_string_new(NULL);
    bool theirs = (record->flags & MG_RECORD_FROM_SERVER) != 0;
    int64_t ms = record->at / MG_MILLISECONDS;
    mg_trace_summarize(trace, n, line);
    printf("%4" G_GINT64_FORMAT ".%03d  %s %s\n", ms / 1000, (int)(ms % 1000), theirs ? "←" : "→",
           line->str);
    if (record->unit != MG_UNIT_DATA && record->unit != MG_UNIT_NOTE && is_spoken(talk, record))
        explain(talk, n);
}

static void print_note(const Talk *talk, const MgRecord *record)
{
    const MgRule *rule =
        mg_registry_rule(talk->registry, mg_trace_text(talk->host->trace, record->text_a));
    if (rule != NULL)
        print_words("! ", mg_registry_translate(talk->registry, rule->text));
}

static void print_record(const Talk *talk, uint32_t n)
{
    const MgTrace *trace = talk->host->trace;
    const MgRecord *record = mg_trace_record(trace, n);
    if (talk->real.json) {
        g_autofree char *json = mg_trace_json(trace, n);
        printf("%s\n", json);
    } else if (record->kind == MG_RECORD_NOTE) {
        print_note(talk, record);
    } else if (record->kind == MG_RECORD_EXCHANGE && !mg_record_is_bare(talk->registry, record) &&
               !mg_record_is_layer(trace, n)) {
        print_exchange(talk, n);
    }
}

/* ---- whose turn it is ---- */

static void set_echo(const Talk *talk, bool echo)
{
    struct termios settings;
    if (!talk->terminal || tcgetattr(STDIN_FILENO, &settings) != 0)
        return;
    settings.c_lflag = echo ? settings.c_lflag | ECHO : settings.c_lflag & ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSANOW, &settings);
}

/* A login goes on (RFC 4954 §4, RFC 5034 §4): what is typed next may be a password. */
static bool wants_secret(MgSpan reply)
{
    return (reply.len > 3 && memcmp(reply.data, "334", 3) == 0) ||
           (reply.len > 1 && memcmp(reply.data, "+ ", 2) == 0);
}

/* Does a reply end, or demand, our waiting? */
static void look_at(Talk *talk, const MgRecord *record)
{
    if (!is_spoken(talk, record))
        return;
    if ((record->flags & MG_RECORD_FROM_SERVER) != 0) {
        if (record->unit == MG_UNIT_REPLY) {
            talk->owed = 0;
            set_echo(talk, !wants_secret(mg_trace_bytes(talk->host->trace, talk->seen)));
        }
        talk->connected = true;
    } else if (record->unit == MG_UNIT_COMMAND) {
        talk->owed = MG_TIME_NEVER;
    } else if (record->unit == MG_UNIT_DATA) {
        talk->owed = mg_drive_now(talk->host->drive) + DATA_PATIENCE;
    }
}

static gboolean on_patience(void *data)
{
    return G_SOURCE_REMOVE; /* the loop has turned: that is all */
}

static bool may_speak(Talk *talk)
{
    MgTime now = mg_drive_now(talk->host->drive);
    if (talk->terminal || talk->owed <= now)
        return true;
    if (talk->owed != MG_TIME_NEVER)
        g_timeout_add((guint)((talk->owed - now) / MG_MILLISECONDS) + 1, on_patience, NULL);
    return false;
}

/* (transfer full) (nullable) The next line that was typed. */
static char *take_line(Talk *talk)
{
    const char *end = strchr(talk->input->str, '\n');
    if (end == NULL && (!talk->input_over || talk->input->len == 0))
        return NULL;
    size_t len = end != NULL ? (size_t)(end - talk->input->str) : talk->input->len;
    char *line = g_strndup(talk->input->str, len);
    if (len > 0 && line[len - 1] == '\r')
        line[len - 1] = '\0';
    explicit_bzero(talk->input->str, len);
    g_string_erase(talk->input, 0, (gssize)(end != NULL ? len + 1 : len));
    return line;
}

/* The line that was typed may be a password: the trace says it again, with stars. */
static void wipe_echo(const char *line)
{
    struct winsize size = {0};
    size_t width = (size_t)mg_text_columns(line);
    size_t columns = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
    for (size_t rows = columns > 0 ? width / columns + 1 : 1; rows > 0; rows--)
        printf("\033[A\033[2K");
    printf("\r");
}

static void speak(Talk *talk)
{
    MgRealHost *host = talk->host;
    while (!talk->hung_up && mg_runtime_waiting(host->runtime, host->id, NULL) && may_speak(talk)) {
        g_autofree char *line = take_line(talk);
        if (line == NULL && !talk->input_over)
            return;
        if (line != NULL && talk->terminal && isatty(STDOUT_FILENO))
            wipe_echo(line);
        talk->hung_up = line == NULL;
        mg_runtime_tell(host->runtime, host->id, line, mg_drive_sync(host->drive), NULL);
        if (line != NULL)
            explicit_bzero(line, strlen(line));
        while (talk->seen < mg_trace_n_records(host->trace)) {
            look_at(talk, mg_trace_record(host->trace, ++talk->seen));
            print_record(talk, talk->seen);
        }
    }
}

static void on_turn(void *data)
{
    Talk *talk = data;
    while (talk->seen < mg_trace_n_records(talk->host->trace)) {
        look_at(talk, mg_trace_record(talk->host->trace, ++talk->seen));
        print_record(talk, talk->seen);
    }
    speak(talk);
    fflush(stdout);
}

static gboolean on_input(int fd, GIOCondition condition, void *data)
{
    Talk *talk = data;
    char buffer[4096];
    ssize_t n = read(fd, buffer, sizeof buffer);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return G_SOURCE_CONTINUE;
    if (n > 0)
        g_string_append_len(talk->input, buffer, n);
    explicit_bzero(buffer, sizeof buffer);
    talk->input_over = n <= 0;
    return talk->input_over ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

/* ---- the command ---- */

/* Why there was no talk: the carrier has said it in the trace. */
static void complain_of_reach(const Talk *talk)
{
    const MgTrace *trace = talk->host->trace;
    g_autoptr(GString) text = g_string_new(NULL);
    for (uint32_t n = mg_trace_n_records(trace); n > 0 && text->len == 0; n--)
        if (mg_trace_record(trace, n)->kind == MG_RECORD_ACTION)
            mg_trace_summarize(trace, n, text);
    mg_complain(talk->real.command, "%s", text->len > 0 ? text->str : _("no answer"));
}

static int run_talk(Talk *talk)
{
    g_autoptr(GError) error = NULL;
    const MgEngineKind *kind = mg_find_verb(talk->registry, "talk", talk->url.scheme);
    if (kind == NULL) {
        mg_complain(talk->real.command, _("no plugin that talks to %s:// is loaded"),
                    talk->url.scheme);
        return MG_EXIT_FAILED;
    }
    if (!mg_real_access_trust(&talk->access))
        return MG_EXIT_FAILED;
    const MgSettings settings = mg_real_access_settings(&talk->access);
    g_autofree char *server = mg_url_server(&talk->url);
    const char *words[] = {server, NULL};
    const MgVerbCall call = {.words = words, .n_words = 1};
    g_autoptr(MgRealHost) host = mg_real_host_new(talk->registry, &settings, &talk->real);
    if (host == NULL)
        return MG_EXIT_USAGE;
    talk->host = host;
    if (!mg_real_host_add(host, kind))
        return MG_EXIT_FAILED;
    if (mg_runtime_say(host->runtime, host->id, "talk", &call, mg_drive_sync(host->drive),
                       &error) == 0) {
        mg_complain(talk->real.command, "%s", error->message);
        return MG_EXIT_FAILED;
    }
    talk->owed = MG_TIME_NEVER; /* the server speaks first */
    host->turned = on_turn;
    host->turned_data = talk;
    guint input = g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, on_input, talk);
    mg_real_host_run(host, NULL);
    if (!talk->input_over)
        g_source_remove(input);
    on_turn(talk);
    set_echo(talk, true);
    mg_real_access_tell(&talk->access, host->trace, false);
    if (!talk->connected)
        complain_of_reach(talk);
    int result = talk->connected ? MG_EXIT_DONE : MG_EXIT_FAILED;
    return mg_real_host_save(host) ? result : MG_EXIT_FAILED;
}

static void talk_clear(Talk *talk)
{
    mg_url_clear(&talk->url);
    mg_real_access_clear(&talk->access);
    g_free(talk->real.trace);
    g_free(talk->real.timeout);
    explicit_bzero(talk->input->str, talk->input->len);
    g_string_free(talk->input, TRUE);
}

static int check_arguments(Talk *talk, int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    if (argc != 2) {
        mg_complain(talk->real.command, "%s", _("a URL is wanted; see --help"));
        return MG_EXIT_USAGE;
    }
    if (mg_url_parse(argv[1], schemes, &talk->url, &error))
        return MG_EXIT_DONE;
    mg_complain(talk->real.command, "%s", error->message);
    return MG_EXIT_USAGE;
}

int mg_talk_main(int argc, char **argv, MgRegistry *registry)
{
    Talk talk = {.real = {.command = "mailglass talk"}, .registry = registry};
    mg_real_access_init(&talk.access, talk.real.command);
    talk.input = g_string_new(NULL);
    talk.terminal = isatty(STDIN_FILENO);
    const GOptionEntry entries[] = {
        MG_REAL_TRUST_ENTRIES(&talk.access),
        {"timeout", 0, 0, G_OPTION_ARG_STRING, &talk.real.timeout,
         N_("How long a connection may take to be made (30s)"), N_("TIME")},
        {"trace", 0, 0, G_OPTION_ARG_FILENAME, &talk.real.trace,
         N_("Keeps what happened as a capture file"), N_("FILE.pcapng")},
        {"json", 0, 0, G_OPTION_ARG_NONE, &talk.real.json, N_("Prints JSON, an object a line"),
         NULL},
        {0}};
    bool helped = false;
    int result = mg_parse_options(
        talk.real.command, "URL",
        _("URL is smtp://HOST:PORT, submission://HOST, pop3://HOST, or smtps:// and pop3s:// with "
          "TLS from the start. Each line goes to the server as it is; each reply is explained. "
          "After STARTTLS, or STLS, the conversation goes on encrypted. From a file or a pipe each "
          "line waits for the reply to the one before. What is typed as a password is printed, and "
          "kept, as stars.\n\nExamples:\n  mailglass talk smtp://mx.example.net\n  printf 'EHLO "
          "me.example\\nQUIT\\n' | mailglass talk submission://127.0.0.1:2587"),
        entries, &argc, &argv, &helped);
    if (result == MG_EXIT_DONE && !helped) {
        result = check_arguments(&talk, argc, argv);
        if (result == MG_EXIT_DONE)
            result = run_talk(&talk);
    }
    talk_clear(&talk);
    return result;
}
