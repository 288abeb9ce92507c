/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-dissect.c - names the bytes of POP3, by the names that Wireshark's filters have
 *
 * A client's line is a unit. A server's reply is a unit, all its lines together; only of a very
 * large one is a piece of about 64 KiB a unit, cut at a line's end. Whether a reply has more than
 * one line depends on the command it answers (RFC 1939 §3), so the conversation keeps the commands
 * that were not answered yet: pipelining makes them several.
 */
#include "pop3.h"

#include "sasl.h"

#define PIECE       ((size_t)64 * 1024)
#define PIECE_MAX   ((size_t)120 * 1024) /* dissect.h: a unit must be found before 128 KiB */
#define COMMAND_CUT 4096u                /* a client's line that does not end is cut here */
#define AUTH_CUT    16384u               /* a line of a login may be longer */
#define WAITING_MAX 64u                  /* commands that are not answered yet */

typedef enum {
    C_NONE, /* the greeting, or a reply to nothing we know */
    C_OTHER,
    C_USER,
    C_PASS,
    C_APOP,
    C_STAT,
    C_LIST,
    C_LIST_ONE,
    C_RETR,
    C_DELE,
    C_NOOP,
    C_RSET,
    C_TOP,
    C_UIDL,
    C_UIDL_ONE,
    C_CAPA,
    C_QUIT,
    C_AUTH,
    C_STLS,
    C_AUTH_DATA, /* a line of the client's that answers "+ …" */
    C_TLS        /* octets after STLS: not POP3 any more */
} Command;

/* The tag of a unit: the command it is or answers, and what of a long reply it is. */
enum {
    TAG_COMMAND = 0xff,
    TAG_MULTI = 1 << 8, /* has further lines */
    TAG_MORE = 1 << 9,  /* goes on after a piece: begins with a line of the text */
    TAG_LAST = 1 << 10, /* ends with the final dot */
    TAG_MID = 1 << 11   /* begins inside a line */
};

typedef struct {
    uint8_t waiting[WAITING_MAX]; /* a ring of Command */
    uint8_t first, n;
    bool greeted, more, mid_line, auth, tls;
    uint8_t more_of;
    uint32_t scanned; /* octets of an unfinished reply that hold no end */
} State;

static const struct {
    const char *name;
    uint8_t command, with_argument;
} commands[] = {
    {"USER", C_USER, C_USER}, {"PASS", C_PASS, C_PASS},     {"APOP", C_APOP, C_APOP},
    {"STAT", C_STAT, C_STAT}, {"LIST", C_LIST, C_LIST_ONE}, {"RETR", C_RETR, C_RETR},
    {"DELE", C_DELE, C_DELE}, {"NOOP", C_NOOP, C_NOOP},     {"RSET", C_RSET, C_RSET},
    {"TOP", C_TOP, C_TOP},    {"UIDL", C_UIDL, C_UIDL_ONE}, {"CAPA", C_CAPA, C_CAPA},
    {"QUIT", C_QUIT, C_QUIT}, {"AUTH", C_AUTH, C_AUTH},     {"STLS", C_STLS, C_STLS},
};

/* ---- the words ---- */

enum {
    F_REQUEST,
    F_COMMAND,
    F_PARAMETER,
    F_USER,
    F_PASSWORD,
    F_DIGEST,
    F_NUMBER,
    F_LINES,
    F_REQUEST_DATA,
    F_MECHANISM,
    F_DECODED,
    F_RESPONSE,
    F_INDICATOR,
    F_DESCRIPTION,
    F_CODE,
    F_TIMESTAMP,
    F_COUNT,
    F_OCTETS,
    F_DATA,
    F_ENTRY,
    F_ENTRY_NUMBER,
    F_ENTRY_SIZE,
    F_ENTRY_UID,
    F_CAPABILITY,
    F_STUFFED,
    F_END
};

static const MgName command_names[] = {
    {.text = "USER",
     .name = N_("Name"),
     .say = N_("This is my name."),
     .about = N_("Names the maildrop. It is the first half of a login; `PASS` is the second. "
                 "The server says +OK even to a stranger, so that names cannot be guessed."),
     .source = "RFC 1939 §7"},
    {.text = "PASS",
     .name = N_("Password"),
     .say = N_("And this is my password, for everybody on the way to read."),
     .about = N_("Proves who is there. The password goes over the wire as it is; anybody who "
                 "listens has it. `APOP`, or TLS around it all, is the cure."),
     .source = "RFC 1939 §7"},
    {.text = "APOP",
     .name = N_("Login with a digest"),
     .say = N_("This is my name, and here is proof that I know the password."),
     .about = N_("The digest is the MD5 of the greeting's timestamp and the password. It is good "
                 "for this session only, so that a listener cannot use it again. MD5 is weak "
                 "today; TLS is better."),
     .source = "RFC 1939 §7"},
    {.text = "STAT",
     .name = N_("State of the maildrop"),
     .say = N_("How many messages do you have for me, and how large are they together?"),
     .about = N_("Answered with two numbers: messages and octets. Messages marked as deleted do "
                 "not count."),
     .source = "RFC 1939 §5"},
    {.text = "LIST",
     .name = N_("List of sizes"),
     .say = N_("How large is each message?"),
     .about = N_("With a number: the size of this message, in one line. Without: a line for each "
                 "message, ended by a dot."),
     .source = "RFC 1939 §5"},
    {.text = "RETR",
     .name = N_("Retrieve"),
     .say = N_("Give me this message."),
     .about = N_("The whole message follows, header and text, ended by a line with a dot. It "
                 "stays on the server until `DELE` and `QUIT`."),
     .source = "RFC 1939 §5"},
    {.text = "DELE",
     .name = N_("Delete"),
     .say = N_("I have this message; throw it away when I leave."),
     .about = N_("Only marks the message. It is removed when the client says `QUIT`; if the "
                 "connection breaks before that, it stays."),
     .source = "RFC 1939 §5"},
    {.text = "NOOP",
     .name = N_("No operation"),
     .say = N_("I am still here."),
     .about = N_("Does nothing but keep the server from hanging up."),
     .source = "RFC 1939 §5"},
    {.text = "RSET",
     .name = N_("Reset"),
     .say = N_("Forget what I wanted to throw away."),
     .about = N_("Unmarks all messages that were marked as deleted."),
     .source = "RFC 1939 §5"},
    {.text = "TOP",
     .name = N_("Top of a message"),
     .say = N_("Show me only the header and the first lines of this message."),
     .about = N_("Takes a message number and a number of lines of the text. A way to look before "
                 "a large message is fetched."),
     .source = "RFC 1939 §7"},
    {.text = "UIDL",
     .name = N_("Unique identifiers"),
     .say = N_("What is each message's own name?"),
     .about = N_("Message numbers begin at 1 in each session; the unique identifier of a message "
                 "never changes. A client that leaves copies on the server remembers it, so that "
                 "it does not fetch the same mail twice."),
     .source = "RFC 1939 §7"},
    {.text = "CAPA",
     .name = N_("Capabilities"),
     .say = N_("What can you do?"),
     .about = N_("Asks for the list of the server's abilities. Servers from before 1998 answer "
                 "-ERR, which does no harm."),
     .source = "RFC 2449 §5"},
    {.text = "QUIT",
     .name = N_("Quit"),
     .say = N_("That is all; do now what I asked for. Goodbye."),
     .about = N_("After a login this starts the update: only now are the marked messages "
                 "removed, and the lock on the maildrop is given back."),
     .source = "RFC 1939 §6"},
    {.text = "AUTH",
     .name = N_("Authenticate"),
     .say = N_("Let me prove who I am in another way."),
     .about = N_("Starts a login by a SASL mechanism. The lines after it are base64."),
     .source = "RFC 5034"},
    {.text = "STLS",
     .name = N_("Start TLS"),
     .say = N_("Let us talk in secret from here on."),
     .about = N_("After +OK both ends start TLS on this connection, and nobody on the way can "
                 "read on."),
     .source = "RFC 2595 §4"},
    {0},
};

static const MgName indicator_names[] = {
    {.text = "+OK",
     .name = N_("Success"),
     .say = N_("All right."),
     .about = N_("What the client asked for was done. POP3 has no reply codes; this word is all "
                 "that a program looks at."),
     .source = "RFC 1939 §3"},
    {.text = "-ERR",
     .name = N_("Failure"),
     .say = N_("No, that does not work."),
     .about = N_("The command was not done. Why is said in words for people, sometimes with a "
                 "code in brackets for programs."),
     .source = "RFC 1939 §3"},
    {.text = "+",
     .name = N_("Go on"),
     .say = N_("Go on."),
     .about = N_("The server waits for the next line of an `AUTH` exchange; what follows is "
                 "base64."),
     .source = "RFC 5034 §4"},
    {0},
};

static const MgName code_names[] = {
    {.text = "IN-USE",
     .name = N_("The maildrop is in use"),
     .about = N_("The password is right, but another session holds the maildrop."),
     .source = "RFC 2449 §8.1.2"},
    {.text = "LOGIN-DELAY",
     .name = N_("Too soon after the last login"),
     .about = N_("The server wants some time to pass between two logins."),
     .source = "RFC 2449 §8.1.1"},
    {.text = "SYS/TEMP",
     .name = N_("Trouble that will pass"),
     .about = N_("Something at the server failed; trying again later may help."),
     .source = "RFC 3206 §4"},
    {.text = "SYS/PERM",
     .name = N_("Trouble that will stay"),
     .about = N_("Something at the server failed, and somebody has to mend it."),
     .source = "RFC 3206 §4"},
    {.text = "AUTH",
     .name = N_("Wrong name or password"),
     .about = N_("A client should ask the user for the password again."),
     .source = "RFC 3206 §4"},
    {0},
};

static const MgName capability_names[] = {
    {.text = "TOP",
     .name = N_("TOP is there"),
     .about = N_("The top of a message can be looked at before it is fetched."),
     .source = "RFC 2449 §6.1"},
    {.text = "USER",
     .name = N_("USER and PASS are there"),
     .about = N_("A login with the password in the clear is possible."),
     .source = "RFC 2449 §6.2"},
    {.text = "UIDL",
     .name = N_("UIDL is there"),
     .about = N_("Each message has a unique identifier that never changes."),
     .source = "RFC 2449 §6.8"},
    {.text = "SASL",
     .name = N_("Ways to log in with AUTH"),
     .about = N_("The mechanisms that `AUTH` takes."),
     .source = "RFC 2449 §6.3"},
    {.text = "RESP-CODES",
     .name = N_("Codes in brackets"),
     .about = N_("A failure may carry a code in brackets that a program can understand."),
     .source = "RFC 2449 §6.4"},
    {.text = "AUTH-RESP-CODE",
     .name = N_("A code for a wrong password"),
     .about = N_("The server tells a wrong password from other trouble at login."),
     .source = "RFC 3206 §5"},
    {.text = "LOGIN-DELAY",
     .name = N_("Seconds between logins"),
     .about = N_("How long a client must wait before it logs in again."),
     .source = "RFC 2449 §6.5"},
    {.text = "PIPELINING",
     .name = N_("Several commands at once"),
     .about = N_("A client may send the next commands before the first is answered."),
     .source = "RFC 2449 §6.6"},
    {.text = "EXPIRE",
     .name = N_("How long messages are kept"),
     .about = N_("Days until the server removes a message by itself; `NEVER` is never."),
     .source = "RFC 2449 §6.7"},
    {.text = "STLS",
     .name = N_("TLS can be started"),
     .about = N_("`STLS` turns this connection into a secret one."),
     .source = "RFC 2595 §4"},
    {.text = "IMPLEMENTATION",
     .name = N_("The name of the program"),
     .about = N_("Which program the server is; for people who look for faults."),
     .source = "RFC 2449 §6.9"},
    {0},
};

static const MgField fields[] = {
    [F_REQUEST] = {"pop.request", N_("Command"), MG_FIELD_TEXT, NULL,
                   N_("A line from the client: a word of three or four letters, and what it needs. "
                      "Large and small letters are the same."),
                   "RFC 1939 §3"},
    [F_COMMAND] = {"pop.request.command", N_("Command word"), MG_FIELD_TEXT, command_names,
                   N_("What the client wants."), "RFC 1939 §3"},
    [F_PARAMETER] = {"pop.request.parameter", N_("Argument"), MG_FIELD_TEXT, NULL,
                     N_("What the command is about, after a single space; at most 40 characters "
                        "each in the first version of the protocol."),
                     "RFC 1939 §3"},
    [F_USER] = {"pop.request.user", N_("Name of the maildrop"), MG_FIELD_TEXT, NULL,
                N_("Who logs in. Some servers want the whole address, some only what is before "
                   "the @."),
                "RFC 1939 §7"},
    [F_PASSWORD] = {"pop.request.password", N_("Password"), MG_FIELD_TEXT, NULL,
                    N_("The secret, as it is. A space in it belongs to it."), "RFC 1939 §7"},
    [F_DIGEST] = {"pop.request.digest", N_("Digest"), MG_FIELD_TEXT, NULL,
                  N_("MD5 over the greeting's timestamp and the password, as 32 hexadecimal "
                     "digits in small letters."),
                  "RFC 1939 §7"},
    [F_NUMBER] = {"pop.request.message", N_("Message number"), MG_FIELD_UINT, NULL,
                  N_("Which message, counted from 1 in this session. Numbers do not move up when a "
                     "message is deleted."),
                  "RFC 1939 §4"},
    [F_LINES] = {"pop.request.lines", N_("Number of lines"), MG_FIELD_UINT, NULL,
                 N_("How many lines of the text are wanted beside the header; 0 is only the "
                    "header."),
                 "RFC 1939 §7"},
    [F_REQUEST_DATA] = {"pop.request.data", N_("Data of a login"), MG_FIELD_TEXT, NULL,
                        N_("A line of an `AUTH` exchange, in base64: readable for anybody who "
                           "decodes it."),
                        "RFC 5034 §4"},
    [F_MECHANISM] = {"pop.request.mechanism", N_("Mechanism"), MG_FIELD_TEXT, mg_sasl_names,
                     N_("The way to log in, as `CAPA` offers it behind `SASL`."), "RFC 5034 §4"},
    [F_DECODED] = {"pop.auth.decoded", N_("What it says"), MG_FIELD_TEXT, NULL,
                   N_("The base64 decoded; `␀` is an octet of zero. Base64 is no secret: it only "
                      "makes any octets fit a line."),
                   "RFC 4648 §4"},
    [F_RESPONSE] = {"pop.response", N_("Reply"), MG_FIELD_TEXT, NULL,
                    N_("The server's answer: one line, or one line and a text that ends with a "
                       "lone dot."),
                    "RFC 1939 §3"},
    [F_INDICATOR] = {"pop.response.indicator", N_("Yes or no"), MG_FIELD_TEXT, indicator_names,
                     N_("Whether it worked. Always in capital letters."), "RFC 1939 §3"},
    [F_DESCRIPTION] = {"pop.response.description", N_("Words"), MG_FIELD_TEXT, NULL,
                       N_("For people, mostly; after `STAT`, `LIST` and `UIDL` for one message, "
                          "the numbers that were asked for."),
                       "RFC 1939 §3"},
    [F_CODE] = {"pop.response.code", N_("Code in brackets"), MG_FIELD_TEXT, code_names,
                N_("Says why it failed in a way that programs understand."), "RFC 2449 §8"},
    [F_TIMESTAMP] = {"pop.response.timestamp", N_("Timestamp"), MG_FIELD_TEXT, NULL,
                     N_("Different in each greeting. It is mixed with the password for `APOP`; a "
                        "server that does not offer `APOP` leaves it out."),
                     "RFC 1939 §7"},
    [F_COUNT] = {"pop.response.count", N_("Messages"), MG_FIELD_UINT, NULL,
                 N_("How many messages there are, without those marked as deleted."),
                 "RFC 1939 §5"},
    [F_OCTETS] = {"pop.response.octets", N_("Octets"), MG_FIELD_UINT, NULL,
                  N_("A size, as the messages are sent; dots that are added on the way are not "
                     "counted."),
                  "RFC 1939 §11"},
    [F_DATA] = {"pop.response.data", N_("Text of the reply"), MG_FIELD_TEXT, NULL,
                N_("The lines after the first: a list, or a message as it was delivered."),
                "RFC 1939 §3"},
    [F_ENTRY] = {"pop.response.entry", N_("Entry"), MG_FIELD_GROUP, NULL,
                 N_("A line of the list: one message, or one ability of the server."),
                 "RFC 1939 §5"},
    [F_ENTRY_NUMBER] = {"pop.response.message", N_("Message number"), MG_FIELD_UINT, NULL,
                        N_("Which message, counted from 1 in this session."), "RFC 1939 §4"},
    [F_ENTRY_SIZE] = {"pop.response.size", N_("Size"), MG_FIELD_UINT, NULL,
                      N_("Octets of this message; a line's end counts as two, CR and LF."),
                      "RFC 1939 §11"},
    [F_ENTRY_UID] = {"pop.response.uid", N_("Unique identifier"), MG_FIELD_TEXT, NULL,
                     N_("1 to 70 characters that name this message for ever, in all sessions. "
                        "What they look like is the server's business."),
                     "RFC 1939 §7"},
    [F_CAPABILITY] = {"pop.response.capability", N_("Capability"), MG_FIELD_TEXT, capability_names,
                      N_("Something that this server can do beyond the oldest commands."),
                      "RFC 2449 §3"},
    [F_STUFFED] = {"pop.response.stuffed", N_("Added dot"), MG_FIELD_BYTES, NULL,
                   N_("The line begins with a dot of its own. The server puts another before it, "
                      "so that it is not taken for the end; the client takes it away."),
                   "RFC 1939 §3"},
    [F_END] = {"pop.response.end", N_("Final dot"), MG_FIELD_BYTES, NULL,
               N_("A line with nothing but a dot ends the reply. It does not belong to the "
                  "text."),
               "RFC 1939 §3"},
};

/* ---- cutting ---- */

static void push(State *state, uint8_t command)
{
    if (state->n == WAITING_MAX) { /* the oldest is forgotten: its reply is taken for one line */
        state->first = (uint8_t)((state->first + 1) % WAITING_MAX);
        state->n--;
    }
    state->waiting[(state->first + state->n++) % WAITING_MAX] = command;
}

static uint8_t pop(State *state)
{
    if (state->n == 0)
        return C_NONE;
    uint8_t command = state->waiting[state->first];
    state->first = (uint8_t)((state->first + 1) % WAITING_MAX);
    state->n--;
    return command;
}

/* Length without the line's end. */
static size_t text_len(const uint8_t *line, size_t len)
{
    if (len > 0 && line[len - 1] == '\n')
        len--;
    if (len > 0 && line[len - 1] == '\r')
        len--;
    return len;
}

static uint8_t command_of(const uint8_t *line, size_t len)
{
    size_t text = text_len(line, len);
    const uint8_t *space = text > 0 ? memchr(line, ' ', text) : NULL;
    size_t word = space != NULL ? (size_t)(space - line) : text;
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        if (mg_span_equal_nocase((MgSpan){line, word}, mg_span_from_string(commands[i].name)))
            return word + 1 < text ? commands[i].with_argument : commands[i].command;
    return C_OTHER;
}

/* What a real session must not keep of a command: the last argument of a login. */
static void mark_secret(uint8_t command, const uint8_t *line, size_t len, MgUnit *unit)
{
    size_t text = text_len(line, len), from = text;
    if (command == C_AUTH_DATA) {
        from = 0;
    } else if (command == C_PASS || command == C_APOP || command == C_AUTH) {
        unsigned spaces = command == C_PASS ? 1 : 2;
        for (from = 0; from < text && spaces > 0; from++)
            spaces -= line[from] == ' ';
    }
    unit->secret_offset = (uint32_t)from;
    unit->secret_len = (uint32_t)(text - from);
}

static bool cut_command(State *state, MgSpan bytes, bool end, MgUnit *unit)
{
    const uint8_t *lf = memchr(bytes.data, '\n', bytes.len);
    size_t len = lf != NULL ? (size_t)(lf - bytes.data) + 1 : bytes.len;
    size_t max = state->auth ? AUTH_CUT : COMMAND_CUT;
    if (lf == NULL && !end && len < max)
        return false;
    state->greeted = true; /* where the client speaks first TLS has begun: no greeting comes again */
    len = MIN(len, max);
    uint8_t command = state->auth ? C_AUTH_DATA : command_of(bytes.data, len);
    /* What follows AUTH before it is answered belongs to it, too: it may be the password, from a
     * client that does not wait. */
    state->auth = command == C_AUTH;
    push(state, command == C_AUTH_DATA ? C_AUTH : command);
    *unit = (MgUnit){.len = len,
                     .kind = command == C_AUTH_DATA ? MG_UNIT_DATA : MG_UNIT_COMMAND,
                     .tag = command};
    mark_secret(command, bytes.data, len, unit);
    return true;
}

/* Where a multi-line text ends: after the line with the dot, or at the end of a piece. 0: not
 * yet. `from` is the start of a line, unless mid_line. */
static size_t find_end(State *state, MgSpan bytes, size_t from, bool end, uint16_t *tag)
{
    size_t at = MAX(from, state->scanned);
    bool mid_line = state->mid_line && at == 0;
    while (at < bytes.len) {
        const uint8_t *line = bytes.data + at;
        const uint8_t *lf = memchr(line, '\n', bytes.len - at);
        if (lf == NULL)
            break;
        size_t n = (size_t)(lf - line) + 1;
        at += n;
        if (!mid_line && line[0] == '.' && text_len(line, n) == 1) {
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

static bool has_text(uint8_t command)
{
    return command == C_LIST || command == C_UIDL || command == C_RETR || command == C_TOP ||
           command == C_CAPA;
}

static bool cut_text(State *state, MgSpan bytes, size_t from, bool end, MgUnit *unit)
{
    uint16_t tag = unit->tag;
    size_t len = find_end(state, bytes, from, end, &tag);
    if (len == 0)
        return false;
    state->scanned = 0;
    state->more = (tag & TAG_LAST) == 0;
    state->mid_line = state->more && bytes.data[len - 1] != '\n';
    state->more_of = (uint8_t)(tag & TAG_COMMAND);
    unit->len = len;
    unit->tag = tag;
    return true;
}

static bool cut_reply(State *state, MgSpan bytes, bool end, MgUnit *unit)
{
    *unit = (MgUnit){.kind = MG_UNIT_DATA, .tag = (uint16_t)(state->more_of | TAG_MORE)};
    if (state->mid_line)
        unit->tag |= TAG_MID;
    if (state->more)
        return cut_text(state, bytes, 0, end, unit);
    const uint8_t *lf = memchr(bytes.data, '\n', bytes.len);
    size_t len = lf != NULL ? (size_t)(lf - bytes.data) + 1 : MIN(bytes.len, COMMAND_CUT);
    if (lf == NULL && !end && bytes.len < COMMAND_CUT)
        return false;
    uint8_t command = state->greeted && state->n > 0 ? state->waiting[state->first] : C_NONE;
    bool ok = len >= 3 && memcmp(bytes.data, "+OK", 3) == 0;
    *unit = (MgUnit){.len = len, .kind = MG_UNIT_REPLY, .tag = command};
    if (ok && has_text(command) && lf != NULL) {
        unit->tag |= TAG_MULTI;
        if (!cut_text(state, bytes, len, end, unit))
            return false;
    }
    if (command == C_AUTH)
        state->auth = len >= 2 && bytes.data[0] == '+' && bytes.data[1] != 'O';
    if (command == C_STLS && ok)
        state->tls = true;
    if (state->greeted)
        pop(state);
    state->greeted = true;
    return true;
}

/* A TLS record: a kind, a version, and the length of what follows (RFC 8446 §5.1). */
static bool cut_tls(MgSpan bytes, bool end, MgUnit *unit)
{
    size_t len = bytes.len >= 5 ? 5 + (size_t)bytes.data[3] * 256 + bytes.data[4] : SIZE_MAX;
    if (bytes.len < len && !end)
        return false;
    *unit = (MgUnit){.len = MIN(bytes.len, len), .kind = MG_UNIT_DATA, .tag = C_TLS};
    return true;
}

static bool cut(void *data, MgDirection direction, MgSpan bytes, bool end, MgUnit *unit)
{
    State *state = data;
    if (bytes.len == 0)
        return false;
    if (state->tls)
        return cut_tls(bytes, end, unit);
    if (direction == MG_FROM_CLIENT)
        return cut_command(state, bytes, end, unit);
    return cut_reply(state, bytes, end, unit);
}

/* ---- naming ---- */

/* The decimal number at `*at`, which is moved behind it and a space. False if there is none. */
static bool take_number(MgSpan bytes, size_t *at, size_t end, uint64_t *value, size_t *len)
{
    size_t start = *at;
    *value = 0;
    while (*at < end && g_ascii_isdigit(bytes.data[*at]) && *at - start < 18)
        *value = *value * 10 + (uint64_t)(bytes.data[(*at)++] - '0');
    *len = *at - start;
    if (*len == 0 || (*at < end && bytes.data[*at] != ' '))
        return false;
    if (*at < end)
        (*at)++;
    return true;
}

static void add_number(MgTree *tree, MgNode parent, unsigned field, MgSpan unit, size_t *at,
                       size_t end)
{
    size_t start = *at, len = 0;
    uint64_t value = 0;
    if (take_number(unit, at, end, &value, &len))
        mg_tree_add_uint(tree, parent, field, start, len, value);
}

/* Base64, and under it what it says. */
static void name_base64(MgSpan unit, size_t at, size_t end, MgTree *tree, MgNode parent)
{
    char *text = at < end ? mg_sasl_decode_for_people(mg_span_slice(unit, at, end - at)) : NULL;
    if (text != NULL)
        mg_tree_add_text(tree, parent, F_DECODED, at, end - at, text);
    mg_sasl_wipe(text);
}

static void name_auth(MgSpan unit, size_t at, size_t end, MgTree *tree, MgNode parameter)
{
    const uint8_t *space = memchr(unit.data + at, ' ', end - at);
    size_t name = space != NULL ? (size_t)(space - unit.data) : end;
    if (name > at)
        mg_tree_add(tree, parameter, F_MECHANISM, at, name - at);
    if (name + 1 >= end)
        return;
    MgNode data = mg_tree_add(tree, parameter, F_REQUEST_DATA, name + 1, end - name - 1);
    name_base64(unit, name + 1, end, tree, data);
}

static void name_command(uint8_t command, MgSpan unit, MgTree *tree)
{
    size_t text = text_len(unit.data, unit.len);
    if (command == C_AUTH_DATA) {
        MgNode data = mg_tree_add(tree, MG_NODE_ROOT, F_REQUEST_DATA, 0, text);
        name_base64(unit, 0, text, tree, data);
        return;
    }
    MgNode request = mg_tree_add(tree, MG_NODE_ROOT, F_REQUEST, 0, text);
    const uint8_t *space = text > 0 ? memchr(unit.data, ' ', text) : NULL;
    size_t word = space != NULL ? (size_t)(space - unit.data) : text;
    if (word > 0)
        mg_tree_add(tree, request, F_COMMAND, 0, word);
    size_t at = word + 1;
    if (at >= text)
        return;
    MgNode parameter = mg_tree_add(tree, request, F_PARAMETER, at, text - at);
    if (command == C_USER) {
        mg_tree_add(tree, parameter, F_USER, at, text - at);
    } else if (command == C_PASS) {
        mg_tree_add(tree, parameter, F_PASSWORD, at, text - at);
    } else if (command == C_APOP) {
        const uint8_t *second = memchr(unit.data + at, ' ', text - at);
        size_t user = second != NULL ? (size_t)(second - unit.data) : text;
        mg_tree_add(tree, parameter, F_USER, at, user - at);
        if (user + 1 < text)
            mg_tree_add(tree, parameter, F_DIGEST, user + 1, text - user - 1);
    } else if (command == C_AUTH) {
        name_auth(unit, at, text, tree, parameter);
    } else if (command != C_OTHER) {
        add_number(tree, parameter, F_NUMBER, unit, &at, text);
        if (command == C_TOP)
            add_number(tree, parameter, F_LINES, unit, &at, text);
    }
}

/* A line of a list. */
static void name_entry(uint8_t command, MgSpan unit, size_t at, size_t end, MgTree *tree,
                       MgNode parent)
{
    MgNode entry = mg_tree_add(tree, parent, F_ENTRY, at, end - at);
    if (command == C_CAPA) {
        const uint8_t *space = memchr(unit.data + at, ' ', end - at);
        mg_tree_add(tree, entry, F_CAPABILITY, at,
                    space != NULL ? (size_t)(space - unit.data) - at : end - at);
        return;
    }
    add_number(tree, entry, F_ENTRY_NUMBER, unit, &at, end);
    if (command == C_LIST)
        add_number(tree, entry, F_ENTRY_SIZE, unit, &at, end);
    else if (at < end)
        mg_tree_add(tree, entry, F_ENTRY_UID, at, end - at);
}

/* A letter that has not all its lines, as of TOP, is the first piece of one. */
static void name_letter(uint16_t tag, MgTree *tree, MgNode data, MgSpan letter)
{
    uint8_t command = tag & TAG_COMMAND;
    uint16_t piece = (tag & TAG_MORE) != 0                       ? MG_PIECE_LATER
                     : (tag & TAG_LAST) == 0 || command == C_TOP ? MG_PIECE_FIRST
                                                                 : MG_PIECE_WHOLE;
    if (command == C_RETR || command == C_TOP)
        mg_tree_nest(tree, data, "imf", piece | MG_PIECE_DOTTED, letter);
}

static void name_text(uint16_t tag, MgSpan unit, size_t at, MgTree *tree)
{
    uint8_t command = tag & TAG_COMMAND;
    size_t end = unit.len;
    if ((tag & TAG_LAST) != 0) {
        end--;
        while (end > at && unit.data[end - 1] != '\n')
            end--;
    }
    MgNode data = MG_NODE_ROOT;
    if (end > at) {
        data = mg_tree_add(tree, MG_NODE_ROOT, F_DATA, at, end - at);
        name_letter(tag, tree, data, mg_span_slice(unit, at, end - at));
    }
    while (at < end) {
        const uint8_t *lf = memchr(unit.data + at, '\n', end - at);
        size_t n = lf != NULL ? (size_t)(lf - unit.data) + 1 - at : end - at;
        size_t text = text_len(unit.data + at, n);
        bool mid_line = at == 0 && (tag & TAG_MID) != 0;
        if (unit.data[at] == '.' && text > 0 && !mid_line)
            mg_tree_add(tree, data, F_STUFFED, at, 1);
        else if (command != C_RETR && command != C_TOP && text > 0)
            name_entry(command, unit, at, at + text, tree, data);
        at += n;
    }
    if (end < unit.len)
        mg_tree_add(tree, MG_NODE_ROOT, F_END, end, unit.len - end);
}

/* "Says it": what the whole unit means where the indicator alone would be dull. */
static const char *caption_of(uint16_t tag, bool ok)
{
    static const char *const captions[] = {
        [C_NONE] = N_("Welcome; who are you?"),
        [C_USER] = N_("And your password?"),
        [C_PASS] = N_("You are who you say you are; the maildrop is yours alone now."),
        [C_APOP] = N_("You are who you say you are; the maildrop is yours alone now."),
        [C_STAT] = N_("So many messages, and so many octets together."),
        [C_LIST] = N_("Here is the size of each message."),
        [C_LIST_ONE] = N_("Here is the size of this message."),
        [C_RETR] = N_("Here is the message."),
        [C_DELE] = N_("It is marked; it goes away when you say QUIT."),
        [C_RSET] = N_("All marks are taken away."),
        [C_TOP] = N_("Here is the top of the message."),
        [C_UIDL] = N_("Here is each message's own name."),
        [C_UIDL_ONE] = N_("Here is this message's own name."),
        [C_CAPA] = N_("This is what I can do."),
        [C_QUIT] = N_("Done. Goodbye."),
        [C_AUTH] = N_("You are who you say you are; the maildrop is yours alone now."),
        [C_STLS] = N_("Let us start TLS."),
    };
    unsigned command = tag & TAG_COMMAND;
    return ok && command < G_N_ELEMENTS(captions) ? captions[command] : NULL;
}

static void name_description(uint8_t command, MgSpan unit, size_t at, size_t text, MgTree *tree,
                             MgNode reply)
{
    MgNode words = mg_tree_add(tree, reply, F_DESCRIPTION, at, text - at);
    const uint8_t *close = NULL;
    if (unit.data[at] == '[' && (close = memchr(unit.data + at, ']', text - at)) != NULL &&
        close > unit.data + at + 1)
        mg_tree_add(tree, words, F_CODE, at + 1, (size_t)(close - unit.data) - at - 1);
    if (command == C_AUTH && unit.data[1] == ' ') { /* "+ " */
        name_base64(unit, at, text, tree, words);
    } else if (command == C_STAT) {
        add_number(tree, words, F_COUNT, unit, &at, text);
        add_number(tree, words, F_OCTETS, unit, &at, text);
    } else if (command == C_LIST_ONE) {
        add_number(tree, words, F_ENTRY_NUMBER, unit, &at, text);
        add_number(tree, words, F_ENTRY_SIZE, unit, &at, text);
    } else if (command == C_UIDL_ONE) {
        add_number(tree, words, F_ENTRY_NUMBER, unit, &at, text);
        if (at < text)
            mg_tree_add(tree, words, F_ENTRY_UID, at, text - at);
    } else if (command == C_NONE) {
        const uint8_t *from = memchr(unit.data + at, '<', text - at);
        const uint8_t *to =
            from != NULL ? memchr(from, '>', text - (size_t)(from - unit.data)) : NULL;
        if (to != NULL)
            mg_tree_add(tree, words, F_TIMESTAMP, (size_t)(from - unit.data),
                        (size_t)(to - from) + 1);
    }
}

static void name_reply(uint16_t tag, MgSpan unit, MgTree *tree)
{
    const uint8_t *lf = memchr(unit.data, '\n', unit.len);
    size_t first = lf != NULL ? (size_t)(lf - unit.data) + 1 : unit.len;
    size_t text = text_len(unit.data, first);
    MgNode reply = mg_tree_add(tree, MG_NODE_ROOT, F_RESPONSE, 0, text);
    const uint8_t *space = text > 0 ? memchr(unit.data, ' ', text) : NULL;
    size_t word = space != NULL ? (size_t)(space - unit.data) : text;
    if (word > 0)
        mg_tree_add(tree, reply, F_INDICATOR, 0, word);
    const char *caption =
        caption_of(tag, mg_span_equal_nocase((MgSpan){unit.data, word}, MG_SPAN("+OK")));
    if (caption != NULL)
        mg_tree_say(tree, caption);
    if (word + 1 < text)
        name_description(tag & TAG_COMMAND, unit, word + 1, text, tree, reply);
    if ((tag & TAG_MULTI) != 0)
        name_text(tag, unit, first, tree);
}

static void dissect(uint16_t tag, MgDirection direction, MgSpan unit, MgTree *tree)
{
    uint8_t command = tag & TAG_COMMAND;
    if (command == C_TLS)
        mg_tree_add(tree, MG_NODE_ROOT, direction == MG_FROM_CLIENT ? F_REQUEST_DATA : F_DATA, 0,
                    unit.len);
    else if (direction == MG_FROM_CLIENT)
        name_command(command, unit, tree);
    else if ((tag & TAG_MORE) != 0)
        name_text(tag, unit, 0, tree);
    else
        name_reply(tag, unit, tree);
}

/* ---- one line for people ---- */

static void append_line(MgSpan unit, size_t max, GString *line)
{
    const uint8_t *lf = memchr(unit.data, '\n', unit.len);
    size_t len = text_len(unit.data, lf != NULL ? (size_t)(lf - unit.data) + 1 : unit.len);
    bool whole = len <= max;
    for (size_t i = 0; i < MIN(len, max); i++) {
        uint8_t c = unit.data[i];
        g_string_append_c(line, c >= 0x20 && c < 0x7f ? (char)c : '?');
    }
    if (!whole)
        g_string_append(line, "…");
}

static void summarize(uint16_t tag, MgDirection direction, MgSpan unit, GString *line)
{
    if ((tag & TAG_COMMAND) == C_TLS) {
        g_string_append_printf(line, "TLS, %zu octets", unit.len);
        return;
    }
    if ((tag & TAG_MORE) != 0) {
        g_string_append_printf(line, "%zu octets more%s", unit.len,
                               (tag & TAG_LAST) != 0 ? ", the end" : "");
        return;
    }
    append_line(unit, 80, line);
    if (direction == MG_FROM_CLIENT || (tag & TAG_MULTI) == 0)
        return;
    size_t lines = 0;
    for (size_t i = 0; i < unit.len; i++)
        lines += unit.data[i] == '\n';
    lines -= MIN(lines, (tag & TAG_LAST) != 0 ? 2u : 1u);
    g_string_append_printf(line, ", %zu line%s", lines, lines == 1 ? "" : "s");
}

static const uint16_t stream_ports[] = {110, 0};

const MgDissector mg_pop3_dissector = {
    .name = "pop",
    .label = "POP3",
    .color = "orange",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .stream_ports = stream_ports,
    .state_size = sizeof(State),
    .cut = cut,
    .dissect = dissect,
    .summarize = summarize,
    .starttls = MG_POP3_STARTTLS,
};
