/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-search.c - reads a SEARCH program into a tree of keys (RFC 3501 §6.4.4); imap-match.c
 * matches it
 */
#include "imap-search-private.h"
#include "message-scan.h"

#define DEPTH_MAX 50u
#define KEYS_MAX  5000u

typedef enum {
    TAKES_NOTHING,
    TAKES_NUMBER,
    TAKES_DATE,
    TAKES_KEYWORD,
    TAKES_TEXT,   /* in the field that `name` says, or anywhere */
    TAKES_HEADER, /* a field's name and a text */
    TAKES_SET,
    TAKES_KEY,
    TAKES_TWO_KEYS,
    TAKES_MODSEQ
} Takes;

static const struct {
    const char *word;
    MgImapSearchOp op;
    Takes takes;
    bool negated;
    uint32_t flag;
    const char *name;
} keys[] = {
    {"ALL", MG_IMAP_KEY_ALL, TAKES_NOTHING, false, 0, NULL},
    {"ANSWERED", MG_IMAP_KEY_FLAG, TAKES_NOTHING, false, MG_FLAG_ANSWERED, NULL},
    {"BCC", MG_IMAP_KEY_PEOPLE, TAKES_TEXT, false, 0, "Bcc"},
    {"BEFORE", MG_IMAP_KEY_BEFORE, TAKES_DATE, false, 0, NULL},
    {"BODY", MG_IMAP_KEY_BODY, TAKES_TEXT, false, 0, NULL},
    {"CC", MG_IMAP_KEY_PEOPLE, TAKES_TEXT, false, 0, "Cc"},
    {"DELETED", MG_IMAP_KEY_FLAG, TAKES_NOTHING, false, MG_FLAG_DELETED, NULL},
    {"DRAFT", MG_IMAP_KEY_FLAG, TAKES_NOTHING, false, MG_FLAG_DRAFT, NULL},
    {"FLAGGED", MG_IMAP_KEY_FLAG, TAKES_NOTHING, false, MG_FLAG_FLAGGED, NULL},
    {"FROM", MG_IMAP_KEY_PEOPLE, TAKES_TEXT, false, 0, "From"},
    {"HEADER", MG_IMAP_KEY_HEADER, TAKES_HEADER, false, 0, NULL},
    {"KEYWORD", MG_IMAP_KEY_KEYWORD, TAKES_KEYWORD, false, 0, NULL},
    {"LARGER", MG_IMAP_KEY_LARGER, TAKES_NUMBER, false, 0, NULL},
    {"MODSEQ", MG_IMAP_KEY_MODSEQ, TAKES_MODSEQ, false, 0, NULL},
    {"NEW", MG_IMAP_KEY_NEW, TAKES_NOTHING, false, 0, NULL},
    {"NOT", MG_IMAP_KEY_AND, TAKES_KEY, true, 0, NULL},
    {"OLD", MG_IMAP_KEY_RECENT, TAKES_NOTHING, true, 0, NULL},
    {"OLDER", MG_IMAP_KEY_OLDER, TAKES_NUMBER, false, 0, NULL},
    {"ON", MG_IMAP_KEY_ON, TAKES_DATE, false, 0, NULL},
    {"OR", MG_IMAP_KEY_OR, TAKES_TWO_KEYS, false, 0, NULL},
    {"RECENT", MG_IMAP_KEY_RECENT, TAKES_NOTHING, false, 0, NULL},
    {"SEEN", MG_IMAP_KEY_FLAG, TAKES_NOTHING, false, MG_FLAG_SEEN, NULL},
    {"SENTBEFORE", MG_IMAP_KEY_SENT_BEFORE, TAKES_DATE, false, 0, NULL},
    {"SENTON", MG_IMAP_KEY_SENT_ON, TAKES_DATE, false, 0, NULL},
    {"SENTSINCE", MG_IMAP_KEY_SENT_BEFORE, TAKES_DATE, true, 0, NULL},
    {"SINCE", MG_IMAP_KEY_BEFORE, TAKES_DATE, true, 0, NULL},
    {"SMALLER", MG_IMAP_KEY_SMALLER, TAKES_NUMBER, false, 0, NULL},
    {"SUBJECT", MG_IMAP_KEY_HEADER, TAKES_TEXT, false, 0, "Subject"},
    {"TEXT", MG_IMAP_KEY_TEXT, TAKES_TEXT, false, 0, NULL},
    {"TO", MG_IMAP_KEY_PEOPLE, TAKES_TEXT, false, 0, "To"},
    {"UID", MG_IMAP_KEY_UID, TAKES_SET, false, 0, NULL},
    {"UNANSWERED", MG_IMAP_KEY_FLAG, TAKES_NOTHING, true, MG_FLAG_ANSWERED, NULL},
    {"UNDELETED", MG_IMAP_KEY_FLAG, TAKES_NOTHING, true, MG_FLAG_DELETED, NULL},
    {"UNDRAFT", MG_IMAP_KEY_FLAG, TAKES_NOTHING, true, MG_FLAG_DRAFT, NULL},
    {"UNFLAGGED", MG_IMAP_KEY_FLAG, TAKES_NOTHING, true, MG_FLAG_FLAGGED, NULL},
    {"UNKEYWORD", MG_IMAP_KEY_KEYWORD, TAKES_KEYWORD, true, 0, NULL},
    {"UNSEEN", MG_IMAP_KEY_FLAG, TAKES_NOTHING, true, MG_FLAG_SEEN, NULL},
    {"YOUNGER", MG_IMAP_KEY_OLDER, TAKES_NUMBER, true, 0, NULL},
};

static bool read_key(MgImapReader *reader, MgImapSearch *search, MgImapSearchKey *around);

/* ---- keys ---- */

static void free_key(void *data)
{
    MgImapSearchKey *key = data;
    if (key->parts != NULL)
        g_ptr_array_unref(key->parts);
    if (key->set != NULL)
        g_array_unref(key->set);
    g_free(key->name);
    g_free(key->text);
    g_free(key);
}

/* (nullable) NULL if there are too many. */
static MgImapSearchKey *new_key(MgImapSearch *search, MgImapSearchKey *around, MgImapSearchOp op)
{
    if (search->n_keys++ >= KEYS_MAX)
        return NULL;
    MgImapSearchKey *key = g_new0(MgImapSearchKey, 1);
    key->op = op;
    if (op == MG_IMAP_KEY_AND || op == MG_IMAP_KEY_OR)
        key->parts = g_ptr_array_new_with_free_func(free_key);
    if (around != NULL)
        g_ptr_array_add(around->parts, key);
    return key;
}

void mg_imap_search_free(MgImapSearch *search)
{
    if (search == NULL)
        return;
    free_key(search->root);
    g_free(search->charset);
    g_free(search);
}

bool mg_imap_search_has_modseq(const MgImapSearch *search)
{
    return search->has_modseq;
}

bool mg_imap_search_has_saved(const MgImapSearch *search)
{
    return search->has_saved;
}

/* ---- what a key takes ---- */

/* Converted and folded. Without a CHARSET it is ASCII, or what clients send anyway: UTF-8 (so RFC
 * 9051 §6.4.4). */
static bool read_text(MgImapReader *reader, const MgImapSearch *search, char **text)
{
    g_autoptr(GString) raw = g_string_new(NULL);
    g_autoptr(GString) converted = g_string_new(NULL);
    if (!mg_imap_read_astring(reader, raw))
        return false;
    if (mg_message_to_utf8((MgSpan){(const uint8_t *)raw->str, raw->len}, search->charset,
                           converted) != MG_CHARSET_WELL ||
        strlen(converted->str) != converted->len)
        return false;
    *text = mg_imap_fold(converted->str);
    return true;
}

/* "1-Feb-1994", also in quotation marks, as days since 1970-01-01. */
static bool read_date(MgImapReader *reader, int64_t *day)
{
    g_autoptr(GString) raw = g_string_new(NULL);
    if (!mg_imap_read_astring(reader, raw) || strlen(raw->str) != raw->len)
        return false;
    const char *text = raw->str;
    size_t digits = strspn(text, "0123456789");
    bool good = digits >= 1 && digits <= 2 && text[digits] == '-' &&
                strlen(text) == digits + strlen("-Feb-1994") && text[digits + 4] == '-' &&
                strspn(text + digits + 5, "0123456789") == 4;
    g_autofree char *whole = g_strdup_printf("%s 00:00 +0000", text);
    MgMessageDate date;
    if (!good || !mg_message_parse_date(mg_span_from_string(whole), &date))
        return false;
    *day = mg_imap_day(date.unix_seconds);
    return true;
}

static bool read_keyword(MgImapReader *reader, char **name)
{
    MgSpan atom;
    if (!mg_imap_read_atom(reader, &atom))
        return false;
    *name = g_strndup((const char *)atom.data, atom.len);
    return true;
}

/* RFC 7162 §3.1.5: the name of a flag and whose it is change nothing where all flags have one
 * modseq. */
static bool read_modseq(MgImapReader *reader, MgImapSearch *search, MgImapSearchKey *key)
{
    if (mg_imap_read_peek(reader) == '"') {
        g_autoptr(GString) flag = g_string_new(NULL);
        if (!mg_imap_read_astring(reader, flag) ||
            g_ascii_strncasecmp(flag->str, "/flags/", 7) != 0 || !mg_imap_read_octet(reader, ' ') ||
            (!mg_imap_read_word(reader, "all") && !mg_imap_read_word(reader, "priv") &&
             !mg_imap_read_word(reader, "shared")) ||
            !mg_imap_read_octet(reader, ' '))
            return false;
    }
    search->has_modseq = true;
    return mg_imap_read_number(reader, INT64_MAX, &key->number);
}

static bool read_header(MgImapReader *reader, const MgImapSearch *search, MgImapSearchKey *key)
{
    g_autoptr(GString) name = g_string_new(NULL);
    if (!mg_imap_read_astring(reader, name) || !mg_imap_read_octet(reader, ' '))
        return false;
    key->name = g_strdup(name->str);
    return read_text(reader, search, &key->text);
}

/* A set of numbers or uids; "$" is what was saved (RFC 5182 §2.1). */
static bool read_set(MgImapReader *reader, MgImapSearch *search, MgImapSearchKey *key)
{
    if (mg_imap_read_octet(reader, '$')) {
        search->has_saved = true;
        key->op = MG_IMAP_KEY_SAVED;
        return true;
    }
    key->set = g_array_new(FALSE, FALSE, sizeof(MgImapRange));
    return mg_imap_read_set(reader, key->set);
}

static bool read_argument(MgImapReader *reader, MgImapSearch *search, MgImapSearchKey *key,
                          Takes takes)
{
    if (takes != TAKES_NOTHING && !mg_imap_read_octet(reader, ' '))
        return false;
    switch (takes) {
    case TAKES_NOTHING:
        return true;
    case TAKES_NUMBER:
        return mg_imap_read_number(reader, INT64_MAX, &key->number) &&
               (key->op != MG_IMAP_KEY_OLDER || key->number > 0); /* RFC 5032 §3: nz-number */
    case TAKES_DATE:
        return read_date(reader, &key->day);
    case TAKES_KEYWORD:
        return read_keyword(reader, &key->name);
    case TAKES_TEXT:
        return read_text(reader, search, &key->text);
    case TAKES_HEADER:
        return read_header(reader, search, key);
    case TAKES_SET:
        return read_set(reader, search, key);
    case TAKES_KEY:
        return read_key(reader, search, key);
    case TAKES_TWO_KEYS:
        return read_key(reader, search, key) && mg_imap_read_octet(reader, ' ') &&
               read_key(reader, search, key);
    case TAKES_MODSEQ:
        return read_modseq(reader, search, key);
    }
    return false;
}

/* ---- the program ---- */

static bool read_keys(MgImapReader *reader, MgImapSearch *search, MgImapSearchKey *around)
{
    do
        if (!read_key(reader, search, around))
            return false;
    while (mg_imap_read_octet(reader, ' '));
    return true;
}

static bool read_word(MgImapReader *reader, MgImapSearch *search, MgImapSearchKey *around)
{
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (!mg_imap_read_word(reader, keys[i].word))
            continue;
        MgImapSearchKey *key = new_key(search, around, keys[i].op);
        if (key == NULL)
            return false;
        key->negated = keys[i].negated;
        key->flag = keys[i].flag;
        key->name = g_strdup(keys[i].name);
        return read_argument(reader, search, key, keys[i].takes);
    }
    return false;
}

static bool read_key(MgImapReader *reader, MgImapSearch *search, MgImapSearchKey *around)
{
    uint8_t next = mg_imap_read_peek(reader);
    bool good = false;
    if (search->depth++ >= DEPTH_MAX)
        return false;
    if (next == '(') {
        MgImapSearchKey *key = new_key(search, around, MG_IMAP_KEY_AND);
        reader->at++;
        good = key != NULL && read_keys(reader, search, key) && mg_imap_read_octet(reader, ')');
    } else if (g_ascii_isdigit((char)next) || next == '*' || next == '$') {
        MgImapSearchKey *key = new_key(search, around, MG_IMAP_KEY_NUMBER);
        good = key != NULL && read_set(reader, search, key);
    } else {
        good = read_word(reader, search, around);
    }
    search->depth--;
    return good;
}

static MgImapSearchResult read_charset(MgImapReader *reader, MgImapSearch *search)
{
    g_autoptr(GString) name = g_string_new(NULL);
    if (!mg_imap_read_octet(reader, ' ') || !mg_imap_read_astring(reader, name) ||
        !mg_imap_read_octet(reader, ' '))
        return MG_IMAP_SEARCH_BAD;
    search->charset = g_strdup(name->str);
    return MG_IMAP_SEARCH_OK;
}

static bool is_known(const char *charset)
{
    g_autoptr(GString) out = g_string_new(NULL);
    return charset == NULL ||
           mg_message_to_utf8(mg_span_from_string("a"), charset, out) != MG_CHARSET_UNKNOWN;
}

MgImapSearchResult mg_imap_search_read(MgImapReader *reader, const char *charset,
                                       bool takes_charset, MgImapSearch **search)
{
    g_autoptr(MgImapSearch) made = g_new0(MgImapSearch, 1);
    made->root = new_key(made, NULL, MG_IMAP_KEY_AND);
    made->charset = g_strdup(charset);
    if (takes_charset && mg_imap_read_word(reader, "CHARSET") &&
        read_charset(reader, made) != MG_IMAP_SEARCH_OK)
        return MG_IMAP_SEARCH_BAD;
    if (!is_known(made->charset))
        return MG_IMAP_SEARCH_CHARSET;
    if (!read_keys(reader, made, made->root) || !mg_imap_read_end(reader))
        return MG_IMAP_SEARCH_BAD;
    *search = g_steal_pointer(&made);
    return MG_IMAP_SEARCH_OK;
}
