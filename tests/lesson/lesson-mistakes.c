/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-mistakes.c - every kind of mistake alone gives one line, and the right one; twenty give
 * twenty; text in other shapes is read or told */
#include "lesson-test.h"

#define CHECK(line) STEP("a") "```check\n" line "\n```\n" SOLUTION /* in line 7 */
#define SAW         "saw smtp.req.command where smtp.req.command == \"MAIL\""

static const Mistake mistakes[] = {
    {"sound", STEP("a") HAS_MAIL SOLUTION QUIZ(RIGHT WRONG), 0, NULL},
    /* fences */
    {"fence-nearest", STEP("a") "```chekc\nx\n```\n", 6, "did you mean \"check\"?"},
    {"fence-unknown", STEP("a") "```python\nx\n```\n", 6, "no fence \"python\""},
    {"fence-before", "```hint\nen: a\nko: 가\n```\n" STEP("a"), 1, "none has begun"},
    {"fence-after", STEP("a") "```network\nuse: two-domains\n```\n", 6, "before the first step"},
    {"fence-open", STEP("a") HAS_MAIL "```solution\n" TO_BOB "\n\n" STEP("b") "Text.\n", 9,
     "never closed"},
    {"fence-open-at-end", STEP("a") HAS_MAIL "```solution\n" TO_BOB "\n", 9, "never closed"},
    {"wire-open", "## a\n### en\nText.\n```\nS: 220\n### ko\n글.\n```try\n" TO_BOB "\n```\n", 4,
     "never closed"},
    {"two-runs", STEP("a") "```run\nshow: alice\n```\n```run\nshow: bob\n```\n", 9,
     "already, in line"},
    {"key-nearest", STEP("a") "```run\nshwo: alice\n```\n", 7, "did you mean \"show\"?"},
    {"key-unknown", STEP("a") "```run\ncolour: red\n```\n", 7, "there are do, until, show"},
    {"key-twice", STEP("a") "```run\nuntil: smtp\nuntil: pop\n```\n```try\n" TO_BOB "\n```\n", 8,
     "twice"},
    {"value-empty", STEP("a") "```run\nuntil:\nshow: alice\n```\n", 7, "nothing stands after"},
    {"yes-or-no", STEP("a") "```run\nshow: alice\npredict: maybe\n```\n", 8, "yes or no"},
    {"indented-first", STEP("a") "```try\n    en: Send\n    ko: 보내기\n" TO_BOB "\n```\n", 7,
     "an indented line"},
    /* steps and languages */
    {"step-id", "## Send It\n### en\nText.\n### ko\n글.\n", 1, "no id of a step"},
    {"step-twice", STEP("a") STEP("a"), 6, "already"},
    {"step-empty", STEP("a") "## b\n", 6, "no text"},
    {"text-before", "Text.\n\n" STEP("a"), 1, "none has begun"},
    {"text-in-step", "## a\nText.\n### en\nText.\n### ko\n글.\n", 2, "under ### en or ### ko"},
    {"wire-in-step", "## a\n```\nMAIL\n```\n### en\nText.\n### ko\n글.\n", 2, "under ### en"},
    {"heading", "# big\n" STEP("a") "# a\n", 7, "a step begins with ##"},
    {"language-unknown", STEP("a") "### fr\nMot.\n", 6, "fr"},
    {"language-twice", STEP("a") "### en\nText.\n", 6, "already, in line"},
    {"language-missing", "## a\n### en\nText.\n", 2, "the Korean text is missing"},
    {"english-missing", "## a\n### ko\n글.\n", 2, "the English text is missing"},
    {"note-missing", STEP("a") "### note.ko\n글.\n", 6, "the English text is missing"},
    {"title-missing", "## a\n### en: Title\nText.\n### ko\n글.\n", 4, "title is missing"},
    {"blocks", "## a\n### en\nText.\n\n- one\n\n### ko\n글.\n\n둘.\n", 10,
     "the two languages differ"},
    {"blocks-fewer", "## a\n### en\nText.\n\nMore.\n### ko\n글.\n", 6, "the two languages differ"},
    {"code", "## a\n### en\nText `QUIT`.\n### ko\n글.\n", 3, "`QUIT` is not in the Korean"},
    {"code-other", "## a\n### en\nText.\n### ko\n글 `QUIT`.\n", 5, "`QUIT` is not in the English"},
    {"link", "## a\n### en\n[A](host:alice).\n### ko\n글.\n", 3, "link to host:alice is not in"},
    {"emphasis", "## a\n### en\nText.\n### ko\n**봉투(envelope)**는 글.\n", 5,
     "emphasis that did not take"},
    {"emphasis-in-line",
     STEP("a") QUIZ("(x)\n    label.en: yes\n    label.ko: **예(yes)**는\n"
                    "    en: Yes.\n    ko: 네.\n" WRONG),
     11, "emphasis that did not take"},
    {"emphasis-in-label", STEP("a") QUIZ("(x) **예(yes)**는\n    en: Yes.\n    ko: 네.\n" WRONG), 9,
     "emphasis that did not take"},
    {"emphasis-quoted",
     STEP("a") "```hint\nen: **\"Yes\"** is said.\nko: *(예)* 글.\n```\n" HAS_MAIL SOLUTION, 0,
     NULL},
    {"html", "## a\n### en\nText.\n\n<b>Text</b>\n### ko\n글.\n\n글.\n", 5, "HTML"},
    {"picture", "## a\n### en\nText ![x](y.png).\n### ko\n글.\n", 3, "pictures"},
    {"hint-one-language", STEP("a") HAS_MAIL "```hint\nen: Send.\n```\n" SOLUTION, 10,
     "\"ko\" is missing"},
    {"hint-empty", STEP("a") HAS_MAIL "```hint\n```\n" SOLUTION, 9, "empty hint"},
    {"hint-code", STEP("a") HAS_MAIL "```hint\nen: `x`\nko: 글\n```\n" SOLUTION, 10, "`x` is not"},
    {"hint-twice", STEP("a") HAS_MAIL "```hint\nen: a\nko: 가\nen: b\n```\n" SOLUTION, 12,
     "already"},
    {"hint-alone", STEP("a") "```hint\nen: a\nko: 가\n```\n", 1, "no check they would help"},
    /* quizzes */
    {"quiz-no-right", STEP("a") QUIZ(WRONG WRONG), 6, "no answer of this quiz is right"},
    {"quiz-one", STEP("a") QUIZ(RIGHT), 6, "two answers"},
    {"quiz-none", STEP("a") QUIZ(""), 6, "two answers"},
    {"quiz-no-ask", STEP("a") "```quiz\n" RIGHT WRONG "```\n", 6, "asks something"},
    {"quiz-no-why", STEP("a") QUIZ(RIGHT "( ) no\n"), 12, "say why"},
    {"quiz-no-label", STEP("a") QUIZ(RIGHT "( )\n    en: No.\n    ko: 아닙니다.\n"), 12,
     "without text"},
    {"quiz-key", STEP("a") QUIZ(RIGHT WRONG "    because: x\n"), 15, "\"because\""},
    {"quiz-deed", STEP("a") QUIZ(RIGHT WRONG "    do: alice dance\n"), 15, "cannot \"dance\""},
    {"predict", STEP("a") "```run\ndo: " TO_BOB "\nuntil: smtp\npredict: yes\n```\n", 6,
     "this step has none"},
    /* checks */
    {"check-word", CHECK("hears smtp"), 7, "means nothing in check"},
    {"check-word-near", CHECK("saww smtp"), 7, "did you mean \"saw\"?"},
    {"check-field", CHECK("saw smtp.nothing"), 7, "smtp.nothing"},
    {"check-column", CHECK("saw smtp where smtp.req.command = \"MAIL\""), 7, "smtp.req.command"},
    {"check-open-quote", CHECK("saw smtp where smtp.req.command == \"MAIL"), 7, "filter"},
    {"check-two-words", CHECK("saw smtp.req.command == \"MAIL\""), 7, "after \"where\""},
    {"check-where-empty", CHECK("saw smtp where "), 7, "saw"},
    {"check-then-alone", CHECK("then saw smtp"), 7, "none"},
    {"check-within-alone", CHECK("within 5s"), 7, "none"},
    {"check-within", CHECK(SAW "\nwithin soon"), 8, "a time is written like"},
    {"check-count", CHECK("count smtp"), 7, "count FIELD"},
    {"check-count-word", CHECK("count smtp >= many"), 7, "count FIELD"},
    {"check-rule", CHECK(SAW "\nnever note smtp.no-such-rule"), 8, "smtp.no-such-rule"},
    {"check-rule-none", CHECK(SAW "\nnever note"), 8, "note"},
    {"check-state", CHECK("state mx.example.net.smtp.server == happy"), 7, "no state \"happy\""},
    {"check-state-form", CHECK("state mx.example.net.smtp.server"), 7, "HOST.ENGINE == NAME"},
    {"check-state-host", CHECK("state my.example.net.smtp.server == mail"), 7, "no HOST.ENGINE"},
    {"check-state-engine", CHECK("state mx.example.net.nntp.server == mail"), 7, "no HOST.ENGINE"},
    {"check-mailbox", CHECK("mailbox zoe@example.net has count == 1"), 7, "zoe@example.net"},
    {"check-mailbox-form", CHECK("mailbox bob@example.net"), 7, "mailbox ADDRESS has"},
    {"check-mailbox-field", CHECK("mailbox bob@example.net has colour == red"), 7, "\"colour\""},
    {"check-mailbox-count", CHECK("mailbox bob@example.net has count == one"), 7, "with a number"},
    {"check-no-solution", STEP("a") HAS_MAIL, 1, "no solution"},
    {"check-key",
     STEP("a") "```check\nmailbox bob@example.net has count == 1\n    de: x\n```\n" SOLUTION, 8,
     "\"de\""},
    /* deeds */
    {"deed-verb", STEP("a") "```try\nalice dance\n```\n", 7, "cannot \"dance\""},
    {"deed-host", STEP("a") "```try\nalise send mail/hello.eml\n```\n", 7, "alise"},
    {"deed-host-typed", STEP("a") "```try\nalise> QUIT\n```\n", 7, "did you mean \"alice\"?"},
    {"deed-host-hangs-up", STEP("a") "```try\nzoe hang up\n```\n", 7, "no host \"zoe\""},
    {"deed-file", STEP("a") "```try\nalice send mail/none.eml to bob@example.net\n```\n", 7,
     "mail/none.eml"},
    {"deed-wait", STEP("a") "```try\nwait a bit\n```\n", 7, "a time is written like"},
    {"deed-weather", STEP("a") "```try\n!link alice mars cut\n```\n", 7, "mars"},
    {"deed-console", STEP("a") "```try\nalice> QUIT\n```\n", 7, "no open console"},
    {"run-deed", STEP("a") "```run\ndo: alice dance\n```\n", 7, "cannot \"dance\""},
    {"run-weather", STEP("a") "```run\ndo: !host mars down\n```\n", 7, "mars"},
    {"run-until", STEP("a") "```run\ndo: " TO_BOB "\nuntil: smtp.nothing\n```\n", 8, "until"},
    {"run-show", STEP("a") "```run\nshow: alice; nobody\n```\n", 7, "\"nobody\" is neither"},
    {"solution-file",
     STEP("a") HAS_MAIL "```solution\nalice send mail/none.eml to bob@example.net\n"
                        "```\n" STEP("b") HAS_MAIL SOLUTION,
     10, "mail/none.eml"},
    /* links */
    {"link-word", "## a\n### en\n[A](#nonsense).\n### ko\n[가](#nonsense).\n", 3,
     "no word \"nonsense\""},
    {"link-word-known", "## a\n### en\n[A](#envelope).\n### ko\n[가](#envelope).\n", 0, NULL},
    {"link-host", "## a\n### en\n[A](host:alise).\n### ko\n[가](host:alise).\n", 3,
     "did you mean \"alice\"?"},
    {"link-field", "## a\n### en\n[A](field:smtp.no).\n### ko\n[가](field:smtp.no).\n", 3,
     "smtp.no"},
    {"link-rfc", "## a\n### en\n[A](rfc:RFC5321).\n### ko\n[가](rfc:RFC5321).\n", 3, "rfc:5321#"},
    {"link-other", "## a\n### en\n[A](http://x.example).\n### ko\n[가](http://x.example).\n", 3,
     "https://"},
    {"link-in-hint", STEP("a") HAS_MAIL "```hint\nen: [a](#none)\nko: [가](#none)\n```\n" SOLUTION,
     10, "no word \"none\""},
    {"link-in-label", STEP("a") QUIZ("(x) [a](#none)\n    en: Yes.\n    ko: 네.\n" WRONG), 9,
     "no word \"none\""},
    {"link-in-one-why", STEP("a") QUIZ(RIGHT "( ) no\n    en: [No](rfc:5321).\n    ko: 아니요.\n"),
     13, "link to rfc:5321"},
};

/* ---- the head ---- */

#define NETWORK "```network\nuse: first-mail\nscript: no\n```\n"
static const Mistake heads[] = {
    {"head-sound", "# A heading for those who read the file\n\n" HEAD STEP("a"), 0, NULL},
    {"empty", "", 1, "a fence \"lesson\""},
    {"title", "```lesson\nformat: 1\n```\n" NETWORK STEP("a"), 1, "title.en and title.ko"},
    {"title-korean", "```lesson\nformat: 1\ntitle.en: T\n```\n" NETWORK STEP("a"), 3, "\"ko\""},
    {"format", "```lesson\nformat: 2\ntitle.en: T\ntitle.ko: 제\n```\n" NETWORK STEP("a"), 2,
     "format 1, not \"2\""},
    {"minutes",
     "```lesson\nformat: 1\ntitle.en: T\ntitle.ko: 제\nminutes: few\n```\n" NETWORK STEP("a"), 5,
     "\"minutes\" is a number"},
    {"about",
     "```lesson\nformat: 1\ntitle.en: T\ntitle.ko: 제\nabout.en: A.\n```\n" NETWORK STEP("a"), 5,
     "\"ko\" is missing"},
    {"no-network",
     "```lesson\nformat: 1\ntitle.en: T\ntitle.ko: 제\n```\n" STEP("a") HAS_MAIL SOLUTION, 1,
     "needs a network"},
    {"network-unknown",
     "```lesson\nformat: 1\ntitle.en: T\ntitle.ko: 제\n```\n```network\nuse: none\n```\n" STEP("a")
         HAS_MAIL SOLUTION,
     7, "no network \"none\""},
    {"network-seed",
     "```lesson\nformat: 1\ntitle.en: T\ntitle.ko: 제\n```\n```network\nuse: first-mail\n"
     "seed: one\n```\n" STEP("a"),
     8, "\"seed\" is a number"},
    {"head-open", "```lesson\nformat: 1\ntitle.en: T\n\n" NETWORK STEP("a"), 1, "never closed"},
    {"no-step", HEAD, 1, "needs a step"},
};

static void test_head(const void *data)
{
    const Mistake *mistake = data;
    g_autofree char *folder = write_lesson("head", mistake->text, -1);
    g_autoptr(GPtrArray) problems = examine(folder);
    if (strcmp(mistake->name, "empty") == 0) { /* three things are missing, and each is said */
        g_assert_cmpuint(problems->len, ==, 3);
        g_ptr_array_set_size(problems, 1);
    }
    lesson_test_assert_one(problems, folder, mistake->line, mistake->said);
}

/* A lesson that is wanted may be elsewhere; a group that is not known is the teacher's own. */
static void test_warnings(void)
{
    g_autofree char *folder =
        write_lesson("warned",
                     "```lesson\nformat: 1\ntitle.en: T\ntitle.ko: 제\ngroup: mine\n"
                     "needs: nothing-there\n```\n" NETWORK STEP("a"),
                     -1);
    g_autoptr(GPtrArray) problems = examine(folder);
    static const char *const said[] = {"lesson.md:5: warning: there is no group \"mine\"",
                                       "lesson.md:6: warning: the lesson \"nothing-there\""};
    g_assert_cmpuint(problems->len, ==, G_N_ELEMENTS(said));
    for (unsigned i = 0; i < G_N_ELEMENTS(said); i++)
        if (strstr(g_ptr_array_index(problems, i), said[i]) == NULL)
            g_error("%s, not %s", (char *)g_ptr_array_index(problems, i), said[i]);
}

/* ---- all at once ---- */

/* Twenty mistakes, one of each sort: the file beside it says which lines are told, and how. */
static void test_twenty(void)
{
    g_autofree char *folder = g_build_filename(g_getenv("TEST_LESSONS"), "twenty", NULL);
    g_autofree char *golden = g_build_filename(folder, "problems.txt", NULL);
    g_autofree char *begin = g_strconcat(folder, "/lesson.md:", NULL);
    g_autofree char *wanted = NULL;
    g_assert_true(g_file_get_contents(golden, &wanted, NULL, NULL));
    g_autoptr(GPtrArray) problems = examine(folder);
    g_autoptr(GString) got = g_string_new(NULL);
    for (unsigned i = 0; i < problems->len; i++) {
        const char *problem = g_ptr_array_index(problems, i);
        g_assert_true(g_str_has_prefix(problem, begin));
        g_string_append_printf(got, "%s\n", problem + strlen(begin));
    }
    g_string_replace(got, g_getenv("MAILGLASS_DATA"), "DATA", 0);
    g_assert_cmpstr(got->str, ==, wanted);
    g_assert_cmpuint(problems->len, ==, 20);
}

/* ---- shapes of text ---- */

static char *replaced(const char *text, const char *what, const char *with)
{
    g_auto(GStrv) parts = g_strsplit(text, what, -1);
    return g_strjoinv(with, parts);
}

static const char whole[] =
    HEAD "## a\n### en: Title\nText `QUIT`.\n```\nS: 220\nC: QUIT\n```\n"
         "### ko: 제목\n글 `QUIT`.\n```\nS: 220\nC: QUIT\n```\n" HAS_MAIL SOLUTION
         QUIZ(RIGHT WRONG);

static void assert_whole(const char *text, gssize size)
{
    g_autofree char *folder = write_lesson("shape", text, size);
    g_autoptr(GPtrArray) problems = examine(folder);
    lesson_test_assert_one(problems, folder, 0, NULL);
    g_autoptr(MgLesson) lesson = mg_lesson_load(folder, NULL);
    g_assert_cmpstr(mg_bilingual_plain(&lesson->title, MG_KOREAN), ==, "제");
    g_assert_cmpstr(lesson->network, ==, "first-mail");
    g_assert_cmpuint(lesson->steps->len, ==, 1);
    const MgLessonStep *step = g_ptr_array_index(lesson->steps, 0);
    g_assert_cmpstr(step->prose[MG_ENGLISH].title, ==, "Title");
    g_assert_cmpuint(step->prose[MG_ENGLISH].blocks->len, ==, 2);
    const MgProseBlock *wire = g_ptr_array_index(step->prose[MG_ENGLISH].blocks, 1);
    g_assert_cmpint(wire->kind, ==, MG_PROSE_CODE);
    g_assert_cmpstr(wire->plain, ==, "S: 220\nC: QUIT");
    const MgLessonDeed *deed = g_ptr_array_index(step->solution, 0);
    g_assert_cmpstr(deed->text, ==, TO_BOB);
    const MgQuiz *quiz = g_ptr_array_index(step->quizzes, 0);
    g_assert_cmpstr(mg_bilingual_plain(&quiz->ask, MG_ENGLISH), ==, "What?");
}

static void test_line_ends(void)
{
    g_autofree char *crlf = replaced(whole, "\n", "\r\n");
    g_autofree char *bom = g_strconcat("\xEF\xBB\xBF", whole, NULL);
    g_autofree char *both = g_strconcat("\xEF\xBB\xBF", crlf, NULL);
    assert_whole(whole, -1);
    assert_whole(crlf, -1);
    assert_whole(bom, -1);
    assert_whole(both, -1);
    assert_whole(whole, (gssize)strlen(whole) - 1); /* the last line has no end */
    /* And lines are counted all the same. */
    g_autofree char *wrong = replaced(crlf, "count == 1", "count == one");
    g_autofree char *folder = write_lesson("shape", wrong, -1);
    g_autoptr(GPtrArray) problems = examine(folder);
    lesson_test_assert_one(problems, folder, HEAD_LINES + 15, "with a number");
}

static void assert_unreadable(const char *text, gssize size, const char *said)
{
    g_autofree char *folder = write_lesson("shape", text, size);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_assert_null(mg_lesson_load(folder, problems));
    lesson_test_assert_one(problems, folder, 1, said);
}

static void test_no_text(void)
{
    assert_unreadable("\0", 1, "UTF-8");
    assert_unreadable("## a\0b", 6, "UTF-8");
    assert_unreadable("## \xC7\xD1\n", -1, "UTF-8"); /* EUC-KR */
    assert_unreadable("\xFF\xFE#\0", 4, "UTF-8");    /* UTF-16 */
    g_autofree char *huge = g_malloc(5u << 20);
    memset(huge, '\n', 5u << 20);
    assert_unreadable(huge, 5u << 20, "MiB");
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *missing = g_build_filename(scratch, "missing", NULL);
    g_assert_null(mg_lesson_load(missing, problems));
    g_assert_cmpuint(problems->len, ==, 1);
    g_assert_nonnull(strstr(g_ptr_array_index(problems, 0), "/missing"));
}

/* What is large and odd is read in a time that people wait. */
static void assert_quick(const char *head, const char *again, const char *what, size_t size)
{
    g_autoptr(GString) text = g_string_new(head);
    for (unsigned i = 0; text->len < size; i++)
        g_string_append_printf(text, "%s%u%s", again, i, what);
    if (what[0] == '\n')
        g_string_append(text, "```\n");
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    gint64 begun = g_get_monotonic_time();
    MgSpan span = {(const uint8_t *)text->str, text->len};
    mg_lesson_free(mg_lesson_read(span, "p", problems));
    double took = (double)(g_get_monotonic_time() - begun) / G_USEC_PER_SEC;
    g_test_message("%s: %.2f s, %u problems", again, took, problems->len);
    if (took > 20) /* with sanitizers, on a slow machine */
        g_test_fail();
}

#define MANY (1u << 20)
#define SOME (1u << 17) /* splitting lines is slow under the sanitizers */

static void test_large(void)
{
    assert_quick(HEAD, "## s", "\n", MANY);
    assert_quick(HEAD "## a\n### en\nText.\n### ko\n", "`", "` ", MANY);
    assert_quick(HEAD "## a\n### en\nText.\n### ko\n", "[a](#", ") ", MANY);
    assert_quick(HEAD "## a\n### en\nText.\n### ko\n", "> - * ", "", MANY);
    assert_quick("", "*", "**", MANY);
    assert_quick(HEAD STEP("a") "```quiz\n", "( ) ", "\n", SOME);
    assert_quick(HEAD STEP("a") "```check\n", "saww ", "\n", SOME);
    assert_quick(HEAD STEP("a") "```solution\n", "", "\n", SOME);
}

int main(int argc, char **argv)
{
    lesson_test_begin(&argc, &argv);
    write_file("glossary.md", "## envelope\n### en: envelope\nMeaning.\n### ko: 봉투\n뜻.\n", -1);
    lesson_test_add("/mistake", mistakes, G_N_ELEMENTS(mistakes));
    for (size_t i = 0; i < G_N_ELEMENTS(heads); i++) {
        g_autofree char *name = g_strconcat("/head/", heads[i].name, NULL);
        g_test_add_data_func(name, &heads[i], test_head);
    }
    g_test_add_func("/warnings", test_warnings);
    g_test_add_func("/twenty", test_twenty);
    g_test_add_func("/text/line-ends", test_line_ends);
    g_test_add_func("/text/none", test_no_text);
    g_test_add_func("/text/large", test_large);
    return lesson_test_run();
}
