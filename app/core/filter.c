/* SPDX-License-Identifier: GPL-3.0-or-later */
/* filter.c - reads a filter, and says exactly what is wrong with one (grammar: filter.h)
 *
 * Fields are looked up while reading, so that a value is judged by the type of its field, and the
 * column of a mistake is known. */
#include <errno.h>
#include <glib/gi18n-lib.h>

#include "filter-private.h"
#include "inet.h"

#define DEPTH_MAX 64u  /* brackets and "not" in each other */
#define TESTS_MAX 512u /* of one filter */

/* clang-format off */
const MgOfRow mg_filter_of[] = {
    {"frame.number", MG_TYPE_UINT, MG_OF_NUMBER},
    {"frame.time_relative", MG_TYPE_SECONDS, MG_OF_TIME},
    {"frame.len", MG_TYPE_UINT, MG_OF_LEN},
    {"ip.src", MG_TYPE_ADDRESS, MG_OF_SOURCE},
    {"ip.dst", MG_TYPE_ADDRESS, MG_OF_TARGET},
    {"ip.addr", MG_TYPE_ADDRESS, MG_OF_ADDRESSES},
    {"ipv6.src", MG_TYPE_ADDRESS, MG_OF_SOURCE_V6},
    {"ipv6.dst", MG_TYPE_ADDRESS, MG_OF_TARGET_V6},
    {"ipv6.addr", MG_TYPE_ADDRESS, MG_OF_ADDRESSES_V6},
    {"tcp.srcport", MG_TYPE_UINT, MG_OF_TCP_SOURCE},
    {"tcp.dstport", MG_TYPE_UINT, MG_OF_TCP_TARGET},
    {"tcp.port", MG_TYPE_UINT, MG_OF_TCP_PORTS},
    {"tcp.stream", MG_TYPE_UINT, MG_OF_TCP_STREAM},
    {"udp.srcport", MG_TYPE_UINT, MG_OF_UDP_SOURCE},
    {"udp.dstport", MG_TYPE_UINT, MG_OF_UDP_TARGET},
    {"udp.port", MG_TYPE_UINT, MG_OF_UDP_PORTS},
    {"udp.stream", MG_TYPE_UINT, MG_OF_UDP_STREAM},
    {"mailglass.from", MG_TYPE_TEXT, MG_OF_FROM},
    {"mailglass.to", MG_TYPE_TEXT, MG_OF_TO},
    {"mailglass.host", MG_TYPE_TEXT, MG_OF_HOSTS},
    {"mailglass.kind", MG_TYPE_TEXT, MG_OF_KIND},
    {"mailglass.parent", MG_TYPE_UINT, MG_OF_PARENT},
    {"mailglass.encrypted", MG_TYPE_BOOL, MG_OF_ENCRYPTED},
    {"mailglass.real", MG_TYPE_BOOL, MG_OF_REAL},
    {"mailglass.lost", MG_TYPE_BOOL, MG_OF_LOST},
    {"mailglass.again", MG_TYPE_BOOL, MG_OF_AGAIN},
    {"mailglass.state", MG_TYPE_TEXT, MG_OF_STATE},
    {"mailglass.engine", MG_TYPE_TEXT, MG_OF_ENGINE},
    {"mailglass.rule", MG_TYPE_TEXT, MG_OF_RULE},
    {0}};

static const struct { const char *word; MgFilterOp op; } operators[] = {
    {"==", MG_OP_EQ}, {"eq", MG_OP_EQ}, {"!=", MG_OP_NE}, {"ne", MG_OP_NE},
    {">=", MG_OP_GE}, {"ge", MG_OP_GE}, {"<=", MG_OP_LE}, {"le", MG_OP_LE},
    {">", MG_OP_GT}, {"gt", MG_OP_GT}, {"<", MG_OP_LT}, {"lt", MG_OP_LT},
    {"contains", MG_OP_CONTAINS}, {"matches", MG_OP_MATCHES}, {"~", MG_OP_MATCHES}, {"in", MG_OP_IN}};
/* clang-format on */

typedef enum { END, WORD, STRING, MARK, BAD_STRING } TokenKind;

typedef struct {
    TokenKind kind;
    const char *start;
    size_t len;
} Token;

typedef struct {
    const char *text;
    const char *at; /* after `token` */
    Token token;
    const MgRegistry *registry;
    unsigned depth, n_tests;
    GError **error;
    bool failed;
} Reader;

/* ---- words ---- */

static bool is_word(char c)
{
    return g_ascii_isalnum(c) || strchr("_.-:/@+%", c) != NULL || (c & 0x80) != 0;
}

static size_t string_len(const char *start)
{
    const char *at = start + 1;
    while (*at != '\0' && *at != '"')
        at += at[0] == '\\' && at[1] != '\0' ? 2 : 1;
    return *at == '"' ? (size_t)(at + 1 - start) : 0;
}

static Token scan(const char *at)
{
    static const char *const marks[] = {"==", "!=", ">=", "<=", "&&", "||", "..", ">",
                                        "<",  "!",  "~",  "(",  ")",  "{",  "}",  ","};
    Token token = {.kind = END, .start = at};
    if (*at == '\0')
        return token;
    token.kind = MARK;
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
        if (g_str_has_prefix(at, marks[i])) {
            token.len = strlen(marks[i]);
            return token;
        }
    }
    if (*at == '"') {
        token.len = string_len(at);
        token.kind = token.len > 0 ? STRING : BAD_STRING;
        return token;
    }
    token.kind = WORD;
    while (at[token.len] != '\0' && is_word(at[token.len]) &&
           !(at[token.len] == '.' && at[token.len + 1] == '.'))
        token.len++;
    if (token.len == 0) { /* a character that means nothing here */
        token.kind = MARK;
        token.len = (size_t)(g_utf8_next_char(at) - at);
    }
    return token;
}

static void advance(Reader *reader)
{
    while (g_ascii_isspace(*reader->at))
        reader->at++;
    reader->token = scan(reader->at);
    reader->at += reader->token.len;
}

static bool is(const Token *token, const char *text)
{
    return token->kind != STRING && token->kind != BAD_STRING && token->len == strlen(text) &&
           memcmp(token->start, text, token->len) == 0;
}

/* Columns are counted in characters, from 1. */
G_GNUC_PRINTF(3, 4)
static void *fail(Reader *reader, const char *where, const char *format, ...)
{
    if (reader->failed)
        return NULL;
    reader->failed = true;
    glong column = 1 + g_utf8_pointer_to_offset(reader->text, where);
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_set_error(reader->error, MG_ERROR, MG_ERROR_FILTER, _("column %ld: %s"), column, what);
    return NULL;
}

static char *token_text(const Token *token)
{
    return g_strndup(token->start, token->len);
}

static void *expected(Reader *reader, const char *what)
{
    if (reader->token.kind == END)
        return fail(reader, reader->token.start, _("%s is missing here"), what);
    if (reader->token.kind == BAD_STRING)
        return fail(reader, reader->token.start, _("this text has no closing \""));
    g_autofree char *found = token_text(&reader->token);
    return fail(reader, reader->token.start, _("%s was expected, not %s"), what, found);
}

/* ---- the tree ---- */

static void clear_operand(void *data)
{
    g_free(((MgFilterOperand *)data)->text);
}

static MgFilterNode *new_node(MgFilterNodeKind kind, MgFilterNode *left, MgFilterNode *right)
{
    MgFilterNode *node = g_new0(MgFilterNode, 1);
    node->kind = kind;
    node->left = left;
    node->right = right;
    return node;
}

static void free_node(MgFilterNode *node)
{
    if (node == NULL)
        return;
    free_node(node->left);
    free_node(node->right);
    if (node->operands != NULL)
        g_array_unref(node->operands);
    if (node->regex != NULL)
        g_regex_unref(node->regex);
    g_free(node);
}

/* ---- values ---- */

/* "a\"b\x41" without its quotes. An escape that is none stays as it is, for patterns. */
static char *unquote(const Token *token, bool keep_escapes, size_t *len)
{
    GString *text = g_string_sized_new(token->len);
    const char *at = token->start + 1, *end = token->start + token->len - 1;
    for (; at < end; at++) {
        if (*at != '\\') {
            g_string_append_c(text, *at);
        } else if (keep_escapes && at[1] != '"') {
            g_string_append_len(text, at++, 2);
        } else if (at[1] == 'x' && end - at > 3 && g_ascii_isxdigit(at[2]) &&
                   g_ascii_isxdigit(at[3])) {
            g_string_append_c(
                text, (char)(g_ascii_xdigit_value(at[2]) << 4 | g_ascii_xdigit_value(at[3])));
            at += 3;
        } else {
            at++;
            g_string_append_c(text, *at == 'n'   ? '\n'
                                    : *at == 'r' ? '\r'
                                    : *at == 't' ? '\t'
                                                 : *at);
        }
    }
    *len = text->len;
    return g_string_free(text, FALSE);
}

static bool parse_uint(const char *text, uint64_t *number)
{
    char *end = NULL;
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    if (!g_ascii_isdigit(text[0]) || (hex && !g_ascii_isxdigit(text[2])))
        return false;
    errno = 0;
    *number = g_ascii_strtoull(text, &end, hex ? 16 : 10);
    return *end == '\0' && errno == 0;
}

/* The word that a name begins with: "MX" of "MX: a mail exchange". */
static bool parse_name(const MgField *field, const char *text, uint64_t *number)
{
    size_t len = strlen(text);
    for (const MgName *name = field != NULL ? field->names : NULL;
         name != NULL && name->name != NULL; name++) {
        if (len > 0 && name->text == NULL && g_ascii_strncasecmp(name->name, text, len) == 0 &&
            !g_ascii_isalnum(name->name[len])) {
            *number = name->value;
            return true;
        }
    }
    return false;
}

static bool parse_address(const char *text, MgFilterValue *value)
{
    const char *slash = strchr(text, '/');
    size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
    value->address_len = (unsigned)mg_inet_parse(text, len, value->address);
    value->bits = value->address_len * 8;
    uint64_t bits;
    if (value->address_len == 0)
        return false;
    if (slash == NULL)
        return true;
    if (!parse_uint(slash + 1, &bits) || bits > value->bits)
        return false;
    value->bits = (unsigned)bits;
    return true;
}

/* "0d0a", "0d:0a", "0d-0a": octets in hexadecimal; in quotes, the octets of the text. */
static bool parse_hex(char *text, size_t *len)
{
    size_t n = 0, i = 0;
    while (text[i] != '\0') {
        if (!g_ascii_isxdigit(text[i]) || !g_ascii_isxdigit(text[i + 1]))
            return false;
        text[n++] = (char)(g_ascii_xdigit_value(text[i]) << 4 | g_ascii_xdigit_value(text[i + 1]));
        i += 2;
        if ((text[i] == ':' || text[i] == '-') && text[i + 1] != '\0')
            i++;
    }
    *len = n;
    return n > 0;
}

static const char *type_words(MgFilterType type)
{
    switch (type) {
    case MG_TYPE_UINT:
        return _("a number");
    case MG_TYPE_SECONDS:
        return _("a number of seconds");
    case MG_TYPE_ADDRESS:
        return _("an IP address");
    case MG_TYPE_BOOL:
        return _("true or false");
    case MG_TYPE_BYTES:
        return _("octets in hexadecimal or a text in quotes");
    case MG_TYPE_GROUP:
    case MG_TYPE_TEXT:
        break;
    }
    return _("a text");
}

static bool parse_value(const MgFilterNode *test, bool quoted, char *text, size_t len,
                        MgFilterValue *value)
{
    char *end = NULL;
    value->text = (MgSpan){(const uint8_t *)text, len};
    switch (test->type) {
    case MG_TYPE_UINT:
        return parse_uint(text, &value->number) || parse_name(test->field, text, &value->number);
    case MG_TYPE_SECONDS:
        value->seconds = g_ascii_strtod(text, &end);
        return end != text && *end == '\0' && value->seconds == value->seconds;
    case MG_TYPE_BOOL:
        value->number = strcmp(text, "true") == 0 || strcmp(text, "1") == 0;
        return value->number != 0 || strcmp(text, "false") == 0 || strcmp(text, "0") == 0;
    case MG_TYPE_ADDRESS:
        return parse_address(text, value);
    case MG_TYPE_BYTES:
        if (quoted)
            return true;
        return parse_hex(text, &value->text.len);
    case MG_TYPE_GROUP:
    case MG_TYPE_TEXT:
        break;
    }
    return true;
}

/* Reads one value into `low` or `high` of an operand. */
static bool read_value(Reader *reader, const MgFilterNode *test, char **text, MgFilterValue *value)
{
    Token token = reader->token;
    if (token.kind != STRING && token.kind != WORD) {
        expected(reader, type_words(test->type));
        return false;
    }
    size_t len = token.len;
    *text = token.kind == STRING ? unquote(&token, false, &len) : token_text(&token);
    if (!parse_value(test, token.kind == STRING, *text, len, value)) {
        expected(reader, type_words(test->type));
        return false;
    }
    advance(reader);
    return true;
}

static bool read_operand(Reader *reader, MgFilterNode *test, bool ranges)
{
    MgFilterOperand operand = {0};
    char *high = NULL;
    bool good = read_value(reader, test, &operand.text, &operand.low);
    if (good && ranges && is(&reader->token, "..")) {
        advance(reader);
        operand.is_range = true;
        good = read_value(reader, test, &high, &operand.high);
        /* Both texts stay for as long as the operand: they are one allocation. */
        if (good && test->type != MG_TYPE_ADDRESS) {
            size_t low_len = operand.low.text.len, high_len = operand.high.text.len;
            char *both = g_malloc(low_len + high_len + 1);
            memcpy(both, operand.text, low_len);
            memcpy(both + low_len, high, high_len);
            g_free(operand.text);
            operand.text = both;
            operand.low.text.data = (const uint8_t *)both;
            operand.high.text.data = (const uint8_t *)both + low_len;
        }
    }
    g_free(high);
    if (!good) {
        g_free(operand.text);
        return false;
    }
    g_array_append_val(test->operands, operand);
    return true;
}

static bool read_set(Reader *reader, MgFilterNode *test)
{
    if (!is(&reader->token, "{"))
        return expected(reader, "\"{\"") != NULL;
    do {
        advance(reader);
        if (!read_operand(reader, test, true))
            return false;
    } while (is(&reader->token, ","));
    if (!is(&reader->token, "}"))
        return expected(reader, _("\",\" or \"}\"")) != NULL;
    advance(reader);
    return true;
}

static bool read_pattern(Reader *reader, MgFilterNode *test)
{
    Token token = reader->token;
    if (token.kind != STRING && token.kind != WORD)
        return expected(reader, _("a pattern in quotes")) != NULL;
    size_t len;
    g_autofree char *pattern =
        token.kind == STRING ? unquote(&token, true, &len) : token_text(&token);
    g_autoptr(GError) error = NULL;
    test->regex = g_regex_new(pattern, G_REGEX_CASELESS | G_REGEX_OPTIMIZE, 0, &error);
    if (test->regex == NULL)
        return fail(reader, token.start, _("this pattern cannot be used: %s"), error->message) !=
               NULL;
    advance(reader);
    return true;
}

/* ---- tests ---- */

static bool find_operator(const Token *token, MgFilterOp *op)
{
    for (size_t i = 0; i < G_N_ELEMENTS(operators); i++) {
        if (is(token, operators[i].word)) {
            *op = operators[i].op;
            return true;
        }
    }
    return false;
}

static bool op_fits_type(MgFilterOp op, MgFilterType type)
{
    bool octets = type == MG_TYPE_TEXT || type == MG_TYPE_BYTES || type == MG_TYPE_GROUP;
    switch (op) {
    case MG_OP_CONTAINS:
    case MG_OP_MATCHES:
        return octets;
    case MG_OP_GT:
    case MG_OP_LT:
    case MG_OP_GE:
    case MG_OP_LE:
        return type != MG_TYPE_BOOL && type != MG_TYPE_GROUP;
    default:
        return type != MG_TYPE_GROUP;
    }
}

static const MgOfRow *find_of(const char *id)
{
    for (const MgOfRow *row = mg_filter_of; row->id != NULL; row++)
        if (strcmp(row->id, id) == 0)
            return row;
    return NULL;
}

/* Which of all names is nearest to one that there is not; NULL if none is near. */
static const char *nearest(const MgRegistry *registry, const char *word)
{
    const char *best = NULL;
    size_t best_len = 3;
    for (size_t i = 1; i < mg_registry_n_dissectors(registry); i++) {
        const MgDissector *dissector = mg_registry_dissector(registry, (uint8_t)i);
        for (size_t f = 0; f < dissector->n_fields; f++) {
            const char *id = dissector->fields[f].id;
            size_t same = 0, same_end = 0, len = strlen(id), word_len = strlen(word);
            while (id[same] != '\0' && id[same] == word[same])
                same++;
            while (same_end < MIN(len, word_len) - same &&
                   id[len - 1 - same_end] == word[word_len - 1 - same_end])
                same_end++;
            if (same + same_end > best_len && same + same_end + 3 >= MAX(len, word_len)) {
                best = id;
                best_len = same + same_end;
            }
        }
    }
    return best;
}

/* Only ever in what others carry: it cuts nothing itself. */
static bool is_nested(const MgRegistry *registry, uint8_t index)
{
    const MgDissector *dissector = mg_registry_dissector(registry, index);
    for (size_t i = 0; mg_inet_dissectors[i] != NULL; i++)
        if (mg_inet_dissectors[i] == dissector)
            return false;
    return dissector->cut == NULL;
}

/* What a test is about, and its type. */
static bool find_subject(Reader *reader, MgFilterNode *test)
{
    g_autofree char *word = token_text(&reader->token);
    const MgDissector *dissector = NULL;
    test->of = find_of(word);
    if (test->of != NULL) {
        test->type = test->of->type;
        return true;
    }
    test->dissector = mg_registry_dissector_index(reader->registry, word);
    if (test->dissector != 0) {
        test->type = MG_TYPE_GROUP;
        test->nested = is_nested(reader->registry, test->dissector);
        return true;
    }
    test->field = mg_registry_field(reader->registry, word, &dissector);
    if (test->field == NULL) {
        const char *near = nearest(reader->registry, word);
        if (near != NULL)
            fail(reader, reader->token.start, _("there is no field %s; did you mean %s?"), word,
                 near);
        else
            fail(reader, reader->token.start, _("there is no field %s"), word);
        return false;
    }
    G_STATIC_ASSERT((int)MG_TYPE_GROUP == (int)MG_FIELD_GROUP);
    G_STATIC_ASSERT((int)MG_TYPE_BOOL == (int)MG_FIELD_BOOL);
    test->type = (MgFilterType)test->field->type;
    test->dissector = mg_registry_dissector_index(reader->registry, dissector->name);
    for (size_t i = 0; mg_inet_dissectors[i] != NULL; i++)
        test->in_layers = test->in_layers || mg_inet_dissectors[i] == dissector;
    test->nested = is_nested(reader->registry, test->dissector);
    return true;
}

static bool read_comparison(Reader *reader, MgFilterNode *test, const Token *subject)
{
    if (!find_operator(&reader->token, &test->op))
        return true; /* presence */
    g_autofree char *id = token_text(subject);
    g_autofree char *op = token_text(&reader->token);
    if (test->of == NULL && test->field == NULL)
        return fail(reader, reader->token.start,
                    _("%s is a protocol: it is there or not, and has no value"), id) != NULL;
    if (!op_fits_type(test->op, test->type)) {
        if (test->type == MG_TYPE_GROUP)
            return fail(reader, reader->token.start,
                        _("%s holds other fields: it is there or not, or contains a text"),
                        id) != NULL;
        return fail(reader, reader->token.start, _("%s cannot be used here: the value of %s is %s"),
                    op, id, type_words(test->type)) != NULL;
    }
    advance(reader);
    if (test->op == MG_OP_IN)
        return read_set(reader, test);
    if (test->op == MG_OP_MATCHES)
        return read_pattern(reader, test);
    return read_operand(reader, test, false);
}

static MgFilterNode *read_test(Reader *reader)
{
    if (reader->token.kind != WORD || is(&reader->token, "and") || is(&reader->token, "or"))
        return expected(reader, _("the name of a field"));
    if (++reader->n_tests > TESTS_MAX)
        return fail(reader, reader->token.start, _("these are more than %u tests"), TESTS_MAX);
    MgFilterNode *test = new_node(MG_NODE_TEST, NULL, NULL);
    test->operands = g_array_new(FALSE, FALSE, sizeof(MgFilterOperand));
    g_array_set_clear_func(test->operands, clear_operand);
    Token subject = reader->token;
    bool good = find_subject(reader, test);
    if (good) {
        advance(reader);
        good = read_comparison(reader, test, &subject);
    }
    if (good)
        return test;
    free_node(test);
    return NULL;
}

/* ---- and, or, not ---- */

static MgFilterNode *read_or(Reader *reader);

static MgFilterNode *read_not(Reader *reader)
{
    if (++reader->depth > DEPTH_MAX)
        return fail(reader, reader->token.start, _("this is nested too deep"));
    MgFilterNode *node;
    if (is(&reader->token, "not") || is(&reader->token, "!")) {
        advance(reader);
        node = read_not(reader);
        node = node != NULL ? new_node(MG_NODE_NOT, node, NULL) : NULL;
    } else if (is(&reader->token, "(")) {
        advance(reader);
        node = read_or(reader);
        if (node != NULL && !is(&reader->token, ")")) {
            expected(reader, _("\"and\", \"or\" or \")\""));
            free_node(node);
            return NULL;
        }
        if (node != NULL)
            advance(reader);
    } else {
        node = read_test(reader);
    }
    reader->depth--;
    return node;
}

static MgFilterNode *read_chain(Reader *reader, bool any)
{
    MgFilterNode *node = any ? read_chain(reader, false) : read_not(reader);
    const char *word = any ? "or" : "and", *mark = any ? "||" : "&&";
    while (node != NULL && (is(&reader->token, word) || is(&reader->token, mark))) {
        advance(reader);
        MgFilterNode *right = any ? read_chain(reader, false) : read_not(reader);
        if (right == NULL) {
            free_node(node);
            return NULL;
        }
        node = new_node(any ? MG_NODE_OR : MG_NODE_AND, node, right);
    }
    return node;
}

static MgFilterNode *read_or(Reader *reader)
{
    return read_chain(reader, true);
}

MgFilter *mg_filter_new(const char *text, const MgRegistry *registry, GError **error)
{
    Reader reader = {.text = text, .at = text, .registry = registry, .error = error};
    g_autoptr(MgFilter) filter = g_new0(MgFilter, 1);
    filter->ip = mg_registry_dissector_index(registry, "ip");
    filter->ipv6 = mg_registry_dissector_index(registry, "ipv6");
    filter->tcp = mg_registry_dissector_index(registry, "tcp");
    filter->udp = mg_registry_dissector_index(registry, "udp");
    const char *bad = NULL;
    if (!g_utf8_validate(text, -1, &bad)) /* and so every piece of it can be trusted */
        return fail(&reader, bad, _("this is not UTF-8"));
    advance(&reader);
    if (reader.token.kind == END) /* nothing asked: everything matches */
        return g_steal_pointer(&filter);
    filter->top = read_or(&reader);
    if (filter->top == NULL)
        return NULL;
    if (reader.token.kind != END)
        return expected(&reader, _("\"and\" or \"or\""));
    return g_steal_pointer(&filter);
}

void mg_filter_free(MgFilter *filter)
{
    if (filter == NULL)
        return;
    free_node(filter->top);
    g_free(filter);
}
