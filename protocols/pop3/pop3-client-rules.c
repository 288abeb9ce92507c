/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-client-rules.c - what the client's states, rules and settings are */
#include "pop3-client-rules.h"

#include "pop3-auth.h"

const char MG_FETCH_DISCONNECTED[] = "disconnected", MG_FETCH_SECURING[] = "securing",
           MG_FETCH_AUTHORIZATION[] = "authorization", MG_FETCH_TRANSACTION[] = "transaction",
           MG_FETCH_UPDATE[] = "update", MG_FETCH_CLOSED[] = "closed";

const MgTransition mg_pop3_client_transitions[] = {
    {MG_FETCH_DISCONNECTED, N_("the server's greeting"), MG_FETCH_AUTHORIZATION, "RFC 1939 §4"},
    {MG_FETCH_DISCONNECTED, N_("the connection stands, on a port where TLS comes first"),
     MG_FETCH_SECURING, "RFC 8314 §3.3"},
    {MG_FETCH_SECURING, N_("TLS stands, before the greeting"), MG_FETCH_DISCONNECTED,
     "RFC 8314 §3.3"},
    {MG_FETCH_AUTHORIZATION, N_("the server offers STLS"), MG_FETCH_SECURING, "RFC 2595 §4"},
    {MG_FETCH_SECURING, N_("TLS stands, and CAPA comes again"), MG_FETCH_AUTHORIZATION,
     "RFC 2595 §4"},
    {MG_FETCH_SECURING, N_("the server cannot begin TLS now, and the login goes without"),
     MG_FETCH_AUTHORIZATION, "RFC 2595 §4"},
    {MG_FETCH_SECURING, N_("TLS has failed, or the connection is lost"), MG_FETCH_CLOSED,
     "RFC 2595 §4"},
    {MG_FETCH_DISCONNECTED, N_("the server cannot be reached, or does not greet"), MG_FETCH_CLOSED,
     NULL},
    {MG_FETCH_AUTHORIZATION, N_("the password is right"), MG_FETCH_TRANSACTION, "RFC 1939 §4"},
    {MG_FETCH_AUTHORIZATION, N_("the login is refused, or the connection ends"), MG_FETCH_CLOSED,
     "RFC 1939 §4"},
    {MG_FETCH_TRANSACTION, N_("QUIT is sent"), MG_FETCH_UPDATE, "RFC 1939 §6"},
    {MG_FETCH_TRANSACTION, N_("the connection ends without QUIT: nothing is removed"),
     MG_FETCH_CLOSED, "RFC 1939 §6"},
    {MG_FETCH_UPDATE, N_("the server's goodbye"), MG_FETCH_CLOSED, "RFC 1939 §6"},
    {0},
};

const MgRule mg_pop3_client_rules[] = {
    [R_UNREADABLE] = {"pop3.reply-unreadable", MG_SEVERITY_FAULT, "RFC 1939 §3",
                      N_("A reply begins with +OK or -ERR; this one does not.")},
    [R_LONG] = {"pop3.reply-too-long", MG_SEVERITY_FAULT, "RFC 2449 §4",
                N_("The first line of a reply may have at most 512 octets.")},
    [R_REFUSED] = {"pop3.refused", MG_SEVERITY_NOTE, "RFC 1939 §3",
                   N_("The server answered -ERR: it does not do what the client asked.")},
    [R_SEEN] = {"pop3.already-fetched", MG_SEVERITY_CHAT, "RFC 1939 §7",
                N_("The unique identifier is known: this message was fetched before and is "
                   "left alone.")},
    [R_TLS_MISSING] = {"pop3.tls-not-offered", MG_SEVERITY_WARN, "RFC 2595 §2.1",
                       N_("The client wants TLS, and the server does not offer it now: perhaps "
                          "somebody in between has taken it out of the offer. Nobody logs in.")},
    [R_NO_TLS] = {"pop3.without-tls", MG_SEVERITY_NOTE, "RFC 2595 §2.1",
                  N_("The server offers TLS and cannot begin it now. Nobody demands it, so the "
                     "client goes on in the clear: whoever listens can read the mail.")},
    [R_INJECTED] = {"pop3.reply-before-tls", MG_SEVERITY_FAULT, "RFC 2595 §4",
                    N_("Something came behind the reply to STLS in the clear, perhaps from "
                       "somebody in between; it is thrown away.")},
    [R_TLS_FAILED] = {"pop3.tls-failed", MG_SEVERITY_WARN, "RFC 2595 §4",
                      N_("TLS was begun and did not come about. The connection is of no use any "
                         "more: nobody must go on in the clear on it.")},
    [R_NOT_VERIFIED] = {"pop3.server-not-proved", MG_SEVERITY_WARN, "RFC 2595 §2.4",
                        N_("TLS stands, but the server has not proved its name. Who only listens "
                           "reads nothing; somebody who sits in between could.")},
    MG_SASL_RULES,
    {0},
};

const MgSettingRow mg_pop3_client_settings[] = {
    {"fetch", MG_SETTING_TEXT, NULL,
     N_("Where mail is fetched from: pop3://HOST or pop3://HOST:PORT; or pop3s://HOST, port 995, "
        "where TLS comes first.")},
    {"account", MG_SETTING_TEXT, NULL, N_("The name to log in with.")},
    {"password", MG_SETTING_TEXT, NULL, N_("The password to log in with.")},
    {"keep", MG_SETTING_BOOL, "no", N_("Leaves the messages on the server.")},
    {"uidl", MG_SETTING_BOOL, "yes",
     N_("With keep: remembers what was fetched by its unique identifier (UIDL), so that it is not "
        "fetched twice.")},
    {"apop", MG_SETTING_TEXT, "auto",
     N_("yes, no, or auto: log in without showing the password when the server greets with a "
        "timestamp.")},
    {"auth", MG_SETTING_TEXT, "no",
     N_("Which ways to log in with AUTH may be used: no, auto (the strongest that is offered; else "
        "without AUTH), or a list such as SCRAM-SHA-256 CRAM-MD5.")},
    {"auth-clear", MG_SETTING_BOOL, "no",
     N_("With auth: ways to log in that show the password may be used without TLS, too.")},
    {"fetch-tls", MG_SETTING_TEXT, "try",
     N_("Whether mail is fetched through TLS: no, try (where the server offers STLS, whoever it "
        "is), or require (and the server must prove its name).")},
    {0},
};
