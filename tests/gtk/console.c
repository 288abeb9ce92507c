/* SPDX-License-Identifier: GPL-3.0-or-later */
/* console.c - somebody drives a host by hand in the real window: typing, offers, memory, waiting
 *
 * TEST_PICTURES=FOLDER keeps a picture of what is seen. */

#include "caption.h"
#include "console-entry.h"
#include "console-view.h"
#include "gtk-test.h"

/* Of the whole display: what is offered is a surface of its own. */
static void shoot(const char *what)
{
    const char *folder = g_getenv("TEST_PICTURES");
    if (folder == NULL)
        return;
    wait_ms(300);
    g_autofree char *path = g_strdup_printf("%s/console-%s.png", folder, what);
    const char *argv[] = {"import", "-window", "root", path, NULL};
    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                 NULL);
}

/* ---- a window with a network in which nothing happens by itself ---- */

typedef struct {
    MgWindow *window;
    MgSession *session;
    MgConsoleView *view;
    MgConsoleEntry *entry;
} Bench;

static Bench bench_new(void)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *path = g_build_filename(g_getenv("TEST_NETWORKS"), "first-mail", NULL);
    MgNetwork *network = mg_network_load(path, registry, problems);
    g_assert_nonnull(network);
    g_array_set_size(network->actions, 0);
    g_autoptr(MgSession) session = mg_session_new_for_network(network, registry, 1, problems);
    g_assert_nonnull(session);
    MgWindow *window = MG_WINDOW(mg_window_new(NULL, registry));
    mg_window_show(window, session, NULL);
    show_window(window);
    Bench bench = {.window = window, .session = session};
    bench.view = MG_CONSOLE_VIEW(find(GTK_WIDGET(window), MG_TYPE_CONSOLE_VIEW));
    bench.entry = MG_CONSOLE_ENTRY(find(GTK_WIDGET(window), MG_TYPE_CONSOLE_ENTRY));
    return bench;
}

static void bench_clear(Bench *bench)
{
    close_window(bench->window);
}

static bool is_seen(const Bench *bench)
{
    return gtk_widget_get_mapped(GTK_WIDGET(bench->view));
}

static void act_on(const Bench *bench, const char *action)
{
    act(bench->window, action);
}

static void play_out(const Bench *bench)
{
    while (mg_session_playing(bench->session))
        g_main_context_iteration(NULL, TRUE);
    wait_ms(100);
    settle();
}

/* As a keyboard does it: the controller of the entry hears of the key. */
static bool press(const Bench *bench, unsigned key)
{
    g_autoptr(GListModel) all = gtk_widget_observe_controllers(GTK_WIDGET(bench->entry));
    for (unsigned i = 0; i < g_list_model_get_n_items(all); i++) {
        g_autoptr(GtkEventController) each = g_list_model_get_item(all, i);
        gboolean taken = FALSE;
        if (!GTK_IS_EVENT_CONTROLLER_KEY(each) ||
            gtk_event_controller_get_propagation_phase(each) != GTK_PHASE_CAPTURE)
            continue;
        g_signal_emit_by_name(each, "key-pressed", key, 0u, (GdkModifierType)0, &taken);
        if (taken) {
            settle();
            return true;
        }
    }
    return false;
}

static void write_text(const Bench *bench, const char *text)
{
    gtk_editable_set_text(GTK_EDITABLE(bench->entry), text);
    settle();
}

static const char *text_of(const Bench *bench)
{
    return gtk_editable_get_text(GTK_EDITABLE(bench->entry));
}

static void enter(const Bench *bench, const char *text)
{
    write_text(bench, text);
    g_signal_emit_by_name(bench->entry, "activate");
    settle();
}

static const char *reply(const Bench *bench)
{
    return gtk_label_get_text(GTK_LABEL(find_class(GTK_WIDGET(bench->view), "console-reply")));
}

static const char *problem(const Bench *bench)
{
    GtkWidget *label =
        gtk_widget_get_last_child(gtk_widget_get_first_child(GTK_WIDGET(bench->view)));
    return gtk_widget_get_visible(label) ? gtk_label_get_text(GTK_LABEL(label)) : "";
}

static const MgOffer *find_offer(const Bench *bench, const char *text)
{
    const GPtrArray *offers = mg_console_entry_offers(bench->entry);
    for (unsigned i = 0; i < offers->len; i++) {
        const MgOffer *offer = g_ptr_array_index(offers, i);
        if (strcmp(offer->text, text) == 0)
            return offer;
    }
    return NULL;
}

static void assert_part(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        g_error("“%s” is not in “%s”", part, text);
}

static void connect_to_server(const Bench *bench)
{
    act_on(bench, "win.speed-4");
    if (!is_seen(bench))
        act_on(bench, "win.console");
    enter(bench, "alice talk smtp://mta.example.com:25");
    play_out(bench);
}

/* ---- tests ---- */

static void on_typed(MgConsoleView *view, const char *line, GPtrArray *lines)
{
    g_ptr_array_add(lines, g_strdup(line));
}

/* A whole mail, and the console goes when the server has hung up. */
static void test_dialogue(void)
{
    static const struct {
        const char *line, *reply;
    } rows[] = {{"EHLO alice.example.com", "250"},
                {"MAIL FROM:<alice@example.com>", "250"},
                {"RCPT TO:<alice@example.com>", "250"},
                {"DATA", "354"},
                {"Subject: by hand", "354"},
                {"", "354"},
                {"Hello", "354"},
                {".", "250"}};
    Bench bench = bench_new();
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    g_signal_connect(bench.view, "typed", G_CALLBACK(on_typed), lines);
    g_assert_false(is_seen(&bench));
    connect_to_server(&bench);
    g_assert_true(is_seen(&bench));
    g_assert_cmpstr(mg_console_view_prompt(bench.view), ==, "alice → mta.example.com:25 >");
    assert_part(reply(&bench), "220 mta.example.com");
    shoot("greeted");
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        enter(&bench, rows[i].line);
        g_assert_cmpstr(problem(&bench), ==, "");
        g_assert_cmpstr(text_of(&bench), ==, "");
        play_out(&bench);
        assert_part(reply(&bench), rows[i].reply);
    }
    shoot("sent");
    g_assert_cmpuint(mg_session_n_branches(bench.session), ==, 1); /* it was one conversation */
    g_assert_cmpstr(g_ptr_array_index(lines, 1), ==, "alice> EHLO alice.example.com");
    act_on(&bench, "win.console"); /* it was open from before; from inside of it, that ends */
    gtk_widget_grab_focus(GTK_WIDGET(bench.entry));
    mg_console_view_set_open(bench.view, FALSE);
    enter(&bench, "QUIT");
    play_out(&bench);
    enter(&bench, "QUIT");
    g_assert_false(is_seen(&bench));
    bench_clear(&bench);
}

static void test_offers(void)
{
    Bench bench = bench_new();
    connect_to_server(&bench);
    write_text(&bench, "e");
    g_assert_true(mg_console_entry_is_offering(bench.entry));
    g_assert_nonnull(find_offer(&bench, "EHLO"));
    g_assert_nonnull(find_offer(&bench, "EHLO")->about);
    g_assert_null(find_offer(&bench, "MAIL"));
    g_assert_null(find_offer(&bench, "ENHANCEDSTATUSCODES")); /* no command */
    g_assert_true(press(&bench, GDK_KEY_Tab));
    g_assert_cmpstr(text_of(&bench), ==, "EHLO ");
    g_assert_false(mg_console_entry_is_offering(bench.entry));
    /* A word that stands in the middle. */
    write_text(&bench, "MAIL FROM:<alice@example.com> si");
    g_assert_nonnull(find_offer(&bench, "SIZE"));
    g_assert_null(find_offer(&bench, "MAIL"));
    g_assert_true(press(&bench, GDK_KEY_Escape));
    g_assert_false(mg_console_entry_is_offering(bench.entry));
    g_assert_false(press(&bench, GDK_KEY_Tab)); /* which leaves now */
    /* All of them. */
    write_text(&bench, "");
    g_assert_false(mg_console_entry_is_offering(bench.entry));
    g_assert_true(press(&bench, GDK_KEY_Tab));
    g_assert_cmpuint(mg_console_entry_offers(bench.entry)->len, >, 8);
    press(&bench, GDK_KEY_Down);
    press(&bench, GDK_KEY_Down);
    shoot("offers");
    const MgOffer *second = g_ptr_array_index(mg_console_entry_offers(bench.entry), 1);
    g_autofree char *wanted = g_strconcat(second->text, " ", NULL);
    g_assert_true(press(&bench, GDK_KEY_Return));
    g_assert_cmpstr(text_of(&bench), ==, wanted);
    /* In a letter no word is a command. */
    enter(&bench, "EHLO alice");
    play_out(&bench);
    enter(&bench, "MAIL FROM:<alice@example.com>");
    play_out(&bench);
    enter(&bench, "RCPT TO:<alice@example.com>");
    play_out(&bench);
    enter(&bench, "DATA");
    play_out(&bench);
    write_text(&bench, "q");
    g_assert_false(mg_console_entry_is_offering(bench.entry));
    bench_clear(&bench);
}

/* Who, what, and the words after it. */
static void test_doing(void)
{
    Bench bench = bench_new();
    act_on(&bench, "win.console");
    g_assert_true(is_seen(&bench));
    g_assert_cmpstr(mg_console_view_prompt(bench.view), ==, "…");
    write_text(&bench, "a");
    g_assert_nonnull(find_offer(&bench, "alice"));
    g_assert_true(press(&bench, GDK_KEY_Tab));
    g_assert_cmpstr(text_of(&bench), ==, "alice ");
    g_assert_true(mg_console_entry_is_offering(bench.entry));
    g_assert_nonnull(find_offer(&bench, "talk smtp://"));
    g_assert_nonnull(find_offer(&bench, "talk pop3://"));
    assert_part(find_offer(&bench, "send")->about, "send FILE to ADDRESS…");
    shoot("doing");
    write_text(&bench, "alice talk smtp://mx");
    g_assert_nonnull(find_offer(&bench, "smtp://mx.example.net:25"));
    g_assert_nonnull(find_offer(&bench, "smtp://mx.example.net:587"));
    write_text(&bench, "alice send m");
    g_assert_nonnull(find_offer(&bench, "mail/hello.eml"));
    write_text(&bench, "alice send mail/hello.eml t");
    g_assert_nonnull(find_offer(&bench, "to"));
    write_text(&bench, "alice send mail/hello.eml to b");
    g_assert_nonnull(find_offer(&bench, "bob@example.net"));
    write_text(&bench, "wait ");
    g_assert_true(press(&bench, GDK_KEY_Tab));
    g_assert_nonnull(find_offer(&bench, "5min"));
    /* A mistake is said in place, and nothing is lost. */
    enter(&bench, "alice fly");
    assert_part(problem(&bench), "alice cannot");
    g_assert_cmpstr(text_of(&bench), ==, "alice fly");
    shoot("mistake");
    write_text(&bench, "alice fl");
    g_assert_cmpstr(problem(&bench), ==, "");
    bench_clear(&bench);
}

static void test_recall(void)
{
    Bench bench = bench_new();
    connect_to_server(&bench);
    enter(&bench, "EHLO alice");
    play_out(&bench);
    enter(&bench, "NOOP");
    play_out(&bench);
    write_text(&bench, "half");
    press(&bench, GDK_KEY_Up);
    g_assert_cmpstr(text_of(&bench), ==, "NOOP");
    press(&bench, GDK_KEY_Up);
    g_assert_cmpstr(text_of(&bench), ==, "EHLO alice");
    press(&bench, GDK_KEY_Up);
    g_assert_cmpstr(text_of(&bench), ==, "EHLO alice");
    press(&bench, GDK_KEY_Down);
    press(&bench, GDK_KEY_Down);
    g_assert_cmpstr(text_of(&bench), ==, "half");
    bench_clear(&bench);
}

/* What is typed while the answer is still on its way begins no other branch. */
static void test_fast(void)
{
    Bench bench = bench_new();
    g_object_set(gtk_settings_get_default(), "gtk-enable-animations", TRUE, NULL);
    connect_to_server(&bench);
    act_on(&bench, "win.speed-1");
    enter(&bench, "EHLO alice");
    g_assert_true(mg_session_playing(bench.session));
    wait_ms(150);
    enter(&bench, "NOOP");
    g_assert_cmpuint(mg_session_n_branches(bench.session), ==, 1);
    act_on(&bench, "win.speed-4");
    play_out(&bench);
    assert_part(reply(&bench), "250");
    g_object_set(gtk_settings_get_default(), "gtk-enable-animations", FALSE, NULL);
    bench_clear(&bench);
}

static GtkWidget *button_of(GtkWidget *from, const char *label)
{
    if (GTK_IS_BUTTON(from) && g_strcmp0(gtk_button_get_label(GTK_BUTTON(from)), label) == 0)
        return from;
    for (GtkWidget *at = gtk_widget_get_first_child(from); at != NULL;
         at = gtk_widget_get_next_sibling(at)) {
        GtkWidget *found = button_of(at, label);
        if (found != NULL)
            return found;
    }
    return NULL;
}

static void test_wait_and_hang_up(void)
{
    Bench bench = bench_new();
    connect_to_server(&bench);
    GtkWidget *caption = find(GTK_WIDGET(bench.window), MG_TYPE_CAPTION);
    assert_part(gtk_label_get_text(GTK_LABEL(gtk_widget_get_last_child(caption))),
                "alice’s console waits for a line");
    uint32_t n = mg_trace_n_records(mg_session_trace(bench.session));
    g_assert_true(gtk_widget_activate_action(GTK_WIDGET(bench.view), "console.wait", "s", "5min"));
    settle();
    g_assert_cmpuint(mg_trace_n_records(mg_session_trace(bench.session)), >, n); /* a time-out */
    play_out(&bench);
    mg_session_restart(bench.session);
    connect_to_server(&bench);
    GtkWidget *button = button_of(GTK_WIDGET(bench.view), "Hang up");
    g_assert_true(gtk_widget_is_sensitive(button));
    g_signal_emit_by_name(button, "clicked");
    play_out(&bench);
    g_assert_false(gtk_widget_is_sensitive(button));
    g_assert_cmpstr(mg_console_view_prompt(bench.view), ==, "…");
    bench_clear(&bench);
}

/* Two hosts wait; each has a prompt of its own. */
static void test_several(void)
{
    Bench bench = bench_new();
    connect_to_server(&bench);
    GtkDropDown *prompt = GTK_DROP_DOWN(find(GTK_WIDGET(bench.view), GTK_TYPE_DROP_DOWN));
    gtk_drop_down_set_selected(prompt, 1); /* "…" */
    settle();
    enter(&bench, "bob talk pop3://mail.example.net:110");
    play_out(&bench);
    g_assert_cmpuint(g_list_model_get_n_items(gtk_drop_down_get_model(prompt)), ==, 3);
    g_assert_cmpstr(mg_console_view_prompt(bench.view), ==, "bob → mail.example.net:110 >");
    write_text(&bench, "st");
    g_assert_nonnull(find_offer(&bench, "STAT"));
    shoot("several");
    write_text(&bench, "");
    gtk_drop_down_set_selected(prompt, 0);
    settle();
    g_assert_cmpstr(mg_console_view_prompt(bench.view), ==, "alice → mta.example.com:25 >");
    enter(&bench, "NOOP");
    play_out(&bench);
    assert_part(reply(&bench), "250");
    bench_clear(&bench);
}

static gboolean refuse(const char *line, GError **error, gpointer data)
{
    g_ptr_array_add(data, g_strdup(line));
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED, "not now");
    return FALSE;
}

static void test_doer(void)
{
    Bench bench = bench_new();
    g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func(g_free);
    mg_console_view_set_doer(bench.view, refuse, lines);
    act_on(&bench, "win.console");
    enter(&bench, "bob fetch");
    g_assert_cmpuint(lines->len, ==, 1);
    g_assert_cmpstr(g_ptr_array_index(lines, 0), ==, "bob fetch");
    g_assert_cmpstr(problem(&bench), ==, "not now");
    g_assert_cmpuint(mg_trace_n_records(mg_session_trace(bench.session)), ==, 0);
    bench_clear(&bench);
}

int main(int argc, char **argv)
{
    test_begin(&argc, &argv);
    g_test_add_func("/console/dialogue", test_dialogue);
    g_test_add_func("/console/offers", test_offers);
    g_test_add_func("/console/doing", test_doing);
    g_test_add_func("/console/recall", test_recall);
    g_test_add_func("/console/fast", test_fast);
    g_test_add_func("/console/wait-and-hang-up", test_wait_and_hang_up);
    g_test_add_func("/console/several", test_several);
    g_test_add_func("/console/doer", test_doer);
    return test_end();
}
