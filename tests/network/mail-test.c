/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mail-test.h"

static MgRegistry *registry;
static MgNetwork *network;

void mail_test_init(int *argc, char ***argv, bool without_script)
{
    g_test_init(argc, argv, NULL);
    registry = mg_registry_new();
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    network = mg_network_load(g_getenv("TEST_NETWORK"), registry, problems);
    g_assert_nonnull(network);
    if (without_script)
        g_array_set_size(network->actions, 0);
}

int mail_test_run(void)
{
    int status = g_test_run();
    mg_network_free(network);
    mg_registry_unref(registry);
    return status;
}

void mail_set_loss(double loss)
{
    for (guint i = 0; i < network->links->len; i++)
        g_array_index(network->links, MgNetworkLink, i).loss = loss;
}

MgWorld *mail_world(uint64_t seed)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgWorld *world = mg_world_new(network, registry, seed, problems);
    g_assert_nonnull(world);
    return world;
}

void mail_say(MgWorld *world, MgTime at, const char *text, GBytes *file)
{
    while (mg_world_step(world, at))
        continue;
    MgIntervention what = {.at = at, .text = (char *)text, .file = file};
    g_autoptr(GError) error = NULL;
    mg_world_intervene(world, &what, &error);
    g_assert_no_error(error);
}

void mail_run_to_end(MgWorld *world)
{
    while (mg_world_step(world, MG_TIME_NEVER))
        continue;
}

unsigned mail_n_with(MgWorld *world, const char *text, bool encrypted)
{
    const MgTrace *trace = mg_world_trace(world);
    unsigned count = 0;
    for (uint32_t i = 1; i <= mg_trace_n_records(trace); i++) {
        const MgRecord *record = mg_trace_record(trace, i);
        MgSpan bytes = mg_trace_bytes(trace, i);
        count += record->kind == MG_RECORD_EXCHANGE && bytes.len > 0 &&
                 ((record->flags & MG_RECORD_ENCRYPTED) != 0) == encrypted &&
                 memmem(bytes.data, bytes.len, text, strlen(text)) != NULL;
    }
    return count;
}

unsigned mail_n_notes(MgWorld *world, const char *rule)
{
    const MgTrace *trace = mg_world_trace(world);
    unsigned count = 0;
    for (uint32_t i = 1; i <= mg_trace_n_records(trace); i++) {
        const MgRecord *record = mg_trace_record(trace, i);
        count += record->kind == MG_RECORD_NOTE &&
                 strcmp(mg_trace_text(trace, record->text_a), rule) == 0;
    }
    return count;
}
