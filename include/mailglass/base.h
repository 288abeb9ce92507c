/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base.h - the words every other header uses: spans, time, settings, rules
 *
 * Nothing here allocates, performs I/O, or knows a protocol.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

G_BEGIN_DECLS

#ifndef N_
#define N_(text) text /* marks a text for translation; translated where it is shown */
#endif

/* Microseconds since the run began. Engines never read a clock; every call that may depend on time
 * takes `now`. */
typedef int64_t MgTime;
#define MG_TIME_NEVER   INT64_MAX
#define MG_MILLISECONDS ((MgTime)1000)
#define MG_SECONDS      (1000 * MG_MILLISECONDS)
#define MG_MINUTES      (60 * MG_SECONDS)
#define MG_HOURS        (60 * MG_MINUTES)

/* A borrowed view of bytes. Never owns, never NUL-terminated; the function that hands one out says
 * how long it stays valid. Owned bytes are a GBytes (shared) or a GString (being built). */
typedef struct {
    const uint8_t *data;
    size_t len;
} MgSpan;

#define MG_SPAN(literal) ((MgSpan){(const uint8_t *)(literal), sizeof(literal) - 1})

static inline MgSpan mg_span_from_string(const char *text)
{
    return (MgSpan){(const uint8_t *)text, text != NULL ? strlen(text) : 0};
}

static inline bool mg_span_equal_nocase(MgSpan a, MgSpan b)
{
    return a.len == b.len &&
           g_ascii_strncasecmp((const char *)a.data, (const char *)b.data, a.len) == 0;
}

static inline MgSpan mg_span_slice(MgSpan span, size_t offset, size_t len)
{
    g_assert(offset <= span.len && len <= span.len - offset);
    return (MgSpan){span.data + offset, len};
}

/* What a protocol text says, as data. A rule is cited by pointer from notes, shown by the window
 * with its source, and matched by lessons through `id`. A table of rules ends with {0}. */
typedef enum {
    MG_SEVERITY_CHAT, /* normal, worth teaching: "the message is in the queue" */
    MG_SEVERITY_NOTE, /* legal but unusual                                     */
    MG_SEVERITY_WARN, /* a SHOULD was not followed                             */
    MG_SEVERITY_FAULT /* a MUST was broken                                     */
} MgSeverity;

typedef struct {
    const char *id; /* "smtp.bare-lf": stable, lower case, plugin id first */
    MgSeverity severity;
    const char *source; /* (nullable) "RFC 5321 §2.3.8"                    */
    const char *text;   /* one sentence, marked N_() for translation       */
} MgRule;

/* What an engine can be told, as data. The network's reader knows from these rows which keys a host
 * may have, and reads the files that FILES rows name, so that engines never open one. */
typedef enum {
    MG_SETTING_TEXT,
    MG_SETTING_UINT,
    MG_SETTING_BOOL,
    MG_SETTING_TIME, /* written "20ms", "5s", "15min", "4h" */
    MG_SETTING_FILES /* paths separated by ";": one MgSetting a file, its value the content */
} MgSettingType;

typedef struct {
    const char *key;
    MgSettingType type;
    const char *fallback; /* (nullable) as it would be written in the file */
    const char *about;    /* N_() one sentence */
} MgSettingRow;           /* a table ends with {0} */

/* A setting as an engine gets it. Borrowed; engines copy what they keep. */
typedef struct {
    const char *key;
    const char *value;
    size_t len;       /* of value, which may hold NUL bytes when it is a file's content */
    const char *path; /* (nullable) the file that `value` came from, for messages */
    unsigned line;    /* where network.ini says so; 0 unknown */
} MgSetting;

typedef struct {
    const MgSetting *rows;
    size_t n_rows;
} MgSettings;

/* The value of the first row with this key, or `fallback`. */
static inline const char *mg_settings_get(const MgSettings *settings, const char *key,
                                          const char *fallback)
{
    for (size_t i = 0; settings != NULL && i < settings->n_rows; i++)
        if (strcmp(settings->rows[i].key, key) == 0)
            return settings->rows[i].value;
    return fallback;
}

static inline uint64_t mg_settings_get_uint(const MgSettings *settings, const char *key,
                                            uint64_t fallback)
{
    const char *text = mg_settings_get(settings, key, NULL);
    return text != NULL ? g_ascii_strtoull(text, NULL, 10) : fallback;
}

/* "20ms" → 20000. A number without a unit is seconds. Returns false, and leaves `out`, if `text` is
 * not a time. */
static inline bool mg_time_parse(const char *text, MgTime *out)
{
    static const struct {
        const char *unit;
        MgTime factor;
    } units[] = {{"us", 1},           {"ms", MG_MILLISECONDS}, {"s", MG_SECONDS},
                 {"", MG_SECONDS},    {"min", MG_MINUTES},     {"h", MG_HOURS},
                 {"d", 24 * MG_HOURS}};
    char *end = NULL;
    double number = g_ascii_strtod(text, &end);
    if (end == text || !(number >= 0 && number < 1e12))
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(units); i++) {
        if (strcmp(end, units[i].unit) == 0) {
            *out = (MgTime)(number * (double)units[i].factor + 0.5);
            return true;
        }
    }
    return false;
}

static inline MgTime mg_settings_get_time(const MgSettings *settings, const char *key,
                                          MgTime fallback)
{
    const char *text = mg_settings_get(settings, key, NULL);
    MgTime time = fallback;
    if (text != NULL)
        mg_time_parse(text, &time);
    return time;
}

/* What can go wrong outside the protocol. A peer's mistake is never a GError; it is a note and a
 * reply. */
typedef enum {
    MG_ERROR_CONFIG,  /* a network, a zone, a setting  */
    MG_ERROR_PLUGIN,  /* a plugin cannot be used       */
    MG_ERROR_FILTER,  /* a filter does not parse       */
    MG_ERROR_CAPTURE, /* a capture file cannot be read */
    MG_ERROR_LESSON,
    MG_ERROR_REACH /* a real server could not be reached */
} MgError;
#define MG_ERROR g_quark_from_static_string("mg-error-quark")

G_END_DECLS
