/* SPDX-License-Identifier: GPL-3.0-or-later */
/* topics.h - what engines ask each other: the questions and answers that cross plugins
 *
 * Each topic names a question struct and an answer struct. Both are borrowed: a question until the
 * next call on the engine that asked, an answer during mg_engine_answer(). An answer of NULL means
 * that nobody answers the topic on this host.
 */
#pragma once

#include <mailglass/base.h>

G_BEGIN_DECLS

/* How reaching a peer ended. */
typedef enum {
    MG_REACH_OK,
    MG_REACH_REFUSED,     /* a TCP RST, an ICMP port unreachable */
    MG_REACH_TIMEOUT,     /* nobody answered */
    MG_REACH_UNREACHABLE, /* no such host, no route */
    MG_REACH_BAD_ADDRESS  /* not an IP address */
} MgReach;

/* net.connect: opens a stream to the peer. After OK, the engine's SEND goes there and the peer's
 * bytes come by receive(). An engine has one connection at most at a time. Answered by the carrier:
 * the simulated wire, or a real socket. */
#define MG_TOPIC_CONNECT "net.connect"
typedef struct {
    const char *address; /* IPv4 or IPv6 as text. A name is allowed only on a real carrier */
    uint16_t port;
    const char *dissector; /* (nullable) what its bytes are: "smtp" */
} MgConnectQuestion;
typedef struct {
    MgReach reach;
    const char *text; /* (nullable) the reason in words, for people: "connection refused" */
} MgConnectAnswer;

/* net.secure: from here on the connection is encrypted. Asked by the event STARTTLS (engine.h), at
 * any time after the connection stands: at once where a port is for TLS alone (RFC 8314 §3), after
 * the peer has agreed where it begins in the middle (RFC 3207). Who has connected is the TLS
 * client. What the engine has received and not yet looked at when it asks came in the clear,
 * perhaps from somebody in between (command injection, RFC 3207 §4.2): the engine drops it.
 * protocols/tls/tls.h is the guide. */
#define MG_TOPIC_SECURE "net.secure"
typedef struct {
    const char *name; /* client: (nullable) whose certificate the server must show; sent as SNI */
    const char *alpn; /* (nullable) protocols in order of preference: "imap,pop3" */
    bool any;  /* client: a certificate that proves nothing is better than no TLS (RFC 7435): go on,
                  and say so in the answer */
    bool asks; /* server: a client that has a certificate may show it */
} MgSecureQuestion;

/* A certificate as people read it. */
typedef struct {
    const char *subject, *issuer;  /* "CN=mx.example.net" */
    const char *names;             /* the hosts that it is for: "mx.example.net, *.example.net" */
    int64_t not_before, not_after; /* Unix time */
    const char *fingerprint;       /* SHA-256 in hex */
    MgSpan der;
} MgCertificate;

/* Answered when the handshake is over. NULL: nobody here can do it (no plugin, no connection). */
typedef struct {
    bool secure;                  /* false: it failed, and the connection is of no use any more */
    bool verified;                /* the peer has proved its name. Always false for a server */
    const char *reason;           /* (nullable) why not secure, or not verified, in words */
    const MgRule *rule;           /* (nullable) the same for filters: "tls.expired" */
    const char *version, *cipher; /* "TLSv1.3", "TLS_AES_256_GCM_SHA384"; "" unknown */
    const char *alpn;             /* (nullable) what both agreed on */
    const char *sni;              /* server: (nullable) the name that the client has asked for */
    const MgCertificate *chain;   /* the peer's, its own first */
    size_t n_chain;
    const char *peer; /* (nullable) server: whom the client's certificate names, if that is proved:
                         its address, else its common name */
    const char *own;  /* (nullable) client: the same of the certificate that it can show */
    MgSpan exporter;  /* tls-exporter, RFC 9266; 32 octets */
    MgSpan end_point; /* tls-server-end-point, RFC 5929 §4; empty: the server has shown none */
} MgSecureAnswer;

/* net.datagram: sends one datagram, waits for one from the same address and port. */
#define MG_TOPIC_DATAGRAM "net.datagram"
typedef struct {
    const char *address;
    uint16_t port;
    MgSpan payload;
    MgTime timeout;        /* how long to wait */
    const char *dissector; /* (nullable) "dns" */
    uint16_t local_port;   /* 0: the carrier's choice. A real carrier always chooses itself */
    /* Octets that the answer has to repeat where the question had them (an id, a question). What
     * does not, or comes from elsewhere, is no answer: the wait goes on. `len` 0: nothing. */
    struct {
        uint16_t at, len;
    } echoes[2];
} MgDatagramQuestion;
typedef struct {
    MgReach reach;
    MgSpan payload;
    unsigned strangers; /* datagrams that came to the port and were no answer */
} MgDatagramAnswer;

/* net.forge: sends a datagram with an address that is not one's own, as an attacker does. Only the
 * simulated wire does so; real carriers answer NULL, always. */
#define MG_TOPIC_FORGE "net.forge"
typedef struct {
    const char *from_address, *to_address;
    uint16_t from_port, to_port;
    MgSpan payload;
    const char *dissector; /* (nullable) */
} MgForgeQuestion;
typedef struct {
    bool sent;
} MgForgeAnswer;

/* net.overhear: the next datagram that passes this host on its way between others. Only on the
 * simulated wire. */
#define MG_TOPIC_OVERHEAR "net.overhear"
typedef struct {
    uint16_t port; /* from or to; 0: any */
} MgOverhearQuestion;
typedef struct {
    const char *from_address, *to_address;
    uint16_t from_port, to_port;
    MgSpan payload;
} MgOverhearAnswer;

/* dns.lookup: what a stub resolver offers (RFC 1034 §5.3.1). */
#define MG_TOPIC_LOOKUP "dns.lookup"
typedef struct {
    const char *name; /* "example.net", with or without the last dot */
    uint16_t type;    /* 1 A, 15 MX, 28 AAAA … (IANA) */
} MgLookupQuestion;
typedef struct {
    const char *name;
    uint16_t type;
    uint32_t ttl;
    const char *data; /* presentation form: "10 mx.example.net.", "192.0.2.25" */
} MgLookupRecord;
typedef struct {
    bool reached;                  /* false: no server answered; the rest is empty */
    uint16_t rcode;                /* 0 NOERROR, 2 SERVFAIL, 3 NXDOMAIN */
    const MgLookupRecord *records; /* the answer section, CNAMEs included, in its order */
    size_t n_records;
} MgLookupAnswer;

/* What the letter's octets are (RFC 6152, RFC 3030). */
typedef enum {
    MG_BODY_7BIT,     /* seven bits; also where nobody said */
    MG_BODY_8BITMIME, /* lines of eight bits */
    MG_BODY_BINARY    /* any octets: CR, LF and NUL mean nothing to the transport */
} MgBody;

/* What the sender wants back of a letter that fails (RFC 3461 §4.3). */
typedef enum { MG_RET_UNSAID, MG_RET_FULL, MG_RET_HEADERS } MgRet;

/* When the sender wants to be told (RFC 3461 §4.1). 0: nobody said, as FAILURE (and DELAY). */
typedef enum {
    MG_NOTIFY_NEVER = 1 << 0, /* stands alone */
    MG_NOTIFY_SUCCESS = 1 << 1,
    MG_NOTIFY_FAILURE = 1 << 2,
    MG_NOTIFY_DELAY = 1 << 3
} MgNotify;

/* What was asked for with one recipient (RFC 3461 §4.1, §4.2). */
typedef struct {
    unsigned notify;   /* of MgNotify */
    const char *orcpt; /* (nullable) "rfc822;bob@example.net", its xtext decoded */
} MgMailWish;

/* A mail on its way: the envelope and the letter (RFC 5321 §2.3.1). */
typedef struct {
    const char *mail_from;         /* "" is the null reverse-path */
    const char *const *recipients; /* forward-paths without angle brackets */
    size_t n_recipients;
    MgSpan data; /* lines end with CR LF, dots not stuffed; BINARY: as it is */
    /* What was said with the envelope. All zero where nobody said anything. */
    MgBody body;
    bool smtputf8; /* RFC 6531: addresses or header may be UTF-8 */
    MgRet ret;
    const char *envid;        /* (nullable) RFC 3461 §4.4, its xtext decoded */
    const MgMailWish *wishes; /* (nullable) one for each recipient, in order */
    const char *auth; /* (nullable) AUTH= of MAIL (RFC 4954 §5), decoded; "<>": not known */
} MgMail;

/* A reply as SMTP gives it; also the verdict of a policy (RFC 5321 §4.2, RFC 3463). */
typedef struct {
    uint16_t code;        /* 250 done; 4xx try again; 5xx never; 0: could not be asked */
    const char *enhanced; /* (nullable) "5.7.1" */
    const char *text;     /* (nullable) */
} MgVerdict;

/* smtp.policy: may this session go on? Asked at the stages that the server's settings name. */
#define MG_TOPIC_POLICY "smtp.policy"
typedef enum {
    MG_STAGE_CONNECT = 1 << 0,
    MG_STAGE_HELO = 1 << 1,
    MG_STAGE_MAIL = 1 << 2,
    MG_STAGE_RCPT = 1 << 3,
    MG_STAGE_MESSAGE = 1 << 4 /* after the final dot, before the reply */
} MgStage;
typedef struct {
    MgStage stage;
    const char *client_ip;
    const char *helo; /* (nullable) */
    MgMail mail;      /* what is known so far; mail_from NULL before MAIL */
    const char *rcpt; /* (nullable) the recipient being judged */
    bool trusted;     /* a client that this server sends mail for: it may go everywhere */
} MgPolicyQuestion;
typedef MgVerdict MgPolicyAnswer;

/* mail.accept: takes responsibility for a mail (RFC 5321 §4.2.5). The answer's 250 means that it is
 * kept; the answerer then lives on until every recipient was relayed, delivered or bounced. */
#define MG_TOPIC_ACCEPT "mail.accept"
typedef MgMail MgAcceptQuestion;
typedef MgVerdict MgAcceptAnswer; /* text: "queued as 3F2A" */

/* mail.send: carries one mail to one server. */
#define MG_TOPIC_SEND "mail.send"
/* Is the mail to be encrypted on its way? */
typedef enum {
    MG_SEND_TLS_AS_SET,    /* as the settings of the host say */
    MG_SEND_TLS_NEVER,     /* it did not come about, and in the clear is better than not at all */
    MG_SEND_TLS_FROM_START /* the port is for TLS alone (RFC 8314 §3) */
} MgSendTls;
typedef struct {
    MgMail mail;
    const char *address; /* the server's IP */
    uint16_t port;
    const char *server; /* (nullable) its name, for people */
    const char *helo;   /* what to call ourselves */
    MgSendTls tls;
    bool lmtp; /* RFC 2033: LHLO, and a reply a recipient after the data */
} MgSendQuestion;
typedef struct {
    MgReach reach;
    bool lost;                 /* the connection was lost in the middle */
    bool tls_failed;           /* TLS was begun, did not come about, and is not demanded */
    const MgVerdict *verdicts; /* one for each recipient, in order; code 0: not got so far */
    size_t n_verdicts;
    bool dsn; /* the server offered DSN, so the wishes are its business now (RFC 3461 §5.2) */
} MgSendAnswer;

/* mailbox: the mail store of this host. */
#define MG_TOPIC_MAILBOX "mailbox"
typedef enum {
    MG_MAILBOX_FIND,    /* is there a mailbox for this address? */
    MG_MAILBOX_APPEND,  /* puts `data` into it */
    MG_MAILBOX_OPEN,    /* checks the password, locks the maildrop, lists the messages */
    MG_MAILBOX_READ,    /* gives the octets of message `uid` */
    MG_MAILBOX_EXPUNGE, /* removes the `uids` for good */
    MG_MAILBOX_CLOSE,   /* releases the lock */
    MG_MAILBOX_SECRET   /* gives the password, or keys in the form of RFC 5803, as `data` */
} MgMailboxOp;
typedef enum {
    MG_MAILBOX_OK,
    MG_MAILBOX_NONE,   /* no such mailbox, or no such message */
    MG_MAILBOX_DENIED, /* wrong password */
    MG_MAILBOX_LOCKED, /* another session has it */
    MG_MAILBOX_FULL,
    MG_MAILBOX_FAILED
} MgMailboxResult;
typedef struct {
    MgMailboxOp op;
    const char *user;     /* an address, or its local part where that is enough */
    const char *password; /* OPEN: (nullable) in the clear … */
    const char *apop_timestamp, *apop_digest; /* … or these two (RFC 1939 §7) */
    const char *mail_from;                    /* APPEND: for the Return-Path */
    MgSpan data;                              /* APPEND */
    uint32_t uid;                             /* READ */
    const uint32_t *uids;                     /* EXPUNGE */
    size_t n_uids;
    bool proved; /* OPEN: the asker has made sure who it is (SASL); no password is looked at */
} MgMailboxQuestion;
/* Flags of a message (RFC 9051 §2.3.2), a bit each. */
enum {
    MG_FLAG_SEEN = 1 << 0,
    MG_FLAG_ANSWERED = 1 << 1,
    MG_FLAG_FLAGGED = 1 << 2,
    MG_FLAG_DELETED = 1 << 3,
    MG_FLAG_DRAFT = 1 << 4
};
typedef struct {
    uint32_t uid; /* never used twice in a mailbox, or in a folder */
    uint32_t flags;
    size_t size;       /* octets */
    MgTime at;         /* when it came; may be before the run began */
    uint64_t keywords; /* a bit for each of its folder's keywords */
    uint64_t modseq;   /* RFC 7162 §3.1: grows with every change in its folder */
} MgMailboxMessage;
typedef struct {
    MgMailboxResult result;
    const MgMailboxMessage *messages; /* OPEN */
    size_t n_messages;
    uint32_t uid_validity; /* OPEN */
    MgSpan data;           /* READ, SECRET */
} MgMailboxAnswer;

/* folders: the mail store as IMAP sees it (RFC 9051): folders with flags, seen by several sessions
 * at once. POP3's maildrop is the folder INBOX. Names are UTF-8, their levels parted by "/";
 * "INBOX" is so in any case. Who asks has made sure who the user is. */
#define MG_TOPIC_FOLDERS "folders"
typedef enum {
    MG_FOLDERS_LIST, /* all folders, in order of their names; what is subscribed and gone, too */
    MG_FOLDERS_CREATE,
    MG_FOLDERS_DELETE,
    MG_FOLDERS_RENAME, /* with all below it, `to`; of INBOX: its messages move, it stays */
    MG_FOLDERS_SUBSCRIBE,
    MG_FOLDERS_UNSUBSCRIBE,
    MG_FOLDERS_LOOK, /* what is in it, and what has gone since `modseq` */
    MG_FOLDERS_WAIT, /* as LOOK, but answered only when its modseq is greater than `modseq` */
    MG_FOLDERS_READ, /* the octets of message `uid` */
    MG_FOLDERS_APPEND,
    MG_FOLDERS_FLAGS,   /* changes flags of `uids` */
    MG_FOLDERS_EXPUNGE, /* removes the `uids` for good */
    MG_FOLDERS_COPY,
    MG_FOLDERS_MOVE,
    MG_FOLDERS_QUOTA
} MgFoldersOp;
typedef enum { MG_FLAGS_ADD, MG_FLAGS_REMOVE, MG_FLAGS_REPLACE } MgFlagsChange;
typedef enum {
    MG_FOLDERS_OK,
    MG_FOLDERS_NONE,    /* no such user, folder or message */
    MG_FOLDERS_EXISTS,  /* CREATE, RENAME: there is one already */
    MG_FOLDERS_REFUSED, /* INBOX cannot be deleted; a name that cannot be */
    MG_FOLDERS_FULL,
    MG_FOLDERS_FAILED
} MgFoldersResult;
typedef struct {
    MgFoldersOp op;
    const char *user;
    const char *folder;
    const char *to;     /* RENAME, COPY, MOVE: another folder */
    const char *use;    /* CREATE: (nullable) what it is for: "\\Sent" (RFC 6154) */
    uint64_t modseq;    /* LOOK, WAIT */
    bool claims_recent; /* LOOK: what is new is new for this session alone (RFC 3501 §2.3.2) */
    uint32_t uid;       /* READ */
    const uint32_t *uids;
    size_t n_uids;
    MgFlagsChange change;
    uint32_t flags;              /* FLAGS, APPEND */
    const char *const *keywords; /* (nullable) FLAGS, APPEND: NULL-terminated */
    uint64_t unchanged_since;    /* FLAGS: only messages with at most this modseq; 0: all */
    MgSpan data;                 /* APPEND */
    MgTime at;                   /* APPEND: as if it had come then */
} MgFoldersQuestion;
typedef struct {
    const char *name;
    const char *use; /* (nullable) */
    bool subscribed, gone;
    uint32_t uid_validity, uid_next, n_messages, n_unseen, n_deleted;
    uint32_t recent_from; /* messages from this uid on are new to whoever comes next */
    uint64_t modseq, size;
} MgFolder;
typedef struct {
    MgFoldersResult result;
    const MgFolder *folders; /* LIST: all; LOOK, WAIT: the one */
    size_t n_folders;
    const MgMailboxMessage *messages; /* LOOK, WAIT: all of them, in order of uid */
    size_t n_messages;
    const char *const *keywords; /* LOOK, WAIT: what the bits mean; NULL-terminated */
    const uint32_t *gone;        /* LOOK, WAIT: since `modseq`; FLAGS: those that had changed */
    size_t n_gone;
    MgSpan data;              /* READ */
    uint32_t uid_validity;    /* APPEND, COPY, MOVE: of where they are now … */
    const uint32_t *new_uids; /* … and their uids there, beside `uids` */
    size_t n_new_uids;
    uint64_t used, limit; /* QUOTA: octets; limit 0: none */
} MgFoldersAnswer;

/* spool: what an engine has taken responsibility for, kept in the store of its host, which a crash
 * does not touch (RFC 5321 §6.1). When the host is up again, each item's engine is born again: one
 * of the kind that PUT it, with MgBirth.spooled. */
#define MG_TOPIC_SPOOL "spool"
typedef enum {
    MG_SPOOL_PUT,    /* a new item */
    MG_SPOOL_UPDATE, /* another `state`, instead of the old one */
    MG_SPOOL_REMOVE
} MgSpoolOp;
typedef struct {
    MgSpoolOp op;
    uint32_t item; /* UPDATE, REMOVE */
    MgSpan data;   /* PUT: what does not change, a letter */
    MgSpan state;  /* PUT, UPDATE: what is known of it by now */
} MgSpoolQuestion;
typedef struct {
    bool done;     /* false: no room; no such item */
    uint32_t item; /* PUT: its number, never used twice on a host */
} MgSpoolAnswer;
typedef struct MgSpooled {
    uint32_t item;
    MgSpan data, state; /* as they were when the host went down */
} MgSpooled;

/* person.line: what does the person at this host type next? Asked by an engine that somebody drives
 * by hand (a console); answered by an intervention. While such an ask is open and nothing else is
 * under way, a session stands still. */
#define MG_TOPIC_PERSON "person.line"
typedef struct {
    const char *peer; /* for people: "mta.example.com:25" */
} MgPersonQuestion;
typedef struct {
    const char *text; /* without a line end; NULL: hang up */
} MgPersonAnswer;

/* What a script line or a person says: "alice send mail/hello.eml to bob@example.net" gives words
 * {"mail/hello.eml", "to", "bob@example.net"} and the file's content. */
typedef struct {
    const char *const *words; /* after the verb */
    size_t n_words;
    MgSpan file;      /* the content of the FILE word; empty without one */
    const char *path; /* (nullable) its name */
} MgVerbCall;

/* What somebody typed after "mailglass NAME". Words that the usage calls FILE, and options with
 * such an argument, were read: each is a row of `options`, with its content and its path. */
typedef struct {
    const char *const *words; /* NULL-terminated */
    size_t n_words;
    const MgSettings
        *options; /* by an option's setting or name; files of words have the key "FILE" */
    bool json, terminal;
    int64_t now; /* Unix time */
} MgCommandCall;
/* What a command DELIVERs, in order: text for standard output, a complaint for standard error
 * ("mailglass dns zone: TEXT"), and once what it returns to the shell. */
#define MG_DELIVER_TEXT      "command.text"      /* MgSpan */
#define MG_DELIVER_COMPLAINT "command.complaint" /* char, NUL-terminated */
#define MG_DELIVER_EXIT                                                                            \
    "command.exit" /* int: 0 done, 1 the answer is no, 2 usage, 3 not possible */

/* file.read: a file that another one names. Answered for commands alone. */
#define MG_TOPIC_FILE "file.read"
typedef struct {
    const char *path;   /* as it is written */
    const char *beside; /* (nullable) the file that names it: a relative path begins there */
} MgFileQuestion;
typedef struct {
    const char *path; /* where it was found */
    MgSpan data;
    const char *error; /* (nullable) why it could not be read; translated */
} MgFileAnswer;

/* What became of a mail, said by DELIVER with this type; the run's summary counts these. */
#define MG_DELIVER_FATE "mail.fate"
typedef enum {
    MG_FATE_QUEUED,  /* kept, to be tried (again) */
    MG_FATE_RELAYED, /* handed on to another server */
    MG_FATE_BOUNCED, /* given up; the sender was told */
    MG_FATE_DROPPED, /* given up; there was nobody to tell */
    MG_FATE_SENT,    /* an MUA handed it in */
    MG_FATE_REFUSED, /* an MUA could not hand it in */
    MG_FATE_FETCHED  /* an MUA has it */
} MgFateKind;
typedef struct {
    MgFateKind kind;
    const char *mail_from, *recipient;
    MgSpan data;      /* FETCHED: the message; else may be empty */
    const char *text; /* (nullable) for people: the reply that decided it */
} MgFate;

/* letter.build: what somebody wrote, as a message (RFC 5322, MIME). It asks nobody, so a program
 * may ask it beside any network. */
#define MG_TOPIC_LETTER "letter.build"
typedef struct {
    const char *file_name, *type; /* UTF-8; type (nullable): "image/png" */
    MgSpan data;
} MgLetterFile;
typedef struct {
    const char *from;
    const char *const *to; /* addresses without angle brackets */
    size_t n_to;
    const char *subject, *text; /* UTF-8; the text with any line ends */
    const MgLetterFile *files;
    size_t n_files;
    int64_t date;  /* Unix time */
    uint64_t seed; /* two letters with the same one and the same date have the same Message-ID */
} MgLetterQuestion;
typedef struct {
    MgSpan data;       /* lines end with CR LF */
    const char *error; /* (nullable) N_(): why there is none */
} MgLetterAnswer;

G_END_DECLS
