/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-session.h - the server's session, for the files that make it
 *
 * A command is parsed as a whole and done in steps: a step asks the store one thing and names the
 * step that takes the answer (`then`), or does a piece of a long work (`work`). It ends with
 * mg_imap_ok(), _no() or _bad(); in a selected folder the reply waits until the client knows what
 * others have changed (imap-view.c).
 */
#pragma once

#include <mailglass/topics.h>

#include "imap-body.h"
#include "imap-lex.h"
#include "imap-search.h"
#include "imap-sort.h"
#include "imap-string.h"
#include "imap-thread.h"
#include "imap.h"
#include "outbox.h"
#include "sasl.h"

G_BEGIN_DECLS

typedef struct MgImapSession MgImapSession;

/* ---- imap-rules.c ---- */

extern const char MG_IMAP_STRANGER[], MG_IMAP_SECURING[], MG_IMAP_KNOWN[], MG_IMAP_SELECTED[],
    MG_IMAP_LOGOUT[];
extern const MgTransition mg_imap_transitions[];
extern const MgRule mg_imap_session_rules[];
extern const MgSettingRow mg_imap_server_settings[];

enum {
    MG_IMAP_R_TAG,
    MG_IMAP_R_UNKNOWN,
    MG_IMAP_R_STATE,
    MG_IMAP_R_ARGUMENT,
    MG_IMAP_R_LONG,
    MG_IMAP_R_LITERAL,
    MG_IMAP_R_BARE_LF,
    MG_IMAP_R_FLOOD,
    MG_IMAP_R_NO_LOGOUT,
    MG_IMAP_R_AUTOLOGOUT,
    MG_IMAP_R_TLS_NEEDED,
    MG_IMAP_R_TLS_INJECTED,
    MG_IMAP_R_TLS_FAILED,
    MG_IMAP_R_SASL /* and those after it, in the order of MgSaslFault */
};

/* What the open ask is for. */
typedef enum {
    MG_IMAP_WAIT_NOTHING,
    MG_IMAP_WAIT_SECURE,
    MG_IMAP_WAIT_SECRET,
    MG_IMAP_WAIT_FOLDERS,
    MG_IMAP_WAIT_NEWS /* IDLE */
} MgImapWait;

typedef void (*MgImapStep)(MgImapSession *session, const MgFoldersAnswer *answer);

/* A message as the client knows it, or is about to. */
typedef struct {
    MgMailboxMessage facts;
    bool recent;
    bool gone;           /* it is no more, and the client has not been told */
    bool flags_changed;  /* the client has to be told */
    bool modseq_changed; /* the same, if it asks for such things */
} MgImapMessage;

typedef struct {
    enum {
        MG_IMAP_FETCH_FLAGS,
        MG_IMAP_FETCH_UID,
        MG_IMAP_FETCH_DATE,
        MG_IMAP_FETCH_SIZE,
        MG_IMAP_FETCH_MODSEQ,
        MG_IMAP_FETCH_ENVELOPE,
        MG_IMAP_FETCH_STRUCTURE_SHORT,
        MG_IMAP_FETCH_STRUCTURE,
        MG_IMAP_FETCH_SECTION
    } item;
    const char *name; /* (nullable) of a section: "RFC822.TEXT"; NULL: as the section says */
    MgImapSection section;
} MgImapFetchItem;

typedef struct {
    MgSpan octets;
    GString *encoded; /* (nullable) whose they are, if they are no longer the client's */
    uint32_t flags;
    GPtrArray *keywords;
    MgTime at;
} MgImapLetter; /* of APPEND */

/* What the command that is being done remembers. */
typedef struct {
    bool by_uid;    /* UID came before its name: answers have UIDs */
    bool expunges;  /* RFC 3501 §7.4.1: EXPUNGE may be said before its reply */
    GString *reply; /* what follows the tag, held back until the folder was looked at */
    char *folder, *to;
    const char *use;     /* (nullable) of CREATE */
    GString *level;      /* (nullable) one above the folder */
    GArray *places;      /* of unsigned: the messages that it is about, as places in the view */
    unsigned at;         /* how far it is with them */
    GArray *uids;        /* of uint32_t */
    GPtrArray *keywords; /* NULL-terminated */
    GArray *items;       /* of MgImapFetchItem */
    bool marks_seen, some_gone, unknown_encoding;
    bool never; /* UNCHANGEDSINCE 0 */
    bool moves, silent, selects, condstore, some;
    MgImapStep after;
    uint32_t flags;
    MgFlagsChange change;
    uint64_t since; /* CHANGEDSINCE, UNCHANGEDSINCE; 0: not said */
    bool vanished;
    uint32_t validity; /* QRESYNC */
    uint64_t known_modseq;
    GArray *known;   /* of MgImapRange */
    GArray *letters; /* of MgImapLetter */
    MgImapSearch *search;
    MgImapSort *sort;
    MgImapThread *thread;
    MgImapReturn wanted;
    GArray *found; /* of uint32_t: numbers or uids, in order */
    GArray *found_uids;
    GArray *found_modseqs; /* of uint64_t */
    GPtrArray *patterns;   /* of char *, of LIST */
    unsigned listing;      /* what is wanted of LIST … */
    unsigned status;       /* … and of STATUS */
} MgImapJob;

struct MgImapSession {
    MgEngine base;
    MgOutbox out;
    GString *in;
    size_t in_at;     /* octets of `in` that were consumed */
    uint64_t taken;   /* octets of the peer's that were consumed, in all */
    GString *command; /* the one being done; notes point into it */
    MgImapCut cut;
    const char *state;
    char *host, *peer, *user; /* user: (nullable) */
    MgTime now, heard, asked, idle_max;
    int64_t epoch;
    uint64_t seed, message_max;
    unsigned n_logins;

    MgAskId last_ask;
    MgImapWait wait;
    MgMailboxQuestion mailbox;
    MgFoldersQuestion question;
    MgSecureQuestion secure_question;
    MgImapStep then;                      /* takes the answer of the open ask */
    void (*work)(MgImapSession *session); /* (nullable) goes on when nothing is asked */

    char *tag; /* (nullable) of the command being done */
    MgImapJob job;

    /* The selected folder. */
    char *folder;
    GArray *messages;    /* of MgImapMessage */
    GPtrArray *keywords; /* of char *, as its bits count them; NULL-terminated */
    uint32_t validity, uid_next;
    uint64_t modseq;
    unsigned n_told, n_keywords_told;
    GArray *saved; /* of uint32_t: the uids of "$" */
    bool read_only, lost, idles;
    bool condstore, qresync; /* what the client wants to be told */

    char *offers;     /* (nullable) which extensions CAPABILITY names; NULL: all */
    char *mechanisms; /* (nullable) which of SASL are offered; NULL: all */
    MgSaslServer *sasl;
    MgSaslBinding binding;
    char *tls; /* (nullable) its version and cipher */

    bool starttls, tls_required, secure, auth_clear;
    bool in_auth;  /* a line of an exchange comes next */
    bool skipping; /* the rest of a line that was too long */
    bool gone, ended, closed, finished, cancel;
};

/* ---- imap-server.c ---- */

static inline MgSpan mg_imap_no_bytes(void)
{
    return (MgSpan){NULL, 0};
}

static inline MgSpan mg_imap_span(const GString *string)
{
    return (MgSpan){(const uint8_t *)string->str, string->len};
}

/* A line, untagged where it has "* ". */
void mg_imap_say(MgImapSession *session, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The end of a command: its tag and this. */
void mg_imap_reply(MgImapSession *session, const char *format, ...) G_GNUC_PRINTF(2, 3);
void mg_imap_bad(MgImapSession *session, unsigned rule, const char *text);
void mg_imap_note(MgImapSession *session, unsigned rule, MgSpan where);
void mg_imap_enter(MgImapSession *session, const char *state);
void mg_imap_ask_mailbox(MgImapSession *session, MgMailboxOp op, const char *user);
/* Asks `session->question` with this op. */
void mg_imap_ask(MgImapSession *session, MgFoldersOp op, MgImapStep then);
void mg_imap_cancel_ask(MgImapSession *session);
void mg_imap_finish(MgImapSession *session);
void mg_imap_greet(MgImapSession *session);

/* ---- imap-login.c: CAPABILITY, LOGIN, AUTHENTICATE, STARTTLS ---- */

MgSaslPolicy mg_imap_policy_of(const MgImapSession *session);
void mg_imap_add_capabilities(MgImapSession *session, GString *out);
void mg_imap_do_capability(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_login(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_authenticate(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_starttls(MgImapSession *session, MgImapReader *reader);
void mg_imap_got_secret(MgImapSession *session, const MgMailboxAnswer *answer);
/* A line of an exchange. Returns false if more is needed. */
bool mg_imap_read_auth_line(MgImapSession *session, MgSpan bytes);
void mg_imap_ask_secure(MgImapSession *session);
void mg_imap_secured(MgImapSession *session, const MgSecureAnswer *answer);

/* ---- imap-commands.c ---- */

void mg_imap_run_command(MgImapSession *session);
void mg_imap_job_clear(MgImapJob *job);

/* ---- imap-view.c: the selected folder as the client sees it ---- */

static inline MgImapMessage *mg_imap_message(const MgImapSession *session, unsigned place)
{
    return &g_array_index(session->messages, MgImapMessage, place);
}

/* Asks what is in the folder now. */
void mg_imap_look(MgImapSession *session, MgImapStep then);
/* What the answer says is put into the view; nothing is told yet. */
void mg_imap_merge(MgImapSession *session, const MgFoldersAnswer *answer);
/* The client wants to know of modseqs from now on (RFC 7162 §3.1). */
void mg_imap_want_modseqs(MgImapSession *session);
/* Tells what has changed: EXPUNGE only if `expunges`. */
void mg_imap_tell(MgImapSession *session, bool expunges);
/* The end of a command: the reply, after what others have changed was told. */
void mg_imap_conclude(MgImapSession *session, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* The reply to an answer that is not OK. */
void mg_imap_conclude_failed(MgImapSession *session, const MgFoldersAnswer *answer);
void mg_imap_forget_folder(MgImapSession *session);
/* A set or "$", into job.places; false and BAD said if it is none. */
bool mg_imap_read_places(MgImapSession *session, MgImapReader *reader);
/* The same of ranges that were read. */
bool mg_imap_find_places(MgImapSession *session, const GArray *set, bool by_uid);
/* Ascending, each once. */
void mg_imap_sort_uids(GArray *uids);
/* Of such. */
bool mg_imap_uids_have(const GArray *uids, uint32_t uid);
/* Of job.places, into job.uids. */
void mg_imap_collect_uids(MgImapSession *session);
void mg_imap_add_flags(const MgImapSession *session, const MgImapMessage *message, GString *out);

/* ---- imap-select.c ---- */

void mg_imap_do_select(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_examine(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_close(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_unselect(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_idle(MgImapSession *session, MgImapReader *reader);
/* A line that ends IDLE. Returns false if more is needed. */
bool mg_imap_read_done(MgImapSession *session, MgSpan bytes);

/* ---- imap-folders.c ---- */

void mg_imap_do_create(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_delete(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_rename(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_subscribe(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_unsubscribe(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_getquota(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_getquotaroot(MgImapSession *session, MgImapReader *reader);
/* (transfer full) (nullable) The name of a folder, in UTF-8; NULL if there is no string. A string
 * that is no name in modified UTF-7 becomes a name that no folder has. */
char *mg_imap_read_folder(MgImapReader *reader);
/* As an astring in modified UTF-7. */
void mg_imap_add_folder(GString *out, const char *name);

/* ---- imap-list.c ---- */

void mg_imap_do_list(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_lsub(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_status(MgImapSession *session, MgImapReader *reader);

/* ---- imap-fetch.c ---- */

void mg_imap_do_fetch(MgImapSession *session, MgImapReader *reader);
void mg_imap_fetch_item_clear(void *item);
/* " 7-Oct-1994 16:15:05 +0000" in quotes. */
void mg_imap_add_date(GString *out, int64_t unix_seconds);

/* ---- imap-store.c ---- */

void mg_imap_do_store(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_copy(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_move(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_expunge(MgImapSession *session, MgImapReader *reader);
/* Removes what is marked \Deleted (of job.places only, if `some`), and goes on with `then`, whose
 * answer is NULL if there was nothing to remove. */
void mg_imap_expunge(MgImapSession *session, bool some, MgImapStep then);

/* ---- imap-append.c ---- */

void mg_imap_do_append(MgImapSession *session, MgImapReader *reader);
void mg_imap_letter_clear(void *letter);
/* "(\\Seen $Junk)"; without parentheses one or more. Keywords are made NULL-terminated. */
bool mg_imap_read_flags(MgImapReader *reader, uint32_t *flags, GPtrArray *keywords);

/* ---- imap-find.c ---- */

void mg_imap_do_search(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_sort(MgImapSession *session, MgImapReader *reader);
void mg_imap_do_thread(MgImapSession *session, MgImapReader *reader);

G_END_DECLS
