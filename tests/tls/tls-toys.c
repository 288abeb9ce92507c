/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "tls-toys.h"

#include <stdlib.h>

MgToySecure mg_toy_client_said, mg_toy_server_said;

typedef struct {
    MgEngine base;
    GString *in, *out, *last;
    MgConnectQuestion where;
    MgSecureQuestion how;
    uint64_t taken;
    char address[64], name[64];
    unsigned count, said;
    bool server, connect, secure, close, inject, in_tls, implicit, ended, done;
} Toy;

static Toy *toy_new(const MgEngineKind *kind)
{
    Toy *toy = g_new0(Toy, 1);
    toy->base.kind = kind;
    toy->in = g_string_new(NULL);
    toy->out = g_string_new(NULL);
    toy->last = g_string_new(NULL);
    return toy;
}

static void toy_free(MgEngine *engine)
{
    Toy *toy = (Toy *)engine;
    g_string_free(toy->in, TRUE);
    g_string_free(toy->out, TRUE);
    g_string_free(toy->last, TRUE);
    g_free(toy);
}

static void toy_receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    Toy *toy = (Toy *)engine;
    g_string_append_len(toy->in, (const char *)bytes.data, (gssize)bytes.len);
}

static void toy_end(MgEngine *engine, MgEnd how, MgTime now)
{
    Toy *toy = (Toy *)engine;
    MgToySecure *said = toy->server ? &mg_toy_server_said : &mg_toy_client_said;
    said->resets += how != MG_END_CLOSED;
    said->closed += how == MG_END_CLOSED;
    toy->ended = true;
}

static void learn(Toy *toy, const MgSecureAnswer *answer)
{
    MgToySecure *said = toy->server ? &mg_toy_server_said : &mg_toy_client_said;
    if (answer == NULL) {
        said->nobody++;
        toy->close = true;
        return;
    }
    said->secure += answer->secure;
    said->failed += !answer->secure;
    said->verified = answer->verified;
    g_strlcpy(said->reason, answer->reason != NULL ? answer->reason : "", sizeof said->reason);
    g_strlcpy(said->rule, answer->rule != NULL ? answer->rule->id : "", sizeof said->rule);
    g_strlcpy(said->version, answer->version, sizeof said->version);
    g_strlcpy(said->sni, answer->sni != NULL ? answer->sni : "", sizeof said->sni);
    toy->in_tls = answer->secure;
    toy->close = !answer->secure;
    if (answer->secure && !toy->server && !toy->implicit)
        g_string_append(toy->out, "EHLO again.example.com\r\n");
    if (answer->secure && toy->server && toy->implicit)
        g_string_append(toy->out, "220 mx.example.net ESMTP\r\n");
}

static bool toy_answer(MgEngine *engine, MgAskId ask, const void *answer, MgTime now)
{
    Toy *toy = (Toy *)engine;
    const MgConnectAnswer *connected = answer;
    if (ask == 2) {
        learn(toy, answer);
        return true;
    }
    if (connected == NULL || connected->reach != MG_REACH_OK)
        toy->close = true;
    else if (toy->implicit)
        toy->secure = true;
    return true;
}

static void serve(Toy *toy, const char *line)
{
    g_strlcat(mg_toy_server_said.heard, line, sizeof mg_toy_server_said.heard);
    g_strlcat(mg_toy_server_said.heard, "|", sizeof mg_toy_server_said.heard);
    mg_toy_server_said.noops += g_str_has_prefix(line, "NOOP");
    if (strcmp(line, "STARTTLS") == 0) {
        g_string_append(toy->out, "220 Go ahead\r\n");
        toy->taken += toy->in->len; /* RFC 3207 §4.2: what came in the clear is forgotten */
        g_string_set_size(toy->in, 0);
        toy->secure = true;
    } else if (strcmp(line, "QUIT") == 0) {
        g_string_append(toy->out, "221 Bye\r\n");
        toy->close = true;
    } else {
        g_string_append(toy->out, "250 OK\r\n");
    }
}

static void take_reply(Toy *toy, const char *line)
{
    mg_toy_client_said.oks += toy->in_tls && strcmp(line, "250 OK") == 0;
    if (strcmp(line, "220 Go ahead") == 0) {
        g_string_set_size(toy->in, 0);
        toy->secure = true;
    } else if (g_str_has_prefix(line, "221")) {
        mg_toy_client_said.goodbyes++;
        toy->close = true;
    } else if (g_str_has_prefix(line, "220")) {
        g_string_append(toy->out, "EHLO alice.example.com\r\n");
    } else if (!toy->in_tls) {
        g_string_append(toy->out, "STARTTLS\r\n");
        if (toy->inject)
            g_string_append(toy->out, "NOOP from somebody in between\r\n");
    } else if (toy->said < toy->count) {
        g_string_append_printf(toy->out, "NOOP %u secret\r\n", toy->said++);
    } else {
        g_string_append(toy->out, "QUIT\r\n");
    }
}

static bool send_out(Toy *toy, MgEvent *event)
{
    GString *last = toy->last;
    toy->last = toy->out;
    toy->out = last;
    g_string_set_size(toy->out, 0);
    *event =
        (MgEvent){.kind = MG_EVENT_SEND, .send = {(const uint8_t *)toy->last->str, toy->last->len}};
    return true;
}

static bool toy_next(MgEngine *engine, MgEvent *event)
{
    Toy *toy = (Toy *)engine;
    while (!toy->done) {
        if (toy->connect) {
            toy->connect = false;
            *event = (MgEvent){.kind = MG_EVENT_ASK, .ask = {1, MG_TOPIC_CONNECT, &toy->where, 0}};
            return true;
        }
        if (toy->out->len > 0)
            return send_out(toy, event);
        if (toy->secure) {
            toy->secure = false;
            *event = (MgEvent){.kind = MG_EVENT_STARTTLS,
                               .ask = {2, MG_TOPIC_SECURE, &toy->how, toy->taken}};
            return true;
        }
        const char *end = strstr(toy->in->str, "\r\n");
        if (toy->close || (end == NULL && toy->ended)) {
            toy->done = true;
            *event = (MgEvent){.kind = MG_EVENT_CLOSE};
            return true;
        }
        if (end == NULL)
            return false;
        size_t len = (size_t)(end - toy->in->str);
        g_autofree char *line = g_strndup(toy->in->str, len);
        g_string_erase(toy->in, 0, (gssize)len + 2);
        toy->taken += len + 2;
        toy->server ? serve(toy, line) : take_reply(toy, line);
    }
    return false;
}

static MgEngine *create(const MgEngineKind *kind)
{
    Toy *toy = toy_new(kind);
    toy->server = true;
    toy->implicit = kind == &mg_toy_secure_server_tls;
    if (toy->implicit)
        toy->secure = true;
    else
        g_string_append(toy->out, "220 mx.example.net ESMTP\r\n");
    return &toy->base;
}

static MgEngine *create_server(const MgBirth *birth)
{
    return create(&mg_toy_secure_server);
}

static MgEngine *create_server_tls(const MgBirth *birth)
{
    return create(&mg_toy_secure_server_tls);
}

static MgEngine *create_client(const MgBirth *birth)
{
    const MgVerbCall *call = birth->question;
    Toy *toy = toy_new(&mg_toy_secure_client);
    g_strlcpy(toy->address, call->words[0], sizeof toy->address);
    g_strlcpy(toy->name, call->words[1], sizeof toy->name);
    toy->where = (MgConnectQuestion){toy->address, (uint16_t)atoi(call->words[2]), "smtp"};
    toy->how = (MgSecureQuestion){.name = toy->name};
    toy->count = (unsigned)atoi(call->words[3]);
    for (size_t i = 4; i < call->n_words; i++) {
        toy->how.any |= strcmp(call->words[i], "any") == 0;
        toy->inject |= strcmp(call->words[i], "inject") == 0;
        toy->implicit |= strcmp(call->words[i], "implicit") == 0;
    }
    toy->connect = true;
    return &toy->base;
}

#define SAME                                                                                       \
    .dissector = "smtp", .free = toy_free, .receive = toy_receive, .receive_end = toy_end,         \
    .answer = toy_answer, .next = toy_next
const MgEngineKind mg_toy_secure_server = {.name = "toy.secure-server",
                                           .transport = MG_TRANSPORT_STREAM,
                                           .port = 25,
                                           .create = create_server,
                                           SAME};
const MgEngineKind mg_toy_secure_server_tls = {.name = "toy.secure-server-tls",
                                               .transport = MG_TRANSPORT_STREAM,
                                               .port = 465,
                                               .create = create_server_tls,
                                               SAME};
const MgEngineKind mg_toy_secure_client = {.name = "toy.secure-client",
                                           .verb = "secure",
                                           .usage = "secure ADDRESS NAME PORT COUNT [any] [inject]",
                                           .create = create_client,
                                           SAME};
