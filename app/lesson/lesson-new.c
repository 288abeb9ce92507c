/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-new.c - writes lessons to start from */
#include <errno.h>
#include <gio/gio.h>
#include <glib/gi18n-lib.h>
#include <glib/gstdio.h>

#include "lesson-new.h"
#include "networks.h"

/* What follows is in the languages of the lesson, not of whoever runs the program. */
static const char skeleton[] =
    "```lesson\n"
    "format: 1\n"
    "title.en: My lesson\n"
    "title.ko: 나의 수업\n"
    "about.en: One sentence that says what it is about.\n"
    "about.ko: 무엇을 배우는지 한 문장으로 씁니다.\n"
    "minutes: 5\n"
    "group: way\n"
    "```\n"
    "\n"
    "```network\n"
    "use: first-mail\n"
    "seed: 1\n"
    "script: no\n"
    "```\n"
    "\n"
    "## send\n"
    "\n"
    "### en: Send a mail\n"
    "\n"
    "Here stands what the learner reads: short sentences, with `code` where the wire speaks.\n"
    "\n"
    "### ko: 메일 보내기\n"
    "\n"
    "여기에 배우는 사람이 읽을 글을 씁니다. 짧은 문장으로 쓰고, 전송되는 글자는 `code`로 씁니다.\n"
    "\n"
    "### note.en\n"
    "\n"
    "Only the notes view shows this.\n"
    "\n"
    "### note.ko\n"
    "\n"
    "발표자 메모에만 보입니다.\n"
    "\n"
    "```try\n"
    "alice send mail/hello.eml to bob@example.net\n"
    "    en: Send it\n"
    "    ko: 보내기\n"
    "```\n"
    "\n"
    "```check\n"
    "mailbox bob@example.net has count == 1\n"
    "    en: Bob has no mail yet.\n"
    "    ko: 밥에게 아직 메일이 없습니다.\n"
    "```\n"
    "\n"
    "```hint\n"
    "en: Press the button.\n"
    "ko: 단추를 누릅니다.\n"
    "```\n"
    "\n"
    "```solution\n"
    "alice send mail/hello.eml to bob@example.net\n"
    "```\n"
    "\n"
    "## what-if\n"
    "\n"
    "### en: What if …\n"
    "\n"
    "The last step is free: something to try, and nothing to prove.\n"
    "\n"
    "### ko: 만약에 …\n"
    "\n"
    "마지막 단계에서는 자유롭게 실험합니다. 검사는 없습니다.\n"
    "\n"
    "```try\n"
    "bob fetch\n"
    "    en: Let Bob fetch his mail\n"
    "    ko: 밥이 메일을 가져오게 하기\n"
    "```\n";

static bool make_folder(const char *folder, GError **error)
{
    if (g_mkdir_with_parents(folder, 0777) == 0)
        return true;
    g_set_error(error, MG_ERROR, MG_ERROR_LESSON, _("the folder %s cannot be made: %s"), folder,
                g_strerror(errno));
    return false;
}

static bool write_new(const char *folder, const char *text, GError **error)
{
    g_autofree char *path = g_build_filename(folder, "lesson.md", NULL);
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_set_error(error, MG_ERROR, MG_ERROR_LESSON, _("%s is there already"), path);
        return false;
    }
    return make_folder(folder, error) && g_file_set_contents(path, text, -1, error);
}

bool mg_lesson_write_skeleton(const char *folder, GError **error)
{
    return write_new(folder, skeleton, error);
}

/* ---- a demonstration ---- */

typedef struct {
    MgSession *session;
    const char *folder;
    GString *text;
    unsigned n_steps, n_mails;
} Demo;

/* "alice> EHLO x" → "alice>", so that lines which are typed one after the other are one step. */
static size_t typist_of(const char *text)
{
    const char *mark = strchr(text, '>'), *space = strchr(text, ' ');
    return mark != NULL && (space == NULL || mark < space) ? (size_t)(mark + 1 - text) : 0;
}

/* (transfer full) (nullable) The line as a lesson has it: a mail that was written becomes a file.
 */
static char *line_of(Demo *demo, const MgIntervention *deed, GError **error)
{
    const char *mark = strstr(deed->text, " - ");
    if (deed->file == NULL || mark == NULL)
        return g_strdup(deed->text);
    g_autofree char *mails = g_build_filename(demo->folder, "mail", NULL);
    g_autofree char *name = g_strdup_printf("%u.eml", ++demo->n_mails);
    g_autofree char *path = g_build_filename(mails, name, NULL);
    gsize size;
    const void *data = g_bytes_get_data(deed->file, &size);
    if (!make_folder(mails, error) || !g_file_set_contents(path, data, (gssize)size, error))
        return NULL;
    return g_strdup_printf("%.*s mail/%s %s", (int)(mark - deed->text), deed->text, name, mark + 3);
}

static void begin_step(Demo *demo, const char *line)
{
    g_string_append_printf(
        demo->text,
        "\n## step-%u\n\n### en: Step %u\n\nSay here what `%s` does, and why.\n\n"
        "### ko: %u단계\n\n`%s` 줄이 무엇을 하는지, 왜 하는지 여기에 씁니다.\n",
        demo->n_steps + 1, demo->n_steps + 1, line, demo->n_steps + 1, line);
    demo->n_steps++;
}

static bool add_steps(Demo *demo, GError **error)
{
    size_t n = mg_session_n_deeds(demo->session);
    for (size_t i = 0; i < n;) {
        g_autoptr(GString) lines = g_string_new(NULL);
        const char *first = mg_session_deed(demo->session, i)->text;
        size_t typist = typist_of(first);
        size_t from = i;
        do {
            g_autofree char *line = line_of(demo, mg_session_deed(demo->session, i), error);
            if (line == NULL)
                return false;
            if (i == from)
                begin_step(demo, line);
            g_string_append_printf(lines, "%s\n", line);
            i++;
        } while (i < n && typist > 0 &&
                 typist_of(mg_session_deed(demo->session, i)->text) == typist &&
                 strncmp(mg_session_deed(demo->session, i)->text, first, typist) == 0);
        g_string_append_printf(demo->text, "\n```try\n%s```\n\n```solution\n%s```\n", lines->str,
                               lines->str);
    }
    if (n > 0)
        return true;
    g_set_error(error, MG_ERROR, MG_ERROR_LESSON, "%s",
                _("nothing was done yet that a lesson could be made of: send a mail, type at a "
                  "console, cut a link"));
    return false;
}

static bool copy_tree(const char *from, const char *to, unsigned depth, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(from, 0, error);
    if (dir == NULL || !make_folder(to, error))
        return false;
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *source = g_build_filename(from, name, NULL);
        g_autofree char *target = g_build_filename(to, name, NULL);
        g_autoptr(GFile) a = g_file_new_for_path(source);
        g_autoptr(GFile) b = g_file_new_for_path(target);
        bool folder = g_file_test(source, G_FILE_TEST_IS_DIR);
        if (folder ? depth < 4 && !copy_tree(source, target, depth + 1, error)
                   : !g_file_copy(a, b, G_FILE_COPY_OVERWRITE, NULL, NULL, NULL, error))
            return false;
    }
    return true;
}

/* What `use` says: the name of a shipped network, or the copy beside lesson.md. */
static const char *network_of(const MgNetwork *network, const char *folder, char **name,
                              GError **error)
{
    g_autofree char *whole = g_canonicalize_filename(network->path, NULL);
    *name = g_path_get_basename(whole);
    g_autofree char *shipped = mg_networks_find(*name);
    g_autofree char *same = shipped != NULL ? g_canonicalize_filename(shipped, NULL) : NULL;
    if (g_strcmp0(same, whole) == 0)
        return *name;
    g_autofree char *copy = g_build_filename(folder, "network", NULL);
    return copy_tree(whole, copy, 0, error) ? "network" : NULL;
}

bool mg_lesson_write_demo(MgSession *session, const char *folder, const char *title, GError **error)
{
    const MgNetwork *network = mg_session_network(session);
    g_autofree char *name = NULL;
    g_autofree char *path = g_build_filename(folder, "lesson.md", NULL);
    if (network == NULL || g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_set_error(error, MG_ERROR, MG_ERROR_LESSON,
                    network == NULL ? _("a lesson needs a network; this is a record of one")
                                    : _("there is a lesson in this folder already"));
        return false;
    }
    g_autoptr(GString) text = g_string_new(NULL);
    Demo demo = {session, folder, text, 0, 0};
    g_autoptr(GString) head = g_string_new(NULL);
    if (!make_folder(folder, error) || !add_steps(&demo, error))
        return false;
    const char *use = network_of(network, folder, &name, error);
    if (use == NULL)
        return false;
    g_string_printf(head,
                    "```lesson\nformat: 1\ntitle.en: %s\ntitle.ko: %s\nminutes: %u\n```\n\n"
                    "```network\nuse: %s\nseed: %" G_GUINT64_FORMAT "\nscript: %s\n```\n",
                    title, title, MAX(2 * demo.n_steps, 5), use, mg_session_seed(session),
                    network->actions->len > 0 ? "yes" : "no");
    g_string_prepend(text, head->str);
    return write_new(folder, text->str, error);
}
