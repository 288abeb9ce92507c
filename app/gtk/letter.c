/* SPDX-License-Identifier: GPL-3.0-or-later */
/* letter.c - what somebody wrote, as a message
 *
 * The plugin is asked in a runtime of its own: a network knows only of what is sent in it. */
#include "letter.h"

#include <gio/gio.h>
#include <string.h>

#include "runtime.h"
#include "words.h"

#define LINE_OCTETS 998 /* RFC 5322 §2.1.1 */

static const MgEngineKind *find_builder(const MgRegistry *registry)
{
    for (size_t i = 0; i < mg_registry_n_engines(registry); i++) {
        const MgEngineKind *kind = mg_registry_engine_at(registry, i);
        if (g_strcmp0(kind->topic, MG_TOPIC_LETTER) == 0)
            return kind;
    }
    return NULL;
}

gboolean mg_letter_has_builder(const MgRegistry *registry)
{
    return find_builder(registry) != NULL;
}

/* ---- with the plugin ---- */

typedef struct {
    MgRegistry *registry;
    GBytes *letter;
    const char *error;
} Outcome;

static void on_answer(const void *data, void *user_data)
{
    const MgLetterAnswer *answer = data;
    Outcome *outcome = user_data;
    if (answer == NULL)
        return;
    if (answer->error != NULL)
        outcome->error = mg_registry_translate(outcome->registry, answer->error);
    else
        outcome->letter = g_bytes_new(answer->data.data, answer->data.len);
}

static GBytes *ask(MgRegistry *registry, const MgEngineKind *kind, const MgLetterQuestion *question,
                   GError **error)
{
    Outcome outcome = {.registry = registry};
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgTrace *trace = mg_trace_new(registry);
    MgRuntime *runtime = mg_runtime_new(registry, trace, question->date, question->seed);
    const MgSettings none = {0};
    MgHostId host = mg_runtime_add_host(runtime, "writer", "mua", "", "127.0.0.1", &none);
    if (mg_runtime_add_engine(runtime, host, kind, 0, problems))
        mg_runtime_ask(runtime, host, MG_TOPIC_LETTER, question, (MgListener){on_answer, &outcome},
                       0);
    mg_runtime_free(runtime);
    mg_trace_unref(trace);
    if (outcome.letter == NULL)
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED,
                            outcome.error != NULL ? outcome.error : _("It could not be written"));
    return outcome.letter;
}

/* ---- without it ---- */

static gboolean is_plain(const char *text)
{
    size_t len = 0;
    for (; *text != '\0'; text++) {
        if ((guchar)*text >= 0x80 || ((guchar)*text < 0x20 && strchr("\r\n\t", *text) == NULL))
            return FALSE;
        len = *text == '\n' || *text == '\r' ? 0 : len + 1;
        if (len > LINE_OCTETS - strlen("Subject: "))
            return FALSE;
    }
    return TRUE;
}

/* RFC 5322 §3.3: never in the user's language. */
static void add_date(GString *out, gint64 unix_time)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(unix_time);
    if (date == NULL)
        date = g_date_time_new_from_unix_utc(0);
    g_autofree char *rest = g_date_time_format(date, "%Y %H:%M:%S +0000");
    g_string_append_printf(
        out, "Date: %s, %d %s %s\r\n", days[g_date_time_get_day_of_week(date) - 1],
        g_date_time_get_day_of_month(date), months[g_date_time_get_month(date) - 1], rest);
}

static GBytes *write_plain(const MgLetterQuestion *question, GError **error)
{
    if (question->n_files > 0 || !is_plain(question->subject) || !is_plain(question->text)) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                            _("Without a plugin that makes letters, a mail can have ASCII "
                              "characters in short lines alone, and no files"));
        return NULL;
    }
    g_autofree char *subject = g_strdelimit(g_strdup(question->subject), "\r\n\t", ' ');
    GString *out = g_string_new(NULL);
    add_date(out, question->date);
    g_string_append_printf(out, "From: <%s>\r\nTo: ", question->from);
    for (size_t i = 0; i < question->n_to; i++)
        g_string_append_printf(out, "%s<%s>", i > 0 ? ",\r\n " : "", question->to[i]);
    g_string_append_printf(out, "\r\nSubject: %s\r\n", subject);
    const char *at = strrchr(question->from, '@');
    g_string_append_printf(out,
                           "Message-ID: <%" G_GINT64_FORMAT ".%" G_GUINT64_FORMAT "@%s>\r\n\r\n",
                           question->date, question->seed, at != NULL ? at + 1 : "localhost");
    for (const char *c = question->text; *c != '\0'; c++) {
        if (*c == '\r' && c[1] == '\n')
            continue;
        if (*c == '\n' || *c == '\r')
            g_string_append(out, "\r\n");
        else
            g_string_append_c(out, *c);
    }
    if (!g_str_has_suffix(out->str, "\r\n"))
        g_string_append(out, "\r\n");
    return g_string_free_to_bytes(out);
}

GBytes *mg_letter_write(MgRegistry *registry, const MgLetterQuestion *question, GError **error)
{
    const MgEngineKind *kind = find_builder(registry);
    return kind != NULL ? ask(registry, kind, question, error) : write_plain(question, error);
}
