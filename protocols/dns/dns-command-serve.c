/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-command-serve.c - mailglass dns serve: answers for zones at a real address
 *
 * The row says which engines wait there; none of this kind is ever born but by a test.
 */
#include "dns.h"

#include "dns-command.h"

typedef struct {
    MgEngine base;
    MgDnsOutput output;
} Serve;

static MgEngine *create(const MgBirth *birth)
{
    Serve *serve = g_new0(Serve, 1);
    serve->base.kind = &mg_dns_command_serve;
    mg_dns_output_init(&serve->output);
    mg_dns_output_exit(&serve->output, MG_DNS_EXIT_DONE);
    return &serve->base;
}

static void free_serve(MgEngine *engine)
{
    mg_dns_output_clear(&((Serve *)engine)->output);
    g_free(engine);
}

static bool answer(MgEngine *engine, MgAskId ask, const void *given, MgTime now)
{
    return false; /* it asks nothing */
}

static bool next(MgEngine *engine, MgEvent *event)
{
    return mg_dns_output_next(&((Serve *)engine)->output, event);
}

static const MgCommandOption options[] = {
    {"zone", "FILE", N_("The master file of a zone to answer for"), "zones", true},
    {"transfer", "ADDRESS[/LENGTH]", N_("Who may have whole zones (AXFR)"), NULL, true},
    {"nsid", "TEXT", N_("What it calls itself to who asks (NSID)"), NULL, false},
    {"cookie-secret", "HEX", N_("What cookies are made with: 32 hexadecimal digits"), NULL, false},
    {0},
};

static const MgCommandRow command = {
    .name = "dns serve",
    .summary = N_("answers for zones, as an authoritative name server"),
    .about = N_("It answers over UDP and TCP until it is interrupted, and says where it "
                "listens.\n\nExample:\n  mailglass dns serve --zone example.net.zone --listen "
                "127.0.0.1:5353"),
    .options = options,
    .serves = "dns.server dns.server-tcp",
};

const MgEngineKind mg_dns_command_serve = {
    .name = "dns.command-serve",
    .summary = N_("Answers for zones at a real address"),
    .transport = MG_TRANSPORT_NONE,
    .command = &command,
    .create = create,
    .free = free_serve,
    .answer = answer,
    .next = next,
};
