/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-dissect.c - names the bytes of SMTP and LMTP
 *
 * A client's line is a unit, and so is a reply with all its lines. The letter is one unit up to the
 * final dot; of a large one, a piece of about 64 KiB is a unit, cut at a line's end. Whether the
 * client's octets are commands or a letter depends on the server's 354, so the conversation keeps
 * the commands that were not answered yet: pipelining makes them several.
 */
#include "sasl.h"
#include "smtp-fields.h"
#include "smtp-reply.h"
#include "smtp-session.h"
#include "smtp-xtext.h"
#include "smtp.h"
#include "text.h"

#define PIECE       ((size_t)64 * 1024)
#define PIECE_MAX   ((size_t)120 * 1024) /* dissect.h: a unit must be found before 128 KiB */
#define LINE_CUT    4096u                /* a line that does not end is cut here */
#define WAITING_MAX 64u                  /* commands that are not answered yet */
#define STUFFED_MAX 1000u                /* added dots that are pointed at in one unit */

/* The tag of a unit: the command it is or answers, and which part of a letter it is. */
enum {
    TAG_COMMAND = 0x1f,
    TAG_FIRST = 1 << 5,   /* begins the letter, so a header comes first */
    TAG_LAST = 1 << 6,    /* ends with the final dot */
    TAG_MID = 1 << 7,     /* begins inside a line */
    TAG_LOGIN = 1 << 8,   /* AUTH_DATA: of AUTH LOGIN … */
    TAG_PLAIN = 1 << 9,   /* … of AUTH PLAIN */
    TAG_SECOND = 1 << 10, /* … the second line: the password */
    TAG_CHUNK = 1 << 11   /* of a letter that comes by BDAT: a dot means nothing */
};

typedef struct {
    uint8_t waiting[WAITING_MAX]; /* a ring of SmtpCommand */
    uint8_t first, n;
    bool greeted, lmtp, data, begun, mid_line, auth, tls, chunk_last;
    uint8_t auth_lines;
    uint16_t auth_tag;
    uint16_t n_recipients, n_replies; /* LMTP: replies that the letter will have */
    uint32_t scanned;                 /* octets of an unfinished letter that hold no end */
    uint64_t chunk_left;              /* octets of a piece that are to come */
} State;

static const struct {
    const char *name;
    SmtpCommand command;
} commands[] = {
    {"MAIL", SMTP_MAIL}, {"RCPT", SMTP_RCPT}, {"DATA", SMTP_DATA},         {"EHLO", SMTP_EHLO},
    {"HELO", SMTP_HELO}, {"LHLO", SMTP_LHLO}, {"QUIT", SMTP_QUIT},         {"RSET", SMTP_RSET},
    {"NOOP", SMTP_NOOP}, {"VRFY", SMTP_VRFY}, {"EXPN", SMTP_EXPN},         {"HELP", SMTP_HELP},
    {"AUTH", SMTP_AUTH}, {"BDAT", SMTP_BDAT}, {"STARTTLS", SMTP_STARTTLS},
};

/* ---- cutting ---- */

static void push(State *state, SmtpCommand command)
{
    if (state->n == WAITING_MAX) { /* the oldest is forgotten */
        state->first = (uint8_t)((state->first + 1) % WAITING_MAX);
        state->n--;
    }
    state->waiting[(state->first + state->n++) % WAITING_MAX] = (uint8_t)command;
}

static SmtpCommand pop(State *state)
{
    if (state->n == 0)
        return SMTP_NONE;
    SmtpCommand command = state->waiting[state->first];
    if (command == SMTP_MESSAGE && state->n_replies == 0) /* by now it is known who was accepted */
        state->n_replies = state->lmtp ? MAX(state->n_recipients, 1) : 1;
    if (command == SMTP_MESSAGE && state->n_replies > 1) { /* RFC 2033 §4.2 */
        state->n_replies--;
        return command;
    }
    state->first = (uint8_t)((state->first + 1) % WAITING_MAX);
    state->n--;
    return command;
}

static size_t word_len(MgSpan text)
{
    size_t len = 0;
    while (len < text.len && text.data[len] != ' ')
        len++;
    return len;
}

static SmtpCommand command_of(MgSpan text)
{
    MgSpan word = mg_span_slice(text, 0, word_len(text));
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        if (mg_span_equal_nocase(word, mg_span_from_string(commands[i].name)))
            return commands[i].command;
    return SMTP_OTHER;
}

static void hide(MgUnit *unit, size_t from, size_t text)
{
    unit->secret_offset = (uint32_t)from;
    unit->secret_len = (uint32_t)(text - from);
}

/* "AUTH PLAIN AGFsaWNlAHNlY3JldA==": what a real session must not keep. */
static void begin_auth(State *state, MgSpan text, MgUnit *unit)
{
    size_t at = MIN(word_len(text) + 1, text.len);
    MgSpan mechanism = mg_span_slice(text, at, text.len - at);
    mechanism.len = word_len(mechanism);
    size_t initial = MIN(at + mechanism.len + 1, text.len);
    /* What follows before the answer belongs to it, too: it may be the password, from a client that
     * does not wait. */
    state->auth = true;
    state->auth_lines = 0;
    state->auth_tag = mg_span_equal_nocase(mechanism, MG_SPAN("LOGIN"))   ? TAG_LOGIN
                      : mg_span_equal_nocase(mechanism, MG_SPAN("PLAIN")) ? TAG_PLAIN
                                                                          : 0;
    if (initial == text.len)
        return;
    if (state->auth_tag == TAG_LOGIN)
        state->auth_lines = 1; /* the name was said here; the password comes next */
    else
        hide(unit, initial, text.len);
}

static void cut_login(State *state, MgSpan text, MgUnit *unit)
{
    unit->tag = SMTP_AUTH_DATA | state->auth_tag;
    if (state->auth_lines > 0)
        unit->tag |= TAG_SECOND;
    if (state->auth_lines < UINT8_MAX)
        state->auth_lines++;
    unit->kind = MG_UNIT_DATA;
    if (text.len == 1 && text.data[0] == '*') /* RFC 4954 §4: it is broken off, and no secret */
        unit->tag = SMTP_AUTH_DATA;
    else if (state->auth_tag != TAG_LOGIN || (unit->tag & TAG_SECOND) != 0)
        hide(unit, 0, text.len);
    push(state, SMTP_AUTH_DATA);
}

/* The first line of `bytes`, or false if there is none yet. */
static bool cut_one_line(MgSpan bytes, bool end, MgUnit *unit)
{
    const uint8_t *lf = memchr(bytes.data, '\n', bytes.len);
    size_t len = lf != NULL ? (size_t)(lf - bytes.data) + 1 : bytes.len;
    if (lf == NULL && !end && len < LINE_CUT)
        return false;
    *unit = (MgUnit){.len = MIN(len, LINE_CUT)};
    return true;
}

/* "BDAT 1000 LAST": where its octets end is known from the start (RFC 3030 §2). The reply to the
 * last one is the reply to the letter. */
static void begin_chunk(State *state, MgSpan text)
{
    size_t at = MIN(word_len(text) + 1, text.len);
    MgSpan size = mg_span_slice(text, at, text.len - at);
    MgSpan last = size;
    size.len = word_len(size);
    at = MIN(size.len + 1, last.len);
    last = mg_span_slice(last, at, last.len - at);
    state->chunk_left = 0;
    mg_text_parse_uint(size, UINT64_MAX, &state->chunk_left);
    state->chunk_last = mg_span_equal_nocase(last, MG_SPAN("LAST"));
    if (state->chunk_last)
        state->n_replies = 0;
    push(state, state->chunk_last ? SMTP_MESSAGE : SMTP_BDAT);
    if (state->chunk_last && state->chunk_left == 0)
        state->begun = false;
}

static bool cut_command(State *state, MgSpan bytes, bool end, MgUnit *unit)
{
    if (!cut_one_line(bytes, end, unit))
        return false;
    MgSpan line = mg_span_slice(bytes, 0, unit->len);
    MgSpan text = mg_span_slice(line, 0, mg_text_without_end(line));
    if (state->auth) {
        cut_login(state, text, unit);
        return true;
    }
    SmtpCommand command = command_of(text);
    unit->kind = MG_UNIT_COMMAND;
    unit->tag = (uint16_t)command;
    if (command == SMTP_AUTH)
        begin_auth(state, text, unit);
    else if (command == SMTP_LHLO)
        state->lmtp = true;
    if (command == SMTP_MAIL)
        state->n_recipients = 0;
    if (command == SMTP_MAIL || command == SMTP_RSET || command == SMTP_EHLO)
        state->begun = false;
    if (command == SMTP_BDAT)
        begin_chunk(state, text);
    else
        push(state, command);
    return true;
}

/* Where the letter, or a piece of it, ends; 0: not yet. */
static size_t find_end(State *state, MgSpan bytes, bool end, uint16_t *tag)
{
    size_t at = state->scanned;
    bool mid_line = state->mid_line && at == 0;
    while (at < bytes.len) {
        const uint8_t *line = bytes.data + at;
        const uint8_t *lf = memchr(line, '\n', bytes.len - at);
        if (lf == NULL)
            break;
        size_t n = (size_t)(lf - line) + 1;
        /* Only CR LF . CR LF ends a letter: what the servers of this world see is shown. */
        bool after_crlf = at == 0 ? !mid_line : at >= 2 && line[-2] == '\r';
        at += n;
        if (n == 3 && line[0] == '.' && line[1] == '\r' && after_crlf) {
            *tag |= TAG_LAST;
            return at;
        }
        mid_line = false;
        if (at >= PIECE)
            return at;
    }
    state->scanned = (uint32_t)at;
    if (bytes.len >= PIECE_MAX)
        return PIECE_MAX;
    return end ? bytes.len : 0;
}

static bool cut_letter(State *state, MgSpan bytes, bool end, MgUnit *unit)
{
    uint16_t tag = SMTP_MESSAGE;
    if (!state->begun)
        tag |= TAG_FIRST;
    if (state->mid_line)
        tag |= TAG_MID;
    size_t len = find_end(state, bytes, end, &tag);
    if (len == 0)
        return false;
    *unit = (MgUnit){.len = len, .kind = MG_UNIT_DATA, .tag = tag};
    state->scanned = 0;
    state->begun = true;
    state->mid_line = len < 2 || bytes.data[len - 1] != '\n' || bytes.data[len - 2] != '\r';
    if ((tag & TAG_LAST) != 0) {
        state->data = false;
        state->n_replies = 0;
        push(state, SMTP_MESSAGE);
    }
    return true;
}

static bool cut_chunk(State *state, MgSpan bytes, bool end, MgUnit *unit)
{
    size_t len = (size_t)MIN(state->chunk_left, PIECE);
    if (bytes.len < len && !end)
        return false;
    uint16_t tag = SMTP_MESSAGE | TAG_CHUNK;
    if (!state->begun)
        tag |= TAG_FIRST;
    *unit = (MgUnit){.len = MIN(len, bytes.len), .kind = MG_UNIT_DATA};
    state->chunk_left -= unit->len;
    state->begun = true;
    if (state->chunk_left == 0 && state->chunk_last) {
        tag |= TAG_LAST;
        state->begun = false;
    }
    unit->tag = tag;
    return true;
}

/* What a reply changes. */
static void learn(State *state, SmtpCommand command, unsigned code)
{
    if (command == SMTP_DATA && code == 354) {
        state->data = true;
        state->begun = state->mid_line = false;
    } else if (command == SMTP_AUTH || command == SMTP_AUTH_DATA) {
        state->auth = code == 334;
    } else if (command == SMTP_STARTTLS && code == 220) {
        state->tls = true;
    } else if (command == SMTP_RCPT && code >= 200 && code <= 299 &&
               state->n_recipients < UINT16_MAX) {
        state->n_recipients++;
    } else if (command == SMTP_MESSAGE && state->n_replies <= 1) {
        state->n_recipients = state->n_replies = 0;
    }
}

static unsigned code_of(MgSpan line)
{
    unsigned code = 0;
    for (size_t i = 0; i < 3; i++) {
        if (i >= line.len || !g_ascii_isdigit(line.data[i]))
            return 0;
        code = code * 10 + (unsigned)(line.data[i] - '0');
    }
    return line.len == 3 || strchr(" -\r\n", line.data[3]) != NULL ? code : 0;
}

static bool cut_reply(State *state, MgSpan bytes, bool end, MgUnit *unit)
{
    size_t at = 0;
    unsigned code = 0;
    for (bool more = true; more;) {
        MgUnit line;
        MgSpan left = mg_span_slice(bytes, at, bytes.len - at);
        if (left.len == 0 || !cut_one_line(left, end, &line)) {
            if (!end && at < PIECE)
                return false;
            break;
        }
        at += line.len;
        if (code == 0)
            code = code_of(left);
        more = code != 0 && left.len > 3 && line.len > 3 && left.data[3] == '-' && at < PIECE;
    }
    SmtpCommand command = !state->greeted && state->n == 0 ? SMTP_GREETING : pop(state);
    state->greeted = true;
    learn(state, command, code);
    *unit = (MgUnit){.len = at, .kind = MG_UNIT_REPLY, .tag = (uint16_t)command};
    return true;
}

/* A TLS record: a kind, a version, and the length of what follows (RFC 8446 §5.1). */
static bool cut_tls(MgSpan bytes, bool end, MgUnit *unit)
{
    size_t len = bytes.len >= 5 ? 5 + (size_t)bytes.data[3] * 256 + bytes.data[4] : SIZE_MAX;
    if (bytes.len < len && !end)
        return false;
    *unit = (MgUnit){.len = MIN(bytes.len, len), .kind = MG_UNIT_DATA, .tag = SMTP_TLS};
    return true;
}

static bool cut(void *data, MgDirection direction, MgSpan bytes, bool end, MgUnit *unit)
{
    State *state = data;
    if (bytes.len == 0)
        return false;
    if (state->tls)
        return cut_tls(bytes, end, unit);
    if (direction == MG_FROM_SERVER)
        return cut_reply(state, bytes, end, unit);
    if (state->chunk_left > 0)
        return cut_chunk(state, bytes, end, unit);
    return state->data ? cut_letter(state, bytes, end, unit) : cut_command(state, bytes, end, unit);
}

/* ---- naming commands ---- */

/* A unit being named. */
typedef struct {
    MgSpan unit;
    MgTree *tree;
    SmtpCommand command; /* that it is, or that it answers */
} Naming;

/* Nothing is not worth a node: then its parent stands for it. */
static MgNode add(Naming *naming, MgNode parent, unsigned field, size_t from, size_t to)
{
    if (to == from)
        return parent;
    return mg_tree_add(naming->tree, parent, field, from, to - from);
}

static void add_end(Naming *naming, MgNode parent, size_t text, size_t end)
{
    if (end > text) {
        MgNode node = add(naming, parent, F_END_OF_LINE, text, end);
        if (end - text == 1)
            mg_tree_note(naming->tree, node, &mg_smtp_session_rules[MG_SMTP_R_BARE_LF]);
    }
}

static size_t find(const Naming *naming, size_t from, size_t to, uint8_t octet)
{
    const uint8_t *found = from < to ? memchr(naming->unit.data + from, octet, to - from) : NULL;
    return found != NULL ? (size_t)(found - naming->unit.data) : to;
}

/* Local part and domain; the last @ parts them. */
static void name_mailbox(Naming *naming, MgNode parent, size_t from, size_t to)
{
    size_t at = to;
    for (size_t i = to; i > from && at == to; i--)
        if (naming->unit.data[i - 1] == '@')
            at = i - 1;
    if (at > from)
        add(naming, parent, F_LOCAL_PART, from, at);
    if (at + 1 < to)
        add(naming, parent, F_DOMAIN, at + 1, to);
}

/* "a+2Bb" is "a+b": what is encoded is shown decoded, too. */
static void name_value(Naming *naming, MgNode parent, size_t from, size_t to)
{
    MgNode value = add(naming, parent, F_ESMTP_VALUE, from, to);
    if (find(naming, from, to, '+') == to)
        return;
    g_autoptr(GString) text = g_string_new(NULL);
    size_t start = find(naming, from, to, ';'); /* "rfc822;…": the type is not encoded */
    start = start < to ? start + 1 : from;
    if (start < to && mg_xtext_decode(mg_span_slice(naming->unit, start, to - start), text) &&
        mg_xtext_is_printable(text->str, true))
        mg_tree_add_text(naming->tree, value, F_ESMTP_DECODED, start, to - start, text->str);
}

static void name_parameters(Naming *naming, MgNode parent, size_t from, size_t to)
{
    while (from < to) {
        size_t end = find(naming, from, to, ' ');
        if (end > from) {
            MgNode group = add(naming, parent, F_ESMTP, from, end);
            size_t equals = find(naming, from, end, '=');
            if (equals > from)
                add(naming, group, F_ESMTP_KEYWORD, from, equals);
            if (equals + 1 < end)
                name_value(naming, group, equals + 1, end);
        }
        from = end + 1;
    }
}

/* "FROM:<@a:b@c> SIZE=12": `from` is behind the colon. */
static void name_path(Naming *naming, MgNode parent, unsigned field, size_t from, size_t to)
{
    const uint8_t *octets = naming->unit.data;
    while (from < to && octets[from] == ' ')
        from++;
    bool brackets = from < to && octets[from] == '<';
    size_t start = from + (brackets ? 1 : 0), end = start;
    for (bool quoted = false; end < to; end++) {
        if (octets[end] == '\\' && end + 1 < to)
            end++;
        else if (octets[end] == '"')
            quoted = !quoted;
        else if (!quoted && octets[end] == (brackets ? '>' : ' '))
            break;
    }
    if (brackets && end == start && end < to) {
        add(naming, parent, F_NULL_PATH, start - 1, end + 1);
    } else if (end > start) {
        size_t colon = octets[start] == '@' ? find(naming, start, end, ':') : end;
        if (colon < end) {
            add(naming, parent, F_SOURCE_ROUTE, start, colon);
            start = colon + 1;
        }
        MgNode path = add(naming, parent, field, start, end);
        name_mailbox(naming, path, start, end);
    }
    if (brackets && end < to)
        end++;
    name_parameters(naming, parent, end, to);
}

/* Base64, and under it what it says. */
static void name_base64(Naming *naming, MgNode parent, unsigned field, size_t from, size_t to)
{
    MgNode node = add(naming, parent, field, from, to);
    char *text =
        from < to ? mg_sasl_decode_for_people(mg_span_slice(naming->unit, from, to - from)) : NULL;
    if (text != NULL)
        mg_tree_add_text(naming->tree, node, F_AUTH_DECODED, from, to - from, text);
    mg_sasl_wipe(text);
}

static void name_auth(Naming *naming, MgNode parent, size_t from, size_t to)
{
    size_t end = find(naming, from, to, ' ');
    add(naming, parent, F_AUTH_MECHANISM, from, end);
    if (end + 1 >= to)
        return;
    MgSpan mechanism = mg_span_slice(naming->unit, from, end - from);
    unsigned field = mg_span_equal_nocase(mechanism, MG_SPAN("PLAIN"))   ? F_AUTH_BOTH
                     : mg_span_equal_nocase(mechanism, MG_SPAN("LOGIN")) ? F_AUTH_USERNAME
                                                                         : F_AUTH_DATA;
    name_base64(naming, parent, field, end + 1, to);
}

static void name_chunk(Naming *naming, MgNode parent, size_t from, size_t to)
{
    uint64_t size = 0;
    size_t end = find(naming, from, to, ' ');
    if (end > from &&
        mg_text_parse_uint(mg_span_slice(naming->unit, from, end - from), UINT64_MAX, &size))
        mg_tree_add_uint(naming->tree, parent, F_CHUNK_SIZE, from, end - from, size);
    if (end + 1 < to)
        add(naming, parent, F_CHUNK_LAST, end + 1, to);
}

static void name_argument(Naming *naming, MgNode parent, size_t from, size_t to)
{
    switch (naming->command) {
    case SMTP_HELO:
    case SMTP_EHLO:
    case SMTP_LHLO:
        add(naming, parent, F_HELO, from, to);
        break;
    case SMTP_MAIL:
    case SMTP_RCPT: {
        size_t colon = find(naming, from, to, ':');
        if (colon < to)
            name_path(naming, parent,
                      naming->command == SMTP_MAIL ? F_REVERSE_PATH : F_FORWARD_PATH, colon + 1,
                      to);
        break;
    }
    case SMTP_AUTH:
        name_auth(naming, parent, from, to);
        break;
    case SMTP_BDAT:
        name_chunk(naming, parent, from, to);
        break;
    default:
        add(naming, parent, F_STRING, from, to);
    }
}

static void name_command(Naming *naming)
{
    size_t end = naming->unit.len, text = mg_text_without_end(naming->unit);
    MgNode request = add(naming, MG_NODE_ROOT, F_REQ, 0, end);
    if (text > 0) {
        MgNode line = add(naming, request, F_COMMAND_LINE, 0, text);
        size_t word = find(naming, 0, text, ' ');
        if (word > 0)
            add(naming, line, F_COMMAND, 0, word);
        if (word + 1 < text) {
            MgNode parameter = add(naming, line, F_PARAMETER, word + 1, text);
            name_argument(naming, parameter, word + 1, text);
        }
    }
    add_end(naming, request, text, end);
}

static void name_login(Naming *naming, uint16_t tag)
{
    size_t end = naming->unit.len, text = mg_text_without_end(naming->unit);
    MgNode request = add(naming, MG_NODE_ROOT, F_REQ, 0, end);
    unsigned field = (tag & TAG_PLAIN) != 0    ? F_AUTH_BOTH
                     : (tag & TAG_LOGIN) == 0  ? F_AUTH_DATA
                     : (tag & TAG_SECOND) != 0 ? F_AUTH_PASSWORD
                                               : F_AUTH_USERNAME;
    if (text > 0)
        name_base64(naming, request, field, 0, text);
    add_end(naming, request, text, end);
    mg_tree_say(naming->tree, mg_smtp_say_auth);
}

/* ---- naming replies ---- */

static void name_enhanced(Naming *naming, MgNode parent, size_t from, size_t to)
{
    static const unsigned fields[] = {F_CLASS, F_SUBJECT, F_DETAIL};
    MgNode node = add(naming, parent, F_ENHANCED, from, to);
    for (unsigned i = 0; i < G_N_ELEMENTS(fields); i++) {
        size_t end = find(naming, from, to, '.');
        uint64_t value = 0;
        mg_text_parse_uint(mg_span_slice(naming->unit, from, end - from), 999, &value);
        mg_tree_add_uint(naming->tree, node, fields[i], from, end - from, value);
        from = end + 1;
    }
}

static void name_extension(Naming *naming, MgNode parent, size_t from, size_t to)
{
    MgNode group = add(naming, parent, F_EXTENSION, from, to);
    size_t end = find(naming, from, to, ' ');
    if (end > from)
        add(naming, group, F_EXTENSION_KEYWORD, from, end);
    if (end + 1 < to)
        add(naming, group, F_EXTENSION_VALUE, end + 1, to);
}

static bool names_server(SmtpCommand command, unsigned code)
{
    return code < 300 && (command == SMTP_GREETING || command == SMTP_EHLO ||
                          command == SMTP_LHLO || command == SMTP_HELO);
}

static void name_reply_text(Naming *naming, MgNode parent, unsigned code, size_t from, size_t to,
                            bool first)
{
    bool hello = naming->command == SMTP_EHLO || naming->command == SMTP_LHLO;
    MgNode node = add(naming, parent, F_RSP_PARAMETER, from, to);
    if (names_server(naming->command, code) && first) {
        size_t end = find(naming, from, to, ' ');
        if (end > from)
            add(naming, node, F_SERVER_NAME, from, end);
        if (end + 1 < to)
            add(naming, node, F_GREETING_TEXT, end + 1, to);
        return;
    }
    if (hello && code < 300) {
        name_extension(naming, node, from, to);
        return;
    }
    size_t enhanced =
        mg_smtp_enhanced_len(mg_span_slice(naming->unit, from, to - from), code / 100);
    if (enhanced > 0) {
        name_enhanced(naming, node, from, from + enhanced);
        from += MIN(enhanced + 1, to - from);
    }
    if (from < to && code == 334)
        name_base64(naming, node, F_TEXT, from, to);
    else if (from < to)
        add(naming, node, F_TEXT, from, to);
}

static void name_reply(Naming *naming)
{
    MgSpan unit = naming->unit;
    MgNode reply = add(naming, MG_NODE_ROOT, F_RSP, 0, unit.len);
    unsigned first_code = code_of(unit);
    for (size_t at = 0; at < unit.len;) {
        size_t end = find(naming, at, unit.len, '\n');
        end += end < unit.len ? 1 : 0;
        MgSpan line = mg_span_slice(unit, at, end - at);
        size_t text = at + mg_text_without_end(line);
        unsigned code = code_of(line);
        MgNode node = reply;
        if (text > at)
            node = add(naming, reply, at == 0 ? F_RESPONSE : F_NEXT_LINE, at, text);
        if (code != 0) {
            mg_tree_add_uint(naming->tree, node, at == 0 ? F_CODE : F_CODE_AGAIN, at, 3, code);
            if (at + 3 < text && unit.data[at + 3] == '-')
                add(naming, node, F_MORE, at + 3, at + 4);
            if (at + 4 < text)
                name_reply_text(naming, node, code, at + 4, text, at == 0);
        } else if (text > at) {
            add(naming, node, F_TEXT, at, text);
        }
        add_end(naming, reply, text, end);
        at = end;
    }
    const char *say = mg_smtp_reply_say(naming->command, first_code);
    if (say != NULL)
        mg_tree_say(naming->tree, say);
}

/* ---- naming a letter ---- */

/* Where the line that begins at `at` ends, with its LF. */
static size_t line_end(const Naming *naming, size_t at, size_t end)
{
    size_t lf = find(naming, at, end, '\n');
    return lf < end ? lf + 1 : end;
}

/* Where the header ends: the empty line is not in it. */
static size_t header_end(const Naming *naming, size_t end)
{
    size_t at = 0;
    while (at < end && naming->unit.data[at] != '\r' && naming->unit.data[at] != '\n')
        at = line_end(naming, at, end);
    return at;
}

static void name_stuffed(Naming *naming, MgNode parent, size_t from, size_t end)
{
    unsigned n = 0;
    while (from < end && n < STUFFED_MAX) {
        if (naming->unit.data[from] == '.') {
            add(naming, parent, F_STUFFED, from, from + 1);
            n++;
        }
        from = line_end(naming, from, end);
    }
}

static uint16_t piece_of(uint16_t tag)
{
    uint16_t piece = (tag & TAG_FIRST) == 0  ? MG_PIECE_LATER
                     : (tag & TAG_LAST) == 0 ? MG_PIECE_FIRST
                                             : MG_PIECE_WHOLE;
    return (tag & TAG_CHUNK) == 0 ? piece | MG_PIECE_DOTTED : piece;
}

static void name_letter(Naming *naming, uint16_t tag)
{
    bool chunk = (tag & TAG_CHUNK) != 0;
    size_t end = naming->unit.len - ((tag & TAG_LAST) != 0 && !chunk ? 3 : 0);
    if (end > 0) {
        MgNode letter = add(naming, MG_NODE_ROOT, F_MESSAGE, 0, end);
        mg_tree_nest(naming->tree, letter, "imf", piece_of(tag),
                     mg_span_slice(naming->unit, 0, end));
        if (!chunk)
            name_stuffed(naming, letter, (tag & TAG_MID) != 0 ? line_end(naming, 0, end) : 0, end);
    }
    if (end < naming->unit.len)
        add(naming, MG_NODE_ROOT, F_EOM, end, naming->unit.len);
    mg_tree_say(naming->tree, (tag & TAG_LAST) == 0 ? mg_smtp_say_piece
                              : chunk               ? mg_smtp_say_last_piece
                                                    : mg_smtp_say_message);
}

static void dissect(uint16_t tag, MgDirection direction, MgSpan unit, MgTree *tree)
{
    SmtpCommand command = tag & TAG_COMMAND;
    Naming naming = {unit, tree, command};
    if (unit.len == 0)
        return;
    if (command == SMTP_TLS) {
        add(&naming, MG_NODE_ROOT, F_TLS, 0, unit.len);
        mg_tree_say(tree, mg_smtp_say_tls);
    } else if (direction == MG_FROM_SERVER) {
        name_reply(&naming);
    } else if (command == SMTP_MESSAGE) {
        bool cut_off = (tag & (TAG_LAST | TAG_CHUNK)) == TAG_LAST && unit.len < 3;
        name_letter(&naming, cut_off ? SMTP_MESSAGE : tag);
    } else if (command == SMTP_AUTH_DATA) {
        name_login(&naming, tag);
    } else {
        name_command(&naming);
    }
}

/* ---- one line for people ---- */

#define SUMMARY_MAX 100u

static void summarize_letter(uint16_t tag, MgSpan unit, GString *line)
{
    Naming naming = {.unit = unit};
    size_t end = header_end(&naming, unit.len);
    if ((tag & TAG_LAST) != 0 && (tag & TAG_FIRST) != 0)
        g_string_append_printf(line, "%zu octets", unit.len);
    else
        g_string_append_printf(line, "%zu octets of the letter", unit.len);
    for (size_t at = 0; (tag & TAG_FIRST) != 0 && at < end;) {
        size_t next = line_end(&naming, at, end);
        size_t text = at + mg_text_without_end(mg_span_slice(unit, at, next - at));
        size_t colon = find(&naming, at, text, ':');
        size_t name = colon; /* RFC 5322 §4.5.1: spaces before the colon are obsolete, but read */
        while (name > at && unit.data[name - 1] == ' ')
            name--;
        if (colon < text &&
            mg_span_equal_nocase(mg_span_slice(unit, at, name - at), MG_SPAN("Subject"))) {
            g_string_append(line, ", ");
            mg_text_add_printable(line, SUMMARY_MAX, mg_span_slice(unit, at, text - at));
            return;
        }
        at = next;
    }
}

static void summarize(uint16_t tag, MgDirection direction, MgSpan unit, GString *line)
{
    SmtpCommand command = tag & TAG_COMMAND;
    Naming naming = {.unit = unit};
    size_t end = line_end(&naming, 0, unit.len);
    MgSpan text = mg_span_slice(unit, 0, mg_text_without_end(mg_span_slice(unit, 0, end)));
    if (command == SMTP_TLS) {
        g_string_append_printf(line, "TLS, %zu octets", unit.len);
    } else if (direction == MG_FROM_SERVER) {
        unsigned n_more = 0;
        for (size_t at = end; at < unit.len; at = line_end(&naming, at, unit.len))
            n_more++;
        mg_text_add_printable(line, SUMMARY_MAX, text);
        if (n_more > 0 && (command == SMTP_EHLO || command == SMTP_LHLO))
            g_string_append_printf(line, ", %u extension%s", n_more, n_more > 1 ? "s" : "");
        else if (n_more > 0)
            g_string_append_printf(line, ", %u more line%s", n_more, n_more > 1 ? "s" : "");
    } else if (command == SMTP_MESSAGE) {
        summarize_letter(tag, unit, line);
    } else if (command == SMTP_AUTH_DATA) {
        g_string_append_printf(line, "%zu octets of the login", text.len);
    } else if (command == SMTP_AUTH) {
        size_t word = MIN(word_len(text) + 1, text.len);
        word += word_len(mg_span_slice(text, word, text.len - word));
        mg_text_add_printable(line, SUMMARY_MAX, mg_span_slice(text, 0, word));
        if (word < text.len)
            g_string_append(line, " …");
    } else {
        mg_text_add_printable(line, SUMMARY_MAX, text);
    }
}

static const uint16_t ports[] = {25, 587, 24, 2525, 0};

const MgDissector mg_smtp_dissector = {
    .name = "smtp",
    .label = "SMTP",
    .color = "blue",
    .fields = mg_smtp_fields,
    .n_fields = MG_SMTP_N_FIELDS,
    .stream_ports = ports,
    .state_size = sizeof(State),
    .cut = cut,
    .dissect = dissect,
    .summarize = summarize,
    .starttls = MG_SMTP_STARTTLS,
};
