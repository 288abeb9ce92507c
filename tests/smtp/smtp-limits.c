/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-limits.c - what a peer may not do to us: a line without end, a letter of 100 MB
 *
 * What is too large is read to its end and not kept; the room that the process takes shows it. */
#include <sys/resource.h>

#include "smtp.h"

#define HUGE_OCTETS ((size_t)100 * 1024 * 1024)
#define CHUNK       65536u
#define ROOM_KB     48000 /* twice the largest letter that is taken, and some */

static long room_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* Everything that the engine says in octets; asks are answered with `accepted`. */
static void drain(MgEngine *engine, GString *said, size_t *kept)
{
    static const MgAcceptAnswer accepted = {250, "2.0.0", "queued"};
    MgEvent event;
    while (mg_engine_next(engine, &event)) {
        if (event.kind == MG_EVENT_SEND) {
            g_string_append_len(said, (const char *)event.send.data, (gssize)event.send.len);
        } else if (event.kind == MG_EVENT_ASK) {
            *kept = ((const MgAcceptQuestion *)event.ask.question)->data.len;
            mg_engine_answer(engine, event.ask.id, &accepted, 0);
        }
    }
}

static MgEngine *make(void)
{
    static const MgSetting rows[] = {{"open_relay", "yes", 3, NULL, 0}};
    MgSettings settings = {rows, 1};
    MgBirth birth = {.settings = &settings,
                     .host = "mx.example.net",
                     .peer_address = "192.0.2.1",
                     .local_port = 25};
    return mg_smtp_server.create(&birth);
}

static void say(MgEngine *engine, const char *text, GString *said, size_t *kept)
{
    mg_engine_receive(engine, mg_span_from_string(text), 0);
    drain(engine, said, kept);
}

static void flood(MgEngine *engine, const char *pattern, size_t octets, GString *said)
{
    g_autoptr(GString) chunk = g_string_new(NULL);
    size_t kept = 0;
    while (chunk->len < CHUNK)
        g_string_append(chunk, pattern);
    for (size_t sent = 0; sent < octets; sent += chunk->len) {
        mg_engine_receive(engine, (MgSpan){(const uint8_t *)chunk->str, chunk->len}, 0);
        drain(engine, said, &kept);
    }
}

static void begin_letter(MgEngine *engine, GString *said)
{
    size_t kept = 0;
    say(engine, "EHLO a.example\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n",
        said, &kept);
    g_assert_true(g_str_has_suffix(said->str, "354 End data with <CR><LF>.<CR><LF>\r\n"));
    g_string_truncate(said, 0);
}

static void test_letter(void)
{
    g_autoptr(MgEngine) engine = make();
    g_autoptr(GString) said = g_string_new(NULL);
    size_t kept = 0;
    begin_letter(engine, said);
    long before = room_kb();
    flood(engine, "a line of the letter, and no end in sight\r\n", HUGE_OCTETS, said);
    g_assert_cmpint(room_kb() - before, <, ROOM_KB);
    g_assert_cmpuint(said->len, ==, 0);
    say(engine, ".\r\n", said, &kept);
    g_assert_cmpstr(said->str, ==, "552 5.3.4 The message is too large\r\n");
    g_assert_cmpuint(kept, ==, 0); /* nobody was asked */
    g_string_truncate(said, 0);
    say(engine, "QUIT\r\n", said, &kept);
    g_assert_cmpstr(said->str, ==, "221 2.0.0 Bye\r\n");
}

/* A letter whose only line never ends. */
static void test_letter_line(void)
{
    g_autoptr(MgEngine) engine = make();
    g_autoptr(GString) said = g_string_new(NULL);
    size_t kept = 0;
    begin_letter(engine, said);
    long before = room_kb();
    flood(engine, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", HUGE_OCTETS, said);
    g_assert_cmpint(room_kb() - before, <, ROOM_KB);
    say(engine, "\r\n.\r\n", said, &kept);
    g_assert_cmpstr(said->str, ==, "552 5.3.4 The message is too large\r\n");
}

static void test_command_line(void)
{
    g_autoptr(MgEngine) engine = make();
    g_autoptr(GString) said = g_string_new(NULL);
    size_t kept = 0;
    drain(engine, said, &kept);
    g_string_truncate(said, 0);
    long before = room_kb();
    flood(engine, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", HUGE_OCTETS, said);
    g_assert_cmpint(room_kb() - before, <, ROOM_KB);
    g_assert_cmpstr(said->str, ==, "500 5.5.2 The line is too long\r\n"); /* once */
    g_string_truncate(said, 0);
    say(engine, "\r\nNOOP\r\n", said, &kept);
    g_assert_cmpstr(said->str, ==, "250 2.0.0 Ok\r\n");
}

/* The largest letter that is taken is handed over whole, with a line more: the postmark. */
static void test_largest(void)
{
    g_autoptr(MgEngine) engine = make();
    g_autoptr(GString) said = g_string_new(NULL);
    size_t kept = 0;
    begin_letter(engine, said);
    for (unsigned i = 0; i < 10485760 / 64; i++)
        mg_engine_receive(
            engine, MG_SPAN("0123456789012345678901234567890123456789012345678901234567890.\r\n"),
            0);
    say(engine, ".\r\n", said, &kept);
    g_assert_cmpstr(said->str, ==, "250 2.0.0 queued\r\n");
    g_assert_cmpuint(kept, >, 10485760);
    g_assert_cmpuint(kept, <, 10485760 + 300);
}

/* At least 100 recipients (RFC 5321 §4.5.3.1.8), and a limit. */
static void test_recipients(void)
{
    g_autoptr(MgEngine) engine = make();
    g_autoptr(GString) said = g_string_new(NULL);
    size_t kept = 0;
    say(engine, "EHLO a.example\r\nMAIL FROM:<a@b.example>\r\n", said, &kept);
    unsigned n_accepted = 0;
    for (unsigned i = 0; i < 2000; i++) {
        g_autofree char *line = g_strdup_printf("RCPT TO:<r%u@d.example>\r\n", i);
        g_string_truncate(said, 0);
        say(engine, line, said, &kept);
        n_accepted += g_str_has_prefix(said->str, "250 ");
    }
    g_assert_cmpuint(n_accepted, ==, 1000);
    g_assert_true(g_str_has_prefix(said->str, "452 4.5.3 "));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/smtp/limits/command-line", test_command_line);
    g_test_add_func("/smtp/limits/letter", test_letter);
    g_test_add_func("/smtp/limits/letter-line", test_letter_line);
    g_test_add_func("/smtp/limits/largest", test_largest);
    g_test_add_func("/smtp/limits/recipients", test_recipients);
    return g_test_run();
}
