/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-commands.c - the table of commands (RFC 3501 §6) and the simplest of them */
#include "imap-session.h"
#include "text.h"

static void do_noop(MgImapSession *session, MgImapReader *reader)
{
    mg_imap_reply(session, "OK Nothing done");
}

static void do_logout(MgImapSession *session, MgImapReader *reader)
{
    mg_imap_say(session, "* BYE Goodbye"); /* RFC 3501 §6.1.3: before the OK */
    mg_imap_reply(session, "OK Until next time");
    mg_imap_finish(session);
}

enum { STRANGER = 1, KNOWN = 2, SELECTED = 4, INSIDE = KNOWN | SELECTED, ANY = 7 };

static const struct {
    const char *name;
    uint8_t states;
    bool bare; /* nothing follows the name */
    void (*run)(MgImapSession *session, MgImapReader *reader);
} commands[] = {
    {"CAPABILITY", ANY, true, mg_imap_do_capability},
    {"NOOP", ANY, true, do_noop},
    {"LOGOUT", ANY, true, do_logout},
    {"STARTTLS", STRANGER, true, mg_imap_do_starttls},
    {"AUTHENTICATE", STRANGER, false, mg_imap_do_authenticate},
    {"LOGIN", STRANGER, false, mg_imap_do_login},
};

/* A tag is an astring without "+" (RFC 3501 §9). */
static bool read_tag(MgImapSession *session, MgImapReader *reader)
{
    MgSpan tag;
    bool read = mg_imap_read_atom(reader, &tag) && memchr(tag.data, '+', tag.len) == NULL &&
                mg_imap_read_octet(reader, ' ');
    g_free(session->tag);
    session->tag = read ? g_strndup((const char *)tag.data, tag.len) : NULL;
    return read;
}

void mg_imap_run_command(MgImapSession *session)
{
    MgImapReader reader = {.text = mg_imap_span(session->command)};
    MgSpan name = {NULL, 0};
    reader.text.len = mg_text_without_end(reader.text);
    if (!read_tag(session, &reader) || !mg_imap_read_atom(&reader, &name)) {
        mg_imap_bad(session, MG_IMAP_R_TAG, "Say a tag, a space and a command");
        return;
    }
    uint8_t state = session->state == MG_IMAP_STRANGER ? STRANGER
                    : session->state == MG_IMAP_KNOWN  ? KNOWN
                                                       : SELECTED;
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (!mg_span_equal_nocase(name, mg_span_from_string(commands[i].name)))
            continue;
        if ((commands[i].states & state) == 0)
            mg_imap_bad(session, MG_IMAP_R_STATE,
                        state == STRANGER                ? "Log in first"
                        : commands[i].states == STRANGER ? "You have logged in already"
                                                         : "Select a folder first");
        else if (commands[i].bare && !mg_imap_read_end(&reader))
            mg_imap_bad(session, MG_IMAP_R_ARGUMENT, "Nothing follows this command");
        else
            commands[i].run(session, &reader);
        return;
    }
    mg_imap_bad(session, MG_IMAP_R_UNKNOWN, "There is no such command");
}
