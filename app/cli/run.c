/* SPDX-License-Identifier: GPL-3.0-or-later */
/* run.c - mailglass run: plays a network's script and prints what happens
 *
 * Text is for people: exchanges and what is worth a remark. JSON has everything, states too.
 */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "command.h"

#include "filter.h"
#include "pcapng.h"
#include "record-line.h"
#include "world.h"

static const char command[] = "mailglass run";

typedef struct {
    /* options */
    char *until_text, *filter_text, *trace_path, *level, *time_text, *now_text, *count_text;
    char **settings;
    gint64 seed, seeds;
    gint repeat;
    gboolean json, quiet;
    /* the run */
    MgRegistry *registry;
    MgNetwork *network;
    MgWorld *world;
    MgFilter *until, *filter, *count;
    MgTime limit;
    bool packets;      /* bare packets, too */
    uint32_t seen;     /* records that were looked at */
    uint64_t n_spoken; /* exchanges among them */
    bool met;          /* --until */
    MgRecordLine *line;
} Run;

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    interrupted = 1;
}

static void print_json(const MgTrace *trace, uint32_t n)
{
    g_autofree char *json = mg_trace_json(trace, n);
    fputs(json, stdout);
    fputc('\n', stdout);
}

/* ---- records, as they come ---- */

static bool wanted(const Run *run, const MgTrace *trace, uint32_t n)
{
    const MgRecord *record = mg_trace_record(trace, n);
    if (record->kind == MG_RECORD_EXCHANGE && !run->packets &&
        mg_record_is_bare(run->registry, record))
        return false;
    if (run->filter != NULL)
        return mg_filter_match(run->filter, trace, n);
    if (run->json || record->kind != MG_RECORD_NOTE)
        return run->json || record->kind != MG_RECORD_STATE;
    const MgRule *rule = mg_registry_rule(run->registry, mg_trace_text(trace, record->text_a));
    return rule == NULL || rule->severity > MG_SEVERITY_CHAT;
}

/* Looks at what is new in the trace; stops at the record that --until wants. */
static void look(Run *run)
{
    const MgTrace *trace = mg_world_trace(run->world);
    uint32_t end = mg_trace_n_records(trace);
    while (run->seen < end && !run->met) {
        uint32_t n = ++run->seen;
        const MgRecord *record = mg_trace_record(trace, n);
        run->n_spoken +=
            record->kind == MG_RECORD_EXCHANGE && !mg_record_is_bare(run->registry, record);
        mg_record_line_note(run->line, record, n);
        if (!run->quiet && wanted(run, trace, n)) {
            if (run->json)
                print_json(trace, n);
            else
                mg_record_line_print(run->line, trace, n);
        }
        run->met = run->until != NULL && mg_filter_match(run->until, trace, n);
    }
}

/* On a terminal that nothing else is printed to, work of over a second shows that it goes on. */
static void show_progress(const Run *run, gint64 *next, bool last)
{
    gint64 now = g_get_monotonic_time();
    if (*next == 0)
        *next = now + G_USEC_PER_SEC;
    if (now < *next && !last)
        return;
    if (last)
        g_printerr("\r\033[K");
    else
        g_printerr("\r%u records, %" G_GINT64_FORMAT " s", run->seen,
                   mg_world_now(run->world) / MG_SECONDS);
    *next = now + G_USEC_PER_SEC / 2;
}

static void play(Run *run)
{
    bool terminal = isatty(STDERR_FILENO) && (run->quiet || !isatty(STDOUT_FILENO));
    gint64 next = 0;
    uint64_t steps = 0;
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND}, old;
    sigaction(SIGINT, &action, &old); /* a second one ends the program at once */
    while (!run->met && !interrupted && mg_world_step(run->world, run->limit)) {
        look(run);
        if (terminal && (++steps & 0xfff) == 0)
            show_progress(run, &next, false);
    }
    if (terminal && steps > 0xfff)
        show_progress(run, &next, true);
    sigaction(SIGINT, &old, NULL);
}

/* ---- the end ---- */

static void print_summary(const Run *run)
{
    const MgTrace *trace = mg_world_trace(run->world);
    MgRuntimeCounts counts;
    mg_runtime_counts(mg_world_runtime(run->world), &counts);
    g_autofree char *hash = mg_trace_hash(trace);
    g_autoptr(GString) time = g_string_new(NULL);
    mg_json_time(time, mg_world_now(run->world));
    if (run->json) {
        printf("{\"summary\":true,\"time\":%s,\"exchanges\":%" G_GUINT64_FORMAT
               ",\"packets\":%u,\"sent\":%" G_GUINT64_FORMAT ",\"delivered\":%" G_GUINT64_FORMAT
               ",\"bounced\":%" G_GUINT64_FORMAT ",\"queued\":%" G_GUINT64_FORMAT
               ",\"fetched\":%" G_GUINT64_FORMAT ",\"hash\":\"%s\"}\n",
               time->str, run->n_spoken, mg_trace_n_packets(trace), counts.sent, counts.delivered,
               counts.bounced, counts.queued, counts.fetched, hash);
        return;
    }
    printf(ngettext("%lu mail delivered", "%lu mails delivered", counts.delivered),
           (unsigned long)counts.delivered);
    printf(_(", %lu bounced, %lu queued, %lu fetched, in %s s of simulated time; %lu exchanges, %u "
             "packets; trace %.12s\n"),
           (unsigned long)counts.bounced, (unsigned long)counts.queued,
           (unsigned long)counts.fetched, time->str, (unsigned long)run->n_spoken,
           mg_trace_n_packets(trace), hash);
}

static int finish(const Run *run)
{
    g_autoptr(GError) error = NULL;
    int result = MG_EXIT_DONE;
    if (run->trace_path != NULL &&
        !mg_pcapng_write(mg_world_trace(run->world), run->trace_path, &error)) {
        mg_complain(command, "%s", error->message);
        result = MG_EXIT_FAILED;
    }
    print_summary(run);
    if (interrupted) {
        mg_complain(command, "%s", _("interrupted; what happened until then is kept"));
        return MG_EXIT_FAILED;
    }
    if (result == MG_EXIT_DONE && run->until != NULL && !run->met) {
        mg_complain(command, _("the run ended and nothing matched --until '%s'"), run->until_text);
        return MG_EXIT_NO;
    }
    return result;
}

/* ---- many seeds ---- */

typedef struct {
    uint64_t runs, matched;
} Tally;

/* Newton's way: one square root is no reason for another library. */
static double square_root(double x)
{
    double root = x > 1 ? x : 1;
    for (int i = 0; i < 64; i++)
        root = (root + x / root) / 2;
    return root;
}

/* The interval that holds the true rate in 95 of 100 cases (Wilson 1927): unlike the one in most
 * schoolbooks it is right for rates near 0, too. */
static void interval(const Tally *tally, double *low, double *high)
{
    double n = (double)MAX(tally->runs, 1), p = (double)tally->matched / n, z = 1.959964;
    double middle = (p + z * z / (2 * n)) / (1 + z * z / n);
    double half = z / (1 + z * z / n) * square_root(p * (1 - p) / n + z * z / (4 * n * n));
    *low = tally->matched == 0 ? 0 : middle - half;
    *high = tally->matched == tally->runs ? 1 : middle + half;
}

/* One run to its end, or until it is known. True: it had a match. */
static bool try_seed(const Run *run, MgWorld *world)
{
    const MgTrace *trace = mg_world_trace(world);
    const MgFilter *wanted = run->count != NULL ? run->count : run->until;
    uint32_t seen = 0;
    do {
        while (seen < mg_trace_n_records(trace)) {
            seen++;
            if (mg_filter_match(wanted, trace, seen))
                return true;
            if (run->count != NULL && run->until != NULL &&
                mg_filter_match(run->until, trace, seen))
                return false;
        }
    } while (!interrupted && mg_world_step(world, run->limit));
    return false;
}

static void show_seeds(const Run *run, const Tally *tally, gint64 *next)
{
    gint64 now = g_get_monotonic_time();
    if (now < *next)
        return;
    g_printerr("\r%" G_GUINT64_FORMAT "/%" G_GINT64_FORMAT ": %" G_GUINT64_FORMAT, tally->runs,
               run->seeds, tally->matched);
    *next = now + G_USEC_PER_SEC / 2;
}

static void print_tally(const Run *run, const Tally *tally)
{
    double low, high;
    double rate = (double)tally->matched / (double)MAX(tally->runs, 1);
    const char *wanted = run->count != NULL ? run->count_text : run->until_text;
    interval(tally, &low, &high);
    if (run->json) {
        printf("{\"runs\":%" G_GUINT64_FORMAT ",\"matched\":%" G_GUINT64_FORMAT
               ",\"rate\":%.6f,\"low\":%.6f,\"high\":%.6f,\"seed\":%" G_GINT64_FORMAT "}\n",
               tally->runs, tally->matched, rate, low, high, run->seed);
        return;
    }
    printf(_("%lu of %lu runs had a match of '%s': %.4g %%, and with 95 %% certainty between "
             "%.4g %% and %.4g %%\n"),
           (unsigned long)tally->matched, (unsigned long)tally->runs, wanted, 100 * rate, 100 * low,
           100 * high);
}

static int run_seeds(Run *run)
{
    Tally tally = {0};
    bool terminal = isatty(STDERR_FILENO);
    gint64 next = g_get_monotonic_time() + G_USEC_PER_SEC;
    struct sigaction action = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND}, old;
    sigaction(SIGINT, &action, &old);
    while (tally.runs < (uint64_t)run->seeds && !interrupted) {
        g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(MgWorld) world =
            mg_world_new(run->network, run->registry, (uint64_t)run->seed + tally.runs, problems);
        if (world == NULL) {
            mg_print_problems(problems);
            mg_complain(command, _("%s cannot be used: see above"), run->network->path);
            return MG_EXIT_FAILED;
        }
        bool matched = try_seed(run, world);
        if (interrupted) /* what was broken off is no run */
            break;
        tally.runs++;
        tally.matched += matched;
        if (terminal)
            show_seeds(run, &tally, &next);
    }
    if (terminal)
        g_printerr("\r\033[K");
    sigaction(SIGINT, &old, NULL);
    print_tally(run, &tally);
    if (interrupted)
        mg_complain(command, "%s", _("interrupted; what happened until then is kept"));
    return interrupted ? MG_EXIT_FAILED : MG_EXIT_DONE;
}

/* ---- other settings ---- */

static const MgSettingRow *find_setting(const MgRegistry *registry, const MgNetworkHost *host,
                                        const char *key)
{
    const MgSettingRow *any = mg_registry_layer_setting(registry, key); /* of every host */
    for (size_t i = 0; i < host->n_engines; i++)
        for (const MgSettingRow *row = host->engines[i].kind->settings;
             row != NULL && row->key != NULL; row++)
            if (strcmp(row->key, key) == 0 && row->type != MG_SETTING_FILES)
                return row;
    return any != NULL && any->type != MG_SETTING_FILES ? any : NULL;
}

static void set_row(MgNetworkHost *host, const char *key, const char *value)
{
    MgSetting *rows = (MgSetting *)host->settings.rows;
    size_t n = host->settings.n_rows, at = 0;
    while (at < n && strcmp(rows[at].key, key) != 0)
        at++;
    if (at == n) {
        rows = g_renew(MgSetting, rows, n + 1);
        rows[at] = (MgSetting){.key = g_strdup(key)};
        host->settings = (MgSettings){rows, n + 1};
    }
    g_free((char *)rows[at].value);
    rows[at].value = g_strdup(value);
    rows[at].len = strlen(value);
}

/* resolver.random-port=yes: the name of a host may have dots, a key has none. */
static bool apply_setting(Run *run, const char *text)
{
    const char *equals = strchr(text, '=');
    const char *dot = equals != NULL ? g_strrstr_len(text, equals - text, ".") : NULL;
    if (dot == NULL) {
        mg_complain(command, _("--set %s: write HOST.KEY=VALUE"), text);
        return false;
    }
    g_autofree char *name = g_strndup(text, (gsize)(dot - text));
    g_autofree char *key = g_strndup(dot + 1, (gsize)(equals - dot - 1));
    for (guint i = 0; i < run->network->hosts->len; i++) {
        MgNetworkHost *host = &g_array_index(run->network->hosts, MgNetworkHost, i);
        if (strcmp(host->name, name) != 0)
            continue;
        if (find_setting(run->registry, host, key) == NULL) {
            mg_complain(command, _("--set %s: %s has no such setting"), text, name);
            return false;
        }
        set_row(host, key, equals + 1);
        return true;
    }
    mg_complain(command, _("--set %s: there is no host \"%s\""), text, name);
    return false;
}

/* ---- options ---- */

static bool parse_filter(const Run *run, const char *option, const char *text, MgFilter **filter)
{
    g_autoptr(GError) error = NULL;
    if (text == NULL)
        return true;
    *filter = mg_filter_new(text, run->registry, &error);
    if (*filter == NULL)
        mg_complain(command, "--%s: %s", option, error->message);
    return *filter != NULL;
}

static bool check_options(Run *run)
{
    run->limit = MG_TIME_NEVER;
    if (run->time_text != NULL && !mg_time_parse(run->time_text, &run->limit)) {
        mg_complain(command, _("--time %s: seconds are wanted, or a time like 15min"),
                    run->time_text);
        return false;
    }
    run->packets = g_strcmp0(run->level, "packet") == 0;
    if (run->level != NULL && !run->packets && strcmp(run->level, "exchange") != 0) {
        mg_complain(command, _("--level %s: there are packet and exchange"), run->level);
        return false;
    }
    if (run->repeat < 0) {
        mg_complain(command, _("--repeat %d: a number from 1 is wanted"), run->repeat);
        return false;
    }
    if (run->now_text != NULL &&
        !g_ascii_string_to_signed(run->now_text, 10, 0, G_MAXINT64 / 2, NULL, NULL)) {
        mg_complain(command, _("--now %s: seconds since 1970 are wanted"), run->now_text);
        return false;
    }
    if (run->seeds < 0 || (run->seeds == 0 && run->count_text != NULL) ||
        (run->seeds > 0 && run->until_text == NULL && run->count_text == NULL)) {
        mg_complain(command, "%s",
                    _("--seeds N goes with --until or --count: what is looked for in each run"));
        return false;
    }
    if (run->seeds > 0 && (run->trace_path != NULL || run->filter_text != NULL)) {
        mg_complain(command, "%s",
                    _("--seeds prints a rate alone: leave out --trace and --filter"));
        return false;
    }
    return parse_filter(run, "until", run->until_text, &run->until) &&
           parse_filter(run, "count", run->count_text, &run->count) &&
           parse_filter(run, "filter", run->filter_text, &run->filter);
}

static int run_network(Run *run, const char *name)
{
    run->network = mg_load_network(command, name, run->registry);
    if (run->network == NULL)
        return MG_EXIT_FAILED;
    if (run->repeat > 0)
        mg_network_repeat(run->network, (unsigned)run->repeat, 0);
    if (run->now_text != NULL)
        run->network->epoch = g_ascii_strtoll(run->now_text, NULL, 10);
    for (char **text = run->settings; text != NULL && *text != NULL; text++)
        if (!apply_setting(run, *text))
            return MG_EXIT_USAGE;
    if (run->seeds > 0)
        return run_seeds(run);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    run->world = mg_world_new(run->network, run->registry, (uint64_t)run->seed, problems);
    mg_print_problems(problems);
    if (run->world == NULL) {
        mg_complain(command, _("%s cannot be used: see above"), run->network->path);
        return MG_EXIT_FAILED;
    }
    run->line = mg_record_line_new(run->network, run->registry);
    play(run);
    return finish(run);
}

static void clear(Run *run)
{
    g_clear_pointer(&run->world, mg_world_free);
    g_clear_pointer(&run->network, mg_network_free);
    g_clear_pointer(&run->until, mg_filter_free);
    g_clear_pointer(&run->filter, mg_filter_free);
    g_clear_pointer(&run->count, mg_filter_free);
    mg_record_line_free(run->line);
    g_free(run->until_text);
    g_free(run->filter_text);
    g_free(run->trace_path);
    g_free(run->level);
    g_free(run->time_text);
    g_free(run->now_text);
    g_free(run->count_text);
    g_strfreev(run->settings);
}

int mg_run_main(int argc, char **argv, MgRegistry *registry)
{
    Run run = {.registry = registry, .seed = 1};
    const GOptionEntry entries[] = {
        {"until", 0, 0, G_OPTION_ARG_STRING, &run.until_text, N_("Stops at the first that matches"),
         N_("FILTER")},
        {"time", 0, 0, G_OPTION_ARG_STRING, &run.time_text,
         N_("Stops after so much simulated time"), N_("SECONDS")},
        {"filter", 0, 0, G_OPTION_ARG_STRING, &run.filter_text, N_("Prints only what matches"),
         N_("FILTER")},
        {"trace", 0, 0, G_OPTION_ARG_FILENAME, &run.trace_path,
         N_("Keeps what happened as a capture file"), N_("FILE.pcapng")},
        {"level", 0, 0, G_OPTION_ARG_STRING, &run.level,
         N_("exchange, or packet: SYN, FIN, lost packets, too"), N_("LEVEL")},
        {"json", 0, 0, G_OPTION_ARG_NONE, &run.json, N_("Prints JSON, an object a line"), NULL},
        {"seed", 0, 0, G_OPTION_ARG_INT64, &run.seed, N_("Fixes chance (1)"), N_("N")},
        {"seeds", 0, 0, G_OPTION_ARG_INT64, &run.seeds,
         N_("Plays so many runs, each with another chance, and says in how many of them something "
            "matched"),
         N_("N")},
        {"count", 0, 0, G_OPTION_ARG_STRING, &run.count_text,
         N_("With --seeds: what counts as a match (that of --until)"), N_("FILTER")},
        {"set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &run.settings,
         N_("Changes a setting of a host; may be given several times"), N_("HOST.KEY=VALUE")},
        {"now", 0, 0, G_OPTION_ARG_STRING, &run.now_text,
         N_("Fixes the date at the start, in seconds since 1970"), N_("UNIXTIME")},
        {"repeat", 0, 0, G_OPTION_ARG_INT, &run.repeat, N_("Plays the script so many times"),
         N_("N")},
        {"quiet", 0, 0, G_OPTION_ARG_NONE, &run.quiet, N_("Prints the summary alone"), NULL},
        {0}};
    bool helped = false;
    int result = mg_parse_options(
        command, "NETWORK",
        _("NETWORK is a folder, or the name of a network that is shipped.\n\nExamples:\n  "
          "mailglass "
          "run two-domains\n  mailglass run two-domains --filter 'smtp.response.code >= 400' "
          "--trace two.pcapng\n  mailglass run cache-poisoning --seeds 1000 --set "
          "resolver.random-port=yes --until 'mailglass.rule == \"dns.poisoned\"'"),
        entries, &argc, &argv, &helped);
    if (result == MG_EXIT_DONE && !helped) {
        if (argc != 2) {
            mg_complain(command, "%s", _("one network is wanted; see --help"));
            result = MG_EXIT_USAGE;
        } else {
            result = check_options(&run) ? run_network(&run, argv[1]) : MG_EXIT_USAGE;
        }
    }
    clear(&run);
    return result;
}
