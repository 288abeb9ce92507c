/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session-plugin.c - a protocol for the tests of sessions and networks: lines, each with an answer
 *
 * The client says what it was told to, line by line ("say ADDRESS WORD…"); the server answers each
 * with "ok WORD"; what begins with "=" is data and ends with ";" at the end of a line.
 */
#include <mailglass/plugin.h>

enum { F_LINE };
static const MgField fields[] = {
    [F_LINE] = {"talk.line", "Line", MG_FIELD_TEXT, NULL, "What was said.", NULL},
};

static bool cut(void *state, MgDirection direction, MgSpan bytes, bool end, MgUnit *unit)
{
    bool data = bytes.len > 0 && bytes.data[0] == '=';
    const uint8_t *lf = data            ? memmem(bytes.data, bytes.len, ";\n", 2)
                        : bytes.len > 0 ? memchr(bytes.data, '\n', bytes.len)
                                        : NULL;
    lf = data && lf != NULL ? lf + 1 : lf;
    if (lf == NULL && !(end && bytes.len > 0) && bytes.len < 4096)
        return false;
    *unit = (MgUnit){.len = lf != NULL ? (size_t)(lf - bytes.data) + 1 : bytes.len};
    unit->kind = data                          ? MG_UNIT_DATA
                 : direction == MG_FROM_CLIENT ? MG_UNIT_COMMAND
                                               : MG_UNIT_REPLY;
    return true;
}

static void dissect(uint16_t tag, MgDirection direction, MgSpan unit, MgTree *tree)
{
    mg_tree_add(tree, MG_NODE_ROOT, F_LINE, 0, unit.len);
}

static void summarize(uint16_t tag, MgDirection direction, MgSpan unit, GString *line)
{
    g_string_append_len(line, (const char *)unit.data, (gssize)unit.len);
    g_strchomp(line->str);
    line->len = strlen(line->str);
}

static const uint16_t ports[] = {7, 0};
static const MgDissector dissector = {
    .name = "talk",
    .label = "TALK",
    .color = "grey",
    .fields = fields,
    .n_fields = G_N_ELEMENTS(fields),
    .stream_ports = ports,
    .cut = cut,
    .dissect = dissect,
    .summarize = summarize,
};

typedef struct {
    MgEngine engine;
    GString *in, *out, *sent;
    bool client, ask, connected, ended, close, done;
    unsigned waiting; /* answers */
    char address[64];
    MgConnectQuestion where;
} Talk;

static void forget(MgEngine *engine)
{
    Talk *self = (Talk *)engine;
    g_string_free(self->in, TRUE);
    g_string_free(self->out, TRUE);
    g_string_free(self->sent, TRUE);
    g_free(self);
}

static void receive(MgEngine *engine, MgSpan bytes, MgTime now)
{
    Talk *self = (Talk *)engine;
    g_string_append_len(self->in, (const char *)bytes.data, (gssize)bytes.len);
}

static void receive_end(MgEngine *engine, MgEnd how, MgTime now)
{
    ((Talk *)engine)->ended = true;
}

static bool answer(MgEngine *engine, MgAskId ask, const void *reply, MgTime now)
{
    Talk *self = (Talk *)engine;
    const MgConnectAnswer *reached = reply;
    if (ask != 1 || self->connected || self->close)
        return false;
    self->connected = reached != NULL && reached->reach == MG_REACH_OK;
    self->close = !self->connected;
    return true;
}

/* Takes whole lines: the server answers them, the client counts them. */
static void take_lines(Talk *self)
{
    for (char *lf; (lf = memchr(self->in->str, '\n', self->in->len)) != NULL;) {
        size_t len = (size_t)(lf - self->in->str) + 1;
        if (self->client) {
            self->waiting--;
        } else {
            g_string_append(self->out, "ok ");
            g_string_append_len(self->out, self->in->str, (gssize)len);
        }
        g_string_erase(self->in, 0, (gssize)len);
    }
}

static bool next(MgEngine *engine, MgEvent *event)
{
    Talk *self = (Talk *)engine;
    if (self->done)
        return false;
    if (self->ask) {
        self->ask = false;
        *event = (MgEvent){.kind = MG_EVENT_ASK,
                           .ask = {.id = 1, .topic = MG_TOPIC_CONNECT, .question = &self->where}};
        return true;
    }
    take_lines(self);
    if (self->out->len > 0 && (self->connected || !self->client)) {
        g_string_assign(self->sent, self->out->str);
        g_string_truncate(self->out, 0);
        *event = (MgEvent){.kind = MG_EVENT_SEND,
                           .send = {(const uint8_t *)self->sent->str, self->sent->len}};
        return true;
    }
    if (self->close || self->ended || (self->client && self->connected && self->waiting == 0)) {
        self->done = true;
        *event = (MgEvent){.kind = MG_EVENT_CLOSE};
        return true;
    }
    return false;
}

static MgEngine *create_server(const MgBirth *birth);
static MgEngine *create_client(const MgBirth *birth);

#define COMMON                                                                                     \
    .dissector = "talk", .free = forget, .receive = receive, .receive_end = receive_end,           \
    .answer = answer, .next = next

static const MgSettingRow settings[] = {
    {"greeting", MG_SETTING_TEXT, NULL, "What the server says first."},
    {"patience", MG_SETTING_TIME, "5s", "How long it waits."},
    {"limit", MG_SETTING_UINT, "10", "How much it takes."},
    {"polite", MG_SETTING_BOOL, "yes", "Whether it is polite."},
    {"books", MG_SETTING_FILES, NULL, "What it reads."},
    {0},
};

static const MgEngineKind server = {
    .name = "talk.server",
    .summary = "Answers each line",
    .usual = "mta:7",
    .transport = MG_TRANSPORT_STREAM,
    .port = 7,
    .settings = settings,
    .create = create_server,
    COMMON,
};
static const MgEngineKind client = {
    .name = "talk.client",
    .summary = "Says lines",
    .usual = "mua",
    .verb = "say",
    .usage = "say ADDRESS WORD…",
    .create = create_client,
    COMMON,
};
static const MgEngineKind reader = {
    .name = "talk.reader",
    .summary = "Says what a file holds",
    .usual = "mua",
    .verb = "read",
    .usage = "read FILE to ADDRESS",
    .create = create_client,
    COMMON,
};

static Talk *create(const MgEngineKind *kind)
{
    Talk *self = g_new0(Talk, 1);
    self->engine.kind = kind;
    self->in = g_string_new(NULL);
    self->out = g_string_new(NULL);
    self->sent = g_string_new(NULL);
    return self;
}

static MgEngine *create_server(const MgBirth *birth)
{
    Talk *self = create(&server);
    const char *greeting = mg_settings_get(birth->settings, "greeting", NULL);
    if (greeting != NULL)
        g_string_append_printf(self->out, "%s\n", greeting);
    return &self->engine;
}

static MgEngine *create_client(const MgBirth *birth)
{
    const MgVerbCall *call = birth->question;
    Talk *self = create(&client);
    self->client = self->ask = true;
    bool reads = call->file.len > 0;
    g_strlcpy(self->address, call->words[reads ? call->n_words - 1 : 0], sizeof self->address);
    for (size_t i = 1; !reads && i < call->n_words; i++, self->waiting++)
        g_string_append_printf(self->out, "%s\n", call->words[i]);
    if (reads) {
        g_string_append_len(self->out, (const char *)call->file.data, (gssize)call->file.len);
        self->waiting = 1;
    }
    self->where = (MgConnectQuestion){self->address, 7, "talk"};
    return &self->engine;
}

MG_PLUGIN(talk, .version = "1", .spdx = "GPL-3.0-or-later", .summary = "Lines with answers",
          .dissectors = (const MgDissector *const[]){&dissector, NULL},
          .engines = (const MgEngineKind *const[]){&server, &client, &reader, NULL});
