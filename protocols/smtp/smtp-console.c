/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-console.c - SMTP by hand: a person types the client's part, or the server's */
#include "console.h"
#include "smtp.h"

static const MgConsoleWay plain = {MG_SMTP_STARTTLS, 25, false},
                          tls = {MG_SMTP_STARTTLS, 465, true},
                          submission = {MG_SMTP_STARTTLS, 587, false};

static MgEngine *create_console(const MgBirth *birth)
{
    return mg_console_new(&mg_smtp_console, birth, &plain);
}

static MgEngine *create_console_submission(const MgBirth *birth)
{
    return mg_console_new(&mg_smtp_console_submission, birth, &submission);
}

static MgEngine *create_console_tls(const MgBirth *birth)
{
    return mg_console_new(&mg_smtp_console_tls, birth, &tls);
}

static MgEngine *create_server(const MgBirth *birth)
{
    return mg_console_new(&mg_smtp_by_hand, birth, &plain);
}

#define CONSOLE_CALLS                                                                              \
    .usual = "mua", .verb = "talk", .usage = "talk URL", .dissector = "smtp", MG_CONSOLE_METHODS

const MgEngineKind mg_smtp_console = {
    .name = "smtp.console",
    .summary = N_("Types SMTP commands by hand"),
    .scheme = "smtp",
    .create = create_console,
    CONSOLE_CALLS,
};

const MgEngineKind mg_smtp_console_submission = {
    .name = "smtp.console-submission",
    .summary = N_("Types SMTP commands by hand, to a server for users"),
    .scheme = "submission",
    .create = create_console_submission,
    CONSOLE_CALLS,
};

const MgEngineKind mg_smtp_console_tls = {
    .name = "smtp.console-tls",
    .summary = N_("Types SMTP commands by hand, with TLS from the start"),
    .scheme = "smtps",
    .create = create_console_tls,
    CONSOLE_CALLS,
};

const MgEngineKind mg_smtp_by_hand = {
    .name = "smtp.by-hand",
    .stands_for = "smtp.server",
    .summary = N_("Answers SMTP by hand: a person is the server"),
    .transport = MG_TRANSPORT_STREAM,
    .port = 25,
    .dissector = "smtp",
    .create = create_server,
    MG_CONSOLE_METHODS,
};
