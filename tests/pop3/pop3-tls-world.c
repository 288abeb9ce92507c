/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-tls-world.c - bob fetches by STLS, and by pop3s; no password is on the wire in the clear */
#include "../network/mail-test.h"

static const char secret[] = "sesame-7Qx";

static MgWorld *run(const char *const *deeds)
{
    MgWorld *world = mail_world(1);
    for (; *deeds != NULL; deeds++)
        mail_say(world, 0, *deeds, NULL);
    mail_say(world, 0, "bob fetch", NULL);
    while (mg_world_step(world, 30 * MG_MINUTES))
        continue;
    return world;
}

static bool has(MgSpan bytes, const char *text)
{
    return bytes.len > 0 && memmem(bytes.data, bytes.len, text, strlen(text)) != NULL;
}

/* No record of the wire itself, of whatever kind, holds it unless it says that it is the inside. */
static unsigned n_clear(MgWorld *world, const char *text)
{
    const MgTrace *trace = mg_world_trace(world);
    unsigned count = 0;
    for (uint32_t i = 1; i <= mg_trace_n_records(trace); i++)
        count += (mg_trace_record(trace, i)->flags & MG_RECORD_ENCRYPTED) == 0 &&
                 has(mg_trace_bytes(trace, i), text);
    return count;
}

static void test_clear(void)
{
    g_autoptr(MgWorld) world =
        run((const char *const[]){"!host mail.example.net set stls no", NULL});
    g_assert_cmpuint(n_clear(world, secret), >, 0);
    g_assert_cmpuint(mail_n_notes(world, "pop3.password-in-clear"), ==, 1);
}

static void test_stls(void)
{
    g_autoptr(MgWorld) world = run((const char *const[]){NULL});
    g_assert_cmpuint(mail_n_with(world, "STLS\r\n", false), >, 0);
    g_assert_cmpuint(mail_n_with(world, "maildrop has", true), ==, 1);
    g_assert_cmpuint(n_clear(world, secret), ==, 0);
    g_assert_cmpuint(mail_n_with(world, secret, true), ==, 1);
    g_assert_cmpuint(mail_n_notes(world, "pop3.password-in-clear"), ==, 0);
}

static void test_from_start(void)
{
    g_autoptr(MgWorld) world =
        run((const char *const[]){"!host bob set fetch pop3s://mail.example.net", NULL});
    g_assert_cmpuint(mail_n_with(world, "CAPA", false), ==, 0);
    g_assert_cmpuint(mail_n_with(world, "maildrop has", true), ==, 1);
    g_assert_cmpuint(n_clear(world, secret), ==, 0);
}

/* Somebody takes STLS out of the offer: by require no password is sent. */
static void test_stripped(void)
{
    static const char strip[] = "!link bob mail.example.net overwrite STLS XXXX";
    g_autoptr(MgWorld) tried = run((const char *const[]){strip, NULL});
    g_assert_cmpuint(n_clear(tried, secret), >, 0);
    g_autoptr(MgWorld) demanded =
        run((const char *const[]){strip, "!host bob set fetch-tls require", NULL});
    g_assert_cmpuint(mail_n_notes(demanded, "pop3.tls-not-offered"), ==, 1);
    g_assert_cmpuint(n_clear(demanded, secret), ==, 0);
}

/* A false certificate on port 995. */
static void test_flawed(void)
{
    g_autoptr(MgWorld) world =
        run((const char *const[]){"!host mail.example.net set tls-flaw wrong-name",
                                  "!host bob set fetch pop3s://mail.example.net", NULL});
    g_assert_cmpuint(mail_n_notes(world, "pop3.tls-failed"), >=, 1);
    g_assert_cmpuint(n_clear(world, secret) + mail_n_with(world, secret, true), ==, 0);
}

int main(int argc, char **argv)
{
    mail_test_init(&argc, &argv, true);
    g_test_add_func("/pop3-tls/clear", test_clear);
    g_test_add_func("/pop3-tls/stls", test_stls);
    g_test_add_func("/pop3-tls/from-start", test_from_start);
    g_test_add_func("/pop3-tls/stripped", test_stripped);
    g_test_add_func("/pop3-tls/flawed", test_flawed);
    return mail_test_run();
}
