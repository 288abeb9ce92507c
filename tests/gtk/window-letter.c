/* SPDX-License-Identifier: GPL-3.0-or-later */
/* window-letter.c - a letter written by hand is a message that every program reads: made by a
 * plugin, or plainly without one */
#include <glib/gstdio.h>
#include <string.h>

#include "attachments.h"
#include "compose.h"
#include "gtk-test.h"
#include "letter.h"
#include "parts.h"
#include "words.h"

/* ---- without a plugin ---- */

static char *write_letter(const char *subject, const char *text)
{
    static const char *const to[] = {"bob@example.net"};
    const MgLetterQuestion question = {.from = "alice@example.com",
                                       .to = to,
                                       .n_to = 1,
                                       .subject = subject,
                                       .text = text,
                                       .date = 1772442000,
                                       .seed = 7};
    MgRegistry *none = mg_registry_new_for_path("/nowhere");
    g_autoptr(GError) error = NULL;
    g_assert_false(mg_letter_has_builder(none));
    g_autoptr(GBytes) bytes = mg_letter_write(none, &question, &error);
    mg_registry_unref(none);
    g_assert_true((bytes == NULL) == (error != NULL));
    if (bytes == NULL)
        return NULL;
    gsize len = 0;
    const char *data = g_bytes_get_data(bytes, &len);
    return g_strndup(data, len);
}

static void test_plain(void)
{
    g_autofree char *letter = write_letter("Hello", "Line one\nLine two");
    g_assert_cmpstr(letter, ==,
                    "Date: Mon, 2 Mar 2026 09:00:00 +0000\r\n"
                    "From: <alice@example.com>\r\n"
                    "To: <bob@example.net>\r\n"
                    "Subject: Hello\r\n"
                    "Message-ID: <1772442000.7@example.com>\r\n"
                    "\r\n"
                    "Line one\r\nLine two\r\n");
    g_autofree char *korean = write_letter("안녕", "Line");
    g_assert_null(korean);
    g_autofree char *body = write_letter("Hello", "안녕");
    g_assert_null(body);
}

/* A subject cannot bring header lines of its own, and a long line is not sent. */
static void test_hostile(void)
{
    g_autofree char *letter = write_letter("x\r\nBcc: eve@example.org", "ok\r\nok\rok");
    g_assert_null(strstr(letter, "\nBcc:"));
    g_assert_nonnull(strstr(letter, "\r\n\r\nok\r\nok\r\nok\r\n"));
    g_autofree char *line = g_strnfill(2000, 'x');
    g_autofree char *wide = write_letter("x", line);
    g_assert_null(wide);
    g_autofree char *empty = write_letter("", "");
    g_assert_nonnull(strstr(empty, "Subject: \r\n"));
}

/* ---- with it, through the sheet ---- */

static GtkWidget *sheet_of(MgWindow *window)
{
    g_autoptr(GList) all = gtk_window_list_toplevels();
    for (GList *at = all; at != NULL; at = at->next)
        if (gtk_window_get_transient_for(at->data) == GTK_WINDOW(window))
            return at->data;
    g_assert_not_reached();
}

static GFile *file_with(const char *folder, const char *name, const void *data, gsize len)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_assert_true(g_file_set_contents(path, data, (gssize)len, NULL));
    return g_file_new_for_path(path);
}

static void remove_file(GFile *file)
{
    g_assert_true(g_file_delete(file, NULL, NULL));
    g_object_unref(file);
}

/* Too much is said in place, with what is there left as it is. */
static void check_limits(MgAttachments *attachments, const char *folder)
{
    g_autofree char *much = g_malloc0(10 * 1000 * 1000);
    GFile *large = file_with(folder, "large.bin", much, 10 * 1000 * 1000);
    g_autoptr(GFile) here = g_file_new_for_path(folder);
    g_autoptr(GError) error = NULL;
    g_assert_false(mg_attachments_add(attachments, large, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
    g_assert_nonnull(strstr(error->message, "10.0"));
    g_clear_error(&error);
    g_assert_false(mg_attachments_add(attachments, here, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE);
    remove_file(large);
}

/* The largest message of the mailbox of this address: the script sends a small one, too. */
static MgSpan largest(MgSession *session, const char *host, const char *address)
{
    MgWorld *world = mg_session_world(session);
    MgStore *store = mg_runtime_store(mg_world_runtime(world), mg_world_host(world, host));
    MgSpan found = {NULL, 0};
    for (size_t i = 0; i < mg_store_n_mailboxes(store); i++) {
        if (strcmp(mg_store_address(store, i), address) != 0)
            continue;
        for (size_t k = 0; k < mg_store_n_messages(store, i); k++) {
            uint32_t uid = 0;
            MgSpan message = mg_store_message(store, i, k, &uid);
            found = message.len > found.len ? message : found;
        }
    }
    return found;
}

static void write_in_sheet(GtkWidget *sheet, GFile *first, GFile *second)
{
    MgAttachments *attachments = MG_ATTACHMENTS(find(sheet, MG_TYPE_ATTACHMENTS));
    GtkWidget *to = find(sheet, GTK_TYPE_ENTRY);
    GtkWidget *subject = find(gtk_widget_get_parent(to), GTK_TYPE_ENTRY);
    for (GtkWidget *at = to; at != NULL; at = gtk_widget_get_next_sibling(at))
        if (GTK_IS_ENTRY(at))
            subject = at;
    g_assert_true(subject != to);
    gtk_editable_set_text(GTK_EDITABLE(to), "bob@example.com");
    gtk_editable_set_text(GTK_EDITABLE(subject), "소풍 사진입니다");
    GtkWidget *text = find(sheet, GTK_TYPE_TEXT_VIEW);
    gtk_text_buffer_set_text(gtk_text_view_get_buffer(GTK_TEXT_VIEW(text)), "사진을 보냅니다.\n",
                             -1);
    g_assert_true(gtk_widget_get_visible(GTK_WIDGET(attachments)));
    g_assert_true(mg_attachments_add(attachments, first, NULL));
    g_assert_true(mg_attachments_add(attachments, second, NULL));
    g_autoptr(GArray) both = mg_attachments_files(attachments);
    g_assert_cmpuint(both->len, ==, 2);
    GtkWidget *list = gtk_widget_get_first_child(GTK_WIDGET(attachments));
    GtkWidget *row = gtk_widget_get_last_child(list);
    g_signal_emit_by_name(gtk_widget_get_last_child(row), "clicked"); /* the second goes again */
    g_autoptr(GArray) left = mg_attachments_files(attachments);
    g_assert_cmpuint(left->len, ==, 1);
}

static void check_letter(MgSession *session, MgSpan letter, MgSpan octets)
{
    g_autofree char *all = g_strndup((const char *)letter.data, letter.len);
    g_assert_nonnull(strstr(all, "Subject: =?UTF-8?"));
    g_assert_null(strstr(all, "second.txt"));
    /* The file is whole in the mailbox, and on the wire, whose parts the inspector has named. */
    const char *part = strstr(all, "Content-Disposition: attachment");
    g_assert_nonnull(part);
    const char *body = strstr(part, "\r\n\r\n") + 4, *end = strstr(body, "\r\n--");
    g_autofree char *code = g_strndup(body, (gsize)(end - body));
    gsize kept = 0;
    g_autofree guchar *decoded = g_base64_decode(code, &kept);
    g_assert_cmpmem(decoded, kept, octets.data, octets.len);
    const MgTrace *trace = mg_session_trace(session);
    for (uint32_t n = mg_trace_n_records(trace); n > 0; n--) {
        if (mg_trace_record(trace, n)->kind != MG_RECORD_EXCHANGE)
            continue;
        g_autoptr(MgTree) tree = mg_trace_tree(trace, n);
        if (!mg_parts_are_in(tree))
            continue;
        g_autoptr(GArray) parts = mg_parts_of(tree);
        if (parts->len == 1) /* that of the script */
            continue;
        g_assert_cmpuint(parts->len, ==, 3);
        g_autofree char *subject = mg_part_line(tree, &g_array_index(parts, MgPart, 0), "subject");
        g_assert_cmpstr(subject, ==, "소풍 사진입니다");
        g_autofree char *text = mg_part_text(tree, &g_array_index(parts, MgPart, 1));
        g_assert_cmpstr(text, ==, "사진을 보냅니다.\r\n");
        g_assert_cmpstr(g_array_index(parts, MgPart, 2).name, ==, "나무.bin");
        g_autoptr(GBytes) file = mg_part_octets(tree, &g_array_index(parts, MgPart, 2));
        gsize len = 0;
        const guint8 *data = g_bytes_get_data(file, &len);
        g_assert_cmpmem(data, len, octets.data, octets.len);
        return;
    }
    g_assert_not_reached();
}

static void test_sheet(void)
{
    uint8_t octets[3000];
    for (size_t i = 0; i < sizeof octets; i++)
        octets[i] = (uint8_t)(i * 7 + i / 256);
    g_autofree char *folder = g_dir_make_tmp("letter-XXXXXX", NULL);
    GFile *tree = file_with(folder, "나무.bin", octets, sizeof octets);
    GFile *second = file_with(folder, "second.txt", "x", 1);
    MgWindow *window = MG_WINDOW(mg_window_new(NULL, registry));
    g_assert_true(mg_window_open(window, g_getenv("TEST_NETWORK"), 1));
    show_window(window);
    MgSession *session = mg_window_session(window);
    act(window, "win.compose");
    GtkWidget *sheet = sheet_of(window);
    write_in_sheet(sheet, tree, second);
    check_limits(MG_ATTACHMENTS(find(sheet, MG_TYPE_ATTACHMENTS)), folder);
    const char *send = "Send";
    g_signal_emit_by_name(find_that(sheet, has_label, send), "clicked");
    settle();
    g_assert_cmpuint(mg_session_n_deeds(session), ==, 1);
    mg_session_set_playing(session, false);
    const MgTrace *trace = mg_session_trace(session);
    uint32_t n = mg_trace_n_records(trace);
    while (n > 0 && mg_trace_record(trace, n)->at >= 5 * MG_SECONDS) /* then Bob fetches it */
        n--;
    mg_session_seek(session, n);
    check_letter(session, largest(session, "mail.example.com", "bob@example.com"),
                 (MgSpan){octets, sizeof octets});
    close_window(window);
    remove_file(tree);
    remove_file(second);
    g_rmdir(folder);
}

/* ---- words ---- */

static void test_words(void)
{
    static const struct {
        MgTime time;
        const char *text;
    } rows[] = {{84 * MG_MILLISECONDS, "0.084"},
                {0, "0.000"},
                {75 * MG_SECONDS + 500 * MG_MILLISECONDS, "1:15.500"},
                {3 * MG_HOURS + 62 * MG_SECONDS, "3:01:02.000"},
                {50 * MG_HOURS, "2 d 02:00:00"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = mg_words_time(rows[i].time);
        g_assert_cmpstr(text, ==, rows[i].text);
    }
    g_autofree char *markup = mg_words_markup("a `b<c` d ` e");
    g_assert_true(pango_parse_markup(markup, -1, 0, NULL, NULL, NULL, NULL));
    g_assert_nonnull(strstr(markup, "b&lt;c"));
    g_assert_nonnull(strstr(markup, "d ` e"));
    g_autofree char *uri = mg_words_source_uri("RFC 5321 §4.1.1.1");
    g_assert_cmpstr(uri, ==, "https://www.rfc-editor.org/rfc/rfc5321#section-4.1.1.1");
    g_autofree char *none = mg_words_source_uri("IEEE 802.3 §3");
    g_assert_null(none);
    g_autofree char *cut = mg_words_cut("가나다\r\n라마", 4);
    g_assert_cmpstr(cut, ==, "가나다 …");
}

int main(int argc, char **argv)
{
    test_begin(&argc, &argv);
    g_test_add_func("/letter/plain", test_plain);
    g_test_add_func("/letter/hostile", test_hostile);
    g_test_add_func("/letter/sheet", test_sheet);
    g_test_add_func("/words", test_words);
    return test_end();
}
