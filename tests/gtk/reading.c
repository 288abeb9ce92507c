/* SPDX-License-Identifier: GPL-3.0-or-later */
/* reading.c - a letter is opened as its parts, and what is read is what was written */
#include "gtk-test.h"
#include "inspector.h"
#include "parts.h"

static MgWindow *open_parts(void)
{
    g_autofree char *folder = g_path_get_dirname(g_getenv("TEST_NETWORK"));
    g_autofree char *path = g_build_filename(folder, "parts", NULL);
    MgWindow *window = MG_WINDOW(mg_window_new(NULL, registry));
    g_assert_true(mg_window_open(window, path, 1));
    show_window(window);
    return window;
}

/* The first exchange that holds a letter. */
static uint32_t find_letter(MgSession *session)
{
    const MgTrace *trace = mg_session_trace(session);
    for (uint32_t n = 1; n <= mg_trace_n_records(trace); n++) {
        if (mg_trace_record(trace, n)->kind != MG_RECORD_EXCHANGE)
            continue;
        g_autoptr(MgTree) tree = mg_trace_tree(trace, n);
        if (mg_parts_are_in(tree))
            return n;
    }
    g_assert_not_reached();
}

static void test_parts(void)
{
    MgWindow *window = open_parts();
    MgSession *session = mg_window_session(window);
    g_autoptr(MgTree) tree = mg_trace_tree(mg_session_trace(session), find_letter(session));
    g_autoptr(GArray) parts = mg_parts_of(tree);
    static const struct {
        const char *type, *name;
        unsigned depth;
    } wanted[] = {{"multipart/mixed", NULL, 0}, {"text/plain", NULL, 1},
                  {"image/png", "나무.png", 1}, {"text/plain", "list.txt", 1},
                  {"message/rfc822", NULL, 1},  {"text/plain", NULL, 2}};
    g_assert_cmpuint(parts->len, ==, G_N_ELEMENTS(wanted));
    for (guint i = 0; i < parts->len; i++) {
        const MgPart *part = &g_array_index(parts, MgPart, i);
        g_assert_cmpstr(part->type, ==, wanted[i].type);
        g_assert_cmpstr(part->name, ==, wanted[i].name);
        g_assert_cmpuint(part->depth, ==, wanted[i].depth);
    }
    const MgPart *part = &g_array_index(parts, MgPart, 0);
    g_autofree char *subject = mg_part_line(tree, part, "subject");
    g_assert_cmpstr(subject, ==, "소풍 사진과 목록");
    g_assert_null(mg_part_line(tree, part, "Cc"));
    g_autofree char *text = mg_part_text(tree, &part[1]);
    g_assert_nonnull(strstr(text, "사진과 목록을 보냅니다."));
    g_assert_null(mg_part_text(tree, &part[2]));
    g_autoptr(GBytes) image = mg_part_octets(tree, &part[2]);
    gsize len = 0;
    const uint8_t *octets = g_bytes_get_data(image, &len);
    g_assert_cmpuint(len, ==, 192);
    g_assert_cmpuint(part[2].size, ==, 192);
    g_assert_cmpuint(octets[191], ==, 63);
    g_autofree char *inner = mg_part_text(tree, &part[5]);
    g_assert_nonnull(strstr(inner, "By the lake."));
    close_window(window);
}

static GtkWidget *sheet_over(MgWindow *window)
{
    GListModel *all = gtk_window_get_toplevels();
    for (unsigned i = 0; i < g_list_model_get_n_items(all); i++) {
        g_autoptr(GtkWindow) each = g_list_model_get_item(all, i);
        if (gtk_window_get_transient_for(each) == GTK_WINDOW(window))
            return GTK_WIDGET(each);
    }
    return NULL;
}

/* Its bytes: the sheet goes, and they are lit. */
static void test_sheet(void)
{
    MgWindow *window = open_parts();
    MgSession *session = mg_window_session(window);
    MgInspector *inspector = MG_INSPECTOR(find(GTK_WIDGET(window), MG_TYPE_INSPECTOR));
    mg_session_seek(session, 1);
    settle();
    act(window, "win.read"); /* nothing to read here */
    g_assert_null(sheet_over(window));
    mg_session_seek(session, find_letter(session));
    settle();
    act(window, "win.read");
    GtkWidget *sheet = sheet_over(window);
    g_assert_nonnull(sheet);
    GtkTextBuffer *buffer =
        gtk_text_view_get_buffer(GTK_TEXT_VIEW(find(sheet, GTK_TYPE_TEXT_VIEW)));
    GtkTextIter start, end;
    gtk_text_buffer_get_bounds(buffer, &start, &end);
    g_autofree char *text = gtk_text_buffer_get_text(buffer, &start, &end, FALSE);
    g_assert_true(g_str_has_prefix(text, "안녕하세요, 밥."));
    g_signal_emit_by_name(find_that(sheet, has_label, "Its bytes"), "clicked");
    settle();
    g_assert_null(sheet_over(window));
    g_assert_true(g_str_has_suffix(mg_inspector_field(inspector), ".message_text"));
    size_t offset = 0, len = 0;
    mg_inspector_lit(inspector, &offset, &len);
    g_assert_cmpuint(len, >, 20);
    close_window(window);
}

/* What a letter is about is looked at first, not where it ends. */
static void test_subject(void)
{
    MgWindow *window = open_parts();
    MgSession *session = mg_window_session(window);
    uint32_t n = find_letter(session);
    mg_session_seek(session, n);
    settle();
    MgInspector *inspector = MG_INSPECTOR(find(GTK_WIDGET(window), MG_TYPE_INSPECTOR));
    g_autoptr(MgTree) tree = mg_trace_tree(mg_session_trace(session), n);
    MgNode subject = mg_parts_subject(tree);
    g_autofree char *value = mg_tree_value(tree, subject);
    g_assert_cmpstr(value, ==, "소풍 사진과 목록");
    g_assert_cmpstr(mg_inspector_field(inspector), ==, mg_tree_node(tree, subject)->field->id);
    g_assert_true(g_str_has_suffix(mg_inspector_field(inspector), ".subject"));
    close_window(window);
}

int main(int argc, char **argv)
{
    test_begin(&argc, &argv);
    g_test_add_func("/reading/subject", test_subject);
    g_test_add_func("/reading/parts", test_parts);
    g_test_add_func("/reading/sheet", test_sheet);
    return test_end();
}
