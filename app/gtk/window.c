/* SPDX-License-Identifier: GPL-3.0-or-later */
/* window.c - the window
 *
 * It holds widgets and the way back, no state of a run: that is the session's. */
#include "window.h"

#include "caption.h"
#include "compose.h"
#include "console-view.h"
#include "description.h"
#include "faults.h"
#include "filter-bar.h"
#include "foot.h"
#include "inspector.h"
#include "ladder.h"
#include "lecture.h"
#include "lesson-check.h"
#include "lesson-panel.h"
#include "map-view.h"
#include "networks.h"
#include "notes-window.h"
#include "pcapng.h"
#include "plugins-page.h"
#include "presenter.h"
#include "problems.h"
#include "progress.h"
#include "real-panel.h"
#include "save-menu.h"
#include "shortcuts.h"
#include "start-page.h"
#include "theme.h"
#include "view-bar.h"
#include "window-menu.h"
#include "window-style.h"
#include "words.h"

#define REAL_NETWORK  "first-mail" /* whose host meets a real server from the start page */
#define HOST_LOOK_MAX 5000u        /* records that are looked at for what a host did last */
#define LADDER_MIN    236          /* height at first, and … */
#define LADDER_MAX    330          /* … at most, so that a large window is the map's */

struct _MgWindow {
    AdwApplicationWindow parent_instance;
    MgRegistry *registry;
    MgSession *session;   /* (nullable) */
    MgLessonPlay *play;   /* (nullable) when the session is a lesson's */
    MgProgress *progress; /* (nullable) since the first lesson */
    char *path;           /* (nullable) of its network, or of the lesson */
    GPtrArray *history;   /* paths opened before it */
    AdwWindowTitle *title;
    GtkWidget *header, *stack, *start, *page, *toasts, *mode;
    /* Of the page; NULL without a session. */
    GtkWidget *side, *paned, *map, *caption, *ladder, *filter, *inspector, *foot, *lower, *console;
    GtkWidget *strip; /* (nullable) over the map of a lesson's presentation */
    bool presenting, paned_set;
};

G_DEFINE_FINAL_TYPE(MgWindow, mg_window, ADW_TYPE_APPLICATION_WINDOW)

MgSession *mg_window_session(MgWindow *self)
{
    return self->session;
}

MgLessonPlay *mg_window_play(MgWindow *self)
{
    return self->play;
}

gboolean mg_window_is_presenting(MgWindow *self)
{
    return self->presenting;
}

void mg_window_toast(MgWindow *self, const char *text)
{
    adw_toast_overlay_add_toast(ADW_TOAST_OVERLAY(self->toasts), adw_toast_new(text));
}

/* ---- what can be done ---- */

static void enable(MgWindow *self, const char *name, gboolean on)
{
    GAction *action = g_action_map_lookup_action(G_ACTION_MAP(self), name);
    if (action != NULL)
        g_simple_action_set_enabled(G_SIMPLE_ACTION(action), on);
}

static gboolean on_session_page(MgWindow *self)
{
    return self->page != NULL && gtk_stack_get_visible_child(GTK_STACK(self->stack)) == self->page;
}

static void update_actions(MgWindow *self)
{
    static const char *const names[] = {"filter",     "inspector", "presentation",  "play",
                                        "step",       "back",      "step-answered", "back-answered",
                                        "start",      "end",       "run-end",       "save-map",
                                        "save-ladder"};
    gboolean here = on_session_page(self);
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        enable(self, names[i], here && mg_foot_can(self->session, names[i]));
    enable(self, "console", here && mg_session_network(self->session) != NULL);
    enable(self, "compose",
           here && self->session != NULL &&
               (mg_compose_is_possible(self->session) || mg_real_panel_has(self->session)));
    enable(self, "save-capture", here);
    enable(self, "previous", self->history->len > 0 || (!here && self->page != NULL));
    enable(self, "next-branch", here && mg_session_n_branches(self->session) > 1);
    static const char *const lesson_names[] = {"lesson-next", "lesson-back",  "lesson-check",
                                               "lesson-hint", "lesson-again", "lesson-language"};
    for (size_t i = 0; i < G_N_ELEMENTS(lesson_names); i++)
        enable(self, lesson_names[i], here && self->play != NULL);
    mg_lecture_update(self);
    mg_faults_update(self, here);
    mg_save_menu_update(self);
    gtk_widget_set_visible(self->mode, here);
    gtk_widget_set_sensitive(self->mode, here && (mg_session_network(self->session) == NULL ||
                                                  mg_compose_is_possible(self->session)));
}

static void update_title(MgWindow *self, const char *title)
{
    g_autoptr(GString) subtitle = g_string_new(NULL);
    if (self->session == NULL || !on_session_page(self)) {
        adw_window_title_set_title(self->title, "Mailglass");
        adw_window_title_set_subtitle(self->title, NULL);
        return;
    }
    const MgNetwork *network = mg_session_network(self->session);
    if (network != NULL) {
        g_autofree char *regions = mg_words_regions(network);
        g_string_append_printf(subtitle, "%s%s", regions, regions[0] != '\0' ? " · " : "");
        g_autofree char *seed =
            g_strdup_printf("%" G_GUINT64_FORMAT, mg_session_seed(self->session));
        g_string_append_printf(subtitle, _("simulated, seed %s"), seed);
        title = self->play != NULL ? mg_bilingual_plain(&mg_lesson_play_lesson(self->play)->title,
                                                        mg_lesson_play_language(self->play))
                                   : mg_words_title(network);
    } else {
        g_string_append(subtitle, _("real server, in real time"));
    }
    if (mg_session_n_branches(self->session) > 1 && self->play == NULL)
        g_string_append_printf(subtitle, _(" · branch %zu of %zu"),
                               mg_session_branch(self->session) + 1,
                               mg_session_n_branches(self->session));
    adw_window_title_set_title(self->title, title != NULL ? title : "Mailglass");
    adw_window_title_set_subtitle(self->title, subtitle->str);
    gtk_window_set_title(GTK_WINDOW(self), title != NULL ? title : "Mailglass");
}

/* ---- following the session ---- */

static void on_position(MgWindow *self)
{
    mg_session_select(self->session, mg_session_position(self->session));
}

static void on_trace(MgWindow *self)
{
    update_actions(self);
    update_title(self, NULL);
    if (mg_session_n_branches(self->session) > 1 && self->play == NULL)
        mg_window_toast(self, _("What you did in the past began another branch of the run"));
}

/* Shows a host, and the last thing that it has said or heard. */
static void on_host_selected(MgMapView *map, const char *name, MgWindow *self)
{
    const MgTrace *trace = mg_session_trace(self->session);
    uint32_t position = mg_session_position(self->session);
    uint32_t last = position > HOST_LOOK_MAX ? position - HOST_LOOK_MAX : 0;
    MgHostId host = 0;
    for (MgHostId id = 1; id <= mg_trace_n_hosts(trace); id++)
        if (g_str_equal(mg_trace_host(trace, id)->name, name))
            host = id;
    for (uint32_t n = position; n > last; n--) {
        const MgRecord *record = mg_trace_record(trace, n);
        if (record->from != host && record->to != host)
            continue;
        mg_session_select(self->session, n);
        break;
    }
    mg_inspector_show_host(MG_INSPECTOR(self->inspector), host);
}

/* ---- the page of a session ---- */

static void on_paned(GtkPaned *paned, GParamSpec *spec, MgWindow *self)
{
    int total = 0;
    gtk_paned_set_resize_start_child(paned, TRUE);
    gtk_paned_set_resize_end_child(paned, FALSE);
    g_object_get(paned, "max-position", &total, NULL);
    int height = gtk_widget_get_height(GTK_WIDGET(paned));
    if (self->paned_set || total <= 0 || total > 100000 || height < 300)
        return;
    self->paned_set = true;
    int console = 0; /* its room is the ladder's */
    if (gtk_widget_get_visible(self->console))
        gtk_widget_measure(self->console, GTK_ORIENTATION_VERTICAL, -1, NULL, &console, NULL, NULL);
    int ladder = CLAMP((height + console) * 36 / 100, LADDER_MIN, LADDER_MAX) - console;
    gtk_paned_set_position(paned, height - ladder);
}

/* A presentation has not room for all: the console says again what the caption says. */
static void on_console_shown(MgWindow *self)
{
    mg_caption_set_brief(MG_CAPTION(self->caption),
                         self->presenting && gtk_widget_get_visible(self->console));
}

/* What is typed in a lesson is done by the lesson. */
static gboolean do_in_lesson(const char *line, GError **error, gpointer play)
{
    return mg_lesson_play_do(play, line, error);
}

/* The map stays as it is while the console comes and goes: the room is the ladder's. */
static void on_console(GtkWidget *console, MgWindow *self)
{
    gtk_paned_set_resize_start_child(GTK_PANED(self->paned), FALSE);
    gtk_paned_set_resize_end_child(GTK_PANED(self->paned), TRUE);
}

static GtkWidget *console_new(MgWindow *self)
{
    self->console = mg_console_view_new(self->session);
    g_signal_connect(self->console, "grows", G_CALLBACK(on_console), self);
    g_signal_connect_swapped(self->console, "notify::visible", G_CALLBACK(on_console_shown), self);
    if (self->play != NULL)
        mg_console_view_set_doer(MG_CONSOLE_VIEW(self->console), do_in_lesson, self->play);
    return self->console;
}

static GtkWidget *middle_new(MgWindow *self)
{
    GtkWidget *middle = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    GtkWidget *above = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    self->map = mg_map_view_new(self->session);
    gtk_widget_set_vexpand(self->map, TRUE);
    g_signal_connect(self->map, "host-selected", G_CALLBACK(on_host_selected), self);
    gtk_box_append(GTK_BOX(above), self->map);
    self->caption = mg_caption_new(self->session);
    gtk_box_append(GTK_BOX(above), self->caption);
    self->lower = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    self->ladder = mg_ladder_new(self->session);
    gtk_widget_set_vexpand(self->ladder, TRUE);
    self->filter = mg_filter_bar_new(mg_ladder_get_model(MG_LADDER(self->ladder)));
    gtk_box_append(GTK_BOX(self->lower), self->filter);
    gtk_box_append(GTK_BOX(self->lower), mg_view_bar_new(self->session));
    gtk_box_append(GTK_BOX(self->lower), self->ladder);
    self->paned = gtk_paned_new(GTK_ORIENTATION_VERTICAL);
    gtk_paned_set_start_child(GTK_PANED(self->paned), above);
    gtk_paned_set_end_child(GTK_PANED(self->paned), self->lower);
    gtk_paned_set_resize_start_child(GTK_PANED(self->paned), TRUE);
    gtk_paned_set_resize_end_child(GTK_PANED(self->paned), FALSE);
    gtk_paned_set_shrink_start_child(GTK_PANED(self->paned), FALSE);
    gtk_paned_set_shrink_end_child(GTK_PANED(self->paned), FALSE);
    self->paned_set = false;
    g_signal_connect(self->paned, "notify::max-position", G_CALLBACK(on_paned), self);
    gtk_widget_set_hexpand(self->paned, TRUE);
    gtk_widget_set_vexpand(self->paned, TRUE);
    gtk_box_append(GTK_BOX(middle), self->paned);
    gtk_box_append(GTK_BOX(middle), console_new(self)); /* is seen in a presentation, too */
    return middle;
}

static GtkWidget *side_new(MgWindow *self)
{
    if (self->play != NULL)
        return mg_lesson_panel_new(self->play);
    GtkWidget *real =
        mg_session_network(self->session) == NULL ? mg_real_panel_of(self->session) : NULL;
    return real != NULL ? real : mg_description_new(self->session);
}

static GtkWidget *page_new(MgWindow *self)
{
    GtkWidget *page = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    if (self->play != NULL) {
        self->strip = mg_presenter_new(self->play);
        gtk_widget_set_visible(self->strip, FALSE);
        gtk_box_append(GTK_BOX(page), self->strip);
    }
    GtkWidget *row = gtk_box_new(GTK_ORIENTATION_HORIZONTAL, 0);
    gtk_widget_set_vexpand(row, TRUE);
    self->side = side_new(self);
    gtk_widget_set_hexpand(self->side, FALSE); /* a large window is the map's */
    gtk_box_append(GTK_BOX(row), self->side);
    gtk_box_append(GTK_BOX(row), gtk_separator_new(GTK_ORIENTATION_VERTICAL));
    gtk_box_append(GTK_BOX(row), middle_new(self));
    self->inspector = mg_inspector_new(self->session);
    gtk_widget_set_hexpand(self->inspector, FALSE);
    GtkWidget *separator = gtk_separator_new(GTK_ORIENTATION_VERTICAL);
    g_object_bind_property(self->inspector, "visible", separator, "visible", G_BINDING_DEFAULT);
    gtk_box_append(GTK_BOX(row), separator);
    gtk_box_append(GTK_BOX(row), self->inspector);
    gtk_box_append(GTK_BOX(page), row);
    self->foot = mg_foot_new(self->session);
    gtk_box_append(GTK_BOX(page), self->foot);
    return page;
}

static void forget_session(MgWindow *self)
{
    if (self->session == NULL)
        return;
    mg_session_set_playing(self->session, false);
    g_signal_handlers_disconnect_by_data(self->session, self);
    mg_notes_window_follow(GTK_WINDOW(self), NULL);
    self->strip = NULL;
    if (self->page != NULL)
        gtk_stack_remove(GTK_STACK(self->stack), self->page);
    self->page = self->side = self->paned = self->map = self->caption = NULL;
    self->ladder = self->filter = self->inspector = self->foot = self->lower = NULL;
    self->console = NULL;
    g_clear_object(&self->session);
    if (self->play != NULL)
        g_signal_handlers_disconnect_by_data(self->play, self);
    g_clear_object(&self->play);
}

/* In a lesson F5 runs to where the step leads. */
static void install_run_end(MgWindow *self)
{
    g_autoptr(GSimpleAction) action = g_simple_action_new("run-end", NULL);
    g_signal_connect_object(action, "activate", G_CALLBACK(mg_lesson_panel_leap), self->side,
                            G_CONNECT_SWAPPED);
    g_action_map_add_action(G_ACTION_MAP(self), G_ACTION(action));
}

/* Where a step leads to is to be seen, not folded under its cause. */
static void on_lesson_step(MgWindow *self)
{
    uint32_t target = mg_lesson_play_target(self->play);
    mg_ladder_model_reveal(mg_ladder_get_model(MG_LADDER(self->ladder)),
                           target != 0 ? target : mg_session_position(self->session));
}

/* `play` is nullable. */
static void show_session(MgWindow *self, MgSession *session, const char *title, MgLessonPlay *play)
{
    g_object_ref(session);
    forget_session(self);
    self->session = session;
    self->play = play != NULL ? g_object_ref(play) : NULL;
    mg_foot_install_actions(G_ACTION_MAP(self), session);
    mg_view_install_actions(G_ACTION_MAP(self), session);
    self->page = page_new(self);
    if (play != NULL) {
        install_run_end(self);
        g_signal_connect_swapped(play, "step", G_CALLBACK(on_lesson_step), self);
        on_lesson_step(self);
    }
    gtk_stack_add_child(GTK_STACK(self->stack), self->page);
    gtk_stack_set_visible_child(GTK_STACK(self->stack), self->page);
    g_signal_connect_swapped(session, "notify::position", G_CALLBACK(on_position), self);
    g_signal_connect_swapped(session, "notify::trace", G_CALLBACK(on_trace), self);
    GAction *mode = g_action_map_lookup_action(G_ACTION_MAP(self), "mode");
    g_simple_action_set_state(
        G_SIMPLE_ACTION(mode),
        g_variant_new_string(mg_session_network(session) != NULL ? "simulated" : "real"));
    on_position(self); /* a lesson's step does not begin at the beginning */
    update_actions(self);
    update_title(self, title);
    if (play != NULL)
        mg_lesson_panel_focus(MG_LESSON_PANEL(self->side));
    else
        gtk_widget_grab_focus(self->map);
}

void mg_window_show(MgWindow *self, MgSession *session, const char *title)
{
    show_session(self, session, title, NULL);
}

static gboolean open_path(MgWindow *self, const char *path, guint64 seed)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(MgSession) session = mg_session_new(path, self->registry, seed, problems);
    if (session == NULL) {
        g_autofree char *name = g_path_get_basename(path);
        g_autofree char *heading = g_strdup_printf(_("“%s” cannot be opened"), name);
        mg_problems_present(GTK_WINDOW(self), heading, problems);
        return FALSE;
    }
    g_free(self->path);
    self->path = g_strdup(path);
    mg_networks_opened(path);
    mg_window_show(self, session, NULL);
    return TRUE;
}

/* `before` (transfer full) (nullable) is where the window was. */
static void remember(MgWindow *self, char *before)
{
    if (before != NULL && g_strcmp0(before, self->path) != 0)
        g_ptr_array_add(self->history, before);
    else
        g_free(before);
    update_actions(self);
}

gboolean mg_window_open(MgWindow *self, const char *path, guint64 seed)
{
    g_autofree char *before = g_strdup(self->path);
    if (!open_path(self, path, seed))
        return FALSE;
    remember(self, g_steal_pointer(&before));
    return TRUE;
}

/* ---- a lesson ---- */

/* A lesson with mistakes is shown as far as it can be used, after they were told. */
static MgLessonPlay *load_play(MgWindow *self, const char *folder)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(MgLesson) lesson = mg_lesson_load(folder, problems);
    MgLessonPlay *play = NULL;
    if (lesson != NULL && lesson->steps->len > 0) {
        mg_lesson_judge(lesson, self->registry, problems);
        play = mg_lesson_play_new(g_steal_pointer(&lesson), self->registry, problems);
    }
    if (play != NULL && problems->len == 0)
        return play;
    g_autofree char *name = g_path_get_basename(folder);
    g_autofree char *heading =
        g_strdup_printf(play != NULL ? _("“%s” has mistakes") : _("“%s” cannot be opened"), name);
    mg_problems_present(GTK_WINDOW(self), heading, problems);
    return play;
}

/* Keeps what the learner does from now on; `left` is the step to go on from, `reached` the
 * furthest. */
static void follow_progress(MgWindow *self, MgLessonPlay *play, int *left, size_t *reached)
{
    g_autoptr(GError) error = NULL;
    const MgLesson *lesson = mg_lesson_play_lesson(play);
    if (self->progress == NULL)
        self->progress = mg_progress_open(NULL, &error);
    if (self->progress == NULL) {
        mg_window_toast(self, error->message);
        return;
    }
    MgProgressOf of = mg_progress_of(self->progress, lesson->id);
    int step = of.step != NULL ? mg_lesson_find_step(lesson, of.step) : 0;
    *left = of.finished ? 0 : MAX(step, 0);
    *reached = of.finished ? lesson->steps->len - 1u : MAX((size_t)*left, of.passed);
    mg_progress_follow(self->progress, play);
}

static MgLanguage lesson_language(MgWindow *self)
{
    g_autoptr(GVariant) state =
        g_action_group_get_action_state(G_ACTION_GROUP(self), "lesson-language");
    return g_str_equal(g_variant_get_string(state, NULL), mg_language_codes[MG_KOREAN])
               ? MG_KOREAN
               : MG_ENGLISH;
}

static gboolean open_lesson(MgWindow *self, const char *folder, int step)
{
    g_autoptr(MgLessonPlay) play = load_play(self, folder);
    if (play == NULL)
        return FALSE;
    int left = 0;
    size_t reached = 0;
    mg_lesson_play_set_leap(play, FALSE);
    mg_lesson_play_set_language(play, lesson_language(self));
    follow_progress(self, play, &left, &reached);
    size_t last = mg_lesson_play_n_steps(play) - 1;
    mg_lesson_play_enter(play, MIN((size_t)(step >= 0 ? step : left), last));
    g_free(self->path);
    self->path = g_strdup(mg_lesson_play_lesson(play)->folder);
    show_session(self, mg_lesson_play_session(play), NULL, play);
    mg_lesson_panel_set_reached(MG_LESSON_PANEL(self->side), MIN(reached, last));
    return TRUE;
}

gboolean mg_window_open_lesson(MgWindow *self, const char *folder, int step)
{
    g_autofree char *before = g_strdup(self->path);
    if (!open_lesson(self, folder, step))
        return FALSE;
    remember(self, g_steal_pointer(&before));
    return TRUE;
}

/* A network or a lesson that was open before. */
static gboolean reopen(MgWindow *self, const char *path, guint64 seed)
{
    g_autofree char *lesson = g_build_filename(path, "lesson.md", NULL);
    return g_file_test(lesson, G_FILE_TEST_EXISTS) ? open_lesson(self, path, -1)
                                                   : open_path(self, path, seed);
}

void mg_window_show_start(MgWindow *self)
{
    if (self->session != NULL)
        mg_session_set_playing(self->session, false);
    mg_start_page_refresh(MG_START_PAGE(self->start));
    gtk_stack_set_visible_child(GTK_STACK(self->stack), self->start);
    update_actions(self);
    update_title(self, NULL);
}

/* ---- actions ---- */

static guint64 seed_of(MgWindow *self)
{
    return self->session != NULL && mg_session_network(self->session) != NULL
               ? mg_session_seed(self->session)
               : 1;
}

static void on_open(MgStartPage *page, const char *path, MgWindow *self)
{
    mg_window_open(self, path, seed_of(self));
}

static void on_open_lesson(MgStartPage *page, const char *folder, MgWindow *self)
{
    mg_window_open_lesson(self, folder, -1);
}

static void act_networks(GSimpleAction *action, GVariant *parameter, void *data)
{
    MgWindow *self = data;
    if (self->presenting)
        return;
    if (on_session_page(self)) {
        mg_window_show_start(self);
    } else if (self->page != NULL) {
        gtk_stack_set_visible_child(GTK_STACK(self->stack), self->page);
        update_actions(self);
        update_title(self, NULL);
    }
}

static void act_previous(GSimpleAction *action, GVariant *parameter, void *data)
{
    MgWindow *self = data;
    if (!on_session_page(self) && self->page != NULL) {
        act_networks(NULL, NULL, self);
        return;
    }
    if (self->history->len == 0)
        return;
    g_autofree char *path = g_ptr_array_steal_index(self->history, self->history->len - 1);
    reopen(self, path, seed_of(self));
    update_actions(self);
}

static void on_folder(GtkNativeDialog *dialog, int response, MgWindow *self)
{
    g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
    g_autofree char *path = file != NULL ? g_file_get_path(file) : NULL;
    if (response == GTK_RESPONSE_ACCEPT && path != NULL)
        mg_window_open(self, path, seed_of(self));
    g_object_unref(dialog);
}

static void act_open_folder(GSimpleAction *action, GVariant *parameter, void *data)
{
    GtkFileChooserNative *dialog =
        gtk_file_chooser_native_new(_("Open a network's folder"), GTK_WINDOW(data),
                                    GTK_FILE_CHOOSER_ACTION_SELECT_FOLDER, _("Open"), _("Cancel"));
    gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
    g_signal_connect(dialog, "response", G_CALLBACK(on_folder), data);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

static void act_compose(GSimpleAction *action, GVariant *parameter, void *data)
{
    MgWindow *self = data;
    if (mg_session_network(self->session) != NULL)
        mg_compose_present(GTK_WINDOW(self), self->session, NULL, NULL);
    else
        mg_real_panel_write(self->session, GTK_WINDOW(self));
}

static void act_filter(GSimpleAction *action, GVariant *parameter, void *data)
{
    MgWindow *self = data;
    if (self->presenting)
        return;
    mg_filter_bar_set_open(MG_FILTER_BAR(self->filter),
                           !mg_filter_bar_is_open(MG_FILTER_BAR(self->filter)));
}

static void act_inspector(GSimpleAction *action, GVariant *parameter, void *data)
{
    MgWindow *self = data;
    if (self->presenting)
        return;
    bool show = !gtk_widget_get_visible(self->inspector);
    gtk_widget_set_visible(self->inspector, show);
    if (show)
        mg_inspector_focus(MG_INSPECTOR(self->inspector));
}

/* Opens it; goes to it where it is seen already; closes it from inside of it. */
static void act_console(GSimpleAction *action, GVariant *parameter, void *data)
{
    MgWindow *self = data;
    GtkWidget *focus = gtk_window_get_focus(GTK_WINDOW(self));
    bool inside = focus != NULL && gtk_widget_is_ancestor(focus, self->console);
    mg_console_view_set_open(MG_CONSOLE_VIEW(self->console), !inside);
    if (inside)
        gtk_widget_grab_focus(self->map);
    else
        mg_console_view_focus(MG_CONSOLE_VIEW(self->console));
}

/* Panels are hidden and shown again, never made anew: so nothing is lost. */
static void present(MgWindow *self, bool on)
{
    if (self->presenting == on || (on && !on_session_page(self)))
        return;
    GtkWidget *const hidden[] = {self->header, self->side, self->lower};
    self->presenting = on;
    for (size_t i = 0; i < G_N_ELEMENTS(hidden); i++)
        gtk_widget_set_visible(hidden[i], !on);
    /* The inspector may have been hidden before. */
    if (on)
        g_object_set_data(G_OBJECT(self->inspector), "was-shown",
                          GINT_TO_POINTER(gtk_widget_get_visible(self->inspector)));
    gtk_widget_set_visible(
        self->inspector, !on && g_object_get_data(G_OBJECT(self->inspector), "was-shown") != NULL);
    mg_map_view_set_large(MG_MAP_VIEW(self->map), on);
    mg_caption_set_large(MG_CAPTION(self->caption), on);
    on_console_shown(self);
    mg_foot_set_large(MG_FOOT(self->foot), on);
    mg_console_view_set_large(MG_CONSOLE_VIEW(self->console), on);
    if (self->strip != NULL)
        gtk_widget_set_visible(self->strip, on);
    update_actions(self);
    if (on)
        gtk_window_fullscreen(GTK_WINDOW(self));
    else
        gtk_window_unfullscreen(GTK_WINDOW(self));
    gtk_widget_grab_focus(self->map);
}

static void act_presentation(GSimpleAction *action, GVariant *parameter, void *data)
{
    MgWindow *self = data;
    present(self, !self->presenting);
}

/* What the buttons of the lesson do. */
static void act_lesson(GSimpleAction *action, GVariant *parameter, void *data)
{
    static const struct {
        const char *name;
        void (*act)(MgLessonPanel *panel);
    } rows[] = {{"lesson-next", mg_lesson_panel_next},
                {"lesson-back", mg_lesson_panel_back},
                {"lesson-check", mg_lesson_panel_check},
                {"lesson-hint", mg_lesson_panel_hint},
                {"lesson-again", mg_lesson_panel_again}};
    const char *name = g_action_get_name(G_ACTION(action));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(rows[i].name, name) == 0)
            rows[i].act(MG_LESSON_PANEL(MG_WINDOW(data)->side));
}

static void act_lesson_language(GSimpleAction *action, GVariant *wanted, void *data)
{
    MgWindow *self = data;
    g_simple_action_set_state(action, wanted);
    if (self->play == NULL)
        return;
    mg_lesson_panel_set_language(MG_LESSON_PANEL(self->side), lesson_language(self));
    update_title(self, NULL);
    if (lesson_language(self) != mg_language_now())
        mg_window_toast(self, _("The lesson changes; the window keeps the desktop’s language"));
}

/* For who cannot point: the page of a host, by its name. */
static void act_look_at(GSimpleAction *action, GVariant *name, void *data)
{
    MgWindow *self = data;
    if (on_session_page(self))
        on_host_selected(MG_MAP_VIEW(self->map), g_variant_get_string(name, NULL), self);
}

static void act_read(GSimpleAction *action, GVariant *parameter, void *data)
{
    if (on_session_page(data))
        mg_inspector_read(MG_INSPECTOR(MG_WINDOW(data)->inspector));
}

static void act_keys(GSimpleAction *action, GVariant *parameter, void *data)
{
    GtkWidget *window = mg_shortcuts_window_new();
    gtk_window_set_transient_for(GTK_WINDOW(window), GTK_WINDOW(data));
    gtk_window_present(GTK_WINDOW(window));
}

static void act_plugins(GSimpleAction *action, GVariant *parameter, void *data)
{
    mg_plugins_present(GTK_WINDOW(data), MG_WINDOW(data)->registry);
}

static void act_about(GSimpleAction *action, GVariant *parameter, void *data)
{
    GtkWidget *about = adw_about_window_new();
    g_object_set(about, "application-name", "Mailglass", "application-icon",
                 "org.mailglass.Mailglass", "version", MG_VERSION, "license-type",
                 GTK_LICENSE_GPL_3_0, "comments", _("See electronic mail happen, byte by byte."),
                 "developer-name", _("The authors of Mailglass"), "transient-for", data, "modal",
                 TRUE, NULL);
    gtk_window_present(GTK_WINDOW(about));
}

static void act_next_branch(GSimpleAction *action, GVariant *parameter, void *data)
{
    MgWindow *self = data;
    size_t n = mg_session_n_branches(self->session);
    mg_session_set_branch(self->session, (mg_session_branch(self->session) + 1) % n);
}

static void on_capture(GtkNativeDialog *dialog, int response, MgWindow *self)
{
    g_autoptr(GFile) file = gtk_file_chooser_get_file(GTK_FILE_CHOOSER(dialog));
    g_autofree char *path = file != NULL ? g_file_get_path(file) : NULL;
    g_autoptr(GError) error = NULL;
    if (response == GTK_RESPONSE_ACCEPT && path != NULL && self->session != NULL) {
        bool saved = mg_pcapng_write(mg_session_trace(self->session), path, &error);
        mg_window_toast(self, saved ? _("The capture is saved") : error->message);
    }
    g_object_unref(dialog);
}

static void act_save_capture(GSimpleAction *action, GVariant *parameter, void *data)
{
    GtkFileChooserNative *dialog =
        gtk_file_chooser_native_new(_("Save what happened as a capture"), GTK_WINDOW(data),
                                    GTK_FILE_CHOOSER_ACTION_SAVE, _("Save"), _("Cancel"));
    gtk_native_dialog_set_modal(GTK_NATIVE_DIALOG(dialog), TRUE);
    gtk_file_chooser_set_current_name(GTK_FILE_CHOOSER(dialog), "mailglass.pcapng");
    g_signal_connect(dialog, "response", G_CALLBACK(on_capture), data);
    gtk_native_dialog_show(GTK_NATIVE_DIALOG(dialog));
}

static void on_real(MgSession *session, const char *title, void *data)
{
    mg_window_show(MG_WINDOW(data), session, title);
}

static void act_mode(GSimpleAction *action, GVariant *wanted, void *data)
{
    MgWindow *self = data;
    const char *mode = g_variant_get_string(wanted, NULL);
    bool real = self->session != NULL && mg_session_network(self->session) == NULL;
    if (strcmp(mode, "real") == 0 && !real && self->session != NULL)
        mg_real_panel_ask(GTK_WINDOW(self), self->session, on_real, self);
    else if (strcmp(mode, "simulated") == 0 && real && self->path != NULL)
        reopen(self, self->path, 1);
    /* The state follows the session that is shown: a sheet may be cancelled. */
    g_simple_action_set_state(
        action,
        g_variant_new_string(self->session != NULL && mg_session_network(self->session) == NULL
                                 ? "real"
                                 : "simulated"));
}

static void on_connected(MgSession *session, const char *title, void *data)
{
    MgWindow *self = data;
    g_free(self->path);
    self->path = mg_networks_find(REAL_NETWORK); /* where "Simulated" leads back to */
    mg_window_show(self, session, title);
}

/* From the start page: the same as the switch at the top, on a network that is shipped. */
static void act_connect(GSimpleAction *action, GVariant *parameter, void *data)
{
    MgWindow *self = data;
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *path = mg_networks_find(REAL_NETWORK);
    g_autoptr(MgSession) session =
        path != NULL ? mg_session_new(path, self->registry, 1, problems) : NULL;
    if (session == NULL) {
        mg_problems_present(GTK_WINDOW(self), _("There is no network to connect from"), problems);
        return;
    }
    mg_real_panel_ask(GTK_WINDOW(self), session, on_connected, self);
}

static void add_actions(MgWindow *self)
{
    static const GActionEntry entries[] = {
        {"networks", act_networks, NULL, NULL, NULL, {0}},
        {"previous", act_previous, NULL, NULL, NULL, {0}},
        {"open-folder", act_open_folder, NULL, NULL, NULL, {0}},
        {"compose", act_compose, NULL, NULL, NULL, {0}},
        {"filter", act_filter, NULL, NULL, NULL, {0}},
        {"inspector", act_inspector, NULL, NULL, NULL, {0}},
        {"look-at", act_look_at, "s", NULL, NULL, {0}},
        {"read", act_read, NULL, NULL, NULL, {0}},
        {"console", act_console, NULL, NULL, NULL, {0}},
        {"presentation", act_presentation, NULL, NULL, NULL, {0}},
        {"keys", act_keys, NULL, NULL, NULL, {0}},
        {"plugins", act_plugins, NULL, NULL, NULL, {0}},
        {"about", act_about, NULL, NULL, NULL, {0}},
        {"save-capture", act_save_capture, NULL, NULL, NULL, {0}},
        {"connect", act_connect, NULL, NULL, NULL, {0}},
        {"next-branch", act_next_branch, NULL, NULL, NULL, {0}},
        {"lesson-next", act_lesson, NULL, NULL, NULL, {0}},
        {"lesson-back", act_lesson, NULL, NULL, NULL, {0}},
        {"lesson-check", act_lesson, NULL, NULL, NULL, {0}},
        {"lesson-hint", act_lesson, NULL, NULL, NULL, {0}},
        {"lesson-again", act_lesson, NULL, NULL, NULL, {0}},
        {"lesson-language", NULL, "s", "'en'", act_lesson_language, {0}},
        {"mode", NULL, "s", "'simulated'", act_mode, {0}}};
    g_action_map_add_action_entries(G_ACTION_MAP(self), entries, G_N_ELEMENTS(entries), self);
    mg_lecture_add_actions(self);
    mg_faults_add_actions(self);
    mg_save_menu_add_actions(self);
    GAction *language = g_action_map_lookup_action(G_ACTION_MAP(self), "lesson-language");
    g_simple_action_set_state(G_SIMPLE_ACTION(language),
                              g_variant_new_string(mg_language_codes[mg_language_now()]));
}

static gboolean on_escape(GtkEventControllerKey *keys, unsigned key, unsigned code,
                          GdkModifierType modifiers, MgWindow *self)
{
    if (key != GDK_KEY_Escape || !self->presenting)
        return FALSE;
    present(self, false);
    return TRUE;
}

/* ---- the object ---- */

static void mg_window_dispose(GObject *object)
{
    MgWindow *self = MG_WINDOW(object);
    forget_session(self);
    g_clear_pointer(&self->progress, mg_progress_free); /* after the play that it follows */
    g_clear_pointer(&self->registry, mg_registry_unref);
    g_clear_pointer(&self->history, g_ptr_array_unref);
    g_clear_pointer(&self->path, g_free);
    G_OBJECT_CLASS(mg_window_parent_class)->dispose(object);
}

static void mg_window_class_init(MgWindowClass *class)
{
    G_OBJECT_CLASS(class)->dispose = mg_window_dispose;
}

static void mg_window_init(MgWindow *self)
{
    self->history = g_ptr_array_new_with_free_func(g_free);
    GdkDisplay *display = gtk_widget_get_display(GTK_WIDGET(self));
    mg_theme_init(display);
    mg_window_style_init(display);
    add_actions(self);
    mg_shortcuts_install(GTK_WINDOW(self));
    GtkEventController *keys = gtk_event_controller_key_new();
    gtk_event_controller_set_propagation_phase(keys, GTK_PHASE_CAPTURE);
    g_signal_connect(keys, "key-pressed", G_CALLBACK(on_escape), self);
    gtk_widget_add_controller(GTK_WIDGET(self), keys);
}

GtkWidget *mg_window_new(GtkApplication *application, MgRegistry *registry)
{
    MgWindow *self = g_object_new(MG_TYPE_WINDOW, "application", application, NULL);
    self->registry = mg_registry_ref(registry);
    gtk_window_set_default_size(GTK_WINDOW(self), 1280, 800);
    GtkWidget *box = gtk_box_new(GTK_ORIENTATION_VERTICAL, 0);
    self->title = ADW_WINDOW_TITLE(adw_window_title_new("Mailglass", NULL));
    self->header = mg_window_header_new(GTK_WIDGET(self->title), &self->mode);
    gtk_box_append(GTK_BOX(box), self->header);
    self->stack = gtk_stack_new();
    gtk_widget_set_vexpand(self->stack, TRUE);
    self->start = mg_start_page_new(registry);
    g_signal_connect(self->start, "open", G_CALLBACK(on_open), self);
    g_signal_connect(self->start, "open-lesson", G_CALLBACK(on_open_lesson), self);
    gtk_stack_add_child(GTK_STACK(self->stack), self->start);
    self->toasts = adw_toast_overlay_new();
    adw_toast_overlay_set_child(ADW_TOAST_OVERLAY(self->toasts), self->stack);
    gtk_box_append(GTK_BOX(box), self->toasts);
    adw_application_window_set_content(ADW_APPLICATION_WINDOW(self), mg_lecture_cover_new(box));
    update_actions(self);
    return GTK_WIDGET(self);
}

gboolean mg_window_save_picture(GtkWindow *window, const char *path)
{
    GdkPaintable *paintable = gtk_widget_paintable_new(GTK_WIDGET(window));
    int width = gdk_paintable_get_intrinsic_width(paintable);
    int height = gdk_paintable_get_intrinsic_height(paintable);
    GtkSnapshot *snapshot = gtk_snapshot_new();
    gdk_paintable_snapshot(paintable, snapshot, width, height);
    GskRenderNode *node = gtk_snapshot_free_to_node(snapshot);
    g_object_unref(paintable);
    if (node == NULL)
        return FALSE;
    g_autoptr(GdkTexture) texture =
        gsk_renderer_render_texture(gtk_native_get_renderer(GTK_NATIVE(window)), node,
                                    &GRAPHENE_RECT_INIT(0, 0, (float)width, (float)height));
    gsk_render_node_unref(node);
    return gdk_texture_save_to_png(texture, path);
}
