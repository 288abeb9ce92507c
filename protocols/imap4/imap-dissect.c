/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-dissect.c - cuts a conversation of IMAP into units, and says each in a line
 *
 * A line with the literals in it is a unit. Where a client has to wait for the server's "+" before
 * it may send a literal, its line ends a unit, so that the ladder shows who waited for whom; the
 * literal and what follows it are the next. Of what is larger than 64 KiB a piece is a unit. The
 * tag of a unit says what it is and how it lies in its line (imap-naming.h).
 *
 * Replies name the command that they answer by its tag, in any order: the conversation keeps the
 * tags that were not answered yet.
 */
#include "imap-naming.h"
#include "imap.h"
#include "text.h"

#define PIECE       ((size_t)64 * 1024) /* dissect.h: a unit must be found before 128 KiB */
#define WAITING_MAX 64u                 /* commands that are not answered yet */
#define SUMMARY_MAX 100u

/* One direction. */
typedef struct {
    uint64_t literal; /* octets of it that are to come */
    bool in_literal;  /* also if no octet is to come */
    bool begun;       /* some of it was in a unit before */
    bool mid;         /* the line goes on */
    bool plain;       /* this line has no literals */
    uint8_t what;     /* the line is */
} Side;

typedef struct {
    uint32_t tag; /* its hash */
    uint8_t what;
} Waiting;

typedef struct {
    Side side[2];
    Waiting waiting[WAITING_MAX];
    uint8_t n;
    bool greeted, idle, auth, tls, compressed;
    bool asked;       /* the client waits for "+" */
    uint32_t literal; /* the tag of the command with the client's literal */
} State;

/* ---- commands that wait ---- */

static uint32_t hash(MgSpan text)
{
    uint32_t sum = 2166136261u; /* FNV-1a */
    for (size_t i = 0; i < text.len; i++)
        sum = (sum ^ text.data[i]) * 16777619u;
    return sum;
}

static MgSpan first_word(MgSpan text)
{
    size_t len = 0;
    while (len < text.len && text.data[len] != ' ')
        len++;
    return mg_span_slice(text, 0, len);
}

static void push(State *state, MgSpan tag, ImapWhat what)
{
    if (state->n == WAITING_MAX) { /* the oldest is forgotten */
        state->n--;
        memmove(state->waiting, state->waiting + 1, state->n * sizeof *state->waiting);
    }
    state->waiting[state->n++] = (Waiting){hash(tag), (uint8_t)what};
}

static ImapWhat pop(State *state, uint32_t tag)
{
    for (uint8_t i = 0; i < state->n; i++) {
        if (state->waiting[i].tag != tag)
            continue;
        ImapWhat what = state->waiting[i].what;
        state->n--;
        memmove(state->waiting + i, state->waiting + i + 1,
                (state->n - i) * sizeof *state->waiting);
        return what;
    }
    return IMAP_NONE;
}

/* ---- cutting lines ---- */

/* Where a line ends, or a piece of one: a unit's end. `text` is its length without the line end;
 * the literal that it announces, if the next unit begins with it. */
typedef struct {
    size_t len, text, mark;
    uint64_t literal;
    bool has_literal, begun, mid, synchronizing;
} Cut;

/* Over the literal that was announced at `*at`. False: more octets are wanted; or the unit ends
 * here, then cut->len is set. */
static bool skip_literal(MgSpan bytes, bool end, size_t *at, Cut *cut)
{
    if (*at + cut->literal <= MIN(bytes.len, PIECE)) {
        *at += (size_t)cut->literal;
        cut->has_literal = false;
        return true;
    }
    if (!end && bytes.len < PIECE)
        return false;
    size_t len = MIN(bytes.len, PIECE);
    cut->literal -= len - *at;
    cut->begun = true;
    cut->len = len;
    return false;
}

/* The unit from a line's begin, or from somewhere in it, with its literals. False: not yet. */
static bool cut_line(const Side *side, MgSpan bytes, bool wait, bool end, Cut *cut)
{
    *cut = (Cut){0};
    for (size_t at = 0;;) {
        size_t window = MIN(bytes.len, PIECE);
        const uint8_t *lf = at < window ? memchr(bytes.data + at, '\n', window - at) : NULL;
        if (lf == NULL) {
            cut->len = cut->text = window;
            cut->mid = true;
            return end || bytes.len >= PIECE;
        }
        size_t from = at;
        at = (size_t)(lf - bytes.data) + 1;
        MgSpan line = mg_span_slice(bytes, from, at - from);
        size_t text = mg_text_without_end(line), mark = 0;
        line.len = text;
        cut->text = from + text;
        cut->len = at;
        if (side->plain || !mg_imap_literal_ends(line, &mark, &cut->literal, &cut->synchronizing))
            return true;
        cut->mark = from + mark;
        cut->has_literal = cut->mid = true;
        if (wait && cut->synchronizing)
            return true;
        cut->len = 0;
        if (!skip_literal(bytes, end, &at, cut))
            return cut->len > 0;
        cut->mid = false;
    }
}

/* The literal that a unit begins with, and the short rest of its line. */
static bool cut_literal(Side *side, MgSpan bytes, bool end, Cut *cut, size_t *tail)
{
    *cut = (Cut){.mid = true};
    *tail = 0;
    if (side->literal > PIECE) {
        if (bytes.len < PIECE && !end)
            return false;
        cut->len = MIN(bytes.len, PIECE);
        cut->literal = side->literal - cut->len;
        cut->has_literal = cut->begun = true;
        return true;
    }
    size_t literal = (size_t)side->literal;
    if (bytes.len < literal) {
        cut->len = bytes.len;
        cut->literal = literal - bytes.len;
        cut->has_literal = cut->begun = true;
        return end;
    }
    size_t window = MIN(bytes.len - literal, IMAP_TAIL_MAX);
    const uint8_t *rest = bytes.data + literal;
    const uint8_t *lf = window > 0 ? memchr(rest, '\n', window) : NULL;
    if (lf == NULL) {
        cut->len = literal > 0 ? literal : window;
        *tail = cut->len - literal;
        return end || window == IMAP_TAIL_MAX;
    }
    *tail = (size_t)(lf - rest) + 1;
    MgSpan line = {rest, *tail};
    line.len = mg_text_without_end(line);
    cut->len = literal + *tail;
    cut->text = literal + line.len;
    cut->has_literal = cut->mid =
        mg_imap_literal_ends(line, &cut->mark, &cut->literal, &cut->synchronizing);
    cut->mark += literal;
    return true;
}

/* ---- what the client's octets mean ---- */

/* Marks what a real session must not keep. */
static void hide(MgUnit *unit, size_t from, size_t to)
{
    if (to > from) {
        unit->secret_offset = (uint32_t)from;
        unit->secret_len = (uint32_t)(to - from);
    }
}

/* Where the octets end that are said in this unit: without the line end, and without the mark of a
 * literal that comes in the next. */
static size_t said(const Cut *cut)
{
    if (cut->has_literal)
        return cut->begun ? cut->len : cut->mark;
    return cut->mid ? cut->len : cut->text;
}

/* LOGIN, or what is left of it: hides the password without its quotation marks or {n}. Returns what
 * a literal that follows is. */
static ImapWhat look_at_login(MgUnit *unit, MgSpan bytes, size_t at, size_t to, bool name_is_said)
{
    ImapNaming naming = {.unit = mg_span_slice(bytes, 0, unit->len)};
    ImapValue value;
    if (!name_is_said && (at >= to || !mg_imap_next(&naming, &at, to, &value)))
        return IMAP_LOGIN;
    while (at < to && bytes.data[at] == ' ')
        at++;
    size_t from = at;
    if (at < to && mg_imap_next(&naming, &at, to, &value) && value.kind != IMAP_VALUE_ATOM &&
        at >= to) {
        from = value.inner;
        to = value.inner_to;
    }
    hide(unit, from, to);
    return IMAP_PASSWORD;
}

/* A client that says LOGIN where the tag should be gives away its password as well. */
static void look_at_tagless(MgUnit *unit, MgSpan text)
{
    MgSpan word = first_word(text);
    if (mg_span_equal_nocase(word, MG_SPAN("LOGIN")) ||
        mg_span_equal_nocase(word, MG_SPAN("AUTHENTICATE")))
        hide(unit, MIN(word.len + 1, text.len), text.len);
}

/* What goes on when the line of a command goes on: a literal of it is this. */
static ImapWhat what_follows(State *state, MgSpan bytes, ImapWhat what, size_t argument,
                             const Cut *cut, MgUnit *unit)
{
    MgSpan text = mg_span_slice(bytes, 0, said(cut));
    argument = MIN(argument, text.len);
    switch (what) {
    case IMAP_LOGIN:
        return look_at_login(unit, bytes, argument, text.len, false);
    case IMAP_AUTHENTICATE: {
        /* What follows before the answer belongs to it, too: it may be the password, from a client
         * that does not wait. */
        state->auth = true;
        size_t mechanism = first_word(mg_span_slice(text, argument, text.len - argument)).len;
        hide(unit, MIN(argument + mechanism + 1, text.len), text.len);
        return what;
    }
    case IMAP_APPEND: /* "a APPEND {5}": a name comes, not a letter */
        return cut->mark <= argument ? IMAP_APPEND : IMAP_LETTER;
    case IMAP_OTHER:
        look_at_tagless(unit, text);
        return what;
    default:
        return what;
    }
}

/* A whole line of a command, or its begin up to a literal. */
static void begin_command(State *state, MgSpan bytes, const Cut *cut, MgUnit *unit)
{
    MgSpan text = mg_span_slice(bytes, 0, cut->text);
    MgSpan tag = first_word(text);
    size_t argument = 0;
    ImapWhat what = mg_imap_command_of(text, &argument);
    if (state->idle && mg_span_equal_nocase(tag, MG_SPAN("DONE"))) {
        what = IMAP_DONE;
        state->idle = false;
    } else {
        push(state, tag, what);
        state->literal = hash(tag);
        state->idle = state->idle || what == IMAP_IDLE;
    }
    unit->kind = MG_UNIT_COMMAND;
    unit->tag = IMAP_TAG(what, IMAP_PART_LINE, 0);
    state->side[MG_FROM_CLIENT].what =
        (uint8_t)what_follows(state, bytes, what, argument, cut, unit);
}

static ImapPart part_of(const Side *side)
{
    return !side->in_literal ? IMAP_PART_REST : side->begun ? IMAP_PART_MORE : IMAP_PART_LITERAL;
}

/* What goes on after a literal's mark, or where a line was too long. */
static void go_on_with_command(State *state, MgSpan bytes, size_t tail, const Cut *cut,
                               MgUnit *unit)
{
    Side *side = &state->side[MG_FROM_CLIENT];
    ImapPart part = part_of(side);
    ImapWhat what = side->what;
    unit->kind = MG_UNIT_DATA;
    unit->tag = IMAP_TAG(what, part, tail);
    if (what == IMAP_PASSWORD || what == IMAP_AUTHENTICATE || what == IMAP_AUTH_DATA)
        hide(unit, 0, said(cut));
    else if (what == IMAP_LOGIN && !(cut->has_literal && cut->begun))
        side->what = (uint8_t)look_at_login(unit, bytes, unit->len - tail,
                                            MAX(said(cut), unit->len - tail), true);
    else if (what == IMAP_APPEND && cut->has_literal && !cut->begun)
        side->what = IMAP_LETTER;
}

static void cut_auth_line(State *state, MgSpan text, MgUnit *unit)
{
    unit->kind = MG_UNIT_DATA;
    unit->tag = IMAP_TAG(IMAP_AUTH_DATA, IMAP_PART_LINE, 0);
    state->side[MG_FROM_CLIENT].what = IMAP_AUTH_DATA;
    if (text.len != 1 || text.data[0] != '*') /* RFC 9051 §6.2.2: it is broken off, no secret */
        hide(unit, 0, text.len);
}

/* What the next unit of this direction begins with. */
static void settle(Side *side, const Cut *cut)
{
    side->in_literal = cut->has_literal;
    side->literal = cut->has_literal ? cut->literal : 0;
    side->begun = cut->begun;
    side->mid = cut->mid;
    if (!side->mid)
        side->plain = false;
}

static bool cut_client(State *state, MgSpan bytes, bool end, MgUnit *unit)
{
    Side *side = &state->side[MG_FROM_CLIENT];
    Cut cut;
    size_t tail = 0;
    if (!side->mid)
        side->plain = state->auth;
    if (side->in_literal ? !cut_literal(side, bytes, end, &cut, &tail)
                         : !cut_line(side, bytes, true, end, &cut))
        return false;
    *unit = (MgUnit){.len = cut.len};
    if (side->mid || side->in_literal)
        go_on_with_command(state, bytes, tail, &cut, unit);
    else if (state->auth)
        cut_auth_line(state, mg_span_slice(bytes, 0, cut.text), unit);
    else
        begin_command(state, bytes, &cut, unit);
    state->greeted =
        true; /* where the client speaks first TLS has begun: no greeting comes again */
    settle(side, &cut);
    state->asked = cut.has_literal && !cut.begun && cut.synchronizing;
    return true;
}

/* ---- what the server's octets mean ---- */

static bool is_word(MgSpan word, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++)
        if (mg_span_equal_nocase(word, mg_span_from_string(words[i])))
            return true;
    return false;
}

/* A line that says how something went: its words are for people, and hold no literal. */
static bool is_state(MgSpan text, bool *tagged)
{
    static const char *const words[] = {"OK", "NO", "BAD", "BYE", "PREAUTH", NULL};
    MgSpan tag = first_word(text);
    size_t at = MIN(tag.len + 1, text.len);
    bool star = mg_span_equal_nocase(tag, MG_SPAN("*"));
    *tagged = !star && !mg_span_equal_nocase(tag, MG_SPAN("+"));
    return !star || is_word(first_word(mg_span_slice(text, at, text.len - at)), words);
}

/* A reply with a tag ends its command. */
static ImapWhat learn(State *state, MgSpan text)
{
    MgSpan tag = first_word(text);
    size_t at = MIN(tag.len + 1, text.len);
    bool ok =
        mg_span_equal_nocase(first_word(mg_span_slice(text, at, text.len - at)), MG_SPAN("OK"));
    ImapWhat what = pop(state, hash(tag));
    Side *client = &state->side[MG_FROM_CLIENT];
    if (what == IMAP_AUTHENTICATE)
        state->auth = false;
    else if (what == IMAP_IDLE)
        state->idle = false;
    else if (what == IMAP_STARTTLS && ok)
        state->tls = true;
    else if (what == IMAP_COMPRESS && ok)
        state->compressed = true;
    if (state->asked && hash(tag) == state->literal) { /* refused: the literal does not come */
        *client = (Side){0};
        state->asked = false;
    }
    return what;
}

static ImapWhat answered_by_go_on(State *state)
{
    bool asked = state->asked;
    state->asked = false;
    return asked         ? IMAP_LITERAL
           : state->auth ? IMAP_AUTHENTICATE
           : state->idle ? IMAP_IDLE
                         : IMAP_NONE;
}

static void begin_response(State *state, MgSpan text, bool is_a_state, bool tagged, MgUnit *unit)
{
    ImapWhat what = IMAP_DATA;
    unit->kind = is_a_state ? MG_UNIT_REPLY : MG_UNIT_DATA;
    if (tagged)
        what = learn(state, text);
    else if (text.len > 0 && text.data[0] == '+')
        what = answered_by_go_on(state);
    else if (is_a_state)
        what = state->greeted ? IMAP_NONE : IMAP_GREETING;
    state->greeted = true;
    unit->tag = IMAP_TAG(what, IMAP_PART_LINE, 0);
}

static bool cut_server(State *state, MgSpan bytes, bool end, MgUnit *unit)
{
    Side *side = &state->side[MG_FROM_SERVER];
    Cut cut;
    size_t tail = 0, least = MIN(bytes.len, PIECE);
    bool tagged = false, goes_on = side->mid || side->in_literal;
    const uint8_t *lf = memchr(bytes.data, '\n', least);
    size_t first = lf != NULL ? (size_t)(lf - bytes.data) + 1 : least;
    MgSpan text = mg_span_slice(bytes, 0, first);
    text.len = mg_text_without_end(text);
    bool is_a_state = goes_on ? side->plain : is_state(text, &tagged);
    side->plain = is_a_state;
    if (side->in_literal ? !cut_literal(side, bytes, end, &cut, &tail)
                         : !cut_line(side, bytes, false, end, &cut))
        return false;
    *unit = (MgUnit){.len = cut.len, .kind = MG_UNIT_DATA};
    if (goes_on)
        unit->tag = IMAP_TAG(side->in_literal ? side->what : IMAP_DATA, part_of(side), tail);
    else
        begin_response(state, text, is_a_state, tagged, unit);
    if (cut.has_literal && !(side->in_literal && cut.begun && cut.mark == 0))
        side->what = (uint8_t)mg_imap_literal_of(mg_span_slice(bytes, 0, cut.mark));
    settle(side, &cut);
    return true;
}

/* A TLS record: a kind, a version, and the length of what follows (RFC 8446 §5.1). */
static bool cut_tls(MgSpan bytes, bool end, MgUnit *unit)
{
    size_t len = bytes.len >= 5 ? 5 + (size_t)bytes.data[3] * 256 + bytes.data[4] : SIZE_MAX;
    if (bytes.len < len && !end)
        return false;
    *unit = (MgUnit){.len = MIN(bytes.len, len),
                     .kind = MG_UNIT_DATA,
                     .tag = IMAP_TAG(IMAP_TLS, IMAP_PART_LINE, 0)};
    return true;
}

/* Nobody outside knows where anything ends, but whoever compresses and wants to be read at once
 * leaves an empty block behind (RFC 1951 §3.2.4). */
static bool cut_compressed(MgSpan bytes, bool end, MgUnit *unit)
{
    static const uint8_t empty[] = {0x00, 0x00, 0xff, 0xff};
    size_t len = sizeof empty, most = MIN(bytes.len, PIECE);
    while (len <= most && memcmp(bytes.data + len - sizeof empty, empty, sizeof empty) != 0)
        len++;
    if (len > most && !end && bytes.len < PIECE)
        return false;
    *unit = (MgUnit){.len = MIN(len, most),
                     .kind = MG_UNIT_DATA,
                     .tag = IMAP_TAG(IMAP_COMPRESSED, IMAP_PART_LINE, 0)};
    return true;
}

static bool cut(void *data, MgDirection direction, MgSpan bytes, bool end, MgUnit *unit)
{
    State *state = data;
    if (bytes.len == 0)
        return false;
    if (state->tls)
        return cut_tls(bytes, end, unit);
    if (state->compressed)
        return cut_compressed(bytes, end, unit);
    if (direction == MG_FROM_CLIENT)
        return cut_client(state, bytes, end, unit);
    return cut_server(state, bytes, end, unit);
}

/* ---- naming ---- */

static unsigned literal_field(ImapWhat what)
{
    switch (what) {
    case IMAP_LOGIN:
        return F_USERNAME;
    case IMAP_PASSWORD:
        return F_PASSWORD;
    case IMAP_AUTHENTICATE:
    case IMAP_AUTH_DATA:
        return F_AUTH_DATA;
    case IMAP_SEARCH:
    case IMAP_SORT:
    case IMAP_THREAD:
        return F_SEARCH_VALUE;
    case IMAP_LIST:
    case IMAP_LSUB:
        return F_PATTERN;
    case IMAP_APPEND:
    case IMAP_COPY:
    case IMAP_CREATE:
    case IMAP_DELETE:
    case IMAP_EXAMINE:
    case IMAP_MOVE:
    case IMAP_RENAME:
    case IMAP_SELECT:
    case IMAP_STATUS:
    case IMAP_SUBSCRIBE:
    case IMAP_UNSUBSCRIBE:
        return F_FOLDER;
    default:
        return F_ARGUMENT;
    }
}

/* What the unit begins with: a literal, or a piece of one. */
static void name_literal(ImapNaming *naming, uint16_t tag, MgDirection direction, size_t literal)
{
    ImapPart part = mg_imap_tag_part(tag);
    if (naming->what == IMAP_LETTER || naming->what == IMAP_HEADER || direction == MG_FROM_SERVER) {
        mg_imap_add_letter(naming, MG_NODE_ROOT, naming->what, 0, literal,
                           part == IMAP_PART_LITERAL, mg_imap_tag_tail(tag) > 0);
        mg_tree_say(naming->tree, part == IMAP_PART_LITERAL && mg_imap_tag_tail(tag) > 0
                                      ? mg_imap_say_letter
                                      : mg_imap_say_piece);
        return;
    }
    unsigned field = literal_field(naming->what);
    ImapValue value = {.to = literal, .inner_to = literal, .kind = IMAP_VALUE_ATOM, .whole = true};
    if (field == F_FOLDER && literal > 0)
        mg_imap_add_mailbox(naming, MG_NODE_ROOT, field, &value);
    else
        mg_imap_add(naming, MG_NODE_ROOT, field, 0, literal);
    if (field == F_PASSWORD)
        mg_tree_say(naming->tree, mg_imap_say_password);
}

/* A unit that goes on with a line. */
static void name_rest(ImapNaming *naming, uint16_t tag, MgDirection direction, size_t text)
{
    ImapPart part = mg_imap_tag_part(tag);
    size_t tail = part == IMAP_PART_REST ? naming->unit.len : mg_imap_tag_tail(tag);
    size_t from = naming->unit.len - MIN(tail, naming->unit.len);
    text = MAX(text, from);
    if (part != IMAP_PART_REST)
        name_literal(naming, tag, direction, from);
    if (from == naming->unit.len)
        return;
    MgNode line = mg_imap_add(naming, MG_NODE_ROOT, F_LINE, from, naming->unit.len);
    if (direction == MG_FROM_SERVER)
        mg_imap_name_fetch_items(naming, line, from, text);
    else
        mg_imap_name_arguments(naming, line, from, text, true);
}

static void name_auth_data(ImapNaming *naming, size_t text)
{
    MgNode line = mg_imap_add(naming, MG_NODE_ROOT, F_LINE, 0, naming->unit.len);
    if (text > 0)
        mg_imap_add_base64(naming, mg_imap_add(naming, line, F_AUTH_DATA, 0, text), 0, text);
    mg_tree_say(naming->tree, mg_imap_say_auth);
}

static void dissect(uint16_t tag, MgDirection direction, MgSpan unit, MgTree *tree)
{
    ImapNaming naming = {.unit = unit, .tree = tree, .what = mg_imap_tag_what(tag)};
    size_t text = mg_text_without_end(unit);
    if (unit.len == 0)
        return;
    if (naming.what == IMAP_TLS || naming.what == IMAP_COMPRESSED) {
        bool tls = naming.what == IMAP_TLS;
        mg_imap_add(&naming, MG_NODE_ROOT, tls ? F_TLS : F_COMPRESSED, 0, unit.len);
        mg_tree_say(tree, tls ? mg_imap_say_tls : mg_imap_say_compressed);
    } else if (mg_imap_tag_part(tag) != IMAP_PART_LINE) {
        name_rest(&naming, tag, direction, text);
    } else if (direction == MG_FROM_SERVER) {
        mg_imap_name_response(&naming, text);
    } else if (naming.what == IMAP_AUTH_DATA) {
        name_auth_data(&naming, text);
    } else {
        mg_imap_name_request(&naming, text);
    }
}

/* ---- one line for people ---- */

/* A command that logs in is shown up to its name, or its mechanism. */
static void summarize_login(ImapWhat what, MgSpan text, GString *line)
{
    ImapNaming naming = {.unit = text};
    ImapValue value;
    size_t at = 0;
    mg_imap_command_of(text, &at);
    size_t from = at;
    if (mg_imap_next(&naming, &at, text.len, &value) &&
        (what == IMAP_AUTHENTICATE || value.kind != IMAP_VALUE_LITERAL))
        from = value.to;
    mg_text_add_printable(line, SUMMARY_MAX, mg_span_slice(text, 0, from));
    if (from < text.len)
        g_string_append(line, " …");
}

static void summarize_rest(uint16_t tag, MgSpan unit, GString *line)
{
    ImapWhat what = mg_imap_tag_what(tag);
    ImapPart part = mg_imap_tag_part(tag);
    size_t tail = part == IMAP_PART_REST ? unit.len : MIN(mg_imap_tag_tail(tag), unit.len);
    size_t literal = unit.len - tail;
    bool letter = what == IMAP_LETTER || what == IMAP_HEADER || what == IMAP_PART;
    if (what == IMAP_PASSWORD || what == IMAP_LOGIN || what == IMAP_AUTHENTICATE ||
        what == IMAP_AUTH_DATA) {
        g_string_append_printf(line, "%zu octets of the login", mg_text_without_end(unit));
    } else if (part != IMAP_PART_REST && (letter || literal > SUMMARY_MAX)) {
        g_string_append_printf(line, "%zu octets%s", literal,
                               part == IMAP_PART_LITERAL && tail > 0 ? "" : " of the literal");
    } else {
        mg_text_add_printable(line, SUMMARY_MAX, mg_span_slice(unit, 0, mg_text_without_end(unit)));
    }
}

static void summarize(uint16_t tag, MgDirection direction, MgSpan unit, GString *line)
{
    ImapWhat what = mg_imap_tag_what(tag);
    const uint8_t *lf = memchr(unit.data, '\n', unit.len);
    size_t first = lf != NULL ? (size_t)(lf - unit.data) + 1 : unit.len;
    MgSpan text = mg_span_slice(unit, 0, first);
    text.len = mg_text_without_end(text);
    if (what == IMAP_TLS) {
        g_string_append_printf(line, "TLS, %zu octets", unit.len);
    } else if (what == IMAP_COMPRESSED) {
        g_string_append_printf(line, "%zu compressed octets", unit.len);
    } else if (mg_imap_tag_part(tag) != IMAP_PART_LINE) {
        summarize_rest(tag, unit, line);
    } else if (what == IMAP_AUTH_DATA) {
        g_string_append_printf(line, "%zu octets of the login", text.len);
    } else if (direction == MG_FROM_CLIENT && (what == IMAP_LOGIN || what == IMAP_AUTHENTICATE)) {
        summarize_login(what, mg_span_slice(unit, 0, mg_text_without_end(unit)), line);
    } else {
        mg_text_add_printable(line, SUMMARY_MAX, text);
        if (first < unit.len)
            g_string_append_printf(line, " + %zu octets", unit.len - first);
    }
}

static const uint16_t ports[] = {143, 0};

const MgDissector mg_imap_dissector = {
    .name = "imap",
    .label = "IMAP4",
    .color = "green",
    .fields = mg_imap_fields,
    .n_fields = MG_IMAP_N_FIELDS,
    .stream_ports = ports,
    .state_size = sizeof(State),
    .cut = cut,
    .dissect = dissect,
    .summarize = summarize,
    .starttls = MG_IMAP_STARTTLS,
};
