/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-folders.c - folders are made, renamed, removed, subscribed to; how much room there is
 * (RFC 3501 §6.3.3 to §6.3.7, RFC 6154 §3, RFC 9208)
 */
#include "imap-session.h"
#include "imap-utf7.h"

#define NO_FOLDER "/" /* no folder has this name */

char *mg_imap_read_folder(MgImapReader *reader)
{
    g_autoptr(GString) name = g_string_new(NULL);
    if (!mg_imap_read_astring(reader, name))
        return NULL;
    g_autofree char *decoded = mg_imap_utf7_decode(mg_imap_span(name));
    return decoded != NULL && *decoded != '\0' ? g_steal_pointer(&decoded) : g_strdup(NO_FOLDER);
}

void mg_imap_add_folder(GString *out, const char *name)
{
    g_autoptr(GString) coded = g_string_new(NULL);
    mg_imap_add_utf7(coded, name);
    MgImapReader reader = {.text = mg_imap_span(coded)};
    MgSpan atom;
    if (coded->len > 0 && mg_imap_read_atom(&reader, &atom) && mg_imap_read_end(&reader) &&
        g_ascii_strcasecmp(coded->str, "NIL") != 0)
        g_string_append(out, coded->str);
    else
        mg_imap_add_string(out, mg_imap_span(coded), false);
}

static void done(MgImapSession *session, const MgFoldersAnswer *answer)
{
    if (answer == NULL || answer->result != MG_FOLDERS_OK)
        mg_imap_conclude_failed(session, answer);
    else
        mg_imap_conclude(session, "OK Done");
}

/* A folder's name and nothing else, and then `op` with it. */
static void change(MgImapSession *session, MgImapReader *reader, MgFoldersOp op)
{
    MgImapJob *job = &session->job;
    job->folder = mg_imap_read_octet(reader, ' ') ? mg_imap_read_folder(reader) : NULL;
    if (job->folder == NULL || !mg_imap_read_end(reader)) {
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Say which folder");
        return;
    }
    session->question = (MgFoldersQuestion){.folder = job->folder};
    mg_imap_ask(session, op, done);
}

void mg_imap_do_delete(MgImapSession *session, MgImapReader *reader)
{
    change(session, reader, MG_FOLDERS_DELETE);
}

void mg_imap_do_subscribe(MgImapSession *session, MgImapReader *reader)
{
    change(session, reader, MG_FOLDERS_SUBSCRIBE);
}

void mg_imap_do_unsubscribe(MgImapSession *session, MgImapReader *reader)
{
    change(session, reader, MG_FOLDERS_UNSUBSCRIBE);
}

/* ---- CREATE ---- */

static const char *const uses[] = {"\\All",  "\\Archive", "\\Drafts", "\\Flagged",
                                   "\\Junk", "\\Sent",    "\\Trash"};

/* " (USE (\\Sent))" (RFC 6154 §3). */
static bool read_use(MgImapReader *reader, const char **use)
{
    if (mg_imap_read_end(reader))
        return true;
    bool read = mg_imap_read_octet(reader, ' ') && mg_imap_read_octet(reader, '(') &&
                mg_imap_read_word(reader, "USE") && mg_imap_read_octet(reader, ' ') &&
                mg_imap_read_octet(reader, '(');
    for (size_t i = 0; read && i < G_N_ELEMENTS(uses) && *use == NULL; i++)
        if (mg_imap_read_word(reader, uses[i]))
            *use = uses[i];
    if (read && *use == NULL && mg_imap_read_peek(reader) != ')')
        *use = ""; /* one that is not known here, or two */
    if (read && *use != NULL && **use == '\0')
        return true;
    return read && mg_imap_read_octet(reader, ')') && mg_imap_read_octet(reader, ')') &&
           mg_imap_read_end(reader);
}

/* RFC 3501 §6.3.3: the levels above come into being first; that one is there is no fault. The name
 * is cut at each "/" in turn, which `at` counts. */
static void create_level(MgImapSession *session, const MgFoldersAnswer *answer)
{
    MgImapJob *job = &session->job;
    bool goes_on =
        answer != NULL && (answer->result == MG_FOLDERS_OK || answer->result == MG_FOLDERS_EXISTS);
    const char *name = job->moves ? job->to : job->folder;
    const char *slash = strchr(name + job->at, '/');
    if (!goes_on) {
        mg_imap_conclude_failed(session, answer);
        return;
    }
    if (slash == NULL) {
        job->after(session, NULL);
        return;
    }
    g_string_truncate(job->level, 0);
    g_string_append_len(job->level, name, slash - name);
    job->at = (unsigned)(slash - name) + 1;
    session->question = (MgFoldersQuestion){.folder = job->level->str};
    mg_imap_ask(session, MG_FOLDERS_CREATE, create_level);
}

/* `name` is job.folder, or job.to if `moves`. */
static void create_above(MgImapSession *session, bool moves, MgImapStep after)
{
    const MgFoldersAnswer nothing = {.result = MG_FOLDERS_OK};
    MgImapJob *job = &session->job;
    job->moves = moves;
    job->after = after;
    job->level = g_string_new(NULL);
    if (*(moves ? job->to : job->folder) == '/') /* it is no name, as the store will say */
        after(session, NULL);
    else
        create_level(session, &nothing);
}

static void create_last(MgImapSession *session, const MgFoldersAnswer *answer)
{
    const MgImapJob *job = &session->job;
    session->question = (MgFoldersQuestion){.folder = job->folder, .use = job->use};
    mg_imap_ask(session, MG_FOLDERS_CREATE, done);
}

void mg_imap_do_create(MgImapSession *session, MgImapReader *reader)
{
    MgImapJob *job = &session->job;
    const char *use = NULL;
    job->folder = mg_imap_read_octet(reader, ' ') ? mg_imap_read_folder(reader) : NULL;
    if (job->folder == NULL || !read_use(reader, &use)) {
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Say which folder");
        return;
    }
    if (use != NULL && *use == '\0') {
        mg_imap_conclude(session, "NO [USEATTR] This use is not known here");
        return;
    }
    size_t len = strlen(job->folder);
    if (len > 1 && job->folder[len - 1] == '/') /* RFC 3501 §6.3.3: names below it will follow */
        job->folder[len - 1] = '\0';
    job->use = use;
    create_above(session, false, create_last);
}

/* ---- RENAME ---- */

/* The selected folder goes with its name. */
static void renamed(MgImapSession *session, const MgFoldersAnswer *answer)
{
    const MgImapJob *job = &session->job;
    size_t len = strlen(job->folder);
    bool moved = answer != NULL && answer->result == MG_FOLDERS_OK && session->folder != NULL &&
                 strncmp(session->folder, job->folder, len) == 0 &&
                 (session->folder[len] == '\0' || session->folder[len] == '/') &&
                 g_ascii_strcasecmp(job->folder, "INBOX") != 0;
    if (moved) {
        char *name = g_strconcat(job->to, session->folder + len, NULL);
        g_free(session->folder);
        session->folder = name;
    }
    done(session, answer);
}

static void rename_last(MgImapSession *session, const MgFoldersAnswer *answer)
{
    const MgImapJob *job = &session->job;
    session->question = (MgFoldersQuestion){.folder = job->folder, .to = job->to};
    mg_imap_ask(session, MG_FOLDERS_RENAME, renamed);
}

static void rename_looked(MgImapSession *session, const MgFoldersAnswer *answer)
{
    if (answer == NULL || answer->result != MG_FOLDERS_OK)
        mg_imap_conclude_failed(session, answer);
    else
        create_above(session, true, rename_last);
}

void mg_imap_do_rename(MgImapSession *session, MgImapReader *reader)
{
    MgImapJob *job = &session->job;
    job->folder = mg_imap_read_octet(reader, ' ') ? mg_imap_read_folder(reader) : NULL;
    job->to =
        job->folder != NULL && mg_imap_read_octet(reader, ' ') ? mg_imap_read_folder(reader) : NULL;
    if (job->to == NULL || !mg_imap_read_end(reader)) {
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Say which folder, and its new name");
        return;
    }
    /* Of what is not there nothing is made. */
    session->question = (MgFoldersQuestion){.folder = job->folder};
    mg_imap_ask(session, MG_FOLDERS_LOOK, rename_looked);
}

/* ---- QUOTA: one root, "", for all of a user's folders ---- */

static void got_quota(MgImapSession *session, const MgFoldersAnswer *answer)
{
    if (answer == NULL || answer->result != MG_FOLDERS_OK) {
        mg_imap_conclude_failed(session, answer);
        return;
    }
    if (answer->limit == 0)
        mg_imap_say(session, "* QUOTA \"\" ()");
    else /* RFC 9208 §5.1: in units of 1024 octets */
        mg_imap_say(session, "* QUOTA \"\" (STORAGE %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT ")",
                    (answer->used + 1023) / 1024, answer->limit / 1024);
    mg_imap_conclude(session, "OK That is all");
}

void mg_imap_do_getquota(MgImapSession *session, MgImapReader *reader)
{
    g_autoptr(GString) root = g_string_new(NULL);
    if (!mg_imap_read_octet(reader, ' ') || !mg_imap_read_astring(reader, root) ||
        !mg_imap_read_end(reader)) {
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Say which quota root");
    } else if (root->len > 0) {
        mg_imap_conclude(session, "NO [NONEXISTENT] There is no such quota root");
    } else {
        session->question = (MgFoldersQuestion){0};
        mg_imap_ask(session, MG_FOLDERS_QUOTA, got_quota);
    }
}

void mg_imap_do_getquotaroot(MgImapSession *session, MgImapReader *reader)
{
    MgImapJob *job = &session->job;
    job->folder = mg_imap_read_octet(reader, ' ') ? mg_imap_read_folder(reader) : NULL;
    if (job->folder == NULL || !mg_imap_read_end(reader)) {
        mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Say which folder");
        return;
    }
    g_autoptr(GString) name = g_string_new(NULL);
    mg_imap_add_folder(name, job->folder);
    mg_imap_say(session, "* QUOTAROOT %s \"\"", name->str);
    session->question = (MgFoldersQuestion){0};
    mg_imap_ask(session, MG_FOLDERS_QUOTA, got_quota);
}
