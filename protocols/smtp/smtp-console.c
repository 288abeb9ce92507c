/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-console.c - SMTP by hand: a person types the client's part, or the server's */
#include "console.h"
#include "smtp.h"

#define PORT 25

static MgEngine *create_client(const MgBirth *birth)
{
    return mg_console_new(&mg_smtp_console, birth, PORT);
}

static MgEngine *create_server(const MgBirth *birth)
{
    return mg_console_new(&mg_smtp_by_hand, birth, PORT);
}

const MgEngineKind mg_smtp_console = {
    .name = "smtp.console",
    .summary = N_("Types SMTP commands by hand"),
    .usual = "mua",
    .verb = "talk",
    .usage = "talk URL",
    .scheme = "smtp",
    .dissector = "smtp",
    .create = create_client,
    MG_CONSOLE_METHODS,
};

const MgEngineKind mg_smtp_by_hand = {
    .name = "smtp.by-hand",
    .summary = N_("Answers SMTP by hand: a person is the server"),
    .transport = MG_TRANSPORT_STREAM,
    .port = PORT,
    .dissector = "smtp",
    .create = create_server,
    MG_CONSOLE_METHODS,
};
