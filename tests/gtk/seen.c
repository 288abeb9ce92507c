/* SPDX-License-Identifier: GPL-3.0-or-later */
/* seen.c - what the window makes of a flood of forgeries, of a host that is watched, and of what is
 * hidden on the wire */
#include "chain-card.h"
#include "gtk-test.h"
#include "inspector.h"
#include "ladder.h"
#include "player.h"
#include "words.h"

static MgWindow *open_at(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    MgWindow *window = MG_WINDOW(mg_window_new(NULL, registry));
    g_assert_true(mg_window_open(window, path, 1));
    show_window(window);
    return window;
}

static MgWindow *open_encrypted(void)
{
    g_autofree char *folder = g_path_get_dirname(g_getenv("TEST_NETWORK"));
    return open_at(folder, "encrypted");
}

static MgInspector *inspector_of(MgWindow *window)
{
    return MG_INSPECTOR(find(GTK_WIDGET(window), MG_TYPE_INSPECTOR));
}

static MgLadderIndex *index_of(MgWindow *window)
{
    MgLadder *ladder = MG_LADDER(find(GTK_WIDGET(window), MG_TYPE_LADDER));
    return mg_ladder_model_index(mg_ladder_get_model(ladder));
}

static uint32_t first_forged(const MgTrace *trace)
{
    for (uint32_t n = 1; n <= mg_trace_n_records(trace); n++)
        if (mg_words_posed(trace, n) != 0)
            return n;
    g_assert_not_reached();
}

/* One row and two beats, however many there are; and who lies is told. */
static void test_flood(void)
{
    MgWindow *window = open_at(g_getenv("TEST_NETWORKS"), "cache-poisoning");
    MgSession *session = mg_window_session(window);
    const MgTrace *trace = mg_session_trace(session);
    uint32_t forged = first_forged(trace);
    g_assert_cmpstr(mg_trace_host(trace, mg_words_posed(trace, forged))->name, ==,
                    "ns.example.net");
    g_autofree char *words = mg_words_record(trace, forged);
    g_assert_nonnull(strstr(words, "mallory (as ns.example.net) to resolver"));
    g_assert_cmpuint(mg_words_posed(trace, forged - 1), ==, 0);
    mg_session_seek(session, forged);
    act(window, "win.step");
    uint32_t last = mg_session_position(session);
    g_assert_cmpuint(last, ==, forged + 19);
    g_assert_true(mg_words_says_again(trace, forged, last));
    const MgFold *fold = mg_ladder_index_fold(index_of(window), forged);
    g_assert_nonnull(fold);
    g_assert_true(fold->again);
    g_assert_cmpuint(mg_ladder_index_fold_count(index_of(window), fold, last), ==, 20);
    act(window, "win.step");
    g_assert_false(mg_words_says_again(trace, forged, mg_session_position(session)));
    close_window(window);
}

/* Its page stays while time passes, and goes when something else is looked at. */
static void test_watched(void)
{
    MgWindow *window = open_at(g_getenv("TEST_NETWORKS"), "cache-poisoning");
    MgSession *session = mg_window_session(window);
    MgInspector *inspector = inspector_of(window);
    mg_session_seek(session, 10);
    g_assert_false(mg_inspector_shows_host(inspector));
    mg_inspector_show_host(inspector, mg_world_host(mg_session_world(session), "resolver"));
    g_assert_true(mg_inspector_shows_host(inspector));
    act(window, "win.step");
    act(window, "win.back");
    g_assert_true(mg_inspector_shows_host(inspector));
    wait_ms(120);
    g_assert_nonnull(find_that(GTK_WIDGET(inspector), says, "resolver now"));
    mg_session_select(session, 2);
    g_assert_false(mg_inspector_shows_host(inspector));
    close_window(window);
}

static unsigned count_rows(MgWindow *window, bool (*what)(const MgTrace *, uint32_t))
{
    const MgLadderIndex *index = index_of(window);
    const MgTrace *trace = mg_ladder_index_trace(index);
    unsigned found = 0;
    for (uint32_t row = 0; row < mg_ladder_index_n_rows(index, UINT32_MAX); row++)
        found += what(trace, mg_ladder_index_record(index, row));
    return found;
}

static bool is_hidden(const MgTrace *trace, uint32_t n)
{
    return (mg_trace_record(trace, n)->flags & MG_RECORD_ENCRYPTED) != 0;
}

static bool is_carrier(const MgTrace *trace, uint32_t n)
{
    return mg_view_hides(MG_VIEW_ENDS, trace, n);
}

/* Each view has its own rows, steps and moment; the eavesdropper sees no certificate. */
static void test_views(void)
{
    MgWindow *window = open_encrypted();
    MgSession *session = mg_window_session(window);
    const MgTrace *trace = mg_session_trace(session);
    GtkWidget *chain = find(GTK_WIDGET(window), MG_TYPE_CHAIN_CARD);
    g_autoptr(GError) error = NULL;
    g_assert_true(mg_view_matters(trace, mg_trace_n_records(trace)));
    g_assert_cmpuint(count_rows(window, is_carrier), ==, 0);
    g_assert_cmpuint(count_rows(window, is_hidden), >, 10);
    g_assert_true(mg_session_run_until(session, "smtp.req.command == \"MAIL\"", &error));
    uint32_t mail = mg_session_position(session);
    g_assert_true(is_hidden(trace, mail));
    settle();
    g_assert_true(gtk_widget_get_visible(chain));
    g_assert_nonnull(find_that(chain, says, "mail.example.com"));
    g_assert_nonnull(find_that(chain, says, "Mailglass Simulated Root"));
    g_assert_nonnull(find_class(chain, "error")); /* alice knows the server by its address alone */
    g_assert_nonnull(find_that(chain, says, "another name"));
    g_assert_null(find_that(chain, says, "Proved"));
    act(window, "win.step");
    g_assert_true(is_hidden(trace, mg_session_position(session)));
    act(window, "win.back");
    g_assert_cmpuint(mg_session_position(session), ==, mail);

    act(window, "win.other-view");
    g_assert_cmpuint(count_rows(window, is_hidden), ==, 0);
    g_assert_cmpuint(count_rows(window, is_carrier), >, 10);
    g_assert_cmpuint(mg_session_position(session), ==, mg_trace_record(trace, mail)->parent);
    g_assert_false(gtk_widget_get_visible(chain));
    act(window, "win.step");
    g_assert_true(is_carrier(trace, mg_session_position(session)));
    act(window, "win.back");
    act(window, "win.other-view");
    g_assert_cmpuint(mg_session_position(session), ==, mail);

    /* Also where both views stand at the same event. */
    mg_session_seek(session, mg_trace_record(trace, mail)->parent);
    act(window, "win.other-view");
    g_assert_false(gtk_widget_get_visible(chain));
    close_window(window);
}

/* Where nothing is hidden, nobody is asked who looks. */
static void test_bar(void)
{
    MgWindow *window = open_encrypted();
    g_assert_true(gtk_widget_get_visible(find_class(GTK_WIDGET(window), "mg-views")));
    close_window(window);
    window = open_at(g_getenv("TEST_NETWORKS"), "dns-cache");
    g_assert_null(find_class(GTK_WIDGET(window), "mg-views"));
    close_window(window);
}

/* Alice knows the server by its name, and its certificate proves that. */
static void test_proved(void)
{
    MgWindow *window = open_at(g_getenv("TEST_NETWORKS"), "in-the-clear");
    MgSession *session = mg_window_session(window);
    g_autoptr(GError) error = NULL;
    g_assert_true(mg_session_intervene(session, "!host alice set send-tls yes", NULL, &error));
    g_assert_true(mg_session_run_until(session, "smtp.req.command == \"MAIL\"", &error));
    g_assert_no_error(error);
    settle();
    GtkWidget *chain = find(GTK_WIDGET(window), MG_TYPE_CHAIN_CARD);
    g_assert_true(is_hidden(mg_session_trace(session), mg_session_position(session)));
    g_assert_nonnull(find_that(chain, says, "mta.example.com"));
    g_assert_nonnull(find_that(chain, says, "Proved"));
    g_assert_null(find_class(chain, "error"));
    close_window(window);
}

int main(int argc, char **argv)
{
    test_begin(&argc, &argv);
    g_test_add_func("/seen/flood", test_flood);
    g_test_add_func("/seen/watched", test_watched);
    g_test_add_func("/seen/views", test_views);
    g_test_add_func("/seen/proved", test_proved);
    g_test_add_func("/seen/bar", test_bar);
    return test_end();
}
