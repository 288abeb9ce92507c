/* SPDX-License-Identifier: GPL-3.0-or-later */
/* daytime.c - a plugin as somebody else would write it: built outside the tree, from the installed
 * headers only. RFC 867: whoever connects is told the date, and the connection is closed. */
#include <mailglass/plugin.h>

/* ---- the bytes ---- */
enum { F_TEXT };
static const MgField fields[] = {
    [F_TEXT] = {"daytime.string", "Date and time", MG_FIELD_TEXT, NULL,
                "The server's clock, in any form it likes.", "RFC 867"},
};

static bool cut(void *state, MgDirection direction, MgSpan bytes, bool end, MgUnit *unit)
{
    const uint8_t *lf = bytes.len > 0 ? memchr(bytes.data, '\n', bytes.len) : NULL;
    if (lf == NULL && !(end && bytes.len > 0) && bytes.len < 65536)
        return false;
    *unit = (MgUnit){.len = lf != NULL ? (size_t)(lf - bytes.data) + 1 : bytes.len,
                     .kind = MG_UNIT_ANSWER};
    return true;
}

static void dissect(uint16_t tag, MgDirection direction, MgSpan unit, MgTree *tree)
{
    mg_tree_add(tree, MG_NODE_ROOT, F_TEXT, 0, unit.len);
}

static void summarize(uint16_t tag, MgDirection direction, MgSpan unit, GString *line)
{
    g_string_append_len(line, (const char *)unit.data, (gssize)(unit.len > 2 ? unit.len - 2 : 0));
}

static const uint16_t ports[] = {13, 0};
static const MgDissector dissector = {
    .name = "daytime",
    .label = "DAYTIME",
    .color = "grey",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .stream_ports = ports,
    .cut = cut,
    .dissect = dissect,
    .summarize = summarize,
};

/* ---- the two ends: a list of things left to say ---- */
typedef struct {
    MgEngine engine;
    enum { TALK, ASK, WAIT, CLOSE, DONE } step;
    char text[64];
    MgConnectQuestion where;
} Daytime;

static void forget(MgEngine *engine)
{
    g_free(engine);
}

static void receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    Daytime *self = (Daytime *)engine;
    if (self->step != DONE)
        self->step = CLOSE;
}

static bool answer(MgEngine *engine, MgAskId ask, const void *reply, MgTime now)
{
    Daytime *self = (Daytime *)engine;
    const MgConnectAnswer *connected = reply;
    if (self->step != WAIT || ask != 1)
        return false;
    if (connected == NULL || connected->reach != MG_REACH_OK)
        self->step = CLOSE;
    return true;
}

static bool next(MgEngine *engine, MgEvent *event)
{
    Daytime *self = (Daytime *)engine;
    switch (self->step) {
    case TALK:
        *event = (MgEvent){.kind = MG_EVENT_SEND, .send = mg_span_from_string(self->text)};
        self->step = CLOSE;
        return true;
    case ASK:
        *event = (MgEvent){.kind = MG_EVENT_ASK,
                           .ask = {.id = 1, .topic = MG_TOPIC_CONNECT, .question = &self->where}};
        self->step = WAIT;
        return true;
    case CLOSE:
        *event = (MgEvent){.kind = MG_EVENT_CLOSE};
        self->step = DONE;
        return true;
    default:
        return false;
    }
}

static MgEngine *create_server(const MgBirth *birth);
static MgEngine *create_client(const MgBirth *birth);

#define COMMON                                                                                     \
    .dissector = "daytime", .free = forget, .receive_end = receive_end, .answer = answer,          \
    .next = next

static const MgEngineKind server = {
    .name = "daytime.server",
    .summary = "Tells the date (RFC 867)",
    .usual = "mta:13",
    .transport = MG_TRANSPORT_STREAM,
    .port = 13,
    .create = create_server,
    COMMON,
};
static const MgEngineKind client = {
    .name = "daytime.client",
    .summary = "Asks for the date (RFC 867)",
    .usual = "mua",
    .verb = "askdate",
    .usage = "askdate ADDRESS",
    .create = create_client,
    COMMON,
};

static MgEngine *create_server(const MgBirth *birth)
{
    Daytime *self = g_new0(Daytime, 1);
    self->engine.kind = &server;
    g_snprintf(self->text, sizeof self->text, "%" G_GINT64_FORMAT " seconds since 1970\r\n",
               birth->epoch + birth->now / MG_SECONDS);
    return &self->engine;
}

static MgEngine *create_client(const MgBirth *birth)
{
    const MgVerbCall *call = birth->question;
    Daytime *self = g_new0(Daytime, 1);
    self->engine.kind = &client;
    self->step = ASK;
    g_strlcpy(self->text, call->words[0], sizeof self->text);
    self->where = (MgConnectQuestion){self->text, 13, "daytime"};
    return &self->engine;
}

MG_PLUGIN(daytime, .version = "1.0", .spdx = "GPL-3.0-or-later", .summary = "The time of day",
          .dissectors = (const MgDissector *const[]){&dissector, NULL},
          .engines = (const MgEngineKind *const[]){&server, &client, NULL});
