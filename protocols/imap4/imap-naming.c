/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-naming.c - the values of IMAP where they lie in a unit, and the names of a command's octets
 */
#include "imap-naming.h"

#include "imap-utf7.h"
#include "sasl.h"
#include "text.h"

#define NODES_MAX   4000u
#define DEPTH_MAX   32u
#define MARK_MAX    32u   /* "~{9223372036854775807+}" and a line end */
#define SECTION_MAX 1000u /* of BODY[…] that is looked at for what it is */

/* What a command's arguments are: a letter each, the last for all that follow.
 * m mailbox, n reference, p patterns, s set, i items to fetch, t items of STATUS, o what STORE
 * does, f flags, k a search, u user, w password, a mechanism and what follows it, c capabilities,
 * l of APPEND, x anything */
static const struct {
    const char *name, *arguments;
    ImapWhat what;
} commands[] = {
    {"APPEND", "ml", IMAP_APPEND},
    {"AUTHENTICATE", "a", IMAP_AUTHENTICATE},
    {"CAPABILITY", "x", IMAP_CAPABILITY},
    {"CHECK", "x", IMAP_CHECK},
    {"CLOSE", "x", IMAP_CLOSE},
    {"COMPRESS", "x", IMAP_COMPRESS},
    {"COPY", "smx", IMAP_COPY},
    {"CREATE", "mx", IMAP_CREATE},
    {"DELETE", "mx", IMAP_DELETE},
    {"DONE", "x", IMAP_DONE},
    {"ENABLE", "c", IMAP_ENABLE},
    {"EXAMINE", "mx", IMAP_EXAMINE},
    {"EXPUNGE", "sx", IMAP_EXPUNGE},
    {"FETCH", "six", IMAP_FETCH},
    {"ID", "x", IMAP_ID},
    {"IDLE", "x", IMAP_IDLE},
    {"LIST", "npx", IMAP_LIST},
    {"LOGIN", "uw", IMAP_LOGIN},
    {"LOGOUT", "x", IMAP_LOGOUT},
    {"LSUB", "npx", IMAP_LSUB},
    {"MOVE", "smx", IMAP_MOVE},
    {"NAMESPACE", "x", IMAP_NAMESPACE},
    {"NOOP", "x", IMAP_NOOP},
    {"RENAME", "mmx", IMAP_RENAME},
    {"SEARCH", "k", IMAP_SEARCH},
    {"SELECT", "mx", IMAP_SELECT},
    {"SORT", "qvk", IMAP_SORT},
    {"STARTTLS", "x", IMAP_STARTTLS},
    {"STATUS", "mtx", IMAP_STATUS},
    {"STORE", "sof", IMAP_STORE},
    {"SUBSCRIBE", "mx", IMAP_SUBSCRIBE},
    {"THREAD", "xvk", IMAP_THREAD},
    {"UNSELECT", "x", IMAP_UNSELECT},
    {"UNSUBSCRIBE", "mx", IMAP_UNSUBSCRIBE},
    /* What follows a literal. */
    {NULL, "w", IMAP_PASSWORD},
    {NULL, "l", IMAP_LETTER},
};

/* ---- octets ---- */

/* The end of the word at `from`. */
static size_t word_end(MgSpan text, size_t from)
{
    while (from < text.len && text.data[from] != ' ')
        from++;
    return from;
}

static ImapWhat command_named(MgSpan word)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        if (commands[i].name != NULL &&
            mg_span_equal_nocase(word, mg_span_from_string(commands[i].name)))
            return commands[i].what;
    return IMAP_OTHER;
}

ImapWhat mg_imap_command_of(MgSpan text, size_t *argument)
{
    size_t from = MIN(word_end(text, 0) + 1, text.len), to = word_end(text, from);
    MgSpan word = mg_span_slice(text, from, to - from);
    if (mg_span_equal_nocase(word, MG_SPAN("UID")) && to < text.len) {
        from = to + 1;
        to = word_end(text, from);
        word = mg_span_slice(text, from, to - from);
    }
    *argument = MIN(to + 1, text.len);
    return command_named(word);
}

bool mg_imap_literal_ends(MgSpan text, size_t *mark, uint64_t *octets, bool *synchronizing)
{
    size_t to = text.len;
    if (to == 0 || text.data[--to] != '}')
        return false;
    bool plus = to > 0 && text.data[to - 1] == '+';
    if (plus)
        to--;
    size_t from = to;
    while (from > 0 && g_ascii_isdigit(text.data[from - 1]))
        from--;
    if (from == to || from == 0 || text.data[from - 1] != '{' ||
        !mg_text_parse_uint(mg_span_slice(text, from, to - from), INT64_MAX, octets))
        return false;
    from--;
    if (from > 0 && text.data[from - 1] == '~') /* literal8, RFC 3516 §4.1 */
        from--;
    *mark = from;
    *synchronizing = !plus;
    return true;
}

/* The literal whose mark begins at `at`: its octets. */
static bool literal_at(const ImapNaming *naming, size_t at, size_t to, ImapValue *value)
{
    const uint8_t *data = naming->unit.data;
    const uint8_t *lf = memchr(data + at, '\n', MIN(to - at, MARK_MAX));
    if (lf == NULL)
        return false;
    size_t content = (size_t)(lf - data) + 1, mark = 0;
    MgSpan text = mg_span_slice(naming->unit, at, content - at);
    uint64_t octets = 0;
    bool synchronizing = false;
    text.len = mg_text_without_end(text);
    if (!mg_imap_literal_ends(text, &mark, &octets, &synchronizing) || mark != 0)
        return false;
    size_t len = (size_t)MIN(octets, (uint64_t)(to - content));
    *value = (ImapValue){.from = at,
                         .to = content + len,
                         .inner = content,
                         .inner_to = content + len,
                         .kind = IMAP_VALUE_LITERAL,
                         .whole = len == octets};
    return true;
}

static void quoted_at(const ImapNaming *naming, size_t at, size_t to, ImapValue *value)
{
    size_t end = at + 1;
    while (end < to && naming->unit.data[end] != '"')
        end += naming->unit.data[end] == '\\' && end + 1 < to ? 2 : 1;
    *value = (ImapValue){.from = at,
                         .to = MIN(end + 1, to),
                         .inner = at + 1,
                         .inner_to = end,
                         .kind = IMAP_VALUE_QUOTED,
                         .whole = end < to};
}

/* An atom; what is in brackets belongs to it: BODY[HEADER.FIELDS (TO FROM)]<0>. */
static void atom_at(const ImapNaming *naming, size_t at, size_t to, ImapValue *value)
{
    size_t end = at;
    bool brackets = false;
    for (; end < to; end++) {
        uint8_t octet = naming->unit.data[end];
        brackets = octet == '[' || (brackets && octet != ']');
        if (octet == '\n' || octet == '\r' || (!brackets && strchr(" ()", octet) != NULL))
            break;
    }
    *value = (ImapValue){at, end, at, end, IMAP_VALUE_ATOM, true};
}

/* Over lists, strings and literals up to the parenthesis that closes this one. */
static void list_at(const ImapNaming *naming, size_t at, size_t to, ImapValue *value)
{
    size_t depth = 1, end = at + 1;
    while (end < to && depth > 0) {
        uint8_t octet = naming->unit.data[end];
        ImapValue inside = {.to = end + 1};
        if (octet == '"')
            quoted_at(naming, end, to, &inside);
        else if (octet == '{' || octet == '~')
            literal_at(naming, end, to, &inside);
        depth += octet == '(';
        depth -= octet == ')';
        end = inside.to;
    }
    bool whole = depth == 0;
    *value = (ImapValue){at, end, at + 1, end - (whole ? 1 : 0), IMAP_VALUE_LIST, whole};
}

bool mg_imap_next(const ImapNaming *naming, size_t *at, size_t to, ImapValue *value)
{
    const uint8_t *data = naming->unit.data;
    while (*at < to && data[*at] == ' ')
        (*at)++;
    if (*at >= to)
        return false;
    if (data[*at] == '"')
        quoted_at(naming, *at, to, value);
    else if (data[*at] == '(')
        list_at(naming, *at, to, value);
    else if ((data[*at] != '{' && data[*at] != '~') || !literal_at(naming, *at, to, value))
        atom_at(naming, *at, to, value);
    if (value->to == *at) { /* a parenthesis that closes nothing, a line end */
        (*at)++;
        return false;
    }
    *at = value->to;
    while (*at < to && data[*at] == ' ')
        (*at)++;
    return true;
}

bool mg_imap_value_is(const ImapNaming *naming, const ImapValue *value, const char *word)
{
    return mg_span_equal_nocase(mg_imap_inner(naming, value), mg_span_from_string(word));
}

/* ---- nodes ---- */

MgNode mg_imap_add(ImapNaming *naming, MgNode parent, unsigned field, size_t from, size_t to)
{
    if (to <= from || naming->n_nodes >= NODES_MAX)
        return parent;
    naming->n_nodes++;
    return mg_tree_add(naming->tree, parent, field, from, to - from);
}

static void add_mark(ImapNaming *naming, MgNode parent, const ImapValue *value)
{
    if (value->kind != IMAP_VALUE_LITERAL)
        return;
    MgSpan text = mg_span_slice(naming->unit, value->from, value->inner - value->from);
    size_t mark = 0;
    uint64_t octets = 0;
    bool synchronizing = false;
    text.len = mg_text_without_end(text);
    if (mg_imap_literal_ends(text, &mark, &octets, &synchronizing) && naming->n_nodes++ < NODES_MAX)
        mg_tree_add_uint(naming->tree, parent, F_LITERAL, value->from, text.len, octets);
}

MgNode mg_imap_add_value(ImapNaming *naming, MgNode parent, unsigned field, const ImapValue *value)
{
    add_mark(naming, parent, value);
    return mg_imap_add(naming, parent, field, value->inner, value->inner_to);
}

void mg_imap_add_text(ImapNaming *naming, MgNode parent, unsigned field, const ImapValue *value,
                      const char *text)
{
    if (naming->n_nodes++ < NODES_MAX)
        mg_tree_add_text(naming->tree, parent, field, value->inner, value->inner_to - value->inner,
                         text);
}

void mg_imap_add_uint(ImapNaming *naming, MgNode parent, unsigned field, const ImapValue *value)
{
    uint64_t number = 0;
    if (!mg_text_parse_uint(mg_imap_inner(naming, value), UINT64_MAX, &number))
        mg_imap_add_value(naming, parent, F_DATA_VALUE, value);
    else if (naming->n_nodes++ < NODES_MAX)
        mg_tree_add_uint(naming->tree, parent, field, value->inner, value->inner_to - value->inner,
                         number);
}

/* "\"" and "\\" in a quoted string are one character. */
static char *unescape(MgSpan text)
{
    GString *plain = g_string_new(NULL);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\\' && i + 1 < text.len)
            i++;
        g_string_append_c(plain, (char)text.data[i]);
    }
    return g_string_free(plain, FALSE);
}

void mg_imap_add_mailbox(ImapNaming *naming, MgNode parent, unsigned field, const ImapValue *value)
{
    /* Wireshark's filter has the quotation marks in the name. */
    size_t from = value->kind == IMAP_VALUE_LITERAL ? value->inner : value->from;
    add_mark(naming, parent, value);
    MgNode node = mg_imap_add(naming, parent, field, from, value->to);
    MgSpan inner = mg_imap_inner(naming, value);
    if (inner.len == 0 || node == parent)
        return;
    g_autofree char *plain = value->kind == IMAP_VALUE_QUOTED
                                 ? unescape(inner)
                                 : g_strndup((char *)inner.data, inner.len);
    g_autofree char *name = mg_imap_utf7_decode(mg_span_from_string(plain));
    const char *says = name != NULL ? name : plain;
    if (strlen(says) == inner.len && memcmp(says, inner.data, inner.len) == 0)
        return;
    if (g_utf8_validate(says, -1, NULL))
        mg_imap_add_text(naming, node, F_FOLDER_NAME, value, says);
}

void mg_imap_add_each(ImapNaming *naming, MgNode parent, unsigned field, const ImapValue *value)
{
    if (value->kind != IMAP_VALUE_LIST) {
        mg_imap_add_value(naming, parent, field, value);
        return;
    }
    ImapValue word;
    for (size_t at = value->inner; at < value->inner_to;)
        if (mg_imap_next(naming, &at, value->inner_to, &word))
            mg_imap_add_value(naming, parent, field, &word);
}

void mg_imap_add_base64(ImapNaming *naming, MgNode parent, size_t from, size_t to)
{
    char *text =
        from < to ? mg_sasl_decode_for_people(mg_span_slice(naming->unit, from, to - from)) : NULL;
    if (text != NULL)
        mg_tree_add_text(naming->tree, parent, F_AUTH_DECODED, from, to - from, text);
    mg_sasl_wipe(text);
}

static size_t find(const ImapNaming *naming, size_t from, size_t to, uint8_t octet)
{
    const uint8_t *found = from < to ? memchr(naming->unit.data + from, octet, to - from) : NULL;
    return found != NULL ? (size_t)(found - naming->unit.data) : to;
}

void mg_imap_add_item(ImapNaming *naming, MgNode parent, unsigned field, const ImapValue *value)
{
    size_t open = find(naming, value->inner, value->inner_to, '[');
    size_t close = find(naming, open, value->inner_to, ']');
    mg_imap_add(naming, parent, field, value->inner, open);
    if (open + 1 < close)
        mg_imap_add(naming, parent, F_SECTION, open + 1, close);
    size_t less = find(naming, close, value->inner_to, '<');
    size_t greater = find(naming, less, value->inner_to, '>');
    if (less + 1 < greater)
        mg_imap_add(naming, parent, F_PARTIAL, less + 1, greater);
}

void mg_imap_add_letter(ImapNaming *naming, MgNode parent, ImapWhat what, size_t from, size_t to,
                        bool first, bool last)
{
    if (to <= from)
        return;
    bool letter = what == IMAP_LETTER || what == IMAP_HEADER;
    MgNode node = mg_imap_add(naming, parent, letter ? F_LETTER : F_PIECE, from, to);
    uint16_t piece = !first                         ? MG_PIECE_LATER
                     : !last || what == IMAP_HEADER ? MG_PIECE_FIRST
                                                    : MG_PIECE_WHOLE;
    if (letter && node != parent)
        mg_tree_nest(naming->tree, node, "imf", piece,
                     mg_span_slice(naming->unit, from, to - from));
}

/* ---- a literal's meaning ---- */

static bool ends_with(MgSpan text, const char *end)
{
    MgSpan wanted = mg_span_from_string(end);
    return text.len >= wanted.len &&
           mg_span_equal_nocase(mg_span_slice(text, text.len - wanted.len, wanted.len), wanted);
}

ImapWhat mg_imap_literal_of(MgSpan text)
{
    while (text.len > 0 && text.data[text.len - 1] == ' ')
        text.len--;
    if (ends_with(text, "<0>"))
        text.len -= 3;
    if (ends_with(text, "BODY[]") || ends_with(text, " RFC822") || ends_with(text, "(RFC822"))
        return IMAP_LETTER;
    if (ends_with(text, " RFC822.HEADER") || ends_with(text, "(RFC822.HEADER"))
        return IMAP_HEADER;
    if (text.len == 0 || text.data[text.len - 1] != ']')
        return IMAP_PART;
    size_t open = text.len, least = text.len - MIN(text.len, SECTION_MAX);
    while (open > least && text.data[open - 1] != '[')
        open--;
    g_autofree char *section =
        g_ascii_strup((const char *)text.data + open, (gssize)(text.len - open));
    return strstr(section, "HEADER") != NULL || strstr(section, "MIME") != NULL ? IMAP_HEADER
                                                                                : IMAP_PART;
}

/* ---- a command's arguments ---- */

static bool is_date_key(const ImapNaming *naming, const ImapValue *value)
{
    static const char *const keys[] = {"BEFORE",      "ON",      "SINCE",
                                       "SENTBEFORE",  "SENTON",  "SENTSINCE",
                                       "SAVEDBEFORE", "SAVEDON", "SAVEDSINCE"};
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        if (mg_imap_value_is(naming, value, keys[i]))
            return true;
    return false;
}

/* How many values follow a search key. */
static unsigned n_key_values(const ImapNaming *naming, const ImapValue *value)
{
    static const char *const keys[] = {"BCC",    "BODY",      "CC",       "FROM",  "KEYWORD",
                                       "LARGER", "SMALLER",   "SUBJECT",  "TEXT",  "TO",
                                       "UID",    "UNKEYWORD", "CHARSET",  "OLDER", "YOUNGER",
                                       "MODSEQ", "EMAILID",   "THREADID", "RETURN"};
    if (mg_imap_value_is(naming, value, "HEADER"))
        return 2;
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        if (mg_imap_value_is(naming, value, keys[i]))
            return 1;
    return is_date_key(naming, value) ? 1 : 0;
}

static bool is_set(const ImapNaming *naming, const ImapValue *value)
{
    MgSpan text = mg_imap_inner(naming, value);
    bool set = text.len > 0 && value->kind == IMAP_VALUE_ATOM;
    for (size_t i = 0; i < text.len && set; i++)
        set = g_ascii_isdigit(text.data[i]) || strchr(":,*$", text.data[i]) != NULL;
    return set;
}

/* "OR FROM alice NOT (SEEN SINCE 1-Feb-2026)" */
static void name_search(ImapNaming *naming, MgNode parent, size_t from, size_t to, unsigned depth)
{
    unsigned values = 0;
    bool date = false;
    ImapValue value;
    for (size_t at = from; at < to;) {
        if (!mg_imap_next(naming, &at, to, &value))
            continue;
        if (values > 0) {
            values--;
            mg_imap_add_value(naming, parent, date ? F_DATE : F_SEARCH_VALUE, &value);
        } else if (value.kind == IMAP_VALUE_LIST && depth < DEPTH_MAX) {
            name_search(naming, parent, value.inner, value.inner_to, depth + 1);
        } else if (is_set(naming, &value)) {
            mg_imap_add_value(naming, parent, F_SET, &value);
        } else if (value.kind == IMAP_VALUE_ATOM) {
            values = n_key_values(naming, &value);
            date = is_date_key(naming, &value);
            mg_imap_add_value(naming, parent, F_SEARCH_KEY, &value);
        } else {
            mg_imap_add_value(naming, parent, F_SEARCH_VALUE, &value);
        }
    }
}

/* What APPEND has behind the mailbox: flags, a date, messages. */
static void name_append(ImapNaming *naming, MgNode parent, const ImapValue *value)
{
    if (value->kind == IMAP_VALUE_LIST) {
        mg_imap_add_each(naming, parent, F_FLAG, value);
    } else if (value->kind == IMAP_VALUE_QUOTED) {
        mg_imap_add_value(naming, parent, F_DATE, value);
    } else if (value->kind == IMAP_VALUE_LITERAL) {
        add_mark(naming, parent, value);
        mg_imap_add_letter(naming, parent, IMAP_LETTER, value->inner, value->inner_to, true,
                           value->whole);
    } else {
        mg_imap_add_value(naming, parent, F_ARGUMENT, value);
    }
}

static void name_items(ImapNaming *naming, MgNode parent, const ImapValue *value)
{
    ImapValue item = *value;
    if (value->kind != IMAP_VALUE_LIST) {
        mg_imap_add_item(naming, parent, F_ITEM, &item);
        return;
    }
    for (size_t at = value->inner; at < value->inner_to;)
        if (mg_imap_next(naming, &at, value->inner_to, &item))
            mg_imap_add_item(naming, parent, F_ITEM, &item);
}

/* The arguments whose letter needs more than a field. False: it is not one of them. */
static bool name_special(ImapNaming *naming, MgNode parent, char letter, const ImapValue *value)
{
    switch (letter) {
    case 'm':
        mg_imap_add_mailbox(naming, parent, F_FOLDER, value);
        return true;
    case 'n':
    case 'p': /* may be several, in a list */
        if (value->kind == IMAP_VALUE_LIST)
            mg_imap_add_each(naming, parent, letter == 'n' ? F_REFERENCE : F_PATTERN, value);
        else
            mg_imap_add_mailbox(naming, parent, letter == 'n' ? F_REFERENCE : F_PATTERN, value);
        return true;
    case 'i':
    case 't':
        name_items(naming, parent, value);
        return true;
    case 'l':
        name_append(naming, parent, value);
        return true;
    case 'f':
        mg_imap_add_each(naming, parent, F_FLAG, value);
        return true;
    default:
        return false;
    }
}

static unsigned field_of(char letter)
{
    static const struct {
        char letter;
        uint8_t field;
    } fields[] = {
        {'s', F_SET},        {'o', F_STORE},      {'u', F_USERNAME},     {'w', F_PASSWORD},
        {'c', F_CAPABILITY}, {'q', F_SEARCH_KEY}, {'v', F_SEARCH_VALUE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++)
        if (fields[i].letter == letter)
            return fields[i].field;
    return F_ARGUMENT;
}

static const char *arguments_of(ImapWhat what)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        if (commands[i].what == what)
            return commands[i].arguments;
    return "x";
}

static void name_mechanism(ImapNaming *naming, MgNode parent, size_t from, size_t to)
{
    size_t end = find(naming, from, to, ' ');
    mg_imap_add(naming, parent, F_MECHANISM, from, end);
    if (end + 1 < to)
        mg_imap_add_base64(naming, mg_imap_add(naming, parent, F_AUTH_DATA, end + 1, to), end + 1,
                           to);
}

/* The password is all that is left: if it is neither quoted nor a literal, spaces belong to it. */
static void name_password(ImapNaming *naming, MgNode parent, size_t from, size_t to)
{
    ImapValue value;
    while (from < to && naming->unit.data[from] == ' ')
        from++;
    size_t at = from;
    if (mg_imap_next(naming, &at, to, &value) && value.kind != IMAP_VALUE_ATOM && at >= to)
        mg_imap_add_value(naming, parent, F_PASSWORD, &value);
    else
        mg_imap_add(naming, parent, F_PASSWORD, from, to);
}

static void name_values(ImapNaming *naming, MgNode parent, size_t from, size_t to, bool goes_on)
{
    const char *letter = arguments_of(naming->what);
    ImapValue value;
    if (goes_on && naming->what == IMAP_AUTHENTICATE) {
        mg_imap_add(naming, parent, F_AUTH_DATA, from, to);
        return;
    }
    if (goes_on && strchr(letter, 'k') != NULL)
        letter = strchr(letter, 'k');
    else if (goes_on && letter[1] != '\0') /* the literal before was an argument */
        letter++;
    if (*letter == 'a') {
        name_mechanism(naming, parent, from, to);
        return;
    }
    for (size_t at = from; at < to;) {
        if (*letter == 'w') {
            name_password(naming, parent, at, to);
            return;
        }
        if (*letter == 'k') {
            name_search(naming, parent, at, to, 0);
            return;
        }
        if (!mg_imap_next(naming, &at, to, &value))
            continue;
        /* Options of LIST and STORE come first, in parentheses: they take no argument's place. */
        bool option = value.kind == IMAP_VALUE_LIST && (*letter == 'n' || *letter == 'o');
        if (option)
            mg_imap_add_each(naming, parent, F_ARGUMENT, &value);
        else if (!name_special(naming, parent, *letter, &value))
            mg_imap_add_each(naming, parent, field_of(*letter), &value);
        if (!option && letter[1] != '\0')
            letter++;
    }
}

void mg_imap_name_arguments(ImapNaming *naming, MgNode parent, size_t from, size_t to, bool goes_on)
{
    size_t mark = to - from;
    uint64_t octets = 0;
    bool synchronizing = false;
    /* A literal that comes in the next unit. */
    bool more = mg_imap_literal_ends(mg_span_slice(naming->unit, from, to - from), &mark, &octets,
                                     &synchronizing);
    name_values(naming, parent, from, from + mark, goes_on);
    if (more)
        mg_tree_add_uint(naming->tree, parent, F_LITERAL, from + mark, to - from - mark, octets);
}

void mg_imap_name_request(ImapNaming *naming, size_t text)
{
    MgNode line = mg_imap_add(naming, MG_NODE_ROOT, F_LINE, 0, naming->unit.len);
    MgNode request = mg_imap_add(naming, line, F_REQUEST, 0, text);
    size_t tag = find(naming, 0, text, ' '), argument = text;
    if (naming->what == IMAP_DONE) {
        mg_imap_add(naming, request, F_COMMAND, 0, tag);
        return;
    }
    mg_imap_add(naming, request, F_REQUEST_TAG, 0, tag);
    if (tag + 1 >= text)
        return;
    mg_imap_command_of(mg_span_slice(naming->unit, 0, text), &argument);
    size_t word = find(naming, tag + 1, text, ' ');
    bool uid =
        mg_span_equal_nocase(mg_span_slice(naming->unit, tag + 1, word - tag - 1), MG_SPAN("UID"));
    if (uid) {
        mg_tree_add_uint(naming->tree, request, F_UID, tag + 1, word - tag - 1, 1);
        size_t from = MIN(word + 1, text);
        word = find(naming, from, text, ' ');
        mg_imap_add(naming, request, F_COMMAND, from, word);
    } else {
        mg_imap_add(naming, request, F_COMMAND, tag + 1, word);
    }
    mg_imap_name_arguments(naming, request, argument, text, false);
}
