/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mail-weather.c - a thousand seeds of lost packets: what a server has accepted is delivered or
 * comes back, and nothing is delivered twice
 *
 * Each mail that an MUA handed in makes just one delivery: of itself, or of the letter that says
 * why not. A network of the program's own, run to its end, with its real engines. */
#include "mail-test.h"

#define SEEDS    1000
#define LOSS_MAX 16 /* per cent, on every link */

typedef struct {
    unsigned sent, refused, bounced, dropped;
} Tally;

static void see_fate(MgHostId host, const MgFate *fate, MgTime now, void *data)
{
    Tally *tally = data;
    tally->sent += fate->kind == MG_FATE_SENT;
    tally->refused += fate->kind == MG_FATE_REFUSED;
    tally->bounced += fate->kind == MG_FATE_BOUNCED;
    tally->dropped += fate->kind == MG_FATE_DROPPED;
}

static unsigned n_again(const MgTrace *trace)
{
    unsigned n = 0;
    for (uint32_t i = 1; i <= mg_trace_n_records(trace); i++)
        n += (mg_trace_record(trace, i)->flags & MG_RECORD_AGAIN) != 0;
    return n;
}

static void test_weather(void)
{
    unsigned sent = 0, lost_packets = 0, told = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        mail_set_loss((double)(seed % (LOSS_MAX + 1)) / 100);
        MgWorld *world = mail_world(seed);
        Tally tally = {0};
        mg_runtime_on_fate(mg_world_runtime(world), see_fate, &tally);
        mail_run_to_end(world);
        MgRuntimeCounts counts;
        mg_runtime_counts(mg_world_runtime(world), &counts);
        if (counts.delivered + tally.dropped != tally.sent || counts.queued != 0)
            g_test_message("seed %u: %u sent, %u delivered, %u bounced, %u dropped, %u queued",
                           (unsigned)seed, tally.sent, (unsigned)counts.delivered, tally.bounced,
                           tally.dropped, (unsigned)counts.queued);
        g_assert_cmpuint(counts.queued, ==, 0);
        g_assert_cmpuint(counts.delivered + tally.dropped, ==, tally.sent);
        g_assert_cmpuint(tally.dropped, ==, 0);
        /* Whoever asked was told: each of the script's two mails was taken or refused, and so was
         * each of its two fetches that did not go well. */
        g_assert_cmpuint(tally.sent, <=, 2);
        g_assert_cmpuint(tally.sent + tally.refused, >=, 2);
        g_assert_cmpuint(tally.sent + tally.refused, <=, 4);
        sent += tally.sent;
        told += tally.refused;
        lost_packets += n_again(mg_world_trace(world));
        mg_world_free(world);
    }
    g_test_message("%u mails handed in, %u refused at once, %u packets sent again", sent, told,
                   lost_packets);
    g_assert_cmpuint(sent, >, SEEDS);
    g_assert_cmpuint(lost_packets, >, SEEDS);
}

int main(int argc, char **argv)
{
    mail_test_init(&argc, &argv, false);
    g_test_add_func("/mail/weather", test_weather);
    return mail_test_run();
}
