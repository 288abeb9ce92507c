/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-replay.c - the command "dns replay": plays scripted scenarios against the resolver */
#include "dns-replay.h"

#include "dns.h"

#include "dns-command.h"
#include "text.h"

typedef struct {
    MgEngine base;
    GPtrArray *problems;
    GString *text;
    MgDnsOutput output;
    int result;
    int64_t epoch; /* of a scenario that says no date */
} Replay;

typedef struct {
    Replay *replay;
    const char *path;
    bool json;
    unsigned passed;
} File;

static void append_json(GString *out, const char *key, const char *text)
{
    g_string_append_printf(out, ",\"%s\":", key);
    mg_text_add_json(out, text);
}

static const char *kind_name(MgDnsStepKind kind)
{
    static const char *const names[MG_DNS_STEP_N] = {
        [MG_DNS_STEP_NOTHING] = "NOTHING",
        [MG_DNS_STEP_QUERY] = "QUERY",
        [MG_DNS_STEP_CHECK_ANSWER] = "CHECK_ANSWER",
        [MG_DNS_STEP_TIME_PASSES] = "TIME_PASSES",
        [MG_DNS_STEP_REPLY] = "REPLY",
        [MG_DNS_STEP_TIMEOUT] = "TIMEOUT",
        [MG_DNS_STEP_RESTART] = "RESTART",
        [MG_DNS_STEP_ERROR] = "ERROR",
        [MG_DNS_STEP_FLUSH] = "FLUSH_MESSAGE",
    };
    return names[kind];
}

static void on_step(void *user, const MgDnsStepResult *result)
{
    File *file = user;
    GString *out = file->replay->text;
    const MgDnsReplayStep *step = result->step;
    if (result->wrong == NULL) {
        file->passed++;
        return;
    }
    if (!file->json) {
        g_string_append_printf(out, "%s:%u: step %u %s: %s\n", file->path, step->line, step->id,
                               kind_name(step->kind), result->wrong);
        if (result->expected[0] != '\0')
            g_string_append_printf(out, "  expected  %s\n  came      %s\n", result->expected,
                                   result->got);
        return;
    }
    g_string_append_printf(out, "{\"line\":%u,\"step\":%u,\"passed\":false", step->line, step->id);
    append_json(out, "file", file->path);
    append_json(out, "kind", kind_name(step->kind));
    append_json(out, "reason", result->wrong);
    append_json(out, "expected", result->expected);
    append_json(out, "got", result->got);
    g_string_append(out, "}\n");
}

static void play_file(Replay *replay, const MgSetting *row, bool json, bool queries)
{
    File file = {.replay = replay, .path = row->path, .json = json};
    g_autoptr(MgDnsScenario) scenario = mg_dns_scenario_read(
        (MgSpan){(const uint8_t *)row->value, row->len}, row->path, replay->problems);
    if (scenario == NULL) {
        replay->result = MG_DNS_EXIT_FAILED;
        return;
    }
    for (unsigned i = 0; i < scenario->notes->len; i++)
        g_ptr_array_add(replay->problems, g_strdup(g_ptr_array_index(scenario->notes, i)));
    if (scenario->epoch == 0)
        scenario->epoch = replay->epoch;
    bool good = mg_dns_scenario_play(scenario, queries ? replay->text : NULL, on_step, &file);
    if (!good && replay->result == MG_DNS_EXIT_DONE)
        replay->result = MG_DNS_EXIT_NO;
    if (!json) {
        if (good)
            g_string_append_printf(replay->text, "%s: all %u steps passed\n", row->path,
                                   file.passed);
        return;
    }
    g_string_append_printf(replay->text, "{\"passed\":%s,\"steps\":%u,\"steps_passed\":%u",
                           good ? "true" : "false", scenario->steps->len, file.passed);
    append_json(replay->text, "file", row->path);
    append_json(replay->text, "title", scenario->title != NULL ? scenario->title : "");
    g_string_append(replay->text, "}\n");
}

static MgEngine *create(const MgBirth *birth)
{
    const MgCommandCall *call = birth->question;
    bool queries = !call->json && mg_settings_get(call->options, "queries", NULL) != NULL;
    Replay *replay = g_new0(Replay, 1);
    replay->base.kind = &mg_dns_replay;
    replay->epoch = birth->epoch;
    replay->problems = g_ptr_array_new_with_free_func(g_free);
    replay->text = g_string_new(NULL);
    mg_dns_output_init(&replay->output);
    for (size_t i = 0; i < call->options->n_rows; i++)
        if (strcmp(call->options->rows[i].key, "FILE") == 0)
            play_file(replay, &call->options->rows[i], call->json, queries);
    mg_dns_output_text(&replay->output, replay->text);
    for (unsigned i = 0; i < replay->problems->len; i++)
        mg_dns_output_complain(&replay->output, "%s",
                               (const char *)g_ptr_array_index(replay->problems, i));
    if (call->n_words == 0) {
        mg_dns_output_complain(&replay->output, "a FILE is wanted; see --help");
        replay->result = MG_DNS_EXIT_USAGE;
    }
    mg_dns_output_exit(&replay->output, replay->result);
    return &replay->base;
}

static void free_replay(MgEngine *engine)
{
    Replay *replay = (Replay *)engine;
    g_ptr_array_unref(replay->problems);
    g_string_free(replay->text, TRUE);
    mg_dns_output_clear(&replay->output);
    g_free(replay);
}

static bool answer(MgEngine *engine, MgAskId ask, const void *given, MgTime now)
{
    return false; /* nothing is asked */
}

static bool next(MgEngine *engine, MgEvent *event)
{
    return mg_dns_output_next(&((Replay *)engine)->output, event);
}

static const MgCommandOption options[] = {
    {.name = "queries", .about = N_("Prints each query of the resolver and its answer, too")},
    {0},
};

static const MgCommandRow command = {
    .name = "dns replay",
    .usage = "FILE…",
    .options = options,
    .summary = N_("plays scripted scenarios against the resolver"),
    .about =
        N_("Plays a scenario (*.rpl): its RANGE blocks say what each server answers, its steps "
           "what the resolver is asked and must answer. The first step that fails is named "
           "with its line, what was expected and what came. Nothing is sent anywhere.\n\n"
           "Example: mailglass dns replay iter_resolve.rpl"),
};

const MgEngineKind mg_dns_replay = {
    .name = "dns.replay",
    .summary = N_("plays scripted scenarios against the resolver"),
    .command = &command,
    .create = create,
    .free = free_replay,
    .answer = answer,
    .next = next,
};
