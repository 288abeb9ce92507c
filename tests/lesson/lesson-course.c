/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-course.c - somebody takes a lesson: from step to step and back, with mistakes, hints,
 * wrong answers; what is predicted stays hidden; two runs are one run */
#include "filter.h"
#include "lesson-test.h"

#define TALK "alice talk smtp://mx.example.net"

/* Step by step; "letter" can be spoilt by a QUIT that comes too early. */
static const char course[] = HEAD
    "## connect\n### en: Connect\nText.\n### ko: 연결\n글.\n"
    "```check\nsaw smtp.response.code where smtp.response.code == 220\n```\n"
    "```hint\nen: First.\nko: 첫째.\n```\n```hint\nen: Second.\nko: 둘째.\n```\n"
    "```solution\n" TALK "\n```\n"
    "## hello\n### en: Hello\nText.\n### ko: 인사\n글.\n"
    "```run\ndo: alice> EHLO alice.example.com\nuntil: smtp.req.command == \"EHLO\"\npredict: yes\n"
    "show: mx.example.net; smtp.helo\n```\n"
    "```quiz\nask.en: What?\nask.ko: 무엇?\n( ) `354`\n    en: No.\n    ko: 아닙니다.\n"
    "( ) `500`\n    en: No, see.\n    ko: 아닙니다.\n    do: alice> HALLO\n"
    "(x) `250`\n    en: Yes.\n    ko: 맞습니다.\n```\n"
    "## letter\n### en: Letter\nText.\n### ko: 편지\n글.\n"
    "```check\nsaw smtp.reverse_path where smtp.reverse_path == \"alice@example.com\" and "
    "mailglass.from == \"alice\"\n"
    "    en: No sender.\n    ko: 보낸 이가 없습니다.\n"
    "mailbox bob@example.net has count == 1\n```\n"
    "```solution\nalice> MAIL FROM:<alice@example.com>\nalice> RCPT TO:<bob@example.net>\nalice> "
    "DATA\n"
    "alice> Subject: x\nalice>\nalice> x\nalice> .\n```\n"
    "## free\n### en: Free\nText.\n### ko: 자유\n글.\n"
    "```try\nalice> QUIT\n```\n";

static MgLessonPlay *play_of(const char *text)
{
    g_autofree char *folder = write_lesson("course", text, -1);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgLesson *lesson = mg_lesson_load(folder, problems);
    g_assert_cmpuint(problems->len, ==, 0);
    MgLessonPlay *play = mg_lesson_play_new(lesson, registry, problems);
    g_assert_nonnull(play);
    mg_lesson_play_set_language(play, MG_ENGLISH);
    return play;
}

static MgLessonPlay *begun(void)
{
    MgLessonPlay *play = play_of(course);
    mg_lesson_play_enter(play, 0);
    return play;
}

static uint32_t position(MgLessonPlay *play)
{
    return mg_session_position(mg_lesson_play_session(play));
}

static uint32_t length(MgLessonPlay *play)
{
    return mg_trace_n_records(mg_session_trace(mg_lesson_play_session(play)));
}

static void act(MgLessonPlay *play, const char *line)
{
    g_autoptr(GError) error = NULL;
    bool good = mg_lesson_play_do(play, line, &error);
    g_assert_no_error(error);
    g_assert_true(good);
}

static void solve(MgLessonPlay *play)
{
    g_autoptr(GError) error = NULL;
    bool good = mg_lesson_play_solve(play, &error);
    g_assert_no_error(error);
    g_assert_true(good);
    g_assert_true(mg_lesson_play_done(play));
}

static const char *step(MgLessonPlay *play)
{
    return mg_lesson_play_step(play)->id;
}

/* The last record up to the eye that matches; 0 none. */
static uint32_t seen(MgLessonPlay *play, const char *filter)
{
    MgSession *session = mg_lesson_play_session(play);
    g_autoptr(MgFilter) wanted = mg_filter_new(filter, registry, NULL);
    g_assert_nonnull(wanted);
    uint32_t n = position(play);
    while (n > 0 && !mg_filter_match(wanted, mg_session_trace(session), n))
        n--;
    return n;
}

static char *hash(MgLessonPlay *play)
{
    return mg_trace_hash(mg_session_trace(mg_lesson_play_session(play)));
}

/* ---- from step to step ---- */

static void test_way(void)
{
    g_autoptr(MgLessonPlay) play = begun();
    g_assert_cmpuint(mg_lesson_play_n_steps(play), ==, 4);
    g_assert_cmpstr(step(play), ==, "connect");
    g_assert_cmpuint(mg_lesson_play_since(play), ==, 0);
    g_assert_false(mg_lesson_play_done(play));
    g_assert_false(mg_lesson_play_back(play));
    act(play, TALK);
    g_assert_true(mg_lesson_play_done(play));
    uint32_t proof = mg_lesson_play_result(play, 0)->proof;
    g_assert_cmpuint(proof, !=, 0);
    act(play, "alice> NOOP");
    g_assert_cmpuint(proof, <, position(play));
    g_assert_true(mg_lesson_play_next(play));
    g_assert_cmpstr(step(play), ==, "hello");
    g_assert_cmpuint(mg_lesson_play_since(play), ==,
                     proof); /* the record that proved the one before */
    g_assert_cmpint(mg_lesson_play_chosen(play, 0), ==, -1);
    g_assert_true(mg_lesson_play_choose(play, 0, 2, NULL));
    g_assert_true(mg_lesson_play_next(play));
    g_assert_cmpstr(step(play), ==, "letter");
    uint32_t began = position(play);
    solve(play);
    g_assert_cmpuint(position(play), >, began);
    g_assert_true(mg_lesson_play_next(play));
    g_assert_true(mg_lesson_play_done(play)); /* nothing is asked */
    g_assert_false(mg_lesson_play_next(play));
    g_assert_cmpstr(step(play), ==, "free");
    /* Back to where each began. */
    g_assert_true(mg_lesson_play_back(play));
    g_assert_cmpstr(step(play), ==, "letter");
    g_assert_cmpuint(position(play), ==, began);
    g_assert_false(mg_lesson_play_done(play));
    g_assert_cmpstr(mg_lesson_play_result(play, 0)->missing, ==, "No sender.");
    g_assert_true(mg_lesson_play_back(play));
    g_assert_true(mg_lesson_play_hides(play));
    g_assert_cmpuint(mg_lesson_play_since(play), ==, proof);
    g_assert_true(mg_lesson_play_back(play));
    g_assert_cmpuint(position(play), ==, 0);
    g_assert_false(mg_lesson_play_done(play));
}

/* Who leaps to a step finds what the way would have brought. */
static void test_enter(void)
{
    g_autoptr(MgLessonPlay) walked = begun(), leapt = play_of(course);
    for (unsigned i = 0; i < 2; i++) {
        solve(walked);
        mg_lesson_play_next(walked);
    }
    mg_lesson_play_enter(leapt, 2);
    g_assert_cmpstr(step(leapt), ==, "letter");
    g_assert_cmpuint(mg_lesson_play_since(leapt), ==, mg_lesson_play_since(walked));
    solve(walked);
    solve(leapt);
    g_autofree char *one = hash(walked), *two = hash(leapt);
    g_assert_cmpstr(one, ==, two);
    /* Again, and it is as if nothing had been done. */
    mg_lesson_play_hint(leapt);
    mg_lesson_play_enter(leapt, 2);
    g_assert_false(mg_lesson_play_done(leapt));
    g_assert_cmpuint(mg_lesson_play_n_hints(leapt), ==, 0);
    g_assert_false(mg_lesson_play_solution_shown(leapt));
    g_assert_cmpuint(mg_session_n_branches(mg_lesson_play_session(leapt)), ==, 1);
    solve(leapt);
    g_autofree char *again = hash(leapt);
    g_assert_cmpstr(one, ==, again);
}

/* Who goes on without having done it gets it done. */
static void test_skip(void)
{
    g_autoptr(MgLessonPlay) play = begun();
    g_assert_true(mg_lesson_play_next(play));
    g_assert_cmpstr(step(play), ==, "hello");
    g_assert_null(mg_lesson_play_trouble(play, NULL));
    /* It was done, and then the console was closed, which the next step needs. */
    mg_lesson_play_enter(play, 0);
    act(play, TALK);
    act(play, "alice> QUIT");
    g_assert_true(mg_lesson_play_done(play));
    g_assert_true(mg_lesson_play_next(play));
    g_assert_cmpstr(step(play), ==, "hello");
    g_assert_null(mg_lesson_play_trouble(play, NULL));
    g_assert_true(mg_lesson_play_hides(play));
    g_assert_true(mg_lesson_play_next(play));
    g_assert_null(mg_lesson_play_trouble(play, NULL));
    solve(play);
}

/* ---- prediction ---- */

static void test_predict(void)
{
    g_autoptr(MgLessonPlay) play = begun();
    MgSession *session = mg_lesson_play_session(play);
    mg_lesson_play_enter(play, 1);
    g_assert_true(mg_lesson_play_hides(play));
    uint32_t fence = mg_session_fence(session);
    g_assert_cmpuint(fence, ==, position(play));
    g_assert_cmpuint(fence, ==, seen(play, "smtp.req.command == \"EHLO\""));
    g_assert_true(mg_session_points_at(session, "mx.example.net"));
    mg_session_seek(session, length(play));
    g_assert_cmpuint(position(play), ==, fence);
    g_autoptr(GError) error = NULL;
    g_assert_false(mg_lesson_play_do(play, "alice> NOOP", &error));
    g_assert_error(error, MG_ERROR, MG_ERROR_LESSON);
    g_assert_false(
        mg_lesson_play_choose(play, 0, 0, NULL)); /* wrong, and it is shown all the same */
    g_assert_false(mg_lesson_play_hides(play));
    g_assert_cmpuint(mg_session_fence(session), ==, 0);
    g_assert_cmpuint(seen(play, "smtp.response.code == 250"), ==, position(play));
    g_assert_false(mg_lesson_play_done(play));
    g_assert_cmpuint(mg_lesson_play_score(play).wrong, ==, 1);
    g_assert_true(mg_lesson_play_choose(play, 0, 2, NULL));
    g_assert_true(mg_lesson_play_done(play));
    /* The next step hides nothing, and points at nothing. */
    mg_lesson_play_next(play);
    g_assert_cmpuint(mg_session_fence(session), ==, 0);
    g_assert_null(mg_session_pointed(session));
}

/* Who comes back to a prediction does not see it either. */
static void test_predict_again(void)
{
    g_autoptr(MgLessonPlay) play = begun();
    mg_lesson_play_enter(play, 1);
    mg_lesson_play_choose(play, 0, 2, NULL);
    mg_lesson_play_next(play);
    mg_lesson_play_back(play);
    g_assert_true(mg_lesson_play_hides(play));
    g_assert_cmpint(mg_lesson_play_chosen(play, 0), ==, -1);
    uint32_t fence = mg_session_fence(mg_lesson_play_session(play));
    g_assert_cmpuint(fence, ==, seen(play, "smtp.req.command == \"EHLO\""));
    mg_lesson_play_choose(play, 0, 2, NULL);
    g_assert_cmpuint(seen(play, "smtp.response.code == 250"), >, fence);
}

static void test_wrong_answer(void)
{
    g_autoptr(MgLessonPlay) play = begun();
    g_autoptr(GError) error = NULL;
    mg_lesson_play_enter(play, 1);
    g_assert_false(mg_lesson_play_choose(play, 0, 1, &error));
    g_assert_no_error(error);
    g_assert_cmpint(mg_lesson_play_chosen(play, 0), ==, 1);
    g_assert_cmpuint(seen(play, "smtp.response.code == 500"), !=, 0); /* what follows is shown */
    g_assert_true(mg_lesson_play_choose(play, 0, 2, &error));
    g_assert_true(mg_lesson_play_next(play));
    solve(play);
}

/* ---- doing ---- */

static void test_checks(void)
{
    g_autoptr(MgLessonPlay) play = begun();
    g_assert_false(mg_lesson_play_tried(play));
    g_assert_false(mg_lesson_play_check(play, true));
    g_assert_true(mg_lesson_play_tried(play));
    g_assert_cmpuint(mg_lesson_play_score(play).attempts, ==, 1);
    g_assert_nonnull(strstr(mg_lesson_play_result(play, 0)->missing, "Not seen yet"));
    g_assert_false(mg_lesson_play_check(play, false)); /* looking is no attempt */
    g_assert_cmpuint(mg_lesson_play_score(play).attempts, ==, 1);
    act(play, TALK);
    g_assert_false(mg_lesson_play_tried(play));
    g_assert_true(mg_lesson_play_check(play, true));
    g_assert_cmpuint(mg_lesson_play_score(play).attempts, ==, 1);
    g_assert_null(mg_lesson_play_result(play, 0)->missing);
    /* Up to where the eye is: before it was done, it was not. */
    mg_session_seek(mg_lesson_play_session(play), 1);
    g_assert_false(mg_lesson_play_check(play, false));
    g_autoptr(GError) error = NULL;
    g_assert_false(mg_lesson_play_do(play, "alice dance", &error));
    g_assert_error(error, MG_ERROR, MG_ERROR_CONFIG);
}

static void test_hints(void)
{
    g_autoptr(MgLessonPlay) play = begun();
    g_assert_true(mg_lesson_play_hint(play));
    g_assert_true(mg_lesson_play_hint(play));
    g_assert_cmpuint(mg_lesson_play_n_hints(play), ==, 2);
    g_assert_false(mg_lesson_play_hint(play));
    g_assert_cmpuint(mg_lesson_play_n_hints(play), ==, 2);
    mg_lesson_play_show_solution(play);
    g_assert_true(mg_lesson_play_solution_shown(play));
    g_assert_false(mg_lesson_play_done(play)); /* shown is not done */
}

/* QUIT came too early: the console is gone, and the solution begins where the step did. */
static void test_mess(void)
{
    g_autoptr(MgLessonPlay) play = begun();
    mg_lesson_play_enter(play, 2);
    act(play, "alice> MAIL FROM:<alice@example.com>");
    act(play, "alice> QUIT");
    mg_lesson_play_check(play, true);
    mg_lesson_play_hint(play);
    g_assert_false(mg_lesson_play_do(play, "alice> RCPT TO:<bob@example.net>", NULL));
    solve(play);
    g_assert_true(mg_lesson_play_solution_shown(play));
    g_assert_cmpuint(mg_lesson_play_score(play).attempts, ==, 1); /* no clean slate for it */
    g_assert_true(mg_lesson_play_next(play));
    g_assert_cmpstr(step(play), ==, "free");
    act(play, "alice> QUIT");
    /* Half of it was done, and rightly: also from there. */
    mg_lesson_play_enter(play, 2);
    act(play, "alice> MAIL FROM:<alice@example.com>");
    act(play, "alice> RCPT TO:<bob@example.net>");
    solve(play);
}

static void test_weather(void)
{
    g_autoptr(MgLessonPlay) play = begun();
    mg_lesson_play_enter(play, 0);
    act(play, "!host mx.example.net down");
    act(play, TALK);
    act(play, "wait 5min");
    g_assert_false(mg_lesson_play_done(play));
    solve(play);
}

/* ---- language, signals ---- */

static void not_yet(MgLessonPlay *play, void *data)
{
    g_error("nothing has begun");
}

static void test_language_first(void)
{
    g_autoptr(MgLessonPlay) play = play_of(course);
    gulong handler = g_signal_connect(play, "changed", G_CALLBACK(not_yet), NULL);
    mg_lesson_play_set_language(play, MG_KOREAN);
    g_assert_cmpint(mg_lesson_play_language(play), ==, MG_KOREAN);
    g_signal_handler_disconnect(play, handler);
    mg_lesson_play_enter(play, 1);
    g_assert_cmpstr(step(play), ==, "hello");
}

static void count(MgLessonPlay *play, void *data)
{
    ++*(unsigned *)data;
}

static void test_language(void)
{
    g_autoptr(MgLessonPlay) play = begun();
    unsigned changed = 0, stepped = 0;
    g_signal_connect(play, "changed", G_CALLBACK(count), &changed);
    g_signal_connect(play, "step", G_CALLBACK(count), &stepped);
    mg_lesson_play_enter(play, 2);
    g_assert_cmpuint(changed, >, 0);
    g_assert_cmpuint(stepped, ==, 1);
    act(play, "alice> NOOP");
    uint32_t at = position(play), since = mg_lesson_play_since(play);
    mg_lesson_play_hint(play);
    mg_lesson_play_check(play, true);
    changed = 0;
    mg_lesson_play_set_language(play, MG_KOREAN);
    g_assert_cmpuint(changed, ==, 1);
    mg_lesson_play_set_language(play, MG_KOREAN);
    g_assert_cmpuint(changed, ==, 1);
    g_assert_cmpstr(mg_lesson_play_result(play, 0)->missing, ==, "보낸 이가 없습니다.");
    g_assert_cmpstr(step(play), ==, "letter");
    g_assert_cmpuint(position(play), ==, at);
    g_assert_cmpuint(mg_lesson_play_since(play), ==, since);
    g_assert_true(mg_lesson_play_tried(play));
    g_assert_cmpuint(mg_lesson_play_score(play).attempts, ==, 1);
    g_assert_cmpuint(stepped, ==, 1);
}

/* ---- as the window does it ---- */

static const char watched[] =
    HEAD "## watch\n### en\nText.\n### ko\n글.\n"
         "```run\ndo: alice send mail/hello.eml to bob@example.net\nuntil: smtp.req.command == "
         "\"MAIL\"\n```\n"
         "```check\nmailbox bob@example.net has count == 2\n```\n"
         "```solution\nalice send mail/hello.eml to bob@example.net\n```\n"
         "## show\n### en\nText.\n### ko\n글.\n```run\nshow: alice\n```\n"
         "## all\n### en\nText.\n### ko\n글.\n```run\ndo: bob fetch\n```\n";

static void test_no_leap(void)
{
    g_autoptr(MgLessonPlay) play = play_of(watched);
    MgSession *session = mg_lesson_play_session(play);
    mg_lesson_play_set_leap(play, false);
    mg_lesson_play_enter(play, 0);
    /* The step waits until somebody presses Play. */
    g_assert_cmpuint(position(play), ==, 0);
    g_assert_false(mg_session_playing(session));
    uint32_t target = mg_lesson_play_target(play);
    g_assert_cmpuint(target, >, 0);
    mg_session_set_playing(session, true);
    while (mg_session_playing(session)) {
        g_assert_cmpuint(position(play), <, target);
        mg_session_step(session, MG_STEP_RECORD, false);
    }
    g_assert_cmpuint(position(play), ==, target); /* it pauses there */
    g_assert_cmpuint(seen(play, "smtp.req.command == \"MAIL\""), ==, target);
    g_assert_cmpuint(mg_lesson_play_target(play), ==, 0);
    /* What is done is watched at once; to check is to have watched. */
    act(play, "alice send mail/hello.eml to bob@example.net");
    g_assert_true(mg_session_playing(session));
    g_assert_cmpuint(position(play), ==, target);
    g_assert_false(mg_lesson_play_check(play, false));
    mg_lesson_play_check(play, true);
    g_assert_cmpuint(position(play), ==, length(play));
    g_assert_true(mg_lesson_play_done(play));
    mg_lesson_play_next(play);
    g_assert_false(mg_session_playing(session));
    g_assert_cmpuint(mg_lesson_play_target(play), ==, 0); /* it only points */
    g_assert_true(mg_session_points_at(session, "alice"));
    mg_lesson_play_next(play);
    g_assert_cmpuint(mg_lesson_play_target(play), ==, length(play));
    /* Leaping, the same is at once at its end. */
    mg_lesson_play_set_leap(play, true);
    mg_lesson_play_enter(play, 2);
    g_assert_cmpuint(position(play), ==, length(play));
    mg_lesson_play_enter(play, 0);
    g_assert_cmpuint(position(play), ==, target);
}

/* A prediction that was not watched yet: the answer brings the eye to it. */
static void test_no_leap_predict(void)
{
    g_autoptr(MgLessonPlay) play = begun();
    MgSession *session = mg_lesson_play_session(play);
    mg_lesson_play_set_leap(play, false);
    mg_lesson_play_enter(play, 1);
    uint32_t fence = mg_session_fence(session);
    g_assert_cmpuint(position(play), <, fence);
    g_assert_cmpuint(mg_lesson_play_target(play), ==, fence);
    mg_lesson_play_choose(play, 0, 2, NULL);
    g_assert_cmpuint(position(play), >=, fence);
    g_assert_true(mg_session_playing(session));
    uint32_t target = mg_lesson_play_target(play);
    g_assert_cmpuint(target, >, fence);
    mg_session_seek(session, target);
    g_assert_false(mg_session_playing(session));
    g_assert_cmpuint(seen(play, "smtp.response.code == 250"), ==, target);
    solve(play);
    mg_lesson_play_next(play);
    mg_session_set_playing(session, false);
    g_assert_true(mg_lesson_play_solve(play, NULL)); /* the last line of it may be watched */
    g_assert_true(mg_session_playing(session));
    mg_session_seek(session, mg_lesson_play_target(play));
    g_assert_true(mg_lesson_play_done(play));
}

/* ---- the shipped ones ---- */

/* Two runs of one lesson, done in the same way, are one run. */
static void test_same(void)
{
    g_autoptr(MgLessonPlay) a = begun(), b = begun();
    for (unsigned i = 0; i < 4; i++) {
        for (unsigned which = 0; which < 2; which++) {
            MgLessonPlay *play = which == 0 ? a : b;
            if (i == 2)
                act(play, "alice> HELP");
            solve(play);
            mg_lesson_play_next(play);
        }
        g_autofree char *one = hash(a), *two = hash(b);
        g_assert_cmpstr(one, ==, two);
    }
}

static void test_unusable(void)
{
    g_autofree char *folder =
        write_lesson("unusable",
                     "```lesson\nformat: 1\ntitle.en: T\ntitle.ko: 제\n```\n```network\nuse: none\n"
                     "```\n" STEP("a"),
                     -1);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_assert_null(mg_lesson_play_new(mg_lesson_load(folder, problems), registry, problems));
    g_assert_cmpuint(problems->len, ==, 1);
    g_autofree char *empty = write_lesson("unusable", HEAD, -1);
    g_assert_null(mg_lesson_play_new(mg_lesson_load(empty, NULL), registry, problems));
}

int main(int argc, char **argv)
{
    lesson_test_begin(&argc, &argv);
    g_test_add_func("/course/way", test_way);
    g_test_add_func("/course/enter", test_enter);
    g_test_add_func("/course/skip", test_skip);
    g_test_add_func("/course/predict", test_predict);
    g_test_add_func("/course/predict-again", test_predict_again);
    g_test_add_func("/course/wrong-answer", test_wrong_answer);
    g_test_add_func("/course/checks", test_checks);
    g_test_add_func("/course/hints", test_hints);
    g_test_add_func("/course/mess", test_mess);
    g_test_add_func("/course/weather", test_weather);
    g_test_add_func("/course/language", test_language);
    g_test_add_func("/course/language-first", test_language_first);
    g_test_add_func("/course/no-leap", test_no_leap);
    g_test_add_func("/course/no-leap-predict", test_no_leap_predict);
    g_test_add_func("/course/same", test_same);
    g_test_add_func("/course/unusable", test_unusable);
    return lesson_test_run();
}
