/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-replay.c - any text as a scenario: it is read or complained of, and played to an end */
#include "dns-replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void on_step(void *user, const MgDnsStepResult *result)
{
    unsigned *n = user;
    g_assert_nonnull(result->step);
    ++*n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(MgDnsScenario) scenario =
        mg_dns_scenario_read((MgSpan){data, len}, "fuzz.rpl", problems);
    g_assert_true((scenario == NULL) == (problems->len > 0));
    if (scenario == NULL)
        return 0;
    g_autoptr(GString) log = g_string_new(NULL);
    unsigned n = 0;
    bool good = mg_dns_scenario_play(scenario, log, on_step, &n);
    g_assert_true(n == scenario->steps->len || (!good && n <= scenario->steps->len));
    return 0;
}
