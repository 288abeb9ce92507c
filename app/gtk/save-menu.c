/* SPDX-License-Identifier: GPL-3.0-or-later */
/* save-menu.c - what can be taken along */
#include "save-menu.h"

#include "lesson-new.h"
#include "picture.h"
#include "progress.h"
#include "theme.h"
#include "words.h"

#define WIDTH  1280
#define HEIGHT 800

static bool tell(MgWindow *window, bool saved, const char *done, const GError *error)
{
    mg_window_toast(window, saved           ? done
                            : error != NULL ? error->message
                                            : _("It could not be written"));
    return saved;
}

/* As it is seen, but light where it is for paper. */
bool mg_save_picture(MgWindow *window, bool ladder, const char *path)
{
    g_autoptr(GError) error = NULL;
    MgPicture picture = {.ladder = ladder,
                         .dark = mg_theme_is_dark() && !g_str_has_suffix(path, ".pdf"),
                         .width = WIDTH,
                         .height = HEIGHT};
    if (mg_window_session(window) == NULL)
        return false;
    if (!mg_picture_is_name(path)) {
        g_autofree char *why = g_strdup_printf(_("%s: a picture ends in .png, .svg or .pdf"), path);
        mg_window_toast(window, why);
        return false;
    }
    bool saved = mg_picture_save(mg_window_session(window), &picture, path, &error);
    return tell(window, saved, _("The picture is saved"), error);
}

/* "my-lesson" → "My lesson": a title to begin with. */
static char *title_of(const char *folder)
{
    g_autofree char *name = g_path_get_basename(folder);
    g_autofree char *words = g_strdelimit(g_strdup(name), "-_", ' ');
    g_autofree char *first = g_utf8_substring(words, 0, 1);
    g_autofree char *upper = g_utf8_strup(first, -1);
    return g_strconcat(upper, words + strlen(first), NULL);
}

static bool was_anything_done(MgWindow *window)
{
    MgSession *session = mg_window_session(window);
    if (session != NULL && mg_session_n_deeds(session) > 0)
        return true;
    mg_window_toast(window, _("Nothing was done yet: send a mail, type a line, cut a link"));
    return false;
}

bool mg_save_lesson(MgWindow *window, const char *folder)
{
    g_autoptr(GError) error = NULL;
    if (!was_anything_done(window) || !g_utf8_validate(folder, -1, NULL))
        return false;
    g_autofree char *title = title_of(folder);
    bool saved = mg_lesson_write_demo(mg_window_session(window), folder, title, &error);
    return tell(window, saved, _("The lesson is saved: its texts in lesson.md wait for you"),
                error);
}

bool mg_save_progress(MgWindow *window, const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(MgProgress) progress = mg_progress_open(NULL, &error);
    bool saved = false;
    if (progress != NULL) {
        g_autofree char *text = g_str_has_suffix(path, ".json") ? mg_progress_json(progress)
                                                                : mg_progress_csv(progress, true);
        saved = g_file_set_contents(path, text, -1, &error);
    }
    return tell(window, saved, _("Your progress is saved"), error);
}

/* ---- the dialogs ---- */

typedef struct {
    const char *action, *title, *name; /* N_(); the name of the file at first */
    bool (*save)(MgWindow *window, const char *path);
} Row;

static bool save_map(MgWindow *window, const char *path)
{
    return mg_save_picture(window, false, path);
}

static bool save_ladder(MgWindow *window, const char *path)
{
    return mg_save_picture(window, true, path);
}

static const Row rows[] = {
    {"save-map", N_("Save the map: .svg, .pdf or .png"), "map.svg", save_map},
    {"save-ladder", N_("Save the ladder: .svg, .pdf or .png"), "ladder.svg", save_ladder},
    {"save-lesson", N_("Save what was done as a lesson's folder"), "my-lesson", mg_save_lesson},
    {"save-progress", N_("Save my progress: .csv or .json"), "progress.csv", mg_save_progress}};

static void on_response(GtkNativeDialog *dialog, int response, MgWindow *window)
{
    const Row *row = g_object_get_data(G_OBJECT(dialog), "row");
    g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
    g_autofree char *path = file != NULL ? g_file_get_path(file) : NULL;
    if (response == GTK_RESPONSE_ACCEPT && path != NULL)
        row->save(window, path);
    g_object_unref(dialog);
}

static void act(GSimpleAction *action, GVariant *parameter, void *data)
{
    const Row *row = rows;
    while (!g_str_equal(row->action, g_action_get_name(G_ACTION(action))))
        row++;
    if (row->save == mg_save_lesson && !was_anything_done(data))
        return;
    GtkFileChooserNative *dialog = gtk_file_chooser_native_new(
        _(row->title), GTK_WINDOW(data), GTK_FILE_CHOOSER_ACTION_SAVE, _("Save"), _("Cancel"));
    gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
    gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(dialog), row->name);
    g_object_set_data(G_OBJECT(dialog), "row", (void *)row);
    g_signal_connect(dialog, "response", G_CALLBACK(on_response), data);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

/* ---- when they can be used ---- */

static void enable(MgWindow *window, const char *name, bool on)
{
    GAction *action = g_action_map_lookup_action(G_ACTION_MAP(window), name);
    if (action != NULL)
        g_simple_action_set_enabled(G_SIMPLE_ACTION(action), on);
}

void mg_save_menu_update(MgWindow *window)
{
    MgSession *session = mg_window_session(window);
    bool simulated = session != NULL && mg_session_network(session) != NULL;
    enable(window, "save-map", session != NULL);
    enable(window, "save-ladder", session != NULL);
    enable(window, "save-lesson", simulated);
}

void mg_save_menu_add_actions(MgWindow *window)
{
    GActionEntry entries[G_N_ELEMENTS(rows)] = {0};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        entries[i] = (GActionEntry){rows[i].action, act, NULL, NULL, NULL, {0}};
    g_action_map_add_action_entries(G_ACTION_MAP(window), entries, G_N_ELEMENTS(entries), window);
}
