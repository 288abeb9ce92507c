/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mail-queue-journey.c - what the queue does between two domains: greylisting and its second try, a
 * crash that lets the cause stand, reports that were asked for, aliases, loops of forwarding */
#include "mail-test.h"

typedef struct {
    MgTime at;
    const char *text; /* NULL: the end */
} Step;

static MgWorld *run(const Step *steps)
{
    MgWorld *world = mail_world(1);
    static const char letter[] = "Subject: journey\r\n\r\nA letter.\r\n";
    g_autoptr(GBytes) file = g_bytes_new_static(letter, sizeof letter - 1);
    for (; steps->text != NULL; steps++)
        mail_say(world, steps->at, steps->text, file);
    mail_run_to_end(world);
    return world;
}

/* The first note of this rule. */
static const MgRecord *note(MgWorld *world, const char *rule)
{
    const MgTrace *trace = mg_world_trace(world);
    for (uint32_t i = 1; i <= mg_trace_n_records(trace); i++) {
        const MgRecord *record = mg_trace_record(trace, i);
        if (record->kind == MG_RECORD_NOTE &&
            strcmp(mg_trace_text(trace, record->text_a), rule) == 0)
            return record;
    }
    g_error("nobody notes %s", rule);
}

/* (transfer full) The only letter in the only mailbox of this host. */
static char *only_letter(MgWorld *world, const char *host)
{
    const MgStore *store = mg_runtime_store(mg_world_runtime(world), mg_world_host(world, host));
    g_assert_cmpuint(mg_store_n_messages(store, 0), ==, 1);
    MgSpan letter = mg_store_message(store, 0, 0, NULL);
    return g_strndup((const char *)letter.data, letter.len);
}

static void has(const char *letter, const char *text)
{
    if (strstr(letter, text) == NULL)
        g_error("\"%s\" is not in\n%s", text, letter);
}

static void test_greylist(void)
{
    static const Step steps[] = {{0, "!host mx.example.net set greylist 5min"},
                                 {0, "alice send mail/hello.eml to bob@example.net"},
                                 {MG_HOURS, "alice send mail/hello.eml to bob@example.net"},
                                 {0}};
    g_autoptr(MgWorld) world = run(steps);
    g_assert_cmpint(note(world, "smtp.greylisted")->at, <, MG_MINUTES);
    g_assert_cmpint(note(world, "smtp.greylist-passed")->at, >, 15 * MG_MINUTES);
    g_assert_cmpint(mg_world_now(world), <, 2 * MG_HOURS); /* the second is not asked to wait */
    MgRuntimeCounts counts;
    mg_runtime_counts(mg_world_runtime(world), &counts);
    g_assert_cmpuint(counts.delivered, ==, 2);
}

/* A setting that is changed while the network runs, with spaces: 451 for two tries, then all is
 * well. */
static void test_misbehaves(void)
{
    static const Step steps[] = {
        {0, "!host mx.example.net set misbehave 451 at rcpt twice; slow 30s at mail"},
        {0, "alice send mail/hello.eml to bob@example.net"},
        {10 * MG_MINUTES, "!host mx.example.net set help no"},
        {2 * MG_HOURS, "!host mx.example.net set misbehave"},
        {2 * MG_HOURS, "alice send mail/hello.eml to bob@example.net"},
        {0}};
    g_autoptr(MgWorld) world = run(steps);
    g_assert_cmpint(note(world, "smtp.mischief")->at, <, MG_MINUTES);
    g_assert_cmpint(mg_world_now(world), <, 2 * MG_HOURS + 30 * MG_SECONDS); /* no more of it */
    MgRuntimeCounts counts;
    mg_runtime_counts(mg_world_runtime(world), &counts);
    g_assert_cmpuint(counts.delivered, ==, 2);
}

/* A person takes the server's place, says no to a recipient, and gives it back. */
static void test_by_hand(void)
{
    static const Step steps[] = {{0, "!host mx.example.net by-hand 25"},
                                 {0, "alice send mail/hello.eml to bob@example.net"},
                                 {10 * MG_SECONDS, "mx.example.net> 220 a person is here"},
                                 {20 * MG_SECONDS, "mx.example.net> 250 good day"},
                                 {30 * MG_SECONDS, "mx.example.net> 250 go on"},
                                 {40 * MG_SECONDS, "mx.example.net> 550 5.1.1 never heard of Bob"},
                                 {50 * MG_SECONDS, "mx.example.net> 221 bye"},
                                 {MG_HOURS, "!host mx.example.net by-engine 25"},
                                 {MG_HOURS, "alice send mail/hello.eml to bob@example.net"},
                                 {0}};
    g_autoptr(MgWorld) world = run(steps);
    g_assert_cmpint(note(world, "smtp.bounced")->at, <, MG_MINUTES);
    g_autofree char *letter = only_letter(world, "mail.example.net");
    has(letter, "A letter.");
    g_autofree char *report = only_letter(world, "mail.example.com");
    has(report, "never heard of Bob");
    g_autoptr(GError) error = NULL;
    MgIntervention wrong = {.text = (char *)"!host resolver by-hand 53"};
    g_assert_false(mg_world_intervene(world, &wrong, &error));
    g_assert_nonnull(strstr(error->message, "port 53"));
}

static void test_cause(void)
{
    static const Step steps[] = {{0, "!host mx.example.net down"},
                                 {0, "alice send mail/hello.eml to bob@example.net"},
                                 {3 * MG_MINUTES, "!host mta.example.com down"},
                                 {4 * MG_MINUTES, "!host mx.example.net up"},
                                 {5 * MG_MINUTES, "!host mta.example.com up"},
                                 {0}};
    g_autoptr(MgWorld) world = run(steps);
    MgRuntimeCounts counts;
    mg_runtime_counts(mg_world_runtime(world), &counts);
    g_assert_cmpuint(counts.queued, ==, 0);
    g_assert_cmpuint(counts.delivered, ==, 1);
    const MgRecord *revived = note(world, "smtp.revived");
    g_assert_cmpint(revived->at, ==, 5 * MG_MINUTES);
    g_autoptr(GString) cause = g_string_new(NULL);
    mg_trace_summarize(mg_world_trace(world), revived->parent, cause);
    has(cause->str, "journey");                               /* the letter, as it came */
    g_assert_cmpint(mg_world_now(world), <, 20 * MG_MINUTES); /* when it was due */
}

static void test_success(void)
{
    static const Step steps[] = {{0, "!host alice set notify success"},
                                 {0, "alice send mail/hello.eml to bob@example.net"},
                                 {0}};
    g_autoptr(MgWorld) world = run(steps);
    g_autofree char *report = only_letter(world, "mail.example.com");
    has(report, "Return-Path: <>\r\n");
    has(report, "Original-Envelope-Id: ");
    has(report, "Reporting-MTA: dns; mx.example.net\r\n"); /* who knows, not who hands on */
    has(report, "Original-Recipient: rfc822;bob@example.net\r\n");
    has(report, "Action: delivered\r\n");
    note(world, "smtp.success-told");
}

static void test_delay(void)
{
    static const Step steps[] = {{0, "!host mx.example.net down"},
                                 {0, "!host mta.example.com set warn 20min"},
                                 {0, "alice send mail/hello.eml to bob@example.net"},
                                 {2 * MG_HOURS, "!host mx.example.net up"},
                                 {0}};
    g_autoptr(MgWorld) world = run(steps);
    g_autofree char *report = only_letter(world, "mail.example.com");
    has(report, "Action: delayed\r\n");
    has(report, "Will-Retry-Until: Sat, 7 Mar 2026 09:00:00 +0000\r\n");
    g_autofree char *letter = only_letter(world, "mail.example.net");
    has(letter, "Subject: journey\r\n");
}

/* bob is forwarded to carol, and she back to him. */
static void test_forward_loop(void)
{
    static const Step steps[] = {{0, "!host mx.example.net set aliases bob:carol@example.com"},
                                 {0, "!host mta.example.com set aliases carol:bob@example.net"},
                                 {0, "alice send mail/hello.eml to bob@example.net"},
                                 {0}};
    g_autoptr(MgWorld) world = run(steps);
    note(world, "smtp.alias");
    note(world, "smtp.forward-loop");
    g_autofree char *report = only_letter(world, "mail.example.com");
    has(report, "Status: 5.4.6\r\n");
    has(report, "Delivered-To: carol@example.com\r\n");
    has(report, "Delivered-To: bob@example.net\r\n");
}

int main(int argc, char **argv)
{
    mail_test_init(&argc, &argv, true);
    g_test_add_func("/mail/queue/greylist", test_greylist);
    g_test_add_func("/mail/queue/misbehaves", test_misbehaves);
    g_test_add_func("/mail/queue/by-hand", test_by_hand);
    g_test_add_func("/mail/queue/cause", test_cause);
    g_test_add_func("/mail/queue/success", test_success);
    g_test_add_func("/mail/queue/delay", test_delay);
    g_test_add_func("/mail/queue/forward-loop", test_forward_loop);
    return mail_test_run();
}
