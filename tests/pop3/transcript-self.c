/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transcript-self.c - the transcript runner itself: it passes what is right and catches what is not
 *
 * The engine is a toy: "ASK x" asks for a policy and repeats its code, "QUIT" ends. `bug` plants
 * one mistake, which the runner must find. */
#include <glib/gstdio.h>
#include <unistd.h>

#include "transcript.h"

typedef enum {
    BUG_NONE,
    BUG_SPLIT,       /* says something for each receive() */
    BUG_AFTER_CLOSE, /* says something after CLOSE */
    BUG_LATE,        /* takes an answer after its CANCEL */
    BUG_NO_CLOSE,    /* stays open for ever when its ask goes unanswered */
    BUG_LOOP,        /* asks again and again */
    BUG_DEADLINE     /* has a deadline that does nothing */
} Bug;

static Bug bug;

typedef struct {
    MgEngine base;
    GString *in, *out;
    MgAskId ask, last;
    bool asking, closing, closed, ended, cancel, deaf;
    MgTime due;
    MgPolicyQuestion question;
} Toy;

static const MgRule toy_rules[] = {{"toy.odd", MG_SEVERITY_NOTE, NULL, "odd"}, {0}};
static const MgTransition toy_moves[] = {{"open", "QUIT", "shut", NULL}, {0}};

static MgEngine *toy_create(const MgBirth *birth)
{
    extern const MgEngineKind toy_kind;
    Toy *toy = g_new0(Toy, 1);
    toy->base.kind = &toy_kind;
    toy->in = g_string_new(NULL);
    toy->out = g_string_new("hello\r\n");
    toy->due = MG_TIME_NEVER;
    return &toy->base;
}

static void toy_free(MgEngine *engine)
{
    Toy *toy = (Toy *)engine;
    g_string_free(toy->in, TRUE);
    g_string_free(toy->out, TRUE);
    g_free(toy);
}

static void toy_receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    Toy *toy = (Toy *)engine;
    if (toy->closed && bug == BUG_AFTER_CLOSE)
        toy->closed = false;
    if (bug == BUG_SPLIT)
        g_string_append_c(toy->out, '.');
    g_string_append_len(toy->in, (const char *)bytes.data, (gssize)bytes.len);
}

static void toy_receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    Toy *toy = (Toy *)engine;
    toy->ended = !toy->deaf;
}

static void toy_advance(MgEngine *engine, MgTime now)
{
    Toy *toy = (Toy *)engine;
    if (toy->ask != 0 && now >= toy->due && bug != BUG_DEADLINE) {
        toy->cancel = true;
        toy->due = MG_TIME_NEVER;
    }
}

static bool toy_answer(MgEngine *engine, MgAskId ask, const void *answer, MgTime now)
{
    Toy *toy = (Toy *)engine;
    if (bug == BUG_LATE && ask == toy->last && ask != toy->ask)
        return true;
    if (toy->ask != ask || ask == 0)
        return false;
    const MgPolicyAnswer *verdict = answer;
    toy->ask = 0;
    toy->due = MG_TIME_NEVER;
    if (verdict == NULL && bug == BUG_LOOP)
        toy->asking = true;
    else if (verdict == NULL && bug == BUG_NO_CLOSE)
        toy->deaf = true;
    else
        g_string_append_printf(toy->out, "%u\r\n", verdict != NULL ? verdict->code : 0);
    return true;
}

static bool toy_line(Toy *toy)
{
    char *lf = strchr(toy->in->str, '\n');
    if (lf == NULL)
        return false;
    if (g_str_has_prefix(toy->in->str, "ASK"))
        toy->asking = true;
    else if (g_str_has_prefix(toy->in->str, "QUIT"))
        toy->closing = true;
    else
        g_string_append(toy->out, "what?\r\n");
    g_string_erase(toy->in, 0, lf - toy->in->str + 1);
    return true;
}

static bool toy_next(MgEngine *engine, MgEvent *event)
{
    static char sent[256];
    Toy *toy = (Toy *)engine;
    while (!toy->closed) {
        if (toy->cancel) {
            toy->cancel = false;
            *event = (MgEvent){.kind = MG_EVENT_CANCEL, .cancel = toy->ask};
            toy->ask = 0;
            return true;
        }
        if (toy->out->len > 0) {
            g_strlcpy(sent, toy->out->str, sizeof sent);
            g_string_truncate(toy->out, 0);
            *event = (MgEvent){.kind = MG_EVENT_SEND, .send = mg_span_from_string(sent)};
            return true;
        }
        if (toy->asking) {
            toy->asking = false;
            toy->ask = ++toy->last;
            toy->due = 30 * MG_SECONDS;
            toy->question = (MgPolicyQuestion){.stage = MG_STAGE_RCPT, .client_ip = "192.0.2.1"};
            *event = (MgEvent){.kind = MG_EVENT_ASK,
                               .ask = {toy->ask, MG_TOPIC_POLICY, &toy->question, 0}};
            return true;
        }
        if (toy->closing || (toy->ended && toy->ask == 0 && strchr(toy->in->str, '\n') == NULL)) {
            toy->closed = true;
            *event = (MgEvent){.kind = MG_EVENT_CLOSE};
            return true;
        }
        if (toy->ask != 0 || !toy_line(toy))
            return false;
    }
    return false;
}

static MgTime toy_deadline(const MgEngine *engine)
{
    return ((const Toy *)engine)->due;
}

extern const MgEngineKind toy_kind;
const MgEngineKind toy_kind = {
    .name = "toy.server",
    .transport = MG_TRANSPORT_STREAM,
    .port = 7,
    .rules = toy_rules,
    .transitions = toy_moves,
    .create = toy_create,
    .free = toy_free,
    .receive = toy_receive,
    .receive_end = toy_receive_end,
    .advance = toy_advance,
    .answer = toy_answer,
    .next = toy_next,
    .deadline = toy_deadline,
};

static const MgEngineKind *const kinds[] = {&toy_kind, NULL};

static const char good[] = "# fine\n"
                           "S: hello\n"
                           "C: ASK a\nC: NOPE\n"
                           "?: policy rcpt\n?x\n"
                           "!: 550 no\n"
                           "S: 550\nS~ what*\n"
                           "C: ASK b\n?: rcpt client=192.0.2.1\n+: 29\n+: 1\nX:\n"
                           "C! QUIT\\r\\n\nZ:\nE:\n";

/* Plays `text` in each of three ways: '.' it passed, 'x' it did not. `message` of the first. */
static void play(const char *text, char result[4], char **message)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp(NULL, &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    close(fd);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    char *problems[] = {mg_transcript_run(path, kinds, NULL), mg_transcript_run_splits(path, kinds),
                        mg_transcript_run_asks(path, kinds)};
    for (size_t i = 0; i < 3; i++)
        result[i] = problems[i] == NULL ? '.' : 'x';
    result[3] = '\0';
    *message = NULL;
    for (size_t i = 0; i < 3; i++) {
        if (*message == NULL)
            *message = g_steal_pointer(&problems[i]);
        g_free(problems[i]);
    }
    g_unlink(path);
}

static void assert_play(const char *text, const char *wanted, const char *in_message)
{
    char result[4];
    g_autofree char *message = NULL;
    play(text, result, &message);
    if (message != NULL)
        g_test_message("%s", message);
    g_assert_cmpstr(result, ==, wanted);
    if (in_message == NULL)
        g_assert_null(message);
    else
        g_assert_nonnull(strstr(message, in_message));
}

/* `good` with one piece replaced. */
static char *with(const char *old, const char *new)
{
    g_auto(GStrv) parts = g_strsplit(good, old, 2);
    g_assert_nonnull(parts[1]);
    return g_strconcat(parts[0], new, parts[1], NULL);
}

static void test_right(void)
{
    g_autofree char *text = with("?x\n", "");
    bug = BUG_NONE;
    assert_play(text, "...", NULL);
}

static void test_wrong_transcripts(void)
{
    static const struct {
        const char *old, *new, *message;
    } rows[] = {
        {"S: hello", "S: hallo", ":2: \n  -S: hallo\n  +S: hello"},
        {"S: hello\n", "", ":2: before this line, the engine says more"},
        {"?: policy rcpt", "?: policy mail", "+?: policy rcpt client=192.0.2.1"},
        {"?: rcpt client", "?: client=192.0.2.1 rcpt client", "-?: client"},
        {"S: 550\n", "N: toy.odd\n", "-N: toy.odd"},
        {"!: 550 no", "!: never", "not an answer to policy"},
        {"+: 29\n+: 1", "+: 29", "nothing"},
        {"+: 29", "+: 31", "the engine says more"},
        {"Z:\n", "", "the engine says more"},
        {"S~ what*", "S~ who*", "-S~ who*"},
        {"C: ASK b\n", "C: ASK b\n!: 250\n", "the engine says more"},
        {"C! QUIT\\r\\n", "C! QUIT\\q", "no such escape"},
        {"Z:", "Y:", "a line cannot begin with 'Y'"},
        {"# fine", "= engine other", "no engine other"},
    };
    bug = BUG_NONE;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *marked = with(rows[i].old, rows[i].new);
        g_auto(GStrv) parts = g_strsplit(marked, "?x\n", 2);
        g_autofree char *text = g_strconcat(parts[0], parts[1], NULL);
        assert_play(text, "xxx", rows[i].message);
    }
}

static void test_wrong_engines(void)
{
    static const char hangs_up[] = "S: hello\nC: ASK\n?:\n!: 250\nS: 250\nE:\nZ:\n";
    static const struct {
        Bug bug;
        const char *result, *message;
    } rows[] = {
        {BUG_AFTER_CLOSE, "xxx", "after CLOSE"},
        {BUG_LATE, "xxx", "was taken twice"},
        {BUG_LOOP, "..x", "asks again and again"},
        {BUG_NO_CLOSE, "..x", "the server does not CLOSE"},
        {BUG_DEADLINE, "xxx", "the deadline stays"},
    };
    g_autofree char *text = with("?x\n", "");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        bug = rows[i].bug;
        assert_play(bug == BUG_NO_CLOSE ? hangs_up : text, rows[i].result, rows[i].message);
    }
    bug = BUG_SPLIT;
    assert_play("S: hello\nC: NO\nS: .what?\nC: QUIT\nS! .\nZ:\n", ".x.", "octet by octet");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/transcript/right", test_right);
    g_test_add_func("/transcript/wrong-transcripts", test_wrong_transcripts);
    g_test_add_func("/transcript/wrong-engines", test_wrong_engines);
    return g_test_run();
}
