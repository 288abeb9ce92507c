/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-shelf.c - where lessons are found; what is kept of who takes them, and handed in; lessons
 * to start from */
#include <glib/gstdio.h>
#include <string.h>

#include "lesson-new.h"
#include "lesson-test.h"
#include "progress.h"
#include "shelf.h"

static char *below(const char *name)
{
    return g_build_filename(scratch, name, NULL);
}

/* ---- the shelf ---- */

#define LESSON(title, more)                                                                        \
    "```lesson\nformat: 1\ntitle.en: " title "\ntitle.ko: 제\n" more "```\n"                       \
    "```network\nuse: first-mail\nscript: no\n```\n" STEP("a")

static const MgShelfEntry *entry_of(const GPtrArray *entries, const char *id)
{
    const MgShelfEntry *found = NULL;
    for (unsigned i = 0; i < entries->len; i++) {
        const MgShelfEntry *entry = g_ptr_array_index(entries, i);
        if (strcmp(entry->id, id) != 0)
            continue;
        g_assert_null(found); /* each is there once */
        found = entry;
    }
    return found;
}

static const char *title_of(const MgShelfEntry *entry)
{
    return mg_bilingual_plain(&entry->lesson->title, MG_ENGLISH);
}

static void test_shipped(void)
{
    g_autoptr(GPtrArray) entries = mg_shelf_lessons(registry);
    g_assert_cmpuint(entries->len, >=, 6);
    for (unsigned i = 0; i < entries->len; i++) {
        const MgShelfEntry *entry = g_ptr_array_index(entries, i);
        g_assert_nonnull(entry->lesson);
        g_assert_cmpuint(entry->problems->len, ==, 0);
        g_assert_false(entry->own);
    }
    const MgShelfEntry *first = g_ptr_array_index(entries, 0);
    g_assert_cmpstr(first->id, ==, "first-mail");
    g_assert_null(entry_of(entries, "glossary.md"));
}

static void test_folders(void)
{
    g_autofree char *one = below("one"), *two = below("two");
    g_autofree char *path = g_strdup_printf("%s:/nonexistent::%s", one, two);
    g_autofree char *user = write_lesson("data/mailglass/lessons/mine", LESSON("Mine", ""), -1);
    g_autofree char *broken = write_lesson("two/broken", HEAD, -1);
    g_free(write_lesson("one/mine", LESSON("Mine of one", "group: dns\n"), -1));
    g_free(write_lesson("two/mine", LESSON("Mine of two", ""), -1));
    g_free(
        write_lesson("two/first-mail", LESSON("Another first mail", "group: way\norder: 7\n"), -1));
    write_file("two/no-lesson/readme.md", "x", -1);
    write_file("two/lesson.md", "x", -1);
    {
        g_autoptr(GPtrArray) entries = mg_shelf_lessons(registry);
        g_assert_cmpstr(title_of(entry_of(entries, "mine")), ==, "Mine");
        g_assert_true(entry_of(entries, "mine")->own);
        g_assert_cmpstr(title_of(entry_of(entries, "first-mail")), ==, "The first mail");
        g_assert_null(entry_of(entries, "broken"));
    }
    g_setenv("MAILGLASS_LESSON_PATH", path, TRUE);
    g_autoptr(GPtrArray) entries = mg_shelf_lessons(registry);
    g_assert_cmpstr(title_of(entry_of(entries, "mine")), ==, "Mine of one"); /* the first counts */
    const MgShelfEntry *hides = entry_of(entries, "first-mail");
    g_assert_cmpstr(title_of(hides), ==, "Another first mail");
    g_assert_true(hides->own);
    const MgShelfEntry *wrong = entry_of(entries, "broken");
    g_assert_null(wrong->lesson);
    g_assert_cmpuint(wrong->problems->len, ==, 1);
    g_assert_nonnull(strstr(g_ptr_array_index(wrong->problems, 0), "broken/lesson.md:1: error: "));
    g_assert_true(wrong == g_ptr_array_index(entries, entries->len - 1));
    g_assert_null(entry_of(entries, "no-lesson"));
    g_assert_false(entry_of(entries, "smtp-by-hand")->own);
    /* By its name, as a folder, as a file; nothing for what is none. */
    g_autofree char *named = mg_shelf_find("mine"), *folder = mg_shelf_find(user);
    g_autofree char *file = g_build_filename(broken, "lesson.md", NULL);
    g_autofree char *by_file = mg_shelf_find(file);
    g_assert_true(g_str_has_prefix(named, one));
    g_assert_cmpstr(folder, ==, user);
    g_assert_cmpstr(by_file, ==, broken);
    g_assert_null(mg_shelf_find("nothing-such"));
    g_assert_null(mg_shelf_find(""));
    g_assert_null(mg_shelf_find(one));
    g_unsetenv("MAILGLASS_LESSON_PATH");
}

/* By group, order, id; the teacher's own groups after those that are known. */
static void test_order(void)
{
    static const struct {
        const char *id, *more;
    } rows[] = {{"zz-way", "group: way\norder: 0\n"}, {"b", "group: fetching\n"},
                {"a", "group: fetching\n"},           {"c", "group: fetching\norder: 3\n"},
                {"own", "group: our-school\n"},       {"none", ""},
                {"real", "group: real\norder: 1\n"}};
    static const char *const order[] = {"zz-way", "first-mail", "pop3", "c",  "a",
                                        "b",      "real",       "none", "own"};
    g_autofree char *path = below("ordered");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = g_strconcat("ordered/", rows[i].id, NULL);
        g_autofree char *text =
            g_strdup_printf("```lesson\nformat: 1\ntitle.en: T\ntitle.ko: 제\n%s```\n"
                            "```network\nuse: first-mail\n```\n" STEP("a"),
                            rows[i].more);
        g_free(write_lesson(name, text, -1));
    }
    g_setenv("MAILGLASS_LESSON_PATH", path, TRUE);
    g_autoptr(GPtrArray) entries = mg_shelf_lessons(NULL);
    unsigned at = 0;
    for (unsigned i = 0; i < entries->len && at < G_N_ELEMENTS(order); i++)
        at += strcmp(((MgShelfEntry *)g_ptr_array_index(entries, i))->id, order[at]) == 0;
    g_assert_cmpuint(at, ==, G_N_ELEMENTS(order));
    g_unsetenv("MAILGLASS_LESSON_PATH");
}

/* ---- networks, words ---- */

static void test_network(void)
{
    g_autofree char *folder = write_lesson("net/lesson",
                                           "```lesson\nformat: 1\ntitle.en: T\ntitle.ko: 제\n```\n"
                                           "```network\nuse: ../beside\n```\n" STEP("a"),
                                           -1);
    write_file("net/beside/network.ini",
               "[network]\nformat=1\ntitle=x\n[host a]\nkind=mua\naddress=192.0.2.1\n", -1);
    write_file("net/lesson/first-mail/network.ini", "[network]\n", -1);
    g_autoptr(MgLesson) lesson = mg_lesson_load(folder, NULL);
    g_autofree char *beside = mg_shelf_network(lesson);
    g_assert_nonnull(beside);
    g_assert_nonnull(strstr(beside, "beside"));
    static const struct {
        const char *use, *where;
    } rows[] = {{"first-mail", "net/lesson/first-mail"}, /* its own before the shipped */
                {"two-domains", "networks/two-domains"},
                {"none", NULL},
                {"../none", NULL},
                {"", NULL},
                {"/etc", NULL}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_free(lesson->network);
        lesson->network = g_strdup(rows[i].use);
        g_autofree char *path = mg_shelf_network(lesson);
        if (rows[i].where == NULL)
            g_assert_null(path);
        else
            g_assert_nonnull(strstr(path, rows[i].where));
    }
}

static void test_words(void)
{
    write_file("words/glossary.md",
               "# Words\nFor all.\n\n## both\n### en: both\nUp.\n### ko: 둘\n위.\n\n"
               "## up\n### en: up\nUp.\n### ko: 위\n위.\n",
               -1);
    write_file("words/lesson/glossary.md", "## both\n### en: both\nOwn.\n### ko: 둘\n제.\n", -1);
    g_autofree char *folder = write_lesson("words/lesson", HEAD STEP("a"), -1);
    g_autoptr(MgLesson) lesson = mg_lesson_load(folder, NULL);
    const MgProse *own = mg_lesson_word(lesson, "both", MG_ENGLISH);
    const MgProse *up = mg_lesson_word(lesson, "up", MG_KOREAN);
    g_assert_cmpstr(((MgProseBlock *)g_ptr_array_index(own->blocks, 0))->plain, ==, "Own.");
    g_assert_cmpstr(up->title, ==, "위");
    g_assert_null(mg_lesson_word(lesson, "none", MG_ENGLISH));
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *shipped =
        g_build_filename(g_getenv("MAILGLASS_DATA"), "lessons", "glossary.md", NULL);
    g_autoptr(MgLesson) words = mg_glossary_load(shipped, problems);
    g_assert_cmpuint(problems->len, ==, 0);
    g_assert_cmpuint(words->steps->len, >=, 30);
}

/* ---- progress ---- */

static MgLessonPlay *play_of(const char *id, const char *text)
{
    g_autofree char *folder = write_lesson(id, text, -1);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgLessonPlay *play = mg_lesson_play_new(mg_lesson_load(folder, problems), registry, problems);
    g_assert_cmpuint(problems->len, ==, 0);
    return play;
}

static const char two_steps[] = HEAD STEP("one") HAS_MAIL
    "```hint\nen: a\nko: 가\n```\n" SOLUTION STEP("two") QUIZ(RIGHT WRONG);

static MgProgress *open_own(void)
{
    g_autoptr(GError) error = NULL;
    MgProgress *progress = mg_progress_open(NULL, &error);
    g_assert_no_error(error);
    return progress;
}

static void test_progress(void)
{
    {
        g_autoptr(MgProgress) progress = open_own();
        g_assert_cmpuint(mg_progress_of(progress, "class").steps, ==, 0);
        mg_progress_set_learner(progress, "김민지");
        g_autoptr(MgLessonPlay) play = play_of("class", two_steps);
        mg_progress_follow(progress, play);
        mg_lesson_play_enter(play, 0);
        MgProgressOf of = mg_progress_of(progress, "class");
        g_assert_cmpuint(of.steps, ==, 2);
        g_assert_cmpuint(of.passed, ==, 0);
        mg_lesson_play_check(play, true);
        mg_lesson_play_check(play, true);
        mg_lesson_play_hint(play);
        mg_lesson_play_solve(play, NULL);
        g_assert_cmpuint(mg_progress_of(progress, "class").passed, ==, 1);
        mg_lesson_play_next(play);
        mg_lesson_play_choose(play, 0, 1, NULL);
        mg_lesson_play_choose(play, 0, 1, NULL);
        of = mg_progress_of(progress, "class");
        g_assert_cmpstr(of.step, ==, "two");
        g_assert_false(of.finished);
        mg_lesson_play_choose(play, 0, 0, NULL);
    }
    { /* opened again, it is all there; another visit takes nothing away */
        g_autoptr(MgProgress) progress = open_own();
        MgProgressOf of = mg_progress_of(progress, "class");
        g_assert_cmpuint(of.steps, ==, 2);
        g_assert_cmpuint(of.passed, ==, 2);
        g_assert_true(of.finished);
        g_assert_cmpstr(mg_progress_learner(progress), ==, "김민지");
        g_autoptr(MgLessonPlay) play = play_of("class", two_steps);
        mg_progress_follow(progress, play);
        mg_lesson_play_enter(play, 0);
        of = mg_progress_of(progress, "class");
        g_assert_cmpuint(of.passed, ==, 2);
        g_assert_true(of.finished);
        g_assert_cmpstr(of.step, ==, "one");
        g_autofree char *csv = mg_progress_csv(progress, true);
        g_auto(GStrv) lines = g_strsplit(csv, "\r\n", -1);
        g_assert_cmpstr(lines[0], ==, "learner,lesson,step,passed,attempts,hints,solution,wrong");
        g_assert_true(g_regex_match_simple(
            "^김민지,class,one,20\\d\\d-\\d\\d-\\d\\dT[0-9:]{8}Z,2,1,true,0$", lines[1], 0, 0));
        g_assert_true(
            g_regex_match_simple("^김민지,class,two,20[^,]*Z,0,0,false,2$", lines[2], 0, 0));
        g_assert_cmpstr(lines[3], ==, "");
        g_assert_null(lines[4]);
        g_autofree char *headless = mg_progress_csv(progress, false);
        g_assert_true(g_str_has_prefix(headless, "김민지,class,one,"));
    }
    /* Of a lesson that is not followed any more nothing is kept. */
    g_autoptr(MgProgress) progress = open_own();
    g_autoptr(MgLessonPlay) first = play_of("first", two_steps),
                            second = play_of("second", two_steps);
    mg_progress_follow(progress, first);
    mg_progress_follow(progress, second);
    mg_lesson_play_enter(first, 0);
    mg_lesson_play_enter(second, 0);
    g_assert_cmpuint(mg_progress_of(progress, "first").steps, ==, 0);
    g_assert_cmpuint(mg_progress_of(progress, "second").steps, ==, 2);
    mg_progress_forget(progress, "class");
    g_assert_cmpuint(mg_progress_of(progress, "class").steps, ==, 0);
    g_assert_cmpuint(mg_progress_of(progress, "class").passed, ==, 0);
    g_assert_false(mg_progress_of(progress, "class").finished);
    g_assert_cmpuint(mg_progress_of(progress, "second").steps, ==, 2);
    g_assert_cmpstr(mg_progress_learner(progress), ==, "김민지");
}

/* A folder may be called anything; a lesson "learner" is not the learner. */
static void test_odd_names(void)
{
    static const char *const ids[] = {"a[1]", "수업 하나", "learner", "x%5By", "a\tb"};
    g_autofree char *path = below("odd/progress.ini");
    g_setenv("MAILGLASS_PROGRESS", path, TRUE);
    {
        g_autoptr(MgProgress) progress = open_own();
        mg_progress_set_learner(progress, "=1+1");
        for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
            g_autofree char *name = g_strconcat("odd/", ids[i], NULL);
            g_autoptr(MgLessonPlay) play = play_of(name, two_steps);
            mg_progress_follow(progress, play);
            mg_lesson_play_enter(play, 0);
            mg_lesson_play_solve(play, NULL);
        }
    }
    g_autoptr(MgProgress) progress = open_own();
    g_autofree char *csv = mg_progress_csv(progress, false);
    g_test_message("%s", csv);
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++) {
        MgProgressOf of = mg_progress_of(progress, ids[i]);
        g_assert_cmpuint(of.passed, ==, 1);
        g_assert_cmpstr(of.step, ==, "one");
        g_autofree char *row = g_strdup_printf("\"'=1+1\",%s,one,", ids[i]);
        g_assert_nonnull(strstr(csv, row));
    }
    mg_progress_forget(progress, "learner");
    g_assert_cmpuint(mg_progress_of(progress, "learner").steps, ==, 0);
    g_assert_cmpstr(mg_progress_learner(progress), ==, "=1+1");
    g_unsetenv("MAILGLASS_PROGRESS");
}

static void test_broken(void)
{
    static const char *const texts[] = {"no key file\n", "[half]\nkey=value\n[", "\xFF\xFE\0\0"};
    g_autofree char *path = below("broken/progress.ini");
    g_setenv("MAILGLASS_PROGRESS", path, TRUE);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        write_file("broken/progress.ini", texts[i], -1);
        g_autoptr(GError) error = NULL;
        g_assert_null(mg_progress_open(path, &error)); /* somebody else's is an error */
        g_assert_error(error, MG_ERROR, MG_ERROR_LESSON);
        g_assert_nonnull(strstr(error->message, path));
        g_autoptr(MgProgress) progress = open_own();
        g_autofree char *csv = mg_progress_csv(progress, false);
        g_assert_cmpstr(csv, ==, "");
        mg_progress_set_learner(progress, "A");
        g_assert_true(mg_progress_save(progress, NULL));
        g_autofree char *aside = g_strdup_printf("%s.broken-%zu", path, i + 1);
        g_autofree char *kept = NULL;
        g_assert_true(g_file_get_contents(aside, &kept, NULL, NULL));
        g_assert_cmpstr(kept, ==, texts[i]);
    }
    /* What cannot be written is told to who asks, and disturbs no lesson. */
    write_file("broken/file", "x", -1);
    g_autofree char *nowhere = below("broken/file/progress.ini");
    g_setenv("MAILGLASS_PROGRESS", nowhere, TRUE);
    g_autoptr(MgProgress) progress = mg_progress_open(NULL, NULL);
    g_autoptr(GError) error = NULL;
    g_assert_nonnull(progress);
    g_assert_false(mg_progress_save(progress, &error));
    g_assert_nonnull(error);
    g_autoptr(MgLessonPlay) play = play_of("class", two_steps);
    mg_progress_follow(progress, play);
    mg_lesson_play_enter(play, 0);
    g_assert_cmpuint(mg_progress_of(progress, "class").steps, ==, 2);
    g_unsetenv("MAILGLASS_PROGRESS");
}

/* RFC 4180 §2, and no formula; what is in a file that was handed in is not to be trusted. */
static void test_handed_in(void)
{
    static const struct {
        const char *name, *cell;
    } rows[] = {{"Kim", "Kim"},
                {"Kim, Minji", "\"Kim, Minji\""},
                {"\"K\"", "\"\"\"K\"\"\""},
                {"@x", "\"'@x\""},
                {"-1", "\"'-1\""},
                {"+1", "\"'+1\""},
                {"a\\nb", "\"a\nb\""},
                {"\\tx", "\"'\tx\""},
                {"a=b", "a=b"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strdup_printf("[learner]\nname=%s\n[les]\nstep=s\nsteps=-3\n[les/"
                                                "s]\nattempts=many\nsolution=perhaps\nwrong=2\n"
                                                "[/]\n[les/,\"]\npassed==cmd\n",
                                                rows[i].name);
        write_file("handed.ini", text, -1);
        g_autofree char *path = below("handed.ini");
        g_autoptr(GError) error = NULL;
        g_autoptr(MgProgress) progress = mg_progress_open(path, &error);
        g_assert_no_error(error);
        g_autofree char *csv = mg_progress_csv(progress, false);
        g_autofree char *wanted = g_strdup_printf("%s,les,s,,0,0,false,2\r\n%s,,,,0,0,false,0\r\n"
                                                  "%s,les,\",\"\"\",\"'=cmd\",0,0,false,0\r\n",
                                                  rows[i].cell, rows[i].cell, rows[i].cell);
        g_assert_cmpstr(csv, ==, wanted);
        g_assert_cmpuint(mg_progress_of(progress, "les").steps, ==, 0);
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(mg_progress_open("/nonexistent/p.ini", &error));
    g_assert_error(error, MG_ERROR, MG_ERROR_LESSON);
}

/* ---- new ones ---- */

static void test_skeleton(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = below("made/deep/mine");
    g_assert_true(mg_lesson_write_skeleton(folder, &error));
    g_autoptr(GPtrArray) problems = examine(folder);
    lesson_test_assert_one(problems, folder, 0, NULL);
    g_assert_false(mg_lesson_write_skeleton(folder, &error));
    g_assert_error(error, MG_ERROR, MG_ERROR_LESSON);
    g_clear_error(&error);
    write_file("made/file", "x", -1);
    g_autofree char *blocked = below("made/file/mine");
    g_assert_false(mg_lesson_write_skeleton(blocked, &error));
    g_assert_nonnull(strstr(error->message, "made/file"));
}

static MgSession *session_of(const char *folder)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgSession *session = mg_session_new(folder, registry, 7, problems);
    g_assert_nonnull(session);
    mg_session_seek(session, mg_trace_n_records(mg_session_trace(session)));
    return session;
}

static void act(MgSession *session, const char *line, GBytes *file)
{
    g_autoptr(GError) error = NULL;
    mg_session_intervene(session, line, file, &error);
    g_assert_no_error(error);
    mg_session_seek(session, mg_trace_n_records(mg_session_trace(session)));
}

/* What was shown becomes a lesson that can be taken. */
static void test_demo(void)
{
    g_autofree char *shipped =
        g_build_filename(g_getenv("MAILGLASS_DATA"), "networks", "first-mail", NULL);
    g_autofree char *folder = below("demo"), *none = below("demo-none");
    g_autoptr(MgSession) session = session_of(shipped);
    g_autoptr(GError) error = NULL;
    g_assert_false(mg_lesson_write_demo(session, none, "T", &error));
    g_assert_error(error, MG_ERROR, MG_ERROR_LESSON);
    g_clear_error(&error);
    g_autoptr(GBytes) letter =
        g_bytes_new_static("From: a@example.com\r\nSubject: By hand\r\n\r\nx\r\n", 43);
    act(session, "alice send - to bob@example.net", letter);
    act(session, "alice talk smtp://mx.example.net", NULL);
    act(session, "alice> EHLO alice.example.com", NULL);
    act(session, "alice> QUIT", NULL);
    act(session, "!link alice mta.example.com cut", NULL);
    g_assert_true(mg_lesson_write_demo(session, folder, "What we did: *all* of it", &error));
    g_assert_no_error(error);
    g_autoptr(GPtrArray) problems = examine(folder);
    lesson_test_assert_one(problems, folder, 0, NULL);
    g_autoptr(MgLesson) lesson = mg_lesson_load(folder, NULL);
    g_assert_cmpuint(lesson->steps->len, ==, 4); /* what was typed in a row is one */
    g_assert_cmpuint(lesson->seed, ==, 7);
    g_assert_true(lesson->script);
    g_assert_cmpstr(lesson->network, ==, "first-mail");
    const MgLessonStep *first = g_ptr_array_index(lesson->steps, 0);
    const MgLessonStep *typed = g_ptr_array_index(lesson->steps, 2);
    g_assert_cmpstr(((MgLessonDeed *)g_ptr_array_index(first->solution, 0))->text, ==,
                    "alice send mail/1.eml to bob@example.net");
    g_assert_cmpuint(typed->tries->len, ==, 2);
    g_assert_false(mg_lesson_write_demo(session, folder, "T", &error));
    g_assert_error(error, MG_ERROR, MG_ERROR_LESSON);
    /* The mail is the one that was written. */
    g_autofree char *mail = g_build_filename(folder, "mail", "1.eml", NULL), *text = NULL;
    g_assert_true(g_file_get_contents(mail, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, "Subject: By hand\r\n"));
}

/* A network of one's own goes with the lesson. */
static void test_demo_own_network(void)
{
    g_autofree char *own =
        g_build_filename(g_getenv("MAILGLASS_DATA"), "lessons", "smtp-by-hand", "network", NULL);
    g_autofree char *folder = below("demo-own");
    g_autoptr(MgSession) session = session_of(own);
    g_autoptr(GError) error = NULL;
    act(session, "alice send mail/hello.eml to bob@example.net", NULL);
    g_assert_true(mg_lesson_write_demo(session, folder, "Own", &error));
    g_assert_no_error(error);
    g_autoptr(GPtrArray) problems = examine(folder);
    lesson_test_assert_one(problems, folder, 0, NULL);
    g_autoptr(MgLesson) lesson = mg_lesson_load(folder, NULL);
    g_assert_cmpstr(lesson->network, ==, "network");
    g_autofree char *zone = g_build_filename(folder, "network", "zones", "root.zone", NULL);
    g_assert_true(g_file_test(zone, G_FILE_TEST_IS_REGULAR));
}

int main(int argc, char **argv)
{
    lesson_test_begin(&argc, &argv);
    g_test_add_func("/shelf/shipped", test_shipped);
    g_test_add_func("/shelf/folders", test_folders);
    g_test_add_func("/shelf/order", test_order);
    g_test_add_func("/shelf/network", test_network);
    g_test_add_func("/shelf/words", test_words);
    g_test_add_func("/progress/kept", test_progress);
    g_test_add_func("/progress/odd-names", test_odd_names);
    g_test_add_func("/progress/broken", test_broken);
    g_test_add_func("/progress/handed-in", test_handed_in);
    g_test_add_func("/new/skeleton", test_skeleton);
    g_test_add_func("/new/demo", test_demo);
    g_test_add_func("/new/demo-own-network", test_demo_own_network);
    return lesson_test_run();
}
