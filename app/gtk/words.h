/* SPDX-License-Identifier: GPL-3.0-or-later */
/* words.h - sentences for people about records, hosts and time; shared by the views */
#pragma once

#include <gtk/gtk.h>

#include "session.h"

G_BEGIN_DECLS

/* The program's own texts. */
#define _(text)                 g_dgettext(GETTEXT_PACKAGE, text)
#define mg_plural(one, many, n) g_dngettext(GETTEXT_PACKAGE, one, many, n)

/* "0.084"; "12:03.500" from a minute on; "1:02:03.500"; "2 d 01:02:03". (transfer full) */
char *mg_words_time(MgTime time);
/* (transfer full) Pango markup: `code` in back quotes is set in the wire's type. */
char *mg_words_markup(const char *text);
/* "command", "reply" …, translated. */
const char *mg_words_kind(const MgTrace *trace, uint32_t n);
/* The host whose address the sender of an exchange has written on it instead of its own; 0 none. */
MgHostId mg_words_posed(const MgTrace *trace, uint32_t n);
/* Whether record `n` says what record `before` said, between the same hosts. */
bool mg_words_says_again(const MgTrace *trace, uint32_t before, uint32_t n);
/* (transfer full) For a screen reader: "alice to mta.example.com, SMTP command EHLO". */
char *mg_words_record(const MgTrace *trace, uint32_t n);
/* (transfer full) The record's summary without line ends, of at most `max` characters. */
char *mg_words_summary(const MgTrace *trace, uint32_t n, size_t max);
/* (transfer full) Cut at `max` characters, with an ellipsis. */
char *mg_words_cut(const char *text, size_t max);
/* The title and description of a network in the user's language. */
const char *mg_words_title(const MgNetwork *network);
const char *mg_words_description(const MgNetwork *network);
bool mg_words_is_korean(void);
/* (transfer full) "example.com → example.net": regions that hosts of mail are in. */
char *mg_words_regions(const MgNetwork *network);
/* What a host's kind is called, translated: "mail program" for "mua"; the kind itself if it has no
 * word. */
const char *mg_words_host_kind(const char *kind);
/* (transfer full) (nullable) Where "RFC 5321 §4.1.1.1" can be read. */
char *mg_words_source_uri(const char *source);

G_END_DECLS
