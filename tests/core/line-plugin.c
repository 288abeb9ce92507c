/* SPDX-License-Identifier: GPL-3.0-or-later */
/* line-plugin.c - the smallest protocol: a line is a unit
 *
 * A client's line is "VERB argument", "IP address" or "FLAG yes"; a server's is "CODE text". After
 * "PASS " comes what must not be kept. Two lines that begin with the same verb are tagged, so that
 * a conversation's state shows. */
#include <mailglass/plugin.h>

enum { LINE, VERB, ARGUMENT, CODE, ADDRESS, FLAG, WORD, RAW, N_FIELDS };

static const MgName verbs[] = {
    {0, "HELO", N_("Hello"), N_("Hello, here I am."), NULL, NULL},
    {0, "PASS", N_("Password"), NULL, NULL, NULL},
    {0},
};
static const MgName codes[] = {
    {250, NULL, N_("OK: done"), NULL, NULL, NULL},
    {550, NULL, N_("NO: not done"), NULL, NULL, NULL},
    {0},
};
static const MgField fields[N_FIELDS] = {
    [LINE] = {"line", "Line", MG_FIELD_GROUP, NULL, "A line.", NULL},
    [VERB] = {"line.verb", "Verb", MG_FIELD_TEXT, verbs, "What to do.", NULL},
    [ARGUMENT] = {"line.argument", "Argument", MG_FIELD_TEXT, NULL, "With what.", NULL},
    [CODE] = {"line.code", "Code", MG_FIELD_UINT, codes, "How it went.", NULL},
    [ADDRESS] = {"line.address", "Address", MG_FIELD_ADDRESS, NULL, "Where.", NULL},
    [FLAG] = {"line.flag", "Flag", MG_FIELD_BOOL, NULL, "Whether.", NULL},
    [WORD] = {"line.word", "Word", MG_FIELD_TEXT, NULL, "One of the argument's words.", NULL},
    [RAW] = {"line.raw", "Octets", MG_FIELD_BYTES, NULL, "All of it.", NULL},
};

typedef struct {
    uint16_t n_lines[2];
} State;

static bool cut(void *memory, MgDirection direction, MgSpan bytes, bool end, MgUnit *unit)
{
    State *state = memory;
    const uint8_t *feed = bytes.len > 0 ? memchr(bytes.data, '\n', bytes.len) : NULL;
    if (feed == NULL && !end && bytes.len < 64 * 1024)
        return false;
    unit->len = feed != NULL ? (size_t)(feed - bytes.data) + 1 : bytes.len;
    unit->kind = direction == MG_FROM_CLIENT ? MG_UNIT_COMMAND : MG_UNIT_REPLY;
    unit->tag = state->n_lines[direction]++;
    if (unit->len > 5 && memcmp(bytes.data, "PASS ", 5) == 0) {
        unit->secret_offset = 5;
        unit->secret_len = (uint32_t)(unit->len - 5 - (feed != NULL));
    }
    return true;
}

static void dissect(uint16_t tag, MgDirection direction, MgSpan unit, MgTree *tree)
{
    size_t len = unit.len > 0 && unit.data[unit.len - 1] == '\n' ? unit.len - 1 : unit.len;
    MgNode line = mg_tree_add(tree, MG_NODE_ROOT, LINE, 0, unit.len);
    const uint8_t *space = len > 0 ? memchr(unit.data, ' ', len) : NULL;
    size_t first = space != NULL ? (size_t)(space - unit.data) : len;
    size_t rest = MIN(first + 1, len);
    mg_tree_add(tree, line, RAW, 0, len);
    if (direction == MG_FROM_SERVER) {
        mg_tree_add(tree, line, CODE, 0, first);
        mg_tree_add_text(tree, line, ARGUMENT, rest, len - rest, "said by the server");
        return;
    }
    mg_tree_add(tree, line, VERB, 0, first);
    if (first == 2 && memcmp(unit.data, "IP", 2) == 0) {
        mg_tree_add(tree, line, ADDRESS, rest, len - rest);
    } else if (first == 4 && memcmp(unit.data, "FLAG", 4) == 0) {
        mg_tree_add_uint(tree, line, FLAG, rest, len - rest, unit.data[len - 1] == 's');
    } else {
        mg_tree_add(tree, line, ARGUMENT, rest, len - rest);
        for (size_t at = rest; at < len;) {
            size_t end = at;
            while (end < len && unit.data[end] != ' ')
                end++;
            mg_tree_add(tree, line, WORD, at, end - at);
            at = end + 1;
        }
    }
}

static void summarize(uint16_t tag, MgDirection direction, MgSpan unit, GString *line)
{
    size_t len = unit.len > 0 && unit.data[unit.len - 1] == '\n' ? unit.len - 1 : unit.len;
    g_string_append_len(line, (const char *)unit.data, (gssize)MIN(len, (size_t)60));
}

static const uint16_t stream_ports[] = {7777, 0}, datagram_ports[] = {7778, 0};
static const MgDissector line = {.name = "line",
                                 .label = "LINE",
                                 .color = "teal",
                                 .fields = fields,
                                 .n_fields = N_FIELDS,
                                 .stream_ports = stream_ports,
                                 .datagram_ports = datagram_ports,
                                 .state_size = sizeof(State),
                                 .cut = cut,
                                 .dissect = dissect,
                                 .summarize = summarize};
static const MgDissector *const dissectors[] = {&line, NULL};

MG_PLUGIN(line, .version = "1", .spdx = "GPL-3.0-or-later", .summary = "Lines",
          .dissectors = dissectors);
