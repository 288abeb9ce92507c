/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-judge.c - do the words of a lesson mean something: fields, rules, hosts, files, links */
#include <glib/gi18n-lib.h>

#include "filter.h"
#include "lesson-private.h"
#include "networks.h"
#include "shelf.h"
#include "world.h"

typedef struct {
    MgLesson *lesson;
    MgRegistry *registry;
    const MgNetwork *network; /* (nullable) */
    MgComplaints to;
    unsigned n; /* errors */
} Judge;

G_GNUC_PRINTF(3, 4)
static void complain(Judge *judge, unsigned line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    judge->n++;
    mg_lesson_error(&judge->to, line, "%s", text);
}

static const MgNetworkHost *find_host(const Judge *judge, const char *name)
{
    for (unsigned i = 0; judge->network != NULL && i < judge->network->hosts->len; i++) {
        const MgNetworkHost *host = &g_array_index(judge->network->hosts, MgNetworkHost, i);
        if (strcmp(host->name, name) == 0)
            return host;
    }
    return NULL;
}

static void no_host(Judge *judge, unsigned line, const char *name)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (unsigned i = 0; i < judge->network->hosts->len; i++)
        g_ptr_array_add(names, g_array_index(judge->network->hosts, MgNetworkHost, i).name);
    g_ptr_array_add(names, NULL);
    const char *nearest = mg_lesson_nearest(name, (const char *const *)names->pdata);
    if (nearest != NULL)
        complain(judge, line, _("there is no host \"%s\" in the network; did you mean \"%s\"?"),
                 name, nearest);
    else
        complain(judge, line, _("there is no host \"%s\" in the network"), name);
}

static bool judge_filter(Judge *judge, const char *text, const char *what, unsigned line)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MgFilter) filter = mg_filter_new(text, judge->registry, &error);
    if (filter == NULL)
        complain(judge, line, "%s \"%s\": %s", what, text, error->message);
    return filter != NULL;
}

/* ---- deeds ---- */

static void judge_action(Judge *judge, const MgLessonDeed *deed)
{
    MgNetworkAction action = {0};
    g_autoptr(GError) error = NULL;
    if (mg_network_parse_action(judge->network, judge->registry, deed->text, NULL, &action, &error))
        mg_network_action_clear(&action);
    else
        complain(judge, deed->line, "%s", error->message);
}

/* "!link A B cut", "!host A down": the hosts; the rest is tried when it is played. */
static void judge_weather(Judge *judge, const MgLessonDeed *deed)
{
    g_auto(GStrv) words = g_strsplit(deed->text, " ", -1);
    guint n = strcmp(words[0], "!link") == 0 ? 2 : 1;
    for (guint i = 1; i <= n && words[i] != NULL; i++) {
        if (find_host(judge, words[i]) != NULL)
            continue;
        no_host(judge, deed->line, words[i]);
        return;
    }
}

static void judge_deed(Judge *judge, const MgLessonDeed *deed)
{
    const char *text = deed->text, *mark = strchr(text, '>'), *space = strchr(text, ' ');
    bool typed = mark != NULL && mark > text && (space == NULL || mark < space);
    bool hangs_up = space != NULL && strcmp(space, " hang up") == 0;
    if (typed || hangs_up) {
        g_autofree char *host = g_strndup(text, (size_t)((typed ? mark : space) - text));
        if (judge->network != NULL && find_host(judge, host) == NULL)
            no_host(judge, deed->line, host);
    } else if (g_str_has_prefix(text, MG_WAIT)) {
        MgTime time;
        if (!mg_time_parse(text + strlen(MG_WAIT), &time))
            complain(judge, deed->line, _("a time is written like 20ms, 5s or 15min, not \"%s\""),
                     text + strlen(MG_WAIT));
    } else if (judge->network != NULL && text[0] == '!') {
        judge_weather(judge, deed);
    } else if (judge->network != NULL) {
        judge_action(judge, deed);
    }
}

static void judge_deeds(Judge *judge, const GPtrArray *deeds)
{
    for (unsigned i = 0; i < deeds->len; i++)
        judge_deed(judge, g_ptr_array_index(deeds, i));
}

/* ---- checks ---- */

char *mg_check_filter(const MgCheck *check)
{
    if (check->rule != NULL)
        return g_strdup_printf("mailglass.rule == \"%s\"", check->rule);
    return check->where != NULL ? g_strdup_printf("(%s) and (%s)", check->field, check->where)
                                : g_strdup(check->field);
}

static bool judge_saw(Judge *judge, MgCheck *check)
{
    if (check->rule != NULL) {
        if (mg_registry_rule(judge->registry, check->rule) != NULL)
            return true;
        complain(judge, check->line, _("there is no rule \"%s\" among the plugins"), check->rule);
        return false;
    }
    bool good = judge_filter(judge, check->field, _("field"), check->line);
    if (check->where != NULL)
        good &= judge_filter(judge, check->where, _("filter"), check->line);
    return good;
}

static bool has_state(const MgEngineKind *kind, const char *state)
{
    for (const MgTransition *row = kind->transitions; row != NULL && row->from != NULL; row++)
        if (strcmp(row->from, state) == 0 || strcmp(row->to, state) == 0)
            return true;
    return false;
}

static void no_state(Judge *judge, const MgCheck *check, const MgEngineKind *kind)
{
    g_autoptr(GString) states = g_string_new(NULL);
    for (const MgTransition *row = kind->transitions; row != NULL && row->from != NULL; row++) {
        g_autofree char *quoted = g_strdup_printf("\"%s\"", row->to);
        if (strstr(states->str, quoted) == NULL)
            g_string_append_printf(states, "%s%s", states->len > 0 ? ", " : "", quoted);
    }
    complain(judge, check->line, _("%s has no state \"%s\"; it has %s"), kind->name, check->value,
             states->str);
}

/* "mta.example.com.smtp.server": both names have dots, so the network says where one ends. */
static bool split_engine(Judge *judge, MgCheck *check)
{
    for (unsigned i = 0; i < judge->network->hosts->len; i++) {
        const char *name = g_array_index(judge->network->hosts, MgNetworkHost, i).name;
        size_t len = strlen(name);
        if (!g_str_has_prefix(check->engine, name) || check->engine[len] != '.' ||
            mg_registry_engine(judge->registry, check->engine + len + 1) == NULL)
            continue;
        char *engine = g_strdup(check->engine + len + 1);
        check->host = g_strdup(name);
        g_free(check->engine);
        check->engine = engine;
        return true;
    }
    return false;
}

static bool judge_state(Judge *judge, MgCheck *check)
{
    if (check->host == NULL && judge->network != NULL && !split_engine(judge, check)) {
        complain(judge, check->line,
                 _("\"%s\" is no HOST.ENGINE of the network, such as mta.example.com.smtp.server"),
                 check->engine);
        return false;
    }
    const MgEngineKind *kind = mg_registry_engine(judge->registry, check->engine);
    if (kind == NULL || has_state(kind, check->value))
        return kind != NULL;
    no_state(judge, check, kind);
    return false;
}

static bool judge_mailbox(Judge *judge, MgCheck *check)
{
    if (strcmp(check->field, "size") != 0 && strcmp(check->field, "count") != 0 &&
        !g_str_has_prefix(check->field, "imf.")) {
        complain(judge, check->line,
                 _("a mailbox is asked for imf.NAME (a header field), size or count, not \"%s\""),
                 check->field);
        return false;
    }
    for (unsigned i = 0; judge->network != NULL && i < judge->network->hosts->len; i++) {
        const MgNetworkHost *host = &g_array_index(judge->network->hosts, MgNetworkHost, i);
        for (size_t j = 0; j < host->n_mailboxes; j++)
            if (g_ascii_strcasecmp(host->mailboxes[j].address, check->host) == 0)
                return true;
    }
    if (judge->network != NULL)
        complain(judge, check->line, _("no host of the network has a mailbox %s"), check->host);
    return false;
}

static void judge_check(Judge *judge, MgCheck *check)
{
    static bool (*const by_kind[])(Judge *, MgCheck *) = {
        [MG_CHECK_SAW] = judge_saw,     [MG_CHECK_THEN_SAW] = judge_saw,
        [MG_CHECK_COUNT] = judge_saw,   [MG_CHECK_NEVER] = judge_saw,
        [MG_CHECK_STATE] = judge_state, [MG_CHECK_MAILBOX] = judge_mailbox,
        [MG_CHECK_WITHIN] = NULL,
    };
    if (!check->broken && by_kind[check->kind] != NULL)
        check->broken = !by_kind[check->kind](judge, check);
}

/* ---- links ---- */

static void judge_link(Judge *judge, const char *link, unsigned line)
{
    if (link[0] == '#') {
        if (mg_lesson_word(judge->lesson, link + 1, MG_ENGLISH) == NULL)
            complain(judge, line, _("the glossary has no word \"%s\""), link + 1);
    } else if (g_str_has_prefix(link, "host:")) {
        if (judge->network != NULL && find_host(judge, link + 5) == NULL)
            no_host(judge, line, link + 5);
    } else if (g_str_has_prefix(link, "field:")) {
        judge_filter(judge, link + 6, _("field"), line);
    } else if (g_str_has_prefix(link, "rfc:")) {
        if (!g_regex_match_simple("^rfc:[0-9]{1,5}(#[A-Za-z0-9.-]+)?$", link, 0, 0))
            complain(judge, line, _("\"%s\": write it like rfc:5321#section-4.1"), link);
    } else if (!g_str_has_prefix(link, "https://")) {
        complain(judge, line,
                 _("a link leads to #word, host:NAME, field:ID, rfc:NUMBER or https://…, not to "
                   "\"%s\""),
                 link);
    }
}

/* What is in both languages is judged once, where English has it: that they agree was judged. */
static void judge_prose(Judge *judge, const MgProse *prose)
{
    const MgProse *en = &prose[MG_ENGLISH], *ko = &prose[MG_KOREAN];
    for (unsigned i = 0; i < en->links->len; i++)
        judge_link(judge, g_ptr_array_index(en->links, i),
                   g_array_index(en->link_lines, unsigned, i));
    for (unsigned i = 0; i < ko->links->len; i++)
        if (!g_ptr_array_find_with_equal_func(en->links, g_ptr_array_index(ko->links, i),
                                              g_str_equal, NULL))
            judge_link(judge, g_ptr_array_index(ko->links, i),
                       g_array_index(ko->link_lines, unsigned, i));
}

static void judge_text(const MgBilingual *text, unsigned line, void *data)
{
    g_autoptr(GPtrArray) judged = g_ptr_array_new_with_free_func(g_free);
    for (unsigned l = 0; l < MG_N_LANGUAGES; l++) {
        if (text->source[l] == NULL)
            continue;
        g_autoptr(GPtrArray) links = mg_bilingual_links(text, l);
        for (unsigned i = 0; i < links->len; i++) {
            const char *link = g_ptr_array_index(links, i);
            if (g_ptr_array_find_with_equal_func(judged, link, g_str_equal, NULL))
                continue;
            judge_link(data, link, text->line[l]);
            g_ptr_array_add(judged, g_strdup(link));
        }
    }
}

/* ---- all ---- */

static void judge_show(Judge *judge, const MgLessonStep *step)
{
    for (size_t i = 0; step->run.show != NULL && step->run.show[i] != NULL; i++) {
        const char *name = step->run.show[i];
        g_autoptr(MgFilter) filter = mg_filter_new(name, judge->registry, NULL);
        if (filter == NULL && judge->network != NULL && find_host(judge, name) == NULL)
            complain(judge, step->run.show_line,
                     _("\"%s\" is neither a host of the network nor a field"), name);
    }
}

static void judge_step(Judge *judge, const MgLessonStep *step)
{
    judge_prose(judge, step->prose);
    judge_prose(judge, step->notes);
    judge_deeds(judge, step->run.deeds);
    if (step->run.until != NULL)
        judge_filter(judge, step->run.until, "until", step->run.until_line);
    judge_show(judge, step);
    judge_deeds(judge, step->tries);
    judge_deeds(judge, step->solution);
    for (unsigned i = 0; i < step->checks->len; i++)
        judge_check(judge, g_ptr_array_index(step->checks, i));
    for (unsigned i = 0; i < step->quizzes->len; i++) {
        const MgQuiz *quiz = g_ptr_array_index(step->quizzes, i);
        for (unsigned j = 0; j < quiz->answers->len; j++)
            judge_deeds(judge, ((const MgQuizAnswer *)g_ptr_array_index(quiz->answers, j))->deeds);
    }
}

static void judge_head(Judge *judge)
{
    const MgLesson *lesson = judge->lesson;
    bool known = lesson->group == NULL;
    for (const MgLessonGroup *group = mg_lesson_groups; group->id != NULL; group++)
        known |= g_strcmp0(lesson->group, group->id) == 0;
    if (!known)
        mg_lesson_warning(&judge->to, lesson->group_line,
                          _("there is no group \"%s\": it stands under \"Other\""), lesson->group);
    for (size_t i = 0; lesson->needs[i] != NULL; i++) {
        g_autofree char *beside =
            g_build_filename(lesson->folder, "..", lesson->needs[i], "lesson.md", NULL);
        g_autofree char *found = mg_shelf_find(lesson->needs[i]);
        if (found == NULL && !g_file_test(beside, G_FILE_TEST_EXISTS))
            mg_lesson_warning(&judge->to, lesson->needs_line,
                              _("the lesson \"%s\" that it needs is not there"), lesson->needs[i]);
    }
}

bool mg_lesson_judge_in(MgLesson *lesson, MgRegistry *registry, const MgNetwork *network,
                        GPtrArray *problems)
{
    Judge judge = {lesson, registry, network, {lesson->path, problems}, 0};
    judge_head(&judge);
    for (unsigned i = 0; i < lesson->steps->len; i++)
        judge_step(&judge, g_ptr_array_index(lesson->steps, i));
    mg_lesson_each_text(lesson, judge_text, &judge);
    return judge.n == 0;
}

static MgNetwork *load_network(Judge *judge)
{
    const MgLesson *lesson = judge->lesson;
    if (lesson->network == NULL)
        return NULL;
    g_autofree char *path = mg_shelf_network(lesson);
    if (path == NULL) {
        complain(judge, lesson->network_line,
                 _("there is no network \"%s\": neither beside lesson.md nor among the shipped"),
                 lesson->network);
        return NULL;
    }
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgNetwork *network = mg_network_load(path, judge->registry, problems);
    if (network == NULL)
        complain(judge, lesson->network_line, _("the network cannot be used: %s"),
                 problems->len > 0 ? (char *)g_ptr_array_index(problems, 0) : path);
    else
        network->also = g_strdup(lesson->folder);
    return network;
}

bool mg_lesson_judge(MgLesson *lesson, MgRegistry *registry, GPtrArray *problems)
{
    Judge judge = {lesson, registry, NULL, {lesson->path, problems}, 0};
    g_autoptr(MgNetwork) network = load_network(&judge);
    /* A network that is there but cannot be used mostly lacks a plugin, and so would every field of
     * it: one cause, one line. */
    g_autofree char *path = network == NULL ? mg_shelf_network(lesson) : NULL;
    if (path != NULL)
        return false;
    return mg_lesson_judge_in(lesson, registry, network, problems) && judge.n == 0;
}
