/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-match.c - whether a message is what a SEARCH program looks for (RFC 3501 §6.4.4)
 *
 * Texts are compared as people read them: transfer encoding, charset and encoded words taken off,
 * without case. "substring" is of those.
 */
#include "imap-search-private.h"

typedef struct {
    const MgImapSearchView *view;
    char *body, *text; /* folded, once somebody asks */
} Match;

/* ---- what is known without the letter ---- */

static bool has_keyword(const MgImapSearchView *view, const char *name)
{
    for (unsigned i = 0; view->keywords != NULL && view->keywords[i] != NULL && i < 64; i++)
        if (g_ascii_strcasecmp(view->keywords[i], name) == 0)
            return (view->facts->keywords >> i & 1) != 0;
    return false;
}

static bool is_saved(const MgImapSearchView *view)
{
    size_t low = 0, high = view->n_saved;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (view->saved[middle] < view->facts->uid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < view->n_saved && view->saved[low] == view->facts->uid;
}

static bool match_facts(const MgImapSearchKey *key, const MgImapSearchView *view)
{
    const MgMailboxMessage *facts = view->facts;
    int64_t came = mg_imap_came_at(facts, view->epoch);
    switch (key->op) {
    case MG_IMAP_KEY_ALL:
        return true;
    case MG_IMAP_KEY_NUMBER:
        return mg_imap_set_has(key->set, view->number, view->last);
    case MG_IMAP_KEY_UID:
        return mg_imap_set_has(key->set, facts->uid, view->last_uid);
    case MG_IMAP_KEY_SAVED:
        return is_saved(view);
    case MG_IMAP_KEY_FLAG:
        return (facts->flags & key->flag) != 0;
    case MG_IMAP_KEY_RECENT:
        return view->recent;
    case MG_IMAP_KEY_NEW:
        return view->recent && (facts->flags & MG_FLAG_SEEN) == 0;
    case MG_IMAP_KEY_KEYWORD:
        return has_keyword(view, key->name);
    case MG_IMAP_KEY_LARGER:
        return facts->size > key->number;
    case MG_IMAP_KEY_SMALLER:
        return facts->size < key->number;
    case MG_IMAP_KEY_MODSEQ:
        return facts->modseq >= key->number;
    case MG_IMAP_KEY_BEFORE:
        return mg_imap_day(came) < key->day;
    case MG_IMAP_KEY_ON:
        return mg_imap_day(came) == key->day;
    default: /* OLDER; its negation YOUNGER has the second itself (RFC 5032 §2) */
        return view->now - came > 0 && (uint64_t)(view->now - came) > key->number;
    }
}

/* ---- what is in the letter ---- */

static bool has_text(const char *text, const char *wanted)
{
    g_autofree char *folded = mg_imap_fold(text);
    return strstr(folded, wanted) != NULL;
}

static bool match_header(const MgImapSearchKey *key, const MgMessagePart *root)
{
    const MgMessageField *field = NULL;
    while ((field = mg_message_field(root, key->name, field)) != NULL) {
        g_autofree char *text = mg_message_field_text(root, field);
        if (has_text(text, key->text))
            return true;
    }
    return false;
}

/* The field as it stands, and each address as people write it now: "Name <a@b>" also where it is
 * "a@b (Name)", or folded somewhere in it. */
static bool match_people(const MgImapSearchKey *key, const MgMessagePart *root)
{
    if (match_header(key, root))
        return true;
    g_autoptr(GArray) people = mg_message_mailboxes(root, key->name);
    for (guint i = 0; i < people->len; i++) {
        const MgMessageMailbox *one = &g_array_index(people, MgMessageMailbox, i);
        g_autofree char *text = g_strdup_printf("%s <%s>", one->name != NULL ? one->name : "",
                                                one->address != NULL ? one->address : "");
        if (has_text(text, key->text))
            return true;
    }
    return false;
}

/* RFC 3501: "disregarding time and timezone": the day that the letter itself writes. */
static bool match_sent(const MgImapSearchKey *key, const MgMessagePart *root)
{
    const MgMessageField *field = mg_message_field(root, "Date", NULL);
    MgMessageDate date;
    if (field == NULL ||
        !mg_message_parse_date(mg_message_span(root->message, field->value), &date))
        return key->negated; /* a letter without a date was sent on no day */
    int64_t day = mg_imap_day(date.unix_seconds + (int64_t)date.zone_minutes * 60);
    return key->op == MG_IMAP_KEY_SENT_ON ? day == key->day : day < key->day;
}

static void add_header(const MgMessagePart *part, GString *out)
{
    for (guint i = 0; i < part->fields->len; i++) {
        const MgMessageField *field = &g_array_index(part->fields, MgMessageField, i);
        g_autofree char *text = mg_message_field_text(part, field);
        g_string_append_printf(out, "%s: %s\n", field->name, text);
    }
}

/* The texts of all parts. The header of a letter in it is its body, too; those of parts are asked
 * for by TEXT alone. */
static void add_body(const MgMessage *message, bool headers, GString *out)
{
    for (guint i = 0; i < message->parts->len; i++) {
        const MgMessagePart *part = g_ptr_array_index(message->parts, i);
        if (headers)
            add_header(part, out);
        if (part->nested != NULL) {
            if (!headers)
                add_header(part->nested->root, out);
            add_body(part->nested, headers, out);
        } else if (mg_message_part_is_text(part) || strcmp(part->type, "message") == 0) {
            mg_message_part_text(part, out);
            g_string_append_c(out, '\n');
        }
    }
}

static bool match_all(const MgImapSearchKey *key, Match *match)
{
    bool headers = key->op == MG_IMAP_KEY_TEXT;
    char **folded = headers ? &match->text : &match->body;
    if (*folded == NULL) {
        g_autoptr(GString) all = g_string_new(NULL);
        add_body(match->view->letter, headers, all);
        for (gsize i = 0; i < all->len; i++) /* what comes after it is looked through, too */
            if (all->str[i] == '\0')
                all->str[i] = ' ';
        *folded = mg_imap_fold(all->str);
    }
    return strstr(*folded, key->text) != NULL;
}

static bool match_letter(const MgImapSearchKey *key, Match *match)
{
    const MgMessagePart *root = match->view->letter->root;
    switch (key->op) {
    case MG_IMAP_KEY_HEADER:
        return match_header(key, root);
    case MG_IMAP_KEY_PEOPLE:
        return match_people(key, root);
    case MG_IMAP_KEY_BODY:
    case MG_IMAP_KEY_TEXT:
        return match_all(key, match);
    default:
        return match_sent(key, root);
    }
}

/* ---- keys together ---- */

static MgImapMatch match_key(const MgImapSearchKey *key, Match *match)
{
    MgImapMatch result;
    if (key->parts != NULL) {
        MgImapMatch decides = key->op == MG_IMAP_KEY_OR ? MG_IMAP_MATCH_YES : MG_IMAP_MATCH_NO;
        result = key->op == MG_IMAP_KEY_OR ? MG_IMAP_MATCH_NO : MG_IMAP_MATCH_YES;
        for (guint i = 0; i < key->parts->len && result != decides; i++) {
            MgImapMatch one = match_key(g_ptr_array_index(key->parts, i), match);
            if (one == decides || one == MG_IMAP_MATCH_LETTER)
                result = one;
        }
    } else if (key->op < MG_IMAP_KEY_SENT_BEFORE) {
        result = match_facts(key, match->view) ? MG_IMAP_MATCH_YES : MG_IMAP_MATCH_NO;
    } else if (match->view->letter == NULL) {
        return MG_IMAP_MATCH_LETTER;
    } else {
        result = match_letter(key, match) ? MG_IMAP_MATCH_YES : MG_IMAP_MATCH_NO;
    }
    if (key->negated && result != MG_IMAP_MATCH_LETTER)
        result = result == MG_IMAP_MATCH_YES ? MG_IMAP_MATCH_NO : MG_IMAP_MATCH_YES;
    return result;
}

MgImapMatch mg_imap_search_match(const MgImapSearch *search, const MgImapSearchView *view)
{
    Match match = {.view = view};
    MgImapMatch result = match_key(search->root, &match);
    g_free(match.body);
    g_free(match.text);
    return result;
}
