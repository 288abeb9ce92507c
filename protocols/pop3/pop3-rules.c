/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-rules.c - what the server's states, rules and settings are */
#include "pop3-session.h"

const char MG_POP3_AUTHORIZATION[] = "authorization", MG_POP3_SECURING[] = "securing",
           MG_POP3_TRANSACTION[] = "transaction", MG_POP3_UPDATE[] = "update",
           MG_POP3_CLOSED[] = "closed";

const MgTransition mg_pop3_transitions[] = {
    {MG_POP3_AUTHORIZATION, N_("STLS, or a port where TLS comes first"), MG_POP3_SECURING,
     "RFC 2595 §4"},
    {MG_POP3_SECURING, N_("TLS stands: all that was said is forgotten"), MG_POP3_AUTHORIZATION,
     "RFC 2595 §4"},
    {MG_POP3_SECURING, N_("TLS has failed, or the connection ends"), MG_POP3_CLOSED, "RFC 2595 §4"},
    {MG_POP3_AUTHORIZATION, N_("the password is right"), MG_POP3_TRANSACTION, "RFC 1939 §4"},
    {MG_POP3_AUTHORIZATION, N_("QUIT, or the connection ends"), MG_POP3_CLOSED, "RFC 1939 §4"},
    {MG_POP3_TRANSACTION, N_("QUIT"), MG_POP3_UPDATE, "RFC 1939 §6"},
    {MG_POP3_TRANSACTION, N_("the connection ends without QUIT: nothing is removed"),
     MG_POP3_CLOSED, "RFC 1939 §6"},
    {MG_POP3_UPDATE, N_("the marked messages are removed"), MG_POP3_CLOSED, "RFC 1939 §6"},
    {0},
};

const MgRule mg_pop3_session_rules[] = {
    [MG_POP3_R_UNKNOWN] = {"pop3.unknown-command", MG_SEVERITY_WARN, "RFC 1939 §3",
                           N_("This server does not know the command.")},
    [MG_POP3_R_STATE] = {"pop3.wrong-state", MG_SEVERITY_FAULT, "RFC 1939 §3",
                         N_("This command is not allowed in this state of the session.")},
    [MG_POP3_R_ARGUMENT] =
        {"pop3.bad-argument", MG_SEVERITY_FAULT, "RFC 1939 §3",
         N_("The command's arguments are missing, too many or not of the right form.")},
    [MG_POP3_R_LONG] = {"pop3.line-too-long", MG_SEVERITY_FAULT, "RFC 2449 §4",
                        N_("A command line may have at most 255 octets.")},
    [MG_POP3_R_BARE_LF] = {"pop3.bare-lf", MG_SEVERITY_FAULT, "RFC 1939 §3",
                           N_("A command ends with CR and LF; here the CR is missing.")},
    [MG_POP3_R_FLOOD] = {"pop3.flood", MG_SEVERITY_FAULT, "RFC 2449 §6.6",
                         N_("The client sends far more than the server can keep while it works.")},
    [MG_POP3_R_CLEAR] =
        {"pop3.password-in-clear", MG_SEVERITY_NOTE, "RFC 1939 §13",
         N_("The password crossed the wire as it is: whoever listens can read it.")},
    [MG_POP3_R_LOGIN] = {"pop3.login-failed", MG_SEVERITY_NOTE, "RFC 3206 §4",
                         N_("The name or the password is wrong; the server does not say which.")},
    [MG_POP3_R_LOCKED] =
        {"pop3.maildrop-locked", MG_SEVERITY_NOTE, "RFC 1939 §4",
         N_("Another session holds the maildrop; only one may have it at a time.")},
    [MG_POP3_R_NO_QUIT] = {"pop3.ended-without-quit", MG_SEVERITY_NOTE, "RFC 1939 §6",
                           N_("The connection ended without QUIT, so no message is removed.")},
    [MG_POP3_R_AUTOLOGOUT] =
        {"pop3.autologout", MG_SEVERITY_NOTE, "RFC 1939 §3",
         N_("The client was silent for too long; the server hangs up and removes "
            "nothing.")},
    [MG_POP3_R_TLS_NEEDED] = {"pop3.tls-needed", MG_SEVERITY_WARN, "RFC 2595 §2.1",
                              N_("Nobody logs in to this server without TLS: STLS comes first.")},
    [MG_POP3_R_TLS_INJECTED] =
        {"pop3.command-before-tls", MG_SEVERITY_FAULT, "RFC 2595 §4",
         N_("Something came behind STLS in the clear, perhaps from somebody in between who wants "
            "it to be obeyed inside TLS. It is thrown away.")},
    [MG_POP3_R_TLS_FAILED] = {"pop3.tls-failed", MG_SEVERITY_WARN, "RFC 2595 §4",
                              N_("TLS was begun and did not come about. The connection is of no "
                                 "use any more: nobody must go on in the clear on it.")},
    MG_SASL_RULES,
    {0},
};

const MgSettingRow mg_pop3_server_settings[] = {
    {"apop", MG_SETTING_BOOL, "no",
     N_("Greets with a timestamp, so that clients can log in without showing the password "
        "(APOP).")},
    {"auth", MG_SETTING_TEXT, "yes",
     N_("Which ways to log in with AUTH are offered: yes (all), no, or a list such as "
        "SCRAM-SHA-256 CRAM-MD5.")},
    {"auth-clear", MG_SETTING_BOOL, "no",
     N_("Offers ways to log in with AUTH that show the password (PLAIN, LOGIN) without TLS, "
        "too.")},
    {"autologout", MG_SETTING_TIME, "10min",
     N_("How long a client may be silent before the server hangs up (at least 10 minutes).")},
    {"stls", MG_SETTING_TEXT, "no",
     N_("Whether TLS may begin in the middle: no, offer, or require (nobody logs in before it).")},
    {0},
};
