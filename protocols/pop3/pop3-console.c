/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-console.c - POP3 by hand: a person types the client's part, or the server's */
#include "console.h"
#include "pop3.h"

static const MgConsoleWay plain = {MG_POP3_STARTTLS, 110, false},
                          tls = {MG_POP3_STARTTLS, 995, true};

static MgEngine *create_console(const MgBirth *birth)
{
    return mg_console_new(&mg_pop3_console, birth, &plain);
}

static MgEngine *create_console_tls(const MgBirth *birth)
{
    return mg_console_new(&mg_pop3_console_tls, birth, &tls);
}

static MgEngine *create_server(const MgBirth *birth)
{
    return mg_console_new(&mg_pop3_by_hand, birth, &plain);
}

#define CONSOLE_CALLS                                                                              \
    .usual = "mua", .verb = "talk", .usage = "talk URL", .dissector = "pop", MG_CONSOLE_METHODS

const MgEngineKind mg_pop3_console = {
    .name = "pop3.console",
    .summary = N_("Types POP3 commands by hand"),
    .scheme = "pop3",
    .create = create_console,
    CONSOLE_CALLS,
};

const MgEngineKind mg_pop3_console_tls = {
    .name = "pop3.console-tls",
    .summary = N_("Types POP3 commands by hand, with TLS from the start"),
    .scheme = "pop3s",
    .create = create_console_tls,
    CONSOLE_CALLS,
};

const MgEngineKind mg_pop3_by_hand = {
    .name = "pop3.by-hand",
    .stands_for = "pop3.server",
    .summary = N_("Answers POP3 by hand: a person is the server"),
    .transport = MG_TRANSPORT_STREAM,
    .port = 110,
    .dissector = "pop",
    .create = create_server,
    MG_CONSOLE_METHODS,
};
