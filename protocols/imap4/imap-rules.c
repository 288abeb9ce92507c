/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-rules.c - what the server's states, rules and settings are */
#include "imap-session.h"

const char MG_IMAP_STRANGER[] = "not-authenticated", MG_IMAP_SECURING[] = "securing",
           MG_IMAP_KNOWN[] = "authenticated", MG_IMAP_SELECTED[] = "selected",
           MG_IMAP_LOGOUT[] = "logout";

const MgTransition mg_imap_transitions[] = {
    {MG_IMAP_STRANGER, N_("STARTTLS, or a port where TLS comes first"), MG_IMAP_SECURING,
     "RFC 3501 §6.2.1"},
    {MG_IMAP_SECURING, N_("TLS stands: all that was said is forgotten"), MG_IMAP_STRANGER,
     "RFC 3501 §6.2.1"},
    {MG_IMAP_SECURING, N_("TLS has failed, or the connection ends"), MG_IMAP_LOGOUT,
     "RFC 3501 §6.2.1"},
    {MG_IMAP_STRANGER, N_("LOGIN or AUTHENTICATE was right"), MG_IMAP_KNOWN, "RFC 3501 §3.2"},
    {MG_IMAP_KNOWN, N_("SELECT or EXAMINE opens a folder"), MG_IMAP_SELECTED, "RFC 3501 §3.3"},
    {MG_IMAP_SELECTED, N_("CLOSE, UNSELECT, or a SELECT that failed"), MG_IMAP_KNOWN,
     "RFC 3501 §3.2"},
    {MG_IMAP_STRANGER, N_("LOGOUT, or the connection ends"), MG_IMAP_LOGOUT, "RFC 3501 §3.4"},
    {MG_IMAP_KNOWN, N_("LOGOUT, or the connection ends"), MG_IMAP_LOGOUT, "RFC 3501 §3.4"},
    {MG_IMAP_SELECTED, N_("LOGOUT, or the connection ends"), MG_IMAP_LOGOUT, "RFC 3501 §3.4"},
    {0},
};

const MgRule mg_imap_session_rules[] = {
    [MG_IMAP_R_TAG] = {"imap.no-tag", MG_SEVERITY_FAULT, "RFC 3501 §2.2.1",
                       N_("A command begins with a tag, a space and its name; this line does "
                          "not.")},
    [MG_IMAP_R_UNKNOWN] = {"imap.unknown-command", MG_SEVERITY_WARN, "RFC 3501 §6.5.1",
                           N_("This server does not know the command.")},
    [MG_IMAP_R_STATE] = {"imap.wrong-state", MG_SEVERITY_FAULT, "RFC 3501 §3",
                         N_("This command is not allowed in this state of the session.")},
    [MG_IMAP_R_ARGUMENT] = {"imap.bad-argument", MG_SEVERITY_FAULT, "RFC 3501 §9",
                            N_("What follows the command's name does not have the form that the "
                               "command prescribes.")},
    [MG_IMAP_R_LONG] = {"imap.line-too-long", MG_SEVERITY_WARN, "RFC 7162 §4",
                        N_("The command's lines are longer than this server takes.")},
    [MG_IMAP_R_LITERAL] = {"imap.literal-too-large", MG_SEVERITY_WARN, "RFC 7888 §4",
                           N_("The literal is larger than this server takes in this place.")},
    [MG_IMAP_R_BARE_LF] = {"imap.bare-lf", MG_SEVERITY_FAULT, "RFC 3501 §2.2",
                           N_("A line ends with CR and LF; here the CR is missing.")},
    [MG_IMAP_R_FLOOD] = {"imap.flood", MG_SEVERITY_FAULT, "RFC 3501 §5.5",
                         N_("The client sends far more than the server can keep while it "
                            "works.")},
    [MG_IMAP_R_NO_LOGOUT] = {"imap.ended-without-logout", MG_SEVERITY_NOTE, "RFC 3501 §3.4",
                             N_("The client ended the connection without LOGOUT.")},
    [MG_IMAP_R_AUTOLOGOUT] = {"imap.autologout", MG_SEVERITY_NOTE, "RFC 3501 §5.4",
                              N_("The client was silent for too long; the server says goodbye.")},
    [MG_IMAP_R_TLS_NEEDED] = {"imap.tls-needed", MG_SEVERITY_WARN, "RFC 3501 §6.2.3",
                              N_("Nobody logs in with a password here without TLS: STARTTLS comes "
                                 "first.")},
    [MG_IMAP_R_TLS_INJECTED] =
        {"imap.command-before-tls", MG_SEVERITY_FAULT, "RFC 3501 §6.2.1",
         N_("Something came behind STARTTLS in the clear, perhaps from somebody in between who "
            "wants it to be obeyed inside TLS. It is thrown away.")},
    [MG_IMAP_R_TLS_FAILED] = {"imap.tls-failed", MG_SEVERITY_WARN, "RFC 3501 §6.2.1",
                              N_("TLS was begun and did not come about. The connection is of no "
                                 "use any more: nobody must go on in the clear on it.")},
    MG_SASL_RULES,
    {0},
};

const MgSettingRow mg_imap_server_settings[] = {
    {"auth", MG_SETTING_TEXT, "yes",
     N_("Which ways to log in with AUTHENTICATE are offered: yes (all), no, or a list such as "
        "SCRAM-SHA-256 PLAIN.")},
    {"auth-clear", MG_SETTING_BOOL, "no",
     N_("Lets the password cross the wire without TLS, too (LOGIN, PLAIN). From this very "
        "computer it always may.")},
    {"autologout", MG_SETTING_TIME, "30min",
     N_("How long a client may be silent before the server says goodbye (at least 30 minutes).")},
    {"extensions", MG_SETTING_TEXT, "all",
     N_("Which extensions CAPABILITY names: all, or a list such as IDLE MOVE UIDPLUS.")},
    {"message-max", MG_SETTING_UINT, "52428800",
     N_("The largest letter that APPEND takes, in octets.")},
    {"starttls", MG_SETTING_TEXT, "no",
     N_("Whether TLS may begin in the middle: no, offer, or require (nobody logs in before it).")},
    {0},
};
