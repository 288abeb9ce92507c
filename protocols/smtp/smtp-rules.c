/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-rules.c - the tables of the server: what its session may do, what it minds, what can be set
 */
#include "smtp-session.h"
#include "text.h"

const char MG_SMTP_CONNECTED[] = N_("connected"), MG_SMTP_REFUSED[] = N_("refused"),
           MG_SMTP_READY[] = N_("ready"), MG_SMTP_MAIL[] = N_("mail"),
           MG_SMTP_RECIPIENTS[] = N_("recipients"), MG_SMTP_DATA[] = N_("data"),
           MG_SMTP_CHUNK[] = N_("chunk"), MG_SMTP_CHUNKS[] = N_("between chunks"),
           MG_SMTP_LOGIN[] = N_("logging in"), MG_SMTP_SECURING[] = N_("securing"),
           MG_SMTP_CLOSED[] = N_("closed");

#define MAIL_ROWS                                                                                  \
    {MG_SMTP_READY, N_("MAIL is accepted"), MG_SMTP_MAIL, "RFC 5321 §3.3"},                        \
        {MG_SMTP_MAIL, N_("the first RCPT is accepted"), MG_SMTP_RECIPIENTS, "RFC 5321 §3.3"},     \
        {MG_SMTP_MAIL, N_("RSET, or another greeting"), MG_SMTP_READY, "RFC 5321 §4.1.1.5"},       \
        {MG_SMTP_RECIPIENTS, N_("DATA"), MG_SMTP_DATA, "RFC 5321 §3.3"},                           \
        {MG_SMTP_RECIPIENTS, N_("RSET, or another greeting"), MG_SMTP_READY, "RFC 5321 §4.1.1.5"}, \
        {MG_SMTP_RECIPIENTS, N_("BDAT: a piece of the letter"), MG_SMTP_CHUNK, "RFC 3030 §2"},     \
        {MG_SMTP_CHUNK, N_("the piece has come, and more will"), MG_SMTP_CHUNKS, "RFC 3030 §2"},   \
        {MG_SMTP_CHUNKS, N_("BDAT: the next piece"), MG_SMTP_CHUNK, "RFC 3030 §2"},                \
        {MG_SMTP_CHUNKS, N_("RSET, or another greeting"), MG_SMTP_READY, "RFC 3030 §2"},           \
        {MG_SMTP_CHUNKS, N_("QUIT, or the connection ends: the mail does not exist"),              \
         MG_SMTP_CLOSED, "RFC 5321 §4.1.1.10"},                                                    \
        {MG_SMTP_CHUNK, N_("the connection ends within a piece: the mail does not exist"),         \
         MG_SMTP_CLOSED, "RFC 3030 §2"},                                                           \
        {MG_SMTP_CONNECTED, N_("QUIT, or the connection ends"), MG_SMTP_CLOSED, "RFC 5321 §3.8"},  \
        {MG_SMTP_READY, N_("QUIT, or the connection ends"), MG_SMTP_CLOSED, "RFC 5321 §4.1.1.10"}, \
        {MG_SMTP_MAIL, N_("QUIT, or the connection ends"), MG_SMTP_CLOSED, "RFC 5321 §4.1.1.10"},  \
        {MG_SMTP_RECIPIENTS, N_("QUIT, or the connection ends"), MG_SMTP_CLOSED,                   \
         "RFC 5321 §4.1.1.10"},                                                                    \
    {                                                                                              \
        MG_SMTP_DATA, N_("the connection ends before the final dot: the mail does not exist"),     \
            MG_SMTP_CLOSED, "RFC 5321 §4.1.1.4"                                                   \
    }

const MgTransition mg_smtp_transitions[] = {
    {MG_SMTP_CONNECTED, N_("HELO or EHLO is accepted"), MG_SMTP_READY, "RFC 5321 §3.2"},
    {MG_SMTP_CONNECTED, N_("a policy wants no mail from this client"), MG_SMTP_REFUSED,
     "RFC 5321 §3.1"},
    {MG_SMTP_REFUSED, N_("QUIT, or the connection ends"), MG_SMTP_CLOSED, "RFC 5321 §3.1"},
    {MG_SMTP_READY, N_("AUTH"), MG_SMTP_LOGIN, "RFC 4954 §4"},
    {MG_SMTP_LOGIN, N_("the login succeeds or fails"), MG_SMTP_READY, "RFC 4954 §4"},
    {MG_SMTP_LOGIN, N_("too many logins have failed, or the connection ends"), MG_SMTP_CLOSED,
     "RFC 4954 §4"},
    {MG_SMTP_READY, N_("STARTTLS"), MG_SMTP_SECURING, "RFC 3207 §4"},
    {MG_SMTP_CONNECTED, N_("a port where TLS comes first"), MG_SMTP_SECURING, "RFC 8314 §3.3"},
    {MG_SMTP_SECURING, N_("TLS stands: all that was said is forgotten"), MG_SMTP_CONNECTED,
     "RFC 3207 §4.2"},
    {MG_SMTP_SECURING, N_("TLS has failed, or the connection ends"), MG_SMTP_CLOSED,
     "RFC 3207 §4.1"},
    {MG_SMTP_DATA, N_("the final dot, and its reply"), MG_SMTP_READY, "RFC 5321 §4.1.1.4"},
    {MG_SMTP_CHUNK, N_("the last piece, and its reply"), MG_SMTP_READY, "RFC 3030 §2"},
    MAIL_ROWS,
    {0},
};

const MgTransition mg_smtp_lmtp_transitions[] = {
    {MG_SMTP_CONNECTED, N_("LHLO is accepted"), MG_SMTP_READY, "RFC 2033 §4.1"},
    {MG_SMTP_DATA, N_("the final dot, and a reply for each recipient"), MG_SMTP_READY,
     "RFC 2033 §4.2"},
    {MG_SMTP_CHUNK, N_("the last piece, and a reply for each recipient"), MG_SMTP_READY,
     "RFC 2033 §4.3"},
    MAIL_ROWS,
    {0},
};

const MgRule mg_smtp_session_rules[] = {
    [MG_SMTP_R_BARE_LF] = {"smtp.bare-lf", MG_SEVERITY_FAULT, "RFC 5321 §2.3.8",
                           N_("A line feed without its carriage return does not end a line.")},
    [MG_SMTP_R_BARE_CR] = {"smtp.bare-cr", MG_SEVERITY_FAULT, "RFC 5321 §2.3.8",
                           N_("A carriage return must be followed by a line feed.")},
    [MG_SMTP_R_LINE_LONG] = {"smtp.line-too-long", MG_SEVERITY_FAULT, "RFC 5321 §4.5.3.1.4",
                             N_("A command line may have at most 512 octets.")},
    [MG_SMTP_R_TEXT_LONG] = {"smtp.text-line-too-long", MG_SEVERITY_FAULT, "RFC 5321 §4.5.3.1.6",
                             N_("A line of a letter may have at most 1000 octets.")},
    [MG_SMTP_R_UNKNOWN] = {"smtp.unknown-command", MG_SEVERITY_WARN, "RFC 5321 §4.2.4",
                           N_("This server does not know the command.")},
    [MG_SMTP_R_NOT_HERE] = {"smtp.not-offered", MG_SEVERITY_WARN, "RFC 5321 §2.2.2",
                            N_("The client uses an extension that the server did not offer.")},
    [MG_SMTP_R_ORDER] = {"smtp.wrong-order", MG_SEVERITY_FAULT, "RFC 5321 §4.1.4",
                         N_("This command is not allowed at this point of the session.")},
    [MG_SMTP_R_ARGUMENT] = {"smtp.bad-argument", MG_SEVERITY_FAULT, "RFC 5321 §4.1.2",
                            N_("What follows the command is missing, too much or not of the right "
                               "form.")},
    [MG_SMTP_R_PARAMETER] = {"smtp.bad-parameter", MG_SEVERITY_FAULT, "RFC 5321 §4.1.1.11",
                             N_("A parameter after the address is not known, not offered or not "
                                "of the right form.")},
    [MG_SMTP_R_TWICE] = {"smtp.parameter-twice", MG_SEVERITY_FAULT, "RFC 3461 §4",
                         N_("The same parameter stands twice behind one address.")},
    [MG_SMTP_R_XTEXT] = {"smtp.bad-xtext", MG_SEVERITY_FAULT, "RFC 3461 §4",
                         N_("What a parameter holds must be encoded (`+2B` for a plus), and may "
                            "hold only characters that can be shown: else it could begin a line "
                            "of its own in somebody's letter.")},
    [MG_SMTP_R_BODY] = {"smtp.binary-by-data", MG_SEVERITY_FAULT, "RFC 3030 §3",
                        N_("A letter that was announced as `BINARYMIME` cannot be sent with "
                           "`DATA`: where would its lines end?")},
    [MG_SMTP_R_8BIT] = {"smtp.undeclared-8bit", MG_SEVERITY_NOTE, "RFC 6152 §3",
                        N_("The letter holds octets above 127, and `MAIL` did not say "
                           "`BODY=8BITMIME`; this server takes it all the same.")},
    [MG_SMTP_R_CHUNK_SIZE] = {"smtp.bad-chunk-size", MG_SEVERITY_FAULT, "RFC 3030 §2",
                              N_("`BDAT` wants the number of octets, and perhaps `LAST`. Without "
                                 "it nobody knows where the piece ends and commands begin, so the "
                                 "server hangs up.")},
    [MG_SMTP_R_CHUNK_ORDER] = {"smtp.chunk-order", MG_SEVERITY_FAULT, "RFC 3030 §2",
                               N_("A letter comes by `DATA` or by `BDAT`, not by both; and after a "
                                  "piece that was refused only `RSET` helps.")},
    [MG_SMTP_R_HELO] = {"smtp.bad-helo", MG_SEVERITY_FAULT, "RFC 5321 §4.1.1.1",
                        N_("A client greets with its domain name, or with its address in "
                           "brackets.")},
    [MG_SMTP_R_PATH] = {"smtp.bad-address", MG_SEVERITY_FAULT, "RFC 5321 §4.1.2",
                        N_("This is not an address, or it is longer than an address may be.")},
    [MG_SMTP_R_NOT_ASCII] = {"smtp.address-not-ascii", MG_SEVERITY_FAULT, "RFC 6531 §3.3",
                             N_("An address may hold letters beyond ASCII only where SMTPUTF8 was "
                                "offered.")},
    [MG_SMTP_R_SPACE] = {"smtp.space-after-colon", MG_SEVERITY_WARN, "RFC 5321 §3.3",
                         N_("No space belongs between the colon and the address; this server "
                            "takes it all the same.")},
    [MG_SMTP_R_BRACKETS] = {"smtp.no-angle-brackets", MG_SEVERITY_WARN, "RFC 5321 §4.1.2",
                            N_("An address stands in angle brackets; this server takes it "
                               "without.")},
    [MG_SMTP_R_ROUTE] = {"smtp.source-route", MG_SEVERITY_NOTE, "RFC 5321 §4.1.1.3",
                         N_("A route before the address, from the early days; it is left out.")},
    [MG_SMTP_R_RELAY] = {"smtp.relay-denied", MG_SEVERITY_NOTE, "RFC 5321 §7.9",
                         N_("The recipient is not of this server, and the client is not one that "
                            "it sends mail for.")},
    [MG_SMTP_R_NO_MAILBOX] = {"smtp.no-mailbox", MG_SEVERITY_NOTE, "RFC 5321 §3.3",
                              N_("There is no mailbox of this name here.")},
    [MG_SMTP_R_MANY] = {"smtp.too-many-recipients", MG_SEVERITY_NOTE, "RFC 5321 §4.5.3.1.10",
                        N_("The mail has more recipients than the server takes at once.")},
    [MG_SMTP_R_SIZE] = {"smtp.too-large", MG_SEVERITY_NOTE, "RFC 1870 §6.1",
                        N_("The message is larger than the server takes.")},
    [MG_SMTP_R_POLICY] = {"smtp.policy", MG_SEVERITY_NOTE, "RFC 5321 §7.8",
                          N_("A policy of this server has something against it.")},
    [MG_SMTP_R_EARLY_END] = {"smtp.ended-early", MG_SEVERITY_WARN, "RFC 5321 §4.1.1.10",
                             N_("The connection ended without QUIT; a mail that was not finished "
                                "is thrown away.")},
    [MG_SMTP_R_TIMEOUT] = {"smtp.timeout", MG_SEVERITY_NOTE, "RFC 5321 §4.5.3.2.7",
                           N_("The client was silent for too long; the server hangs up.")},
    [MG_SMTP_R_ASK_TIMEOUT] = {"smtp.no-decision", MG_SEVERITY_NOTE, "RFC 5321 §4.2.5",
                               N_("Whoever should have decided did not answer in time.")},
    [MG_SMTP_R_FLOOD] = {"smtp.flood", MG_SEVERITY_FAULT, "RFC 2920 §3.1",
                         N_("The client sends far more than the server can keep while it waits.")},
    [MG_SMTP_R_ERRORS] = {"smtp.too-many-errors", MG_SEVERITY_NOTE, "RFC 5321 §3.8",
                          N_("The client makes one mistake after the other; the server hangs up.")},
    [MG_SMTP_R_LOGIN] = {"smtp.login-needed", MG_SEVERITY_NOTE, "RFC 6409 §4.3",
                         N_("This server takes mail only from who has logged in.")},
    [MG_SMTP_R_LOGINS] = {"smtp.too-many-logins", MG_SEVERITY_NOTE, "RFC 4954 §9",
                          N_("One login after the other failed: perhaps somebody guesses "
                             "passwords. The server hangs up.")},
    [MG_SMTP_R_SENDER] =
        {"smtp.sender-not-own", MG_SEVERITY_NOTE, "RFC 6409 §6.1",
         N_("Who has logged in may write only their own address on the envelope.")},
    [MG_SMTP_R_OTHER_PROTOCOL] = {"smtp.other-protocol", MG_SEVERITY_FAULT, "RFC 5321 §4.1.1",
                                  N_("The client speaks HTTP, and this is a mail server.")},
    [MG_SMTP_R_TLS_NEEDED] = {"smtp.tls-needed", MG_SEVERITY_NOTE, "RFC 3207 §4",
                              N_("This server does nothing for a client that has not begun "
                                 "TLS.")},
    [MG_SMTP_R_TLS_FAILED] =
        {"smtp.tls-failed", MG_SEVERITY_WARN, "RFC 3207 §4.1",
         N_("TLS was begun and did not come about. The connection is of no use any more: nobody "
            "must go on in the clear on it.")},
    [MG_SMTP_R_TLS_INJECTED] =
        {"smtp.input-before-tls", MG_SEVERITY_FAULT, "RFC 3207 §4.2",
         N_("Something came behind STARTTLS in the clear, perhaps from somebody in between who "
            "wants it to be obeyed inside TLS.")},
    [MG_SMTP_R_LAX_END] =
        {"smtp.lax-end", MG_SEVERITY_FAULT, "RFC 5321 §4.1.1.4",
         N_("Only CR LF, a dot, CR LF end a letter. This server takes less for it; where the "
            "server before it does not, a second mail can hide in the first.")},
    [MG_SMTP_R_MISCHIEF] = {"smtp.mischief", MG_SEVERITY_NOTE, "RFC 5321 §4.2.1",
                            N_("The server does this because it was told to (`misbehave`, "
                               "`magic`): a lesson in what the others make of it.")},
    MG_SASL_RULES,
    {0},
};

/* BINARYMIME is not among them: a mailbox that POP3 reads wants lines. */
#define EXTENSIONS      "PIPELINING;SIZE;8BITMIME;ENHANCEDSTATUSCODES;DSN;SMTPUTF8;CHUNKING"
#define LMTP_EXTENSIONS "PIPELINING;SIZE;8BITMIME;ENHANCEDSTATUSCODES;SMTPUTF8;CHUNKING"
#define EXTENSIONS_ABOUT                                                                           \
    N_("The extensions that the server offers, separated by \";\": PIPELINING, SIZE, 8BITMIME, "   \
       "ENHANCEDSTATUSCODES, DSN, SMTPUTF8, CHUNKING, BINARYMIME.")
#define TIMEOUT_ROW                                                                                \
    {                                                                                              \
        "timeout", MG_SETTING_TIME, "5min",                                                        \
            N_("How long a client may be silent before the server hangs up (at least 5 minutes).") \
    }
#define SIZE_ROW                                                                                   \
    {                                                                                              \
        "size_max", MG_SETTING_UINT, "10485760",                                                   \
            N_("The largest message in octets, told with the extension SIZE; 0 is no limit.")      \
    }
#define RECIPIENTS_ROW                                                                             \
    {                                                                                              \
        "recipients_max", MG_SETTING_UINT, "1000",                                                 \
            N_("How many recipients one mail may have (at least 100).")                            \
    }
#define LINE_ROW                                                                                   \
    {                                                                                              \
        "text_line_max", MG_SETTING_UINT, "1000",                                                  \
            N_("The longest line of a message in octets; 0 is no limit.")                          \
    }
#define LIMIT_ROWS                                                                                 \
    {"command_line_max", MG_SETTING_UINT, "512",                                                   \
     N_("The longest command line in octets; extensions add to it (at least 512).")},              \
        {"path_max", MG_SETTING_UINT, "256",                                                       \
         N_("The longest address in octets, with its brackets (at least 256).")},                  \
        {"local_part_max", MG_SETTING_UINT, "64",                                                  \
         N_("The longest part of an address before the @ (at least 64).")},                        \
    {                                                                                              \
        "domain_max", MG_SETTING_UINT, "255", N_("The longest domain in octets (at least 255).")   \
    }
#define MISCHIEF_ROW                                                                               \
    {                                                                                              \
        "misbehave", MG_SETTING_TEXT, NULL,                                                        \
            N_("What the server does wrong, and how often, separated by \";\": `451 at rcpt "      \
               "twice`, `drop at letter once`, `slow 30s at mail`. Where: connect, helo, "         \
               "starttls, auth, mail, rcpt, data, letter, quit.")                                  \
    }
#define TELLING_ROWS                                                                               \
    {"vrfy", MG_SETTING_TEXT, "hide",                                                              \
     N_("What VRFY tells: `hide` says 252, neither yes nor no; `tell` whether there is such a "    \
        "mailbox.")},                                                                              \
    {                                                                                              \
        "help", MG_SETTING_BOOL, "yes", N_("Answers HELP.")                                        \
    }
#define ERRORS_ROW                                                                                 \
    {                                                                                              \
        "errors_max", MG_SETTING_UINT, "20",                                                       \
            N_("After so many mistakes in one session the server hangs up; 0 is never.")           \
    }

const MgSettingRow mg_smtp_server_settings[] = {
    {"domains", MG_SETTING_TEXT, NULL, N_("The domains whose mail ends here, separated by \";\".")},
    {"deliver", MG_SETTING_TEXT, "store",
     N_("Where mail for these domains goes: `store`, the mailboxes of this host, or "
        "`lmtp:HOST:PORT`.")},
    {"relay_from", MG_SETTING_TEXT, NULL,
     N_("Clients that may send to everywhere through port 25: addresses or networks such as "
        "192.0.2.0/24, separated by \";\".")},
    {"open_relay", MG_SETTING_BOOL, "no",
     N_("Lets everybody send to everywhere. Never do that outside a lesson.")},
    {"policy_stages", MG_SETTING_TEXT, NULL,
     N_("When policies are asked: any of connect, helo, mail, rcpt, message, separated by "
        "\";\".")},
    {"extensions", MG_SETTING_TEXT, EXTENSIONS, EXTENSIONS_ABOUT},
    {"auth", MG_SETTING_TEXT, "no",
     N_("Which ways to log in with AUTH are offered: no, yes (all), or a list such as "
        "SCRAM-SHA-256 CRAM-MD5.")},
    {"auth-clear", MG_SETTING_BOOL, "no",
     N_("Offers ways to log in that show the password (PLAIN, LOGIN) without TLS, too. To the host "
        "itself they are always offered.")},
    {"require-auth", MG_SETTING_BOOL, "no", N_("Port 587 takes mail only from who has logged in.")},
    {"own-sender", MG_SETTING_BOOL, "no",
     N_("Who has logged in may write only their own address on the envelope.")},
    {"logins_max", MG_SETTING_UINT, "3",
     N_("After so many failed logins in one session the server hangs up; 0 is never.")},
    {"starttls", MG_SETTING_TEXT, "no",
     N_("Whether TLS may begin in the middle: no, offer, or require (nothing is done before "
        "it; not for port 25 of a server for all the world).")},
    {"client-certificates", MG_SETTING_BOOL, "no",
     N_("Asks clients for a certificate when TLS begins: who shows a good one may log in with "
        "EXTERNAL, without a password.")},
    {"starttls-flaw", MG_SETTING_BOOL, "no",
     N_("Obeys inside TLS what came behind STARTTLS in the clear, as some servers did until "
        "2011. For lessons.")},
    MISCHIEF_ROW,
    {"magic", MG_SETTING_BOOL, "no",
     N_("Addresses say what becomes of them: 451@…, 550-full@… are refused with this code, at "
        "drop@… the server hangs up.")},
    {"line-ends", MG_SETTING_TEXT, "strict",
     N_("What ends a line: strict, only CR LF, and a lone CR or LF is refused; keep, the same, "
        "but in a letter the lone ones are octets like any, and are passed on; lax, LF, too.")},
    TELLING_ROWS,
    {"expn", MG_SETTING_TEXT, "hide",
     N_("What EXPN tells: `hide` says 252, `tell` who is behind an address, `deny` that there is "
        "no such command here.")},
    SIZE_ROW,
    RECIPIENTS_ROW,
    LIMIT_ROWS,
    LINE_ROW,
    ERRORS_ROW,
    TIMEOUT_ROW,
    {0},
};

const MgSettingRow mg_smtp_lmtp_settings[] = {
    MISCHIEF_ROW,   {"extensions", MG_SETTING_TEXT, LMTP_EXTENSIONS, EXTENSIONS_ABOUT},
    TELLING_ROWS,   SIZE_ROW,
    RECIPIENTS_ROW, LIMIT_ROWS,
    LINE_ROW,       ERRORS_ROW,
    TIMEOUT_ROW,    {0},
};

/* ---- reading the settings ---- */

void mg_smtp_check_settings(const MgSettings *settings, GPtrArray *problems)
{
    static const struct {
        const char *key, *words;
    } rows[] = {{"starttls", "no;offer;require"},
                {"line-ends", "strict;keep;lax"},
                {"vrfy", "hide;tell;deny"},
                {"expn", "hide;tell;deny"}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const char *value = mg_settings_get(settings, rows[i].key, NULL);
        g_auto(GStrv) words = g_strsplit(rows[i].words, ";", -1);
        if (value != NULL && !g_strv_contains((const char *const *)words, value))
            g_ptr_array_add(problems, g_strdup_printf("%s: \"%s\" is none of %s", rows[i].key,
                                                      value, rows[i].words));
    }
}

static unsigned read_stages(const char *text)
{
    static const struct {
        const char *name;
        MgStage stage;
    } names[] = {{"connect", MG_STAGE_CONNECT},
                 {"helo", MG_STAGE_HELO},
                 {"mail", MG_STAGE_MAIL},
                 {"rcpt", MG_STAGE_RCPT},
                 {"message", MG_STAGE_MESSAGE}};
    unsigned stages = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (mg_text_list_has(text, mg_span_from_string(names[i].name)))
            stages |= (unsigned)names[i].stage;
    return stages;
}

const char *const mg_smtp_extensions[MG_SMTP_N_EXTENSIONS] = {
    "PIPELINING", "SIZE", "8BITMIME", "ENHANCEDSTATUSCODES", "DSN", "SMTPUTF8", "CHUNKING",
    "BINARYMIME", "AUTH", "STARTTLS"};

static unsigned read_extensions(const char *text)
{
    unsigned extensions = 0;
    for (size_t i = 0; i < MG_SMTP_N_EXTENSIONS; i++)
        if (mg_text_list_has(text, mg_span_from_string(mg_smtp_extensions[i])))
            extensions |= 1u << i;
    extensions &= ~(unsigned)(MG_SMTP_X_AUTH | MG_SMTP_X_STARTTLS); /* settings of their own */
    if ((extensions & MG_SMTP_X_CHUNKING) == 0) /* RFC 3030 §3: not without it */
        extensions &= ~(unsigned)MG_SMTP_X_BINARYMIME;
    if ((extensions & MG_SMTP_X_8BITMIME) == 0) /* RFC 6531 §3.1 */
        extensions &= ~(unsigned)MG_SMTP_X_SMTPUTF8;
    return extensions;
}

static MgSmtpTelling read_telling(const MgSettings *settings, const char *key)
{
    const char *how = mg_settings_get(settings, key, "hide");
    return strcmp(how, "tell") == 0   ? MG_SMTP_TELL
           : strcmp(how, "deny") == 0 ? MG_SMTP_DENY
                                      : MG_SMTP_HIDE;
}

/* A limit may be wider than the RFC's, never narrower. */
static unsigned read_limit(const MgSettings *settings, const char *key, unsigned least,
                           unsigned most)
{
    return (unsigned)CLAMP(mg_settings_get_uint(settings, key, least), least, most);
}

static void read_auth(MgSmtpSession *session, const MgSettings *settings)
{
    const char *auth = mg_settings_get(settings, "auth", "no");
    if (session->lmtp || strcmp(auth, "no") == 0)
        return;
    session->mechanisms = mg_text_is_yes(auth) ? NULL : g_strdup(auth);
    session->auth_clear = mg_text_is_yes(mg_settings_get(settings, "auth-clear", "no"));
    session->require_auth = mg_text_is_yes(mg_settings_get(settings, "require-auth", "no"));
    session->own_sender = mg_text_is_yes(mg_settings_get(settings, "own-sender", "no"));
    session->logins_max = (unsigned)MIN(mg_settings_get_uint(settings, "logins_max", 3), 1000000);
    session->extensions |= MG_SMTP_X_AUTH;
}

static void read_looseness(MgSmtpSession *session, const MgSettings *settings)
{
    const char *lines = mg_settings_get(settings, "line-ends", "strict");
    session->lines = session->lmtp                ? MG_SMTP_LINES_STRICT
                     : strcmp(lines, "lax") == 0  ? MG_SMTP_LINES_LAX
                     : strcmp(lines, "keep") == 0 ? MG_SMTP_LINES_KEEP
                                                  : MG_SMTP_LINES_STRICT;
    session->magic = !session->lmtp && mg_text_is_yes(mg_settings_get(settings, "magic", "no"));
}

static void read_tls(MgSmtpSession *session, const MgSettings *settings)
{
    const char *starttls = mg_settings_get(settings, "starttls", "no");
    session->asks_certificate =
        mg_text_is_yes(mg_settings_get(settings, "client-certificates", "no"));
    if (session->lmtp || strcmp(starttls, "no") == 0)
        return;
    session->extensions |= MG_SMTP_X_STARTTLS;
    session->starttls_required = strcmp(starttls, "require") == 0;
    session->obeys_injected = mg_text_is_yes(mg_settings_get(settings, "starttls-flaw", "no"));
}

static void read_limits(MgSmtpSession *session, const MgSettings *settings)
{
    session->recipients_max =
        (unsigned)MIN(mg_settings_get_uint(settings, "recipients_max", 1000), 100000);
    session->errors_max = (unsigned)MIN(mg_settings_get_uint(settings, "errors_max", 20), 1000000);
    session->text_line_max = (unsigned)MIN(
        mg_settings_get_uint(settings, "text_line_max", MG_SMTP_TEXT_LINE_MAX), 1u << 30);
    session->size_max = MIN(mg_settings_get_uint(settings, "size_max", 10485760), 1u << 30);
    session->idle_max = mg_settings_get_time(settings, "timeout", 5 * MG_MINUTES);
    session->command_line_max =
        read_limit(settings, "command_line_max", MG_SMTP_COMMAND_LINE_MAX, MG_SMTP_LINE_MAX);
    session->path_rules = (MgPathRules){
        .local_max = read_limit(settings, "local_part_max", MG_SMTP_LOCAL_PART_MAX, 4096),
        .domain_max = read_limit(settings, "domain_max", MG_SMTP_DOMAIN_MAX, 4096),
        .path_max = read_limit(settings, "path_max", MG_SMTP_PATH_MAX, 4096)};
}

void mg_smtp_read_settings(MgSmtpSession *session, const MgSettings *settings)
{
    session->domains = g_strdup(mg_settings_get(settings, "domains", ""));
    session->relay_from = g_strdup(mg_settings_get(settings, "relay_from", ""));
    session->open_relay = mg_text_is_yes(mg_settings_get(settings, "open_relay", "no"));
    session->store =
        session->lmtp || strcmp(mg_settings_get(settings, "deliver", "store"), "store") == 0;
    if (!session->lmtp) /* what comes by LMTP was judged where it came in */
        session->stages = read_stages(mg_settings_get(settings, "policy_stages", ""));
    if (!session->lmtp && mg_settings_get_time(settings, "greylist", 0) > 0)
        session->stages |= MG_STAGE_RCPT;
    session->aliases = g_strdup(mg_settings_get(settings, "aliases", NULL));
    session->extensions = read_extensions(
        mg_settings_get(settings, "extensions", session->lmtp ? LMTP_EXTENSIONS : EXTENSIONS));
    session->vrfy = read_telling(settings, "vrfy");
    session->expn = read_telling(settings, "expn");
    session->help = mg_text_is_yes(mg_settings_get(settings, "help", "yes"));
    read_limits(session, settings);
    read_auth(session, settings);
    read_tls(session, settings);
    read_looseness(session, settings);
}

/* What each extension adds to the longest line of a command. */
size_t mg_smtp_line_max(const MgSmtpSession *session, MgSpan start)
{
    static const struct {
        const char *verb;
        unsigned extension, octets;
    } rows[] = {
        {"MAIL ", MG_SMTP_X_SIZE, 26},               /* RFC 1870 §3 */
        {"MAIL ", MG_SMTP_X_8BITMIME, 17},           /* RFC 6152 §2 */
        {"MAIL ", MG_SMTP_X_DSN, 500},               /* RFC 3461 §4 */
        {"RCPT ", MG_SMTP_X_DSN, 500},               /* RFC 3461 §4 */
        {"MAIL ", MG_SMTP_X_SMTPUTF8, 10},           /* RFC 6531 §3.1 */
        {"VRFY ", MG_SMTP_X_SMTPUTF8, 10},           /* RFC 6531 §3.1 */
        {"EXPN ", MG_SMTP_X_SMTPUTF8, 10},           /* RFC 6531 §3.1 */
        {"MAIL ", MG_SMTP_X_AUTH, 500},              /* RFC 4954 §3 */
        {"AUTH ", MG_SMTP_X_AUTH, MG_SMTP_LINE_MAX}, /* RFC 4954 §4 */
    };
    size_t max = session->state == MG_SMTP_LOGIN ? MG_SMTP_LINE_MAX : session->command_line_max;
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if ((session->extensions & rows[i].extension) != 0 && start.len >= 5 &&
            mg_span_equal_nocase(mg_span_slice(start, 0, 5), mg_span_from_string(rows[i].verb)))
            max += rows[i].octets;
    return MIN(max, MG_SMTP_LINE_MAX);
}
