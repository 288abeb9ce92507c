/* SPDX-License-Identifier: GPL-3.0-or-later */
/* queue-greylist.c - greylisting over several visits (RFC 6647): asked, too early, let through, too
 * late, and who is not asked at all */
#include "smtp.h"

static void *table;

typedef struct {
    MgTime at;
    const char *client, *from, *rcpt;
    uint16_t code;
    const char *rule; /* (nullable) */
} Visit;

static void visit(const Visit *row, const char *greylist, bool trusted)
{
    MgSetting settings[] = {{.key = "greylist", .value = greylist, .len = strlen(greylist)}};
    MgSettings all = {settings, 1};
    MgPolicyQuestion question = {.stage = MG_STAGE_RCPT,
                                 .client_ip = row->client,
                                 .mail = {.mail_from = row->from},
                                 .rcpt = row->rcpt,
                                 .trusted = trusted};
    MgBirth birth = {.question = &question, .shared = table, .settings = &all, .now = row->at};
    g_autoptr(MgEngine) engine = mg_smtp_greylist.create(&birth);
    MgEvent event;
    const char *rule = NULL;
    unsigned code = 0;
    bool closed = false;
    while (mg_engine_next(engine, &event)) {
        if (event.kind == MG_EVENT_NOTE)
            rule = event.note.rule->id;
        else if (event.kind == MG_EVENT_DELIVER)
            code = ((const MgPolicyAnswer *)event.deliver.item)->code;
        closed = event.kind == MG_EVENT_CLOSE;
    }
    g_assert_true(closed);
    g_assert_cmpuint(code, ==, row->code);
    g_assert_cmpstr(rule, ==, row->rule);
}

static void test_visits(void)
{
    const char *a = "a@example.org", *bob = "bob@example.net";
    const char *asked = "smtp.greylisted", *passed = "smtp.greylist-passed";
    const MgTime day = 24 * MG_HOURS;
    const Visit visits[] = {
        {0, "192.0.2.9", a, bob, 450, asked},
        {MG_MINUTES, "192.0.2.9", a, bob, 450, asked},                     /* too early */
        {2 * MG_MINUTES, "192.0.3.9", a, bob, 450, asked},                 /* another network */
        {5 * MG_MINUTES, "192.0.2.77", "A@example.ORG", bob, 250, passed}, /* its neighbour */
        {5 * MG_MINUTES, "192.0.2.9", a, bob, 250, NULL},                  /* known from now on */
        {6 * MG_MINUTES, "192.0.2.9", "", bob, 450, asked}, /* the null sender is one, too */
        {6 * MG_MINUTES, "192.0.2.9", a, "eve@example.net", 450, asked},
        {2 * day, "192.0.2.9", a, "eve@example.net", 450, asked}, /* too late: once more */
        {2 * day + 5 * MG_MINUTES, "192.0.2.9", a, "eve@example.net", 250, passed},
        {30 * day, "192.0.2.9", a, bob, 250, NULL},
        {60 * day, "192.0.2.9", a, bob, 250, NULL},
        {100 * day, "192.0.2.9", a, bob, 450, asked}, /* forgotten */
        {100 * day, "2001:db8:1:2::9", a, bob, 450, asked},
        {101 * day, "2001:db8:1:2:3::8", a, bob, 250, passed},
        {101 * day, "2001:db8:1:3::8", a, bob, 450, asked},
    };
    table = mg_smtp_greylist.setup(NULL, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(visits); i++)
        visit(&visits[i], "5min", false);
    mg_smtp_greylist.teardown(table);
}

static void test_not_asked(void)
{
    const Visit row = {0, "192.0.2.9", "a@example.org", "bob@example.net", 250, NULL};
    table = mg_smtp_greylist.setup(NULL, NULL);
    visit(&row, "5min", true);
    visit(&row, "0s", false);
    const Visit no_recipient = {0, "192.0.2.9", "a@example.org", NULL, 250, NULL};
    visit(&no_recipient, "5min", false);
    mg_smtp_greylist.teardown(table);
}

/* Somebody who makes up senders does not fill the memory. */
static void test_many(void)
{
    table = mg_smtp_greylist.setup(NULL, NULL);
    for (unsigned i = 0; i < 30000; i++) {
        g_autofree char *from = g_strdup_printf("%u@example.org", i);
        const Visit row = {i,
                           "192.0.2.9",
                           from,
                           "bob@example.net",
                           i < 20000 ? 450 : 250,
                           i < 20000 ? "smtp.greylisted" : NULL};
        visit(&row, "5min", false);
    }
    g_assert_cmpuint(g_hash_table_size(table), ==, 20000);
    const Visit later = {90 * 24 * MG_HOURS, "192.0.2.9", "new@example.org",
                         "bob@example.net",  450,         "smtp.greylisted"};
    visit(&later, "5min", false);
    g_assert_cmpuint(g_hash_table_size(table), ==, 1);
    mg_smtp_greylist.teardown(table);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/greylist/visits", test_visits);
    g_test_add_func("/greylist/not-asked", test_not_asked);
    g_test_add_func("/greylist/many", test_many);
    return g_test_run();
}
