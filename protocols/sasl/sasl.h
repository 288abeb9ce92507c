/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasl.h - proving who one is (RFC 4422): both ends, for every protocol that has AUTH
 *
 * Neither end is an engine: each is a value inside one, which takes the peer's lines of base64 and
 * gives the next line to send. The engine puts it behind its protocol's own words: "334 ", "+ ".
 *
 *      MgSaslServer *sasl = mg_sasl_server_new(&policy);
 *      step = mg_sasl_server_start(sasl, "PLAIN", &initial);   "AUTH PLAIN AGJvYgBz…"
 *      MG_SASL_SEND    send "334 " + mg_sasl_server_line(), then step() with the next line
 *      MG_SASL_ASK     look up mg_sasl_server_user(), then credentials()
 *      MG_SASL_DONE    it is mg_sasl_server_name(), who acts as mg_sasl_server_acts_as()
 *      MG_SASL_FAILED  mg_sasl_server_fault() says why
 *
 * The mechanisms: PLAIN (RFC 4616), LOGIN (draft-murchison-sasl-login), CRAM-MD5 (RFC 2195),
 * SCRAM-SHA-1 and SCRAM-SHA-256 with and without channel binding (RFC 5802, 7677, 5929 §4, 9266),
 * EXTERNAL (RFC 4422 appendix A). Secrets are compared in constant time and wiped.
 */
#pragma once

#include <mailglass/dissect.h>
#include <mailglass/topics.h>

G_BEGIN_DECLS

/* RFC 4954 §4: a line of an exchange has at most 12,288 octets, without the CR LF. */
#define MG_SASL_LINE_MAX 12288u

/* The strongest first: the order in which a client chooses. */
typedef enum {
    MG_SASL_EXTERNAL,
    MG_SASL_SCRAM_SHA_256_PLUS,
    MG_SASL_SCRAM_SHA_1_PLUS,
    MG_SASL_SCRAM_SHA_256,
    MG_SASL_SCRAM_SHA_1,
    MG_SASL_CRAM_MD5,
    MG_SASL_PLAIN,
    MG_SASL_LOGIN
} MgSaslMechanism;

enum {
    MG_SASL_CLEAR = 1,       /* whoever listens has the password */
    MG_SASL_BINDS = 2,       /* is bound to the TLS connection around it */
    MG_SASL_CLIENT_FIRST = 4 /* may have an initial response */
};

typedef struct {
    const char *name;
    unsigned flags;
} MgSaslRow;
extern const MgSaslRow mg_sasl_mechanisms[]; /* by MgSaslMechanism; ends with {0} */
extern const MgName mg_sasl_names[];         /* what they are, for a dissector's field */

/* Without case (RFC 4422 §3.1 has capitals only; RFC 4954 §4 compares without case). */
bool mg_sasl_find(MgSpan name, MgSaslMechanism *out);

/* ---- why it failed, or what is to be noted ---- */

typedef enum {
    MG_SASL_FAULT_BASE64,
    MG_SASL_FAULT_LONG,
    MG_SASL_FAULT_FORM,
    MG_SASL_FAULT_PLAIN_FORM,
    MG_SASL_FAULT_CRAM_FORM,
    MG_SASL_FAULT_SCRAM_FORM,
    MG_SASL_FAULT_NONCE,
    MG_SASL_FAULT_EXTENSION,
    MG_SASL_FAULT_PREP,
    MG_SASL_FAULT_NEEDS_TLS,
    MG_SASL_FAULT_CLEAR, /* not a failure: noted when a password came as it is */
    MG_SASL_FAULT_MECHANISM,
    MG_SASL_FAULT_INITIAL,
    MG_SASL_FAULT_CANCELLED,
    MG_SASL_FAULT_CREDENTIALS,
    MG_SASL_FAULT_UNAVAILABLE,
    MG_SASL_FAULT_CHANNEL,
    MG_SASL_FAULT_CHANNEL_TYPE,
    MG_SASL_FAULT_DOWNGRADE,
    MG_SASL_FAULT_AUTHZID,
    MG_SASL_FAULT_CERTIFICATE,
    MG_SASL_FAULT_EXTRA,
    MG_SASL_FAULT_OFFER,
    MG_SASL_FAULT_ITERATIONS,
    MG_SASL_FAULT_SIGNATURE,
    MG_SASL_FAULT_SERVER_ERROR,
    MG_SASL_FAULT_UNEXPECTED,
    MG_SASL_N_FAULTS,
    MG_SASL_FAULT_NONE = MG_SASL_N_FAULTS
} MgSaslFault;

/* The rows of a rule table, in the order of MgSaslFault, for the table of an engine that has
 * logins: it notes its own row `R_SASL + fault`. */
/* clang-format off */
#define MG_SASL_RULES \
    {"sasl.bad-base64", MG_SEVERITY_FAULT, "RFC 4648 §3", \
     N_("A line of a login must be base64 and nothing else; this one is not.")}, \
    {"sasl.line-too-long", MG_SEVERITY_FAULT, "RFC 4954 §4", \
     N_("A line of a login may have at most 12,288 octets.")}, \
    {"sasl.bad-message", MG_SEVERITY_FAULT, "RFC 4422 §5", \
     N_("The message does not have the form that the mechanism prescribes.")}, \
    {"sasl.plain-form", MG_SEVERITY_FAULT, "RFC 4616 §2", \
     N_("`PLAIN` is one message: whom to act as (may be empty), NUL, the name, NUL, the " \
        "password. This one is different.")}, \
    {"sasl.cram-form", MG_SEVERITY_FAULT, "RFC 2195 §2", \
     N_("The answer to `CRAM-MD5` is the name, a space and 32 hexadecimal digits in small " \
        "letters; this one is different.")}, \
    {"sasl.scram-form", MG_SEVERITY_FAULT, "RFC 5802 §7", \
     N_("A message of `SCRAM` has attributes in a fixed order, such as `n=bob,r=…`; this one is " \
        "different.")}, \
    {"sasl.wrong-nonce", MG_SEVERITY_FAULT, "RFC 5802 §5.1", \
     N_("The nonce must be the one of this login; it is another. Perhaps an old exchange is " \
        "played again.")}, \
    {"sasl.unknown-extension", MG_SEVERITY_FAULT, "RFC 5802 §5.1", \
     N_("The message demands an extension (`m=`) that is not known here, so the login must " \
        "fail.")}, \
    {"sasl.forbidden-character", MG_SEVERITY_NOTE, "RFC 4013 §2", \
     N_("The name or the password holds a character that SASLprep forbids.")}, \
    {"sasl.needs-tls", MG_SEVERITY_WARN, "RFC 4954 §4", \
     N_("The mechanism shows the password to whoever listens, so it is used only inside TLS.")}, \
    {"sasl.password-in-clear", MG_SEVERITY_NOTE, "RFC 4616 §5", \
     N_("The password crossed the wire in base64, without TLS: whoever listens can read it.")}, \
    {"sasl.unknown-mechanism", MG_SEVERITY_WARN, "RFC 4422 §3.3", \
     N_("The server does not offer this mechanism.")}, \
    {"sasl.unwanted-initial-response", MG_SEVERITY_FAULT, "RFC 4954 §4", \
     N_("In this mechanism the server speaks first, so the command must not bring a response.")}, \
    {"sasl.cancelled", MG_SEVERITY_NOTE, "RFC 4422 §3.5", \
     N_("The client gave the login up with a lone `*`.")}, \
    {"sasl.wrong-credentials", MG_SEVERITY_NOTE, "RFC 4422 §3.6", \
     N_("The name or the password is wrong; the server does not say which.")}, \
    {"sasl.unavailable", MG_SEVERITY_NOTE, "RFC 4954 §6", \
     N_("Nobody could say now whether the password is right; later it may work.")}, \
    {"sasl.channel-mismatch", MG_SEVERITY_FAULT, "RFC 5802 §6", \
     N_("The two ends do not see the same TLS connection: somebody sits between them.")}, \
    {"sasl.channel-type", MG_SEVERITY_WARN, "RFC 5802 §6", \
     N_("The client binds the login to TLS in a way that the server does not know.")}, \
    {"sasl.offer-tampered", MG_SEVERITY_FAULT, "RFC 5802 §6", \
     N_("The client believes that the server cannot bind a login to TLS, but it can: somebody " \
        "took that out of the offer.")}, \
    {"sasl.not-permitted", MG_SEVERITY_NOTE, "RFC 4422 §3.4.1", \
     N_("The password is right, but this user may not act as somebody else.")}, \
    {"sasl.no-certificate", MG_SEVERITY_NOTE, "RFC 4422 §A", \
     N_("`EXTERNAL` trusts what TLS proved, but the client showed no certificate there.")}, \
    {"sasl.more-after-the-end", MG_SEVERITY_FAULT, "RFC 4954 §4", \
     N_("The exchange is over, yet the client sends more than an empty line.")}, \
    {"sasl.no-mechanism", MG_SEVERITY_WARN, "RFC 4422 §3.3", \
     N_("The server offers no way to log in that this client can use.")}, \
    {"sasl.iterations", MG_SEVERITY_WARN, "RFC 5802 §5.1", \
     N_("The server wants the password to be hashed too few times, which makes guessing cheap, " \
        "or so often that it would keep this computer busy.")}, \
    {"sasl.server-not-proved", MG_SEVERITY_FAULT, "RFC 5802 §5", \
     N_("The server did not prove that it knows the password, too: it may be a false one.")}, \
    {"sasl.server-error", MG_SEVERITY_NOTE, "RFC 5802 §7", \
     N_("The server ended the login with an error (`e=`).")}, \
    {"sasl.unexpected-challenge", MG_SEVERITY_FAULT, "RFC 4422 §3.4", \
     N_("The server asks for something where the mechanism has nothing more to say.")}
/* clang-format on */

extern const MgRule mg_sasl_rules[]; /* ends with {0} */

/* ---- what both ends know ---- */

typedef enum { MG_SASL_SEND = 1, MG_SASL_ASK, MG_SASL_DONE, MG_SASL_FAILED } MgSaslStep;

/* The TLS around it; all empty without. */
typedef struct {
    bool tls;
    MgSpan exporter;  /* tls-exporter (RFC 9266): 32 octets, label "EXPORTER-Channel-Binding" */
    MgSpan end_point; /* tls-server-end-point (RFC 5929 §4): the hash of the certificate */
    const char *certificate; /* (nullable) whom the client's certificate names */
} MgSaslChannel;

/* The same, kept by an engine for as long as its connection stands. */
typedef struct {
    bool tls;
    uint8_t exporter[32], end_point[64]; /* 64: SHA-512 */
    uint8_t exporter_len, end_point_len;
    char certificate[256]; /* "": none */
} MgSaslBinding;

/* What the answer of MG_TOPIC_SECURE says of it; NULL, or not secure: no TLS. */
MgSaslBinding mg_sasl_bind(const MgSecureAnswer *answer);
/* Borrows from `binding`. */
MgSaslChannel mg_sasl_channel(const MgSaslBinding *binding);

/* ---- what a server stores ---- */

/* RFC 5802 §3: what a server needs for SCRAM. A thief of these cannot log in with them at once. */
typedef struct {
    MgSaslMechanism mechanism; /* MG_SASL_SCRAM_SHA_1 or MG_SASL_SCRAM_SHA_256 */
    unsigned iterations;
    size_t salt_len;
    uint8_t salt[64], stored[32], server[32];
} MgSaslKeys;

/* False if SASLprep forbids the password. */
bool mg_sasl_keys_make(MgSaslKeys *keys, const char *password, MgSpan salt);
/* "SCRAM-SHA-256$4096:SALT$STORED:SERVER" (RFC 5803), as other servers write it, too. */
bool mg_sasl_keys_parse(const char *text, MgSaslKeys *out);
void mg_sasl_keys_write(const MgSaslKeys *keys, GString *out);

/* ---- the server ---- */

typedef struct {
    const char *mechanisms; /* (nullable) "SCRAM-SHA-256 PLAIN"; NULL: all */
    bool clear;             /* mechanisms that show the password are offered without TLS, too */
    bool proxy;             /* who is logged in may act as anybody */
    unsigned iterations;    /* 0: 4096 (RFC 7677 §4) */
    const char *host;       /* in CRAM-MD5's challenge */
    int64_t time;           /* Unix time, there, too */
    uint64_t seed;          /* of the nonce */
    const char *nonce;      /* (nullable) instead, for tests: the RFC's own */
    MgSaslChannel channel;
} MgSaslPolicy; /* copied */

bool mg_sasl_offers(const MgSaslPolicy *policy, MgSaslMechanism mechanism);
/* "SCRAM-SHA-256 CRAM-MD5", for EHLO, CAPA and CAPABILITY. False, and nothing is added, if nothing
 * is offered. */
bool mg_sasl_list(const MgSaslPolicy *policy, GString *out);

typedef struct MgSaslServer MgSaslServer;
MgSaslServer *mg_sasl_server_new(const MgSaslPolicy *policy);
void mg_sasl_server_free(MgSaslServer *server);
/* `initial` (nullable): what came after the mechanism's name; "=" is an empty response. */
MgSaslStep mg_sasl_server_start(MgSaslServer *server, MgSpan mechanism, const MgSpan *initial);
/* The client's next line, without its end. */
MgSaslStep mg_sasl_server_step(MgSaslServer *server, MgSpan line);
/* The answer to MG_SASL_ASK: a password, or stored keys in their text form; NULL: no such user.
 * For a stranger the exchange goes on as for anybody, and fails at its end. */
MgSaslStep mg_sasl_server_credentials(MgSaslServer *server, const char *secret);
/* The other answer: nobody could say. */
MgSaslStep mg_sasl_server_unavailable(MgSaslServer *server);
/* What follows "334 " or "+ ": may be empty. Valid until the next call. */
const char *mg_sasl_server_line(const MgSaslServer *server);
const char *mg_sasl_server_user(const MgSaslServer *server);
const char *mg_sasl_server_name(const MgSaslServer *server);
const char *mg_sasl_server_acts_as(const MgSaslServer *server);
MgSaslMechanism mg_sasl_server_mechanism(const MgSaslServer *server);
/* Of the last call; MG_SASL_FAULT_NONE if there is nothing to note. */
MgSaslFault mg_sasl_server_fault(const MgSaslServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgSaslServer, mg_sasl_server_free)

/* ---- the client ---- */

typedef struct {
    const char *user, *password;             /* password: (nullable) */
    const char *acts_as;                     /* (nullable) whom to act as: usually nobody else */
    const char *mechanisms;                  /* (nullable) which are allowed; NULL: all */
    bool clear;                              /* the password may be shown without TLS, too */
    unsigned iterations_min, iterations_max; /* 0: 4096 and 600,000 */
    uint64_t seed;
    const char *nonce; /* (nullable) for tests */
    MgSaslChannel channel;
} MgSaslIdentity; /* copied */

typedef struct MgSaslClient MgSaslClient;
MgSaslClient *mg_sasl_client_new(const MgSaslIdentity *identity);
/* TLS has begun since. Before mg_sasl_client_choose(). */
void mg_sasl_client_set_channel(MgSaslClient *client, const MgSaslChannel *channel);
void mg_sasl_client_free(MgSaslClient *client);
/* The strongest of what is offered ("PLAIN LOGIN CRAM-MD5"); false: mg_sasl_client_fault(). */
bool mg_sasl_client_choose(MgSaslClient *client, const char *offered, MgSaslMechanism *out);
/* MG_SASL_SEND or MG_SASL_FAILED. Then the command is sent, with initial() or without. */
MgSaslStep mg_sasl_client_start(MgSaslClient *client, MgSaslMechanism mechanism);
/* (nullable) The initial response, "=" if it is empty. Who gets it must send it with the command;
 * NULL: the mechanism has none, or it is longer than `max`; then the first step() gives it. */
const char *mg_sasl_client_initial(MgSaslClient *client, size_t max);
/* The server's challenge, without "334 " or "+ ". FAILED: send "*". */
MgSaslStep mg_sasl_client_step(MgSaslClient *client, MgSpan line);
/* The server says that it is done. FAILED: it did not prove itself; hang up. */
MgSaslStep mg_sasl_client_succeeded(MgSaslClient *client);
const char *mg_sasl_client_line(const MgSaslClient *client);
MgSaslMechanism mg_sasl_client_mechanism(const MgSaslClient *client);
MgSaslFault mg_sasl_client_fault(const MgSaslClient *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgSaslClient, mg_sasl_client_free)

/* ---- helpers ---- */

/* RFC 4013. (transfer full) NULL if it is not allowed. `stored`: characters that are not assigned
 * are forbidden, too (RFC 3454 §7). What it leaves: NFKC, "assigned" and "a letter, written from
 * left to right" are those of GLib's Unicode, not of Unicode 3.2. */
char *mg_sasl_prep(const char *text, bool stored);

/* What a line of an exchange says, for the inspector: decoded, a NUL as "␀", what is not printable
 * as "\x07". (transfer full) NULL if it is not base64. */
char *mg_sasl_decode_for_people(MgSpan line);

/* Wipes a string and frees it. */
void mg_sasl_wipe(char *secret);

G_END_DECLS
