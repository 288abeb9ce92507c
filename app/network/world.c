/* SPDX-License-Identifier: GPL-3.0-or-later */
/* world.c - a network that runs: its clock, its script, what people do to it */
#include <glib/gi18n-lib.h>

#include "wire.h"
#include "world.h"

struct MgWorld {
    const MgNetwork *network;
    MgTrace *trace;
    MgRuntime *runtime;
    MgWire wire;
    MgQueue script; /* actions; `offset` is which repetition */
};

/* ---- making one ---- */

/* "KEY: text" of a setting: where it stands is known here. */
static void locate(const MgWorld *world, const MgNetworkHost *host, GPtrArray *problems,
                   unsigned first)
{
    for (unsigned i = first; i < problems->len; i++) {
        const char *text = problems->pdata[i];
        size_t len = strcspn(text, ":");
        for (size_t k = 0; k < host->settings.n_rows && text[len] == ':'; k++) {
            const MgSetting *row = &host->settings.rows[k];
            if (strlen(row->key) != len || strncmp(row->key, text, len) != 0)
                continue;
            char *whole = g_strdup_printf("%s/network.ini:%u: error: %s", world->network->path,
                                          row->line, text);
            g_free(problems->pdata[i]);
            problems->pdata[i] = whole;
            break;
        }
    }
}

static bool add_host(MgWorld *world, const MgNetworkHost *host, GPtrArray *problems)
{
    MgHostId id = mg_runtime_add_host(world->runtime, host->name, host->kind, host->region,
                                      host->addresses[0], &host->settings);
    mg_runtime_set_carrier(world->runtime, id, &mg_wire_carrier, &world->wire);
    bool good = true;
    unsigned known = problems->len;
    for (size_t i = 0; i < host->n_engines; i++)
        good &= mg_runtime_add_engine(world->runtime, id, host->engines[i].kind,
                                      host->engines[i].port, problems);
    locate(world, host, problems, known);
    for (size_t i = 0; i < host->n_mailboxes; i++)
        mg_store_add_mailbox(mg_runtime_store(world->runtime, id), host->mailboxes[i].address,
                             host->mailboxes[i].password, host->mailboxes[i].quota);
    return good;
}

MgWorld *mg_world_new(const MgNetwork *network, MgRegistry *registry, uint64_t seed,
                      GPtrArray *problems)
{
    MgWorld *world = g_new0(MgWorld, 1);
    uint64_t random = seed;
    world->network = network;
    world->trace = mg_trace_new(registry);
    mg_trace_set_origin(world->trace, network->title, network->epoch, seed);
    world->runtime =
        mg_runtime_new(registry, world->trace, network->epoch, mg_random_next(&random));
    mg_wire_init(&world->wire, network, world->runtime, mg_random_next(&random));
    bool good = true;
    for (guint i = 0; i < network->hosts->len; i++)
        good &= add_host(world, &g_array_index(network->hosts, MgNetworkHost, i), problems);
    for (guint i = 0; i < network->actions->len; i++) {
        const MgNetworkAction *action = &g_array_index(network->actions, MgNetworkAction, i);
        mg_queue_push(&world->script, (MgQueued){.at = action->at, .about = (void *)action});
    }
    if (!good)
        g_clear_pointer(&world, mg_world_free);
    return world;
}

void mg_world_free(MgWorld *world)
{
    if (world == NULL)
        return;
    mg_runtime_free(world->runtime);
    mg_wire_clear(&world->wire);
    mg_queue_clear(&world->script);
    mg_trace_unref(world->trace);
    g_free(world);
}

MgTrace *mg_world_trace(const MgWorld *world)
{
    return world->trace;
}

MgRuntime *mg_world_runtime(const MgWorld *world)
{
    return world->runtime;
}

MgTime mg_world_now(const MgWorld *world)
{
    return world->wire.now;
}

void mg_world_set_now(MgWorld *world, MgTime now)
{
    world->wire.now = MAX(world->wire.now, now);
}

MgHostId mg_world_host(const MgWorld *world, const char *name)
{
    for (guint i = 0; i < world->network->hosts->len; i++)
        if (strcmp(g_array_index(world->network->hosts, MgNetworkHost, i).name, name) == 0)
            return (MgHostId)(i + 1);
    return 0;
}

/* ---- the script ---- */

static bool say(MgWorld *world, const MgNetworkAction *action, GError **error)
{
    gsize size = 0;
    if (world->wire.hosts[action->host].down) {
        g_set_error(error, MG_ERROR, MG_ERROR_CONFIG, _("%s is switched off"),
                    g_array_index(world->network->hosts, MgNetworkHost, action->host).name);
        return false;
    }
    const void *data = action->file != NULL ? g_bytes_get_data(action->file, &size) : NULL;
    MgVerbCall call = {.words = (const char *const *)action->words,
                       .n_words = g_strv_length(action->words),
                       .file = {data, size},
                       .path = action->path};
    return mg_runtime_say(world->runtime, (MgHostId)(action->host + 1), action->verb, &call,
                          world->wire.now, error) != 0;
}

/* The next thing of the script; of one that is repeated, its next time goes into the queue. */
static void act(MgWorld *world)
{
    MgQueued next = mg_queue_pop(&world->script);
    const MgNetworkAction *action = next.about;
    if (++next.offset < world->network->repeat) {
        next.at += world->network->every;
        mg_queue_push(&world->script, next);
    }
    /* The network's reader has checked it; but a host may be switched off since, or a plugin be
     * another. A trace is the same in all languages. */
    if (!say(world, action, NULL)) {
        g_autofree char *words = g_strjoinv(" ", action->words);
        g_autofree char *text = g_strdup_printf("%s %s: in vain", action->verb, words);
        mg_trace_add_action(world->trace,
                            &(MgDoer){(MgHostId)(action->host + 1), 0, 0, world->wire.now}, text);
    }
}

/* ---- time ---- */

typedef enum { NOTHING, SCRIPT, WIRE, ENGINE } Next;

/* What comes first; of what comes at one time, in this order. */
static Next find_next(const MgWorld *world, MgTime *at)
{
    MgTime script = mg_queue_next(&world->script);
    Next next = NOTHING;
    MgTime wire = mg_queue_next(&world->wire.queue);
    MgTime engine = mg_runtime_deadline(world->runtime);
    *at = MIN(script, MIN(wire, engine));
    if (*at == MG_TIME_NEVER)
        next = NOTHING;
    else if (script == *at)
        next = SCRIPT;
    else
        next = wire == *at ? WIRE : ENGINE;
    return next;
}

MgTime mg_world_next(const MgWorld *world)
{
    MgTime at;
    if (world->wire.dirty != NULL) /* somebody outside has let engines talk */
        return world->wire.now;
    find_next(world, &at);
    return at;
}

bool mg_world_step(MgWorld *world, MgTime limit)
{
    MgTime at;
    mg_wire_flush(&world->wire);
    Next next = find_next(world, &at);
    if (next == NOTHING || at >= limit)
        return false;
    if (next == WIRE) {
        MgQueued event = mg_queue_pop(&world->wire.queue);
        if (mg_wire_is_live(&event)) /* a timer that nobody waits for moves no clock */
            mg_world_set_now(world, at);
        mg_wire_happen(&world->wire, &event);
    } else {
        mg_world_set_now(world, at);
        if (next == SCRIPT)
            act(world);
        else
            mg_runtime_advance(world->runtime, world->wire.now);
    }
    mg_wire_flush(&world->wire);
    return true;
}

void mg_world_run_to(MgWorld *world, uint32_t n)
{
    while (mg_trace_n_records(world->trace) < n && mg_world_step(world, MG_TIME_NEVER))
        continue;
}

/* ---- interventions ---- */

typedef bool (*Change)(MgWorld *world, char **words, GError **error);

static bool complain(GError **error, const char *format, const char *word)
{
    g_set_error(error, MG_ERROR, MG_ERROR_CONFIG, format, word);
    return false;
}

static MgWireLink *find_link(MgWorld *world, char **words, GError **error)
{
    MgHostId a = mg_world_host(world, words[1]), b = mg_world_host(world, words[2]);
    for (size_t i = 0; i < world->wire.n_links; i++) {
        MgWireLink *link = &world->wire.links[i];
        if ((link->a + 1 == a && link->b + 1 == b) || (link->a + 1 == b && link->b + 1 == a))
            return link;
    }
    g_set_error(error, MG_ERROR, MG_ERROR_CONFIG, _("there is no link between %s and %s"), words[1],
                words[2]);
    return NULL;
}

static bool cut_link(MgWorld *world, char **words, GError **error)
{
    MgWireLink *link = find_link(world, words, error);
    if (link != NULL)
        link->cut = true;
    return link != NULL;
}

static bool mend_link(MgWorld *world, char **words, GError **error)
{
    MgWireLink *link = find_link(world, words, error);
    if (link != NULL) {
        link->cut = false;
        g_clear_pointer(&link->over, g_free);
        g_clear_pointer(&link->by, g_free);
    }
    return link != NULL;
}

static bool set_loss(MgWorld *world, char **words, GError **error)
{
    char *end = NULL;
    double loss = g_ascii_strtod(words[4], &end);
    if (end == words[4] || *end != '\0' || !(loss >= 0 && loss <= 1))
        return complain(error, _("a loss is a number from 0 to 1, not \"%s\""), words[4]);
    MgWireLink *link = find_link(world, words, error);
    if (link != NULL)
        link->loss = (uint32_t)(loss * MG_LOSS_ONE + 0.5);
    return link != NULL;
}

static bool set_delay(MgWorld *world, char **words, GError **error)
{
    MgTime delay;
    if (!mg_time_parse(words[4], &delay))
        return complain(error, _("a delay is written like 20ms, not \"%s\""), words[4]);
    MgWireLink *link = find_link(world, words, error);
    if (link != NULL)
        link->delay = delay;
    return link != NULL;
}

/* !link A B overwrite STARTTLS XXXXXXXX: as somebody on the link does who wants to read on. */
static bool overwrite(MgWorld *world, char **words, GError **error)
{
    MgWireLink *link = find_link(world, words, error);
    if (link == NULL)
        return false;
    if (strlen(words[4]) != strlen(words[5]) || strstr(words[5], words[4]) != NULL)
        return complain(error, _("what is written over \"%s\" must be another word, and as long"),
                        words[4]);
    g_free(link->over);
    g_free(link->by);
    link->over = g_strdup(words[4]);
    link->by = g_strdup(words[5]);
    return true;
}

static bool set_down(MgWorld *world, char **words, bool down, GError **error)
{
    MgHostId host = mg_world_host(world, words[1]);
    if (host == 0)
        return complain(error, _("there is no host \"%s\""), words[1]);
    world->wire.hosts[host - 1].down = down;
    return true;
}

static bool take_over(MgWorld *world, char **words, bool by_hand, GError **error)
{
    MgHostId host = mg_world_host(world, words[1]);
    guint64 port = 0;
    if (host == 0)
        return complain(error, _("there is no host \"%s\""), words[1]);
    if (!g_ascii_string_to_unsigned(words[3], 10, 1, 65535, &port, NULL) ||
        !mg_runtime_take_over(world->runtime, host, (uint16_t)port, by_hand))
        return complain(error, _("nobody can answer by hand on port %s of this host"), words[3]);
    return true;
}

static bool answer_by_hand(MgWorld *world, char **words, GError **error)
{
    return take_over(world, words, true, error);
}

static bool answer_by_engine(MgWorld *world, char **words, GError **error)
{
    return take_over(world, words, false, error);
}

static bool take_down(MgWorld *world, char **words, GError **error)
{
    return set_down(world, words, true, error);
}

static bool bring_up(MgWorld *world, char **words, GError **error)
{
    return set_down(world, words, false, error);
}

static const MgSettingRow *find_setting(const MgRegistry *registry, const MgNetworkHost *host,
                                        const char *key)
{
    for (size_t i = 0; i < host->n_engines; i++)
        for (const MgSettingRow *row = host->engines[i].kind->settings;
             row != NULL && row->key != NULL; row++)
            if (strcmp(row->key, key) == 0)
                return row;
    return mg_registry_layer_setting(registry, key);
}

/* !host alice set resolver 192.0.2.66: as in [host alice], but later. */
static bool set_setting(MgWorld *world, char **words, GError **error)
{
    MgHostId host = mg_world_host(world, words[1]);
    const char *key = words[3];
    g_autofree char *rest = g_strjoinv(" ", words + 4);
    const char *value = rest;
    if (host == 0)
        return complain(error, _("there is no host \"%s\""), words[1]);
    const MgSettingRow *row =
        find_setting(mg_trace_registry(world->trace),
                     &g_array_index(world->network->hosts, MgNetworkHost, host - 1), key);
    if (row == NULL || row->type == MG_SETTING_FILES)
        return complain(error, _("this host has no setting \"%s\" that could be changed"), key);
    MgTime time;
    if ((row->type == MG_SETTING_UINT &&
         !g_ascii_string_to_unsigned(value, 10, 0, G_MAXUINT64, NULL, NULL)) ||
        (row->type == MG_SETTING_TIME && !mg_time_parse(value, &time)))
        return complain(error, _("this setting cannot be \"%s\""), value);
    MgHostId named = strcmp(key, "resolver") == 0 ? mg_world_host(world, value) : 0;
    if (named != 0) /* engines do not know the names of hosts */
        value = g_array_index(world->network->hosts, MgNetworkHost, named - 1).addresses[0];
    mg_runtime_set_setting(world->runtime, host, key, value);
    return true;
}

static const struct {
    const char *what, *how;
    guint n_words, how_at;
    Change change;
    bool of_host, rest; /* more words may follow */
} changes[] = {
    {"!link", "cut", 4, 3, cut_link, false},
    {"!link", "mend", 4, 3, mend_link, false},
    {"!link", "loss", 5, 3, set_loss, false},
    {"!link", "delay", 5, 3, set_delay, false},
    {"!link", "overwrite", 6, 3, overwrite, false},
    {"!host", "down", 3, 2, take_down, true},
    {"!host", "up", 3, 2, bring_up, true},
    {"!host", "by-hand", 4, 2, answer_by_hand, true},
    {"!host", "by-engine", 4, 2, answer_by_engine, true},
    {"!host", "set", 4, 2, set_setting, true, true},
};
#define USAGE                                                                                      \
    "!link A B cut; !link A B mend; !link A B loss 0.1; !link A B delay 50ms; !link A B "          \
    "overwrite WORD WORD; !host H down; "                                                          \
    "!host H up; !host H set KEY VALUE; !host H by-hand PORT; !host H by-engine PORT; HOST> "      \
    "LINE; HOST hang up; or HOST VERB WORDS"

static bool change(MgWorld *world, const char *text, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, " ", -1);
    guint n = g_strv_length(words);
    for (size_t i = 0; i < G_N_ELEMENTS(changes); i++) {
        bool fits = n == changes[i].n_words || (n > changes[i].n_words && changes[i].rest);
        if (!fits || strcmp(words[0], changes[i].what) != 0 ||
            strcmp(words[changes[i].how_at], changes[i].how) != 0)
            continue;
        MgHostId host = changes[i].of_host ? mg_world_host(world, words[1]) : 0;
        bool was_down = host != 0 && world->wire.hosts[host - 1].down;
        if (!changes[i].change(world, words, error))
            return false;
        mg_wire_forget_paths(&world->wire);
        mg_trace_add_action(world->trace, &(MgDoer){host, 0, 0, world->wire.now}, text + 1);
        if (host != 0 && world->wire.hosts[host - 1].down)
            mg_runtime_crash(world->runtime, host, world->wire.now);
        else if (was_down)
            mg_runtime_revive(world->runtime, host, world->wire.now);
        return true;
    }
    g_set_error(error, MG_ERROR, MG_ERROR_CONFIG, _("\"%s\" is none of: %s"), text, USAGE);
    return false;
}

/* "alice> EHLO alice.example.com" types a line, "alice hang up" ends it. */
static bool is_typed(const char *text, char **host, const char **line)
{
    const char *mark = strchr(text, '>');
    const char *space = strchr(text, ' ');
    if (mark != NULL && mark > text && (space == NULL || mark < space)) {
        *host = g_strndup(text, (gsize)(mark - text));
        *line = mark[1] == ' ' ? mark + 2 : mark + 1;
        return true;
    }
    if (space == NULL || strcmp(space, " hang up") != 0)
        return false;
    *host = g_strndup(text, (gsize)(space - text));
    *line = NULL;
    return true;
}

static bool type_line(MgWorld *world, const char *name, const char *line, GError **error)
{
    MgHostId host = mg_world_host(world, name);
    if (host == 0)
        return complain(error, _("there is no host \"%s\""), name);
    if (line != NULL && strpbrk(line, "\r\n") != NULL)
        return complain(error, _("one line at a time, please: \"%s\""), line);
    return mg_runtime_tell(world->runtime, host, line, world->wire.now, error);
}

bool mg_world_intervene(MgWorld *world, const MgIntervention *what, GError **error)
{
    mg_world_set_now(world, what->at);
    g_autofree char *host = NULL;
    const char *line;
    bool good;
    if (what->text[0] == '!') {
        good = change(world, what->text, error);
    } else if (is_typed(what->text, &host, &line)) {
        good = type_line(world, host, line, error);
    } else if (g_str_has_prefix(what->text, MG_WAIT)) {
        good = true; /* the clock is all of it */
    } else {
        MgNetworkAction action = {0};
        good = mg_network_parse_action(world->network, mg_trace_registry(world->trace), what->text,
                                       what->file, &action, error);
        if (good) {
            good = say(world, &action, error);
            mg_network_action_clear(&action);
        }
    }
    mg_wire_flush(&world->wire);
    return good;
}
