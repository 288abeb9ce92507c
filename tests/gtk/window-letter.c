/* SPDX-License-Identifier: GPL-3.0-or-later */
/* window-letter.c - a letter written by hand is a message that every program reads */
#include <string.h>

#include "letter.h"
#include "words.h"

static char *write_letter(const char *subject, const char *text)
{
    MgLetter letter = {"alice@example.com", "<bob@example.net>", subject, text, 1772442000, 7};
    g_autoptr(GBytes) bytes = mg_letter_write(&letter);
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
                    "MIME-Version: 1.0\r\n"
                    "Content-Type: text/plain; charset=utf-8\r\n"
                    "Content-Transfer-Encoding: 7bit\r\n"
                    "\r\n"
                    "Line one\r\nLine two\r\n");
}

/* Korean comes back as it was, no line is too long, and no character is cut in the middle. */
static void test_korean(void)
{
    const char *subject = "안녕하세요, 밥. 이 제목은 한 낱말에 다 들어가지 않을 만큼 깁니다";
    const char *text = "반갑습니다.\n점으로 시작하는 줄:\n.\n";
    g_autofree char *letter = write_letter(subject, text);
    g_autoptr(GString) back = g_string_new(NULL);
    g_auto(GStrv) words = g_strsplit(letter, "=?utf-8?B?", -1);
    g_assert_cmpuint(g_strv_length(words), >, 2);
    for (size_t i = 1; words[i] != NULL; i++) {
        char *end = strstr(words[i], "?=");
        g_assert_nonnull(end);
        gsize len = 0;
        g_autofree char *code = g_strndup(words[i], (gsize)(end - words[i]));
        g_autofree guchar *word = g_base64_decode(code, &len);
        g_assert_true(g_utf8_validate((const char *)word, (gssize)len, NULL));
        g_assert_cmpuint(strlen(code) + 12, <=, 75); /* RFC 2047 §2 */
        g_string_append_len(back, (const char *)word, (gssize)len);
    }
    g_assert_cmpstr(back->str, ==, subject);
    g_auto(GStrv) lines = g_strsplit(letter, "\r\n", -1);
    for (size_t i = 0; lines[i] != NULL; i++) {
        g_assert_cmpuint(strlen(lines[i]), <=, 78);
        g_assert_null(strpbrk(lines[i], "\r\n"));
    }
    const char *body = strstr(letter, "base64\r\n\r\n");
    g_assert_nonnull(body);
    gsize len = 0;
    g_autofree char *decoded = (char *)g_base64_decode(body + 10, &len);
    g_assert_cmpmem(decoded, len, "반갑습니다.\r\n점으로 시작하는 줄:\r\n.\r\n",
                    strlen("반갑습니다.\r\n점으로 시작하는 줄:\r\n.\r\n"));
}

/* A subject cannot bring header lines of its own, and a long line is not sent as it is. */
static void test_hostile(void)
{
    g_autofree char *letter = write_letter("x\r\nBcc: eve@example.org", "ok\r\nok\rok");
    g_assert_null(strstr(letter, "\nBcc:"));
    g_assert_nonnull(strstr(letter, "\r\n\r\nok\r\nok\r\nok\r\n"));
    g_autofree char *line = g_strnfill(2000, 'x');
    g_autofree char *wide = write_letter("x", line);
    g_assert_nonnull(strstr(wide, "Content-Transfer-Encoding: base64"));
    g_autofree char *empty = write_letter("", "");
    g_assert_nonnull(strstr(empty, "Subject: \r\n"));
}

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
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/letter/plain", test_plain);
    g_test_add_func("/letter/korean", test_korean);
    g_test_add_func("/letter/hostile", test_hostile);
    g_test_add_func("/words", test_words);
    return g_test_run();
}
