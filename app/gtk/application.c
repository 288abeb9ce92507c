/* SPDX-License-Identifier: GPL-3.0-or-later */
/* application.c - the application and its command line */
#include "application.h"

#include <locale.h>
#include <stdio.h>

#include "networks.h"
#include "picture.h"
#include "shelf.h"
#include "window.h"
#include "words.h"

#define SETTLE_MS 400 /* until a picture is taken: delayed parts have been drawn */

struct _MgApplication {
    AdwApplication parent_instance;
    MgRegistry *registry;
    GtkWidget *window; /* the first one */
    char *screenshot, *size, *action, *lesson, *step, *language;
    gboolean first_frame;
    gint64 began;
    int at, seed;
    gboolean start_page, presentation;
    int status;
};

G_DEFINE_FINAL_TYPE(MgApplication, mg_application, ADW_TYPE_APPLICATION)

static gboolean take_picture(void *data)
{
    MgApplication *self = data;
    GListModel *windows = gtk_window_get_toplevels();
    /* The newest window, so that a dialog can be looked at too. */
    g_autoptr(GtkWindow) window = NULL;
    for (guint i = 0; i < g_list_model_get_n_items(windows); i++) {
        g_autoptr(GtkWindow) each = g_list_model_get_item(windows, i);
        if (window == NULL ||
            (gtk_widget_get_mapped(GTK_WIDGET(each)) && GTK_WIDGET(each) != self->window))
            g_set_object(&window, each);
    }
    if (!mg_window_save_picture(window, self->screenshot)) {
        g_printerr("mailglass-window: %s: %s\n", self->screenshot, _("could not be written"));
        self->status = 3;
    }
    g_application_quit(G_APPLICATION(self));
    return G_SOURCE_REMOVE;
}

/* For the bench: says when the first frame was painted, and ends. */
static void first_frame(GdkFrameClock *clock, MgApplication *self)
{
    g_print("first frame after %.1f ms\n", (double)(g_get_monotonic_time() - self->began) / 1000);
    g_application_quit(G_APPLICATION(self));
}

static void set_size(MgApplication *self)
{
    int width = 0, height = 0;
    /* NOLINTNEXTLINE(cert-err34-c): what is not two numbers changes nothing */
    if (self->size != NULL && sscanf(self->size, "%dx%d", &width, &height) == 2 && width > 0)
        gtk_window_set_default_size(GTK_WINDOW(self->window), width, height);
}

/* From 0 on, or from the end. */
static void seek(MgApplication *self)
{
    MgSession *session = mg_window_session(MG_WINDOW(self->window));
    uint32_t n = mg_trace_n_records(mg_session_trace(session));
    mg_session_seek(session, self->at < 0 ? n : MIN((uint32_t)self->at, n));
}

static gboolean open_network(MgApplication *self, const char *name)
{
    g_autofree char *path = mg_networks_find(name);
    if (path == NULL)
        g_printerr("mailglass-window: %s: %s\n", name, _("no such network"));
    if (path == NULL || !mg_window_open(MG_WINDOW(self->window), path, (guint64)MAX(self->seed, 0)))
        return FALSE;
    seek(self);
    return TRUE;
}

/* -1: where it was left. */
static int step_number(MgApplication *self, const char *folder)
{
    if (self->step == NULL)
        return -1;
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(MgLesson) lesson = mg_lesson_load(folder, problems);
    int step = lesson != NULL ? mg_picture_step(lesson, self->step) : -1;
    if (step < 0)
        g_printerr("mailglass-window: %s: %s\n", self->step, _("no such step"));
    return step;
}

static gboolean open_lesson(MgApplication *self)
{
    g_autofree char *folder = mg_shelf_find(self->lesson);
    if (folder == NULL)
        g_printerr("mailglass-window: %s: %s\n", self->lesson, _("no such lesson"));
    if (folder == NULL ||
        !mg_window_open_lesson(MG_WINDOW(self->window), folder, step_number(self, folder)))
        return FALSE;
    if (self->at != 0)
        seek(self);
    return TRUE;
}

/* Who asks for nothing is shown what there is. */
static void open_first(MgApplication *self, const char *name)
{
    if (self->start_page || (self->lesson != NULL && !open_lesson(self)) ||
        (self->lesson == NULL && (name == NULL || !open_network(self, name))))
        mg_window_show_start(MG_WINDOW(self->window));
}

/* "win.lesson-hint;win.answer(uint32 1)": one after the other. */
static void do_actions(MgApplication *self)
{
    g_auto(GStrv) each = g_strsplit(self->action != NULL ? self->action : "", ";", -1);
    for (size_t i = 0; each[i] != NULL; i++) {
        g_autofree char *name = NULL;
        g_autoptr(GVariant) target = NULL;
        g_autoptr(GError) error = NULL;
        if (!g_action_parse_detailed_name(each[i], &name, &target, &error))
            g_printerr("mailglass-window: %s\n", error->message);
        else
            gtk_widget_activate_action_variant(self->window, name, target);
    }
}

static int command_line(GApplication *application, GApplicationCommandLine *line)
{
    MgApplication *self = MG_APPLICATION(application);
    int argc = 0;
    g_auto(GStrv) argv = g_application_command_line_get_arguments(line, &argc);
    if (self->language != NULL) {
        g_setenv("LANGUAGE", self->language, TRUE);
        if (g_str_equal(setlocale(LC_MESSAGES, NULL), "C"))
            setlocale(LC_ALL, "C.UTF-8"); /* the plain C locale speaks English alone */
    }
    self->window = mg_window_new(GTK_APPLICATION(self), self->registry);
    set_size(self);
    open_first(self, argc > 1 ? argv[1] : NULL);
    gtk_window_present(GTK_WINDOW(self->window));
    if (self->presentation)
        gtk_widget_activate_action(self->window, "win.presentation", NULL);
    do_actions(self);
    if (self->first_frame)
        g_signal_connect(gtk_widget_get_frame_clock(self->window), "after-paint",
                         G_CALLBACK(first_frame), self);
    if (self->screenshot != NULL)
        g_timeout_add(SETTLE_MS, take_picture, self);
    return self->status;
}

static void quit(GSimpleAction *action, GVariant *parameter, void *data)
{
    g_application_quit(G_APPLICATION(data));
}

static void mg_application_startup(GApplication *application)
{
    MgApplication *self = MG_APPLICATION(application);
    static const GActionEntry entries[] = {{"quit", quit, NULL, NULL, NULL, {0}}};
    G_APPLICATION_CLASS(mg_application_parent_class)->startup(application);
    g_action_map_add_action_entries(G_ACTION_MAP(application), entries, G_N_ELEMENTS(entries),
                                    application);
    self->registry = mg_registry_new();
}

static void mg_application_finalize(GObject *object)
{
    MgApplication *self = MG_APPLICATION(object);
    g_clear_pointer(&self->registry, mg_registry_unref);
    g_free(self->screenshot);
    g_free(self->size);
    g_free(self->action);
    g_free(self->lesson);
    g_free(self->language);
    g_free(self->step);
    G_OBJECT_CLASS(mg_application_parent_class)->finalize(object);
}

static void mg_application_class_init(MgApplicationClass *class)
{
    G_OBJECT_CLASS(class)->finalize = mg_application_finalize;
    G_APPLICATION_CLASS(class)->startup = mg_application_startup;
    G_APPLICATION_CLASS(class)->command_line = command_line;
}

static void mg_application_init(MgApplication *self)
{
    self->seed = 1;
    self->began = g_get_monotonic_time();
    const GOptionEntry entries[] = {
        {"seed", 0, 0, G_OPTION_ARG_INT, &self->seed, N_("Chance begins with this number (1)"),
         N_("N")},
        {"at", 0, 0, G_OPTION_ARG_INT, &self->at, N_("Begins at this event; -1 is the last one"),
         N_("N")},
        {"lesson", 0, 0, G_OPTION_ARG_STRING, &self->lesson,
         N_("Begins a lesson, where it was left"), N_("NAME")},
        {"step", 0, 0, G_OPTION_ARG_STRING, &self->step, N_("Begins at this step of the lesson"),
         N_("STEP")},
        {"language", 0, 0, G_OPTION_ARG_STRING, &self->language, N_("en or ko"), N_("LANGUAGE")},
        {"start-page", 0, 0, G_OPTION_ARG_NONE, &self->start_page,
         N_("Begins with the list of lessons and networks"), NULL},
        {"presentation", 0, 0, G_OPTION_ARG_NONE, &self->presentation,
         N_("Begins as a presentation"), NULL},
        {"size", 0, 0, G_OPTION_ARG_STRING, &self->size, N_("Size of the window, as 1280x800"),
         N_("SIZE")},
        {"action", 0, 0, G_OPTION_ARG_STRING, &self->action,
         N_("Does this at the start, such as win.compose"), N_("NAME")},
        {"first-frame", 0, 0, G_OPTION_ARG_NONE, &self->first_frame,
         N_("Says how long the first frame took, and ends"), NULL},
        {"screenshot", 0, 0, G_OPTION_ARG_FILENAME, &self->screenshot,
         N_("Writes what is seen as a picture, and ends"), N_("FILE.png")},
        {0}};
    g_application_add_main_option_entries(G_APPLICATION(self), entries);
    g_application_set_option_context_parameter_string(G_APPLICATION(self), "[NETWORK]");
}

MgApplication *mg_application_new(void)
{
    return g_object_new(MG_TYPE_APPLICATION, "application-id", "org.mailglass.Mailglass", "flags",
                        G_APPLICATION_HANDLES_COMMAND_LINE | G_APPLICATION_NON_UNIQUE, NULL);
}
