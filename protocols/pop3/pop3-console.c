/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-console.c - POP3 by hand: a person types the client's part, or the server's */
#include "console.h"
#include "pop3.h"

#define PORT 110

static MgEngine *create_client(const MgBirth *birth)
{
    return mg_console_new(&mg_pop3_console, birth, PORT);
}

static MgEngine *create_server(const MgBirth *birth)
{
    return mg_console_new(&mg_pop3_by_hand, birth, PORT);
}

const MgEngineKind mg_pop3_console = {
    .name = "pop3.console",
    .summary = N_("Types POP3 commands by hand"),
    .usual = "mua",
    .verb = "talk",
    .usage = "talk URL",
    .scheme = "pop3",
    .dissector = "pop",
    .create = create_client,
    MG_CONSOLE_METHODS,
};

const MgEngineKind mg_pop3_by_hand = {
    .name = "pop3.by-hand",
    .summary = N_("Answers POP3 by hand: a person is the server"),
    .transport = MG_TRANSPORT_STREAM,
    .port = PORT,
    .dissector = "pop",
    .create = create_server,
    MG_CONSOLE_METHODS,
};
