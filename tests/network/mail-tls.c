/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mail-tls.c - mail through TLS between two domains: what the wire shows and what the ends see, and
 * what happens when somebody on a link takes STARTTLS out of the offer, or a certificate proves
 * nothing */
#include "mail-test.h"

static const char secret[] = "A letter that nobody else reads";

/* The letter goes at 0 s, after `deeds`; runs for half an hour, or to its end. */
static MgWorld *run(const char *const *deeds)
{
    MgWorld *world = mail_world(1);
    g_autofree char *letter = g_strdup_printf("Subject: hi\r\n\r\n%s.\r\n", secret);
    g_autoptr(GBytes) file = g_bytes_new(letter, strlen(letter));
    for (; *deeds != NULL; deeds++)
        mail_say(world, 0, *deeds, NULL);
    mail_say(world, 0, "alice send mail/hello.eml to bob@example.net", file);
    while (mg_world_step(world, 30 * MG_MINUTES))
        continue;
    return world;
}

static unsigned delivered(MgWorld *world)
{
    MgRuntimeCounts counts;
    mg_runtime_counts(mg_world_runtime(world), &counts);
    return counts.delivered;
}

#define OFFER       "!host mta.example.com set starttls offer", "!host mx.example.net set starttls offer"
#define STRIP_ALICE "!link alice mta.example.com overwrite STARTTLS XXXXXXXX"

static void test_both_hops(void)
{
    g_autoptr(MgWorld) world = run((const char *const[]){OFFER, NULL});
    g_assert_cmpuint(delivered(world), ==, 1);
    g_assert_cmpuint(mail_n_with(world, secret, true), ==, 2);
    g_assert_cmpuint(mail_n_with(world, secret, false), ==, 1); /* the last hop, by LMTP */
    g_assert_cmpuint(mail_n_with(world, "MAIL FROM:<alice", false), ==, 1);
    g_assert_cmpuint(mail_n_notes(world, "smtp.server-not-proved"), ==, 0);
}

static void test_stripped(void)
{
    g_autoptr(MgWorld) world = run((const char *const[]){OFFER, STRIP_ALICE, NULL});
    g_assert_cmpuint(mail_n_notes(world, "link.written-over"), ==, 1);
    g_assert_cmpuint(mail_n_with(world, "250 XXXXXXXX", false), ==, 1);
    g_assert_cmpuint(delivered(world), ==, 1);
    g_assert_cmpuint(mail_n_with(world, secret, true), ==, 1);
    g_assert_cmpuint(mail_n_with(world, secret, false), ==, 2);
}

static void test_stripped_and_demanded(void)
{
    g_autoptr(MgWorld) world =
        run((const char *const[]){OFFER, STRIP_ALICE, "!host alice set send-tls require", NULL});
    g_assert_cmpuint(mail_n_notes(world, "smtp.tls-not-offered"), ==, 1);
    g_assert_cmpuint(delivered(world), ==, 0);
    g_assert_cmpuint(mail_n_with(world, secret, true) + mail_n_with(world, secret, false), ==, 0);
}

static void test_mended(void)
{
    g_autoptr(MgWorld) world =
        run((const char *const[]){OFFER, STRIP_ALICE, "!link alice mta.example.com mend", NULL});
    g_assert_cmpuint(mail_n_notes(world, "link.written-over"), ==, 0);
    g_assert_cmpuint(mail_n_with(world, secret, true), ==, 2);
}

/* A server that nobody can be sure of. */
static void test_flawed(void)
{
    static const char *const flaws[] = {"expired", "not-yet-valid", "wrong-name", "self-signed",
                                        "unknown-issuer"};
    for (size_t i = 0; i < G_N_ELEMENTS(flaws); i++) {
        g_autofree char *flaw = g_strdup_printf("!host mx.example.net set tls-flaw %s", flaws[i]);
        g_autoptr(MgWorld) tried = run((const char *const[]){OFFER, flaw, NULL});
        g_assert_cmpuint(mail_n_notes(tried, "smtp.server-not-proved"), ==, 1);
        g_assert_cmpuint(delivered(tried), ==, 1);
        g_assert_cmpuint(mail_n_with(tried, secret, true), ==, 2);
        g_autoptr(MgWorld) demanded = run(
            (const char *const[]){OFFER, flaw, "!host mta.example.com set send-tls require", NULL});
        g_assert_cmpuint(mail_n_notes(demanded, "smtp.tls-failed"), >=, 1);
        g_assert_cmpuint(delivered(demanded), ==, 0);
        g_assert_cmpuint(mail_n_with(demanded, secret, true), ==, 1); /* alice to her own server */
    }
}

/* Versions that have nothing in common: once more in the clear, unless TLS is demanded. */
static void test_no_common_version(void)
{
    static const char old[] = "!host mx.example.net set tls-version-max 1.2",
                      young[] = "!host mta.example.com set tls-version-min 1.3";
    g_autoptr(MgWorld) world = run((const char *const[]){OFFER, old, young, NULL});
    g_assert_cmpuint(mail_n_notes(world, "smtp.again-in-clear"), ==, 1);
    g_assert_cmpuint(delivered(world), ==, 1);
    g_autoptr(MgWorld) demanded = run((const char *const[]){
        OFFER, old, young, "!host mta.example.com set send-tls require", NULL});
    g_assert_cmpuint(mail_n_notes(demanded, "smtp.again-in-clear"), ==, 0);
    g_assert_cmpuint(delivered(demanded), ==, 0);
}

int main(int argc, char **argv)
{
    mail_test_init(&argc, &argv, true);
    g_test_add_func("/mail-tls/both-hops", test_both_hops);
    g_test_add_func("/mail-tls/stripped", test_stripped);
    g_test_add_func("/mail-tls/stripped-and-demanded", test_stripped_and_demanded);
    g_test_add_func("/mail-tls/mended", test_mended);
    g_test_add_func("/mail-tls/flawed", test_flawed);
    g_test_add_func("/mail-tls/no-common-version", test_no_common_version);
    return mail_test_run();
}
