/* SPDX-License-Identifier: GPL-3.0-or-later */
/* session.c - one run as somebody looks at it
 *
 * Each branch owns the world that played it. The network at a position before the end is made by
 * playing again, in a second world (the replay) that is kept and only goes forward; when the
 * position moves back, a new one begins. An intervention is kept with the number of steps that the
 * world had done, which is exact where several things happen at one time or leave no record.
 */
#include <glib/gi18n-lib.h>

#include "session.h"

#include "filter.h"
#include "session-steps.h"

#define PLAY_ON 10000u /* records that are played at once when the position reaches the end */

typedef struct {
    MgIntervention what;
    uint64_t steps; /* that the world had done */
} Deed;

/* A world, and how far it is. */
typedef struct {
    MgWorld *world; /* (nullable) */
    uint64_t steps;
    uint32_t before; /* records that there were before its last step */
    unsigned done;   /* deeds */
} Play;

typedef struct {
    MgTrace *trace;
    MgSteps *index;
    Play live;        /* no world over a bare trace */
    GPtrArray *deeds; /* Deed, in order */
} Branch;

struct _MgSession {
    GObject parent_instance;
    MgRegistry *registry;
    MgNetwork *network; /* (nullable) */
    uint64_t seed;
    GPtrArray *branches;
    unsigned branch;
    Play replay;
    uint32_t position, selected;
    uint32_t told; /* n-records, as last notified */
    bool playing;
};

enum { PROP_POSITION = 1, PROP_N_RECORDS, PROP_SELECTED, PROP_PLAYING, PROP_TRACE, N_PROPS };
static GParamSpec *props[N_PROPS];

G_DEFINE_FINAL_TYPE(MgSession, mg_session, G_TYPE_OBJECT)

/* ---- deeds, plays, branches ---- */

static Deed *deed_new(const MgIntervention *what, uint64_t steps)
{
    Deed *deed = g_new0(Deed, 1);
    deed->what = *what;
    deed->what.text = g_strdup(what->text);
    deed->what.file = what->file != NULL ? g_bytes_ref(what->file) : NULL;
    deed->steps = steps;
    return deed;
}

static void deed_free(void *data)
{
    Deed *deed = data;
    g_free(deed->what.text);
    g_clear_pointer(&deed->what.file, g_bytes_unref);
    g_free(deed);
}

static void play_clear(Play *play)
{
    g_clear_pointer(&play->world, mg_world_free);
    *play = (Play){0};
}

static uint32_t play_reached(const Play *play)
{
    return mg_trace_n_records(mg_world_trace(play->world));
}

/* Does the next thing, which is a deed where one was done. False when nothing is left. */
static bool play_step(Play *play, const GPtrArray *deeds)
{
    play->before = play_reached(play);
    const Deed *deed = play->done < deeds->len ? g_ptr_array_index(deeds, play->done) : NULL;
    if (deed != NULL && deed->steps == play->steps) {
        bool same = mg_world_intervene(play->world, &deed->what, NULL);
        g_assert(same); /* it was possible the first time, and a run repeats */
        play->done++;
        return true;
    }
    if (!mg_world_step(play->world, MG_TIME_NEVER))
        return false;
    play->steps++;
    return true;
}

static void play_to(Play *play, const GPtrArray *deeds, uint32_t n)
{
    while (play_reached(play) < n && play_step(play, deeds))
        continue;
}

static Branch *branch_new(MgTrace *trace)
{
    Branch *branch = g_new0(Branch, 1);
    branch->trace = mg_trace_ref(trace);
    branch->index = mg_steps_new(trace);
    branch->deeds = g_ptr_array_new_with_free_func(deed_free);
    return branch;
}

static void branch_free(void *data)
{
    Branch *branch = data;
    mg_steps_free(branch->index);
    mg_trace_unref(branch->trace);
    play_clear(&branch->live);
    g_ptr_array_unref(branch->deeds);
    g_free(branch);
}

static Branch *current(const MgSession *self)
{
    return g_ptr_array_index(self->branches, self->branch);
}

/* ---- the object ---- */

static void mg_session_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    MgSession *self = MG_SESSION(object);
    switch (id) {
    case PROP_POSITION:
        g_value_set_uint(value, self->position);
        break;
    case PROP_N_RECORDS:
        g_value_set_uint(value, mg_trace_n_records(current(self)->trace));
        break;
    case PROP_SELECTED:
        g_value_set_uint(value, self->selected);
        break;
    case PROP_PLAYING:
        g_value_set_boolean(value, self->playing);
        break;
    case PROP_TRACE:
        g_value_set_pointer(value, current(self)->trace);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
}

static void mg_session_finalize(GObject *object)
{
    MgSession *self = MG_SESSION(object);
    play_clear(&self->replay);
    g_ptr_array_unref(self->branches);
    g_clear_pointer(&self->network, mg_network_free);
    g_clear_pointer(&self->registry, mg_registry_unref);
    G_OBJECT_CLASS(mg_session_parent_class)->finalize(object);
}

static void mg_session_class_init(MgSessionClass *class)
{
    GObjectClass *object_class = G_OBJECT_CLASS(class);
    object_class->get_property = mg_session_get_property;
    object_class->finalize = mg_session_finalize;
    GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
    props[PROP_POSITION] = g_param_spec_uint("position", NULL, NULL, 0, G_MAXUINT, 0, flags);
    props[PROP_N_RECORDS] = g_param_spec_uint("n-records", NULL, NULL, 0, G_MAXUINT, 0, flags);
    props[PROP_SELECTED] = g_param_spec_uint("selected", NULL, NULL, 0, G_MAXUINT, 0, flags);
    props[PROP_PLAYING] = g_param_spec_boolean("playing", NULL, NULL, FALSE, flags);
    props[PROP_TRACE] = g_param_spec_pointer("trace", NULL, NULL, flags);
    g_object_class_install_properties(object_class, N_PROPS, props);
}

static void mg_session_init(MgSession *self)
{
    self->branches = g_ptr_array_new_with_free_func(branch_free);
}

MgSession *mg_session_new_for_trace(MgTrace *trace)
{
    MgSession *self = g_object_new(MG_TYPE_SESSION, NULL);
    self->registry = mg_registry_ref(mg_trace_registry(trace));
    self->seed = mg_trace_seed(trace);
    g_ptr_array_add(self->branches, branch_new(trace));
    self->told = mg_trace_n_records(trace);
    return self;
}

MgSession *mg_session_new(const char *path, MgRegistry *registry, uint64_t seed,
                          GPtrArray *problems)
{
    g_autoptr(MgNetwork) network = mg_network_load(path, registry, problems);
    if (network == NULL)
        return NULL;
    MgWorld *world = mg_world_new(network, registry, seed, problems);
    if (world == NULL)
        return NULL;
    MgSession *self = mg_session_new_for_trace(mg_world_trace(world));
    self->network = g_steal_pointer(&network);
    self->seed = seed;
    Branch *branch = current(self);
    branch->live.world = world;
    play_to(&branch->live, branch->deeds, MG_SESSION_RECORDS_MAX);
    self->told = mg_trace_n_records(branch->trace);
    return self;
}

void mg_session_grown(MgSession *self)
{
    uint32_t n = mg_trace_n_records(current(self)->trace);
    if (n == self->told)
        return;
    self->told = n;
    g_object_notify_by_pspec(G_OBJECT(self), props[PROP_N_RECORDS]);
}

const MgNetwork *mg_session_network(MgSession *self)
{
    return self->network;
}

MgTrace *mg_session_trace(MgSession *self)
{
    return current(self)->trace;
}

MgRegistry *mg_session_registry(MgSession *self)
{
    return self->registry;
}

uint64_t mg_session_seed(MgSession *self)
{
    return self->seed;
}

/* ---- the position ---- */

uint32_t mg_session_position(MgSession *self)
{
    return self->position;
}

/* A run that was longer than what is played at once goes on when the eye comes to its end. */
static void play_on(MgSession *self)
{
    Branch *branch = current(self);
    uint32_t n = mg_trace_n_records(branch->trace);
    if (branch->live.world == NULL || self->position < n)
        return;
    play_to(&branch->live, branch->deeds, n + PLAY_ON);
    mg_session_grown(self);
}

void mg_session_seek(MgSession *self, uint32_t n)
{
    n = MIN(n, mg_trace_n_records(current(self)->trace));
    if (n == self->position)
        return;
    self->position = n;
    g_object_notify_by_pspec(G_OBJECT(self), props[PROP_POSITION]);
    play_on(self);
}

uint32_t mg_session_peek(MgSession *self, MgStep step, bool back)
{
    return mg_steps_peek(current(self)->index, self->position, step, back);
}

void mg_session_step(MgSession *self, MgStep step, bool back)
{
    mg_session_seek(self, mg_session_peek(self, step, back));
}

bool mg_session_run_until(MgSession *self, const char *filter, GError **error)
{
    g_autoptr(MgFilter) wanted = mg_filter_new(filter, self->registry, error);
    if (wanted == NULL)
        return false;
    const MgTrace *trace = current(self)->trace;
    for (uint32_t n = self->position + 1; n <= mg_trace_n_records(trace); n++) {
        if (mg_filter_match(wanted, trace, n)) {
            mg_session_seek(self, n);
            return true;
        }
    }
    return false;
}

MgTime mg_session_time(MgSession *self)
{
    return self->position > 0 ? mg_trace_record(current(self)->trace, self->position)->at : 0;
}

uint32_t mg_session_selected(MgSession *self)
{
    return self->selected;
}

void mg_session_select(MgSession *self, uint32_t n)
{
    g_assert(n <= mg_trace_n_records(current(self)->trace));
    if (n == self->selected)
        return;
    self->selected = n;
    g_object_notify_by_pspec(G_OBJECT(self), props[PROP_SELECTED]);
}

bool mg_session_playing(MgSession *self)
{
    return self->playing;
}

void mg_session_set_playing(MgSession *self, bool playing)
{
    if (playing == self->playing)
        return;
    self->playing = playing;
    g_object_notify_by_pspec(G_OBJECT(self), props[PROP_PLAYING]);
}

/* ---- the network at the position ---- */

static bool at_end(const MgSession *self)
{
    return self->position == mg_trace_n_records(current(self)->trace);
}

/* What was played again is what was played before: a run is network + seed + interventions. */
static void assert_same(const MgSession *self)
{
    const MgTrace *live = current(self)->trace;
    const MgTrace *again = mg_world_trace(self->replay.world);
    uint32_t n = mg_trace_n_records(again);
    g_assert(n >= self->position && n <= mg_trace_n_records(live));
    if (n == 0)
        return;
    const MgRecord *a = mg_trace_record(live, n), *b = mg_trace_record(again, n);
    g_assert(a->at == b->at && a->kind == b->kind && a->from == b->from && a->to == b->to);
    g_assert(a->flow == b->flow && a->len == b->len && a->parent == b->parent);
}

static void replay(MgSession *self)
{
    Branch *branch = current(self);
    /* One step may leave several records: a position among them is where the replay stands. */
    if (self->replay.world != NULL && self->replay.steps + self->replay.done > 0 &&
        self->replay.before >= self->position)
        play_clear(&self->replay);
    if (self->replay.world == NULL) {
        g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
        self->replay =
            (Play){.world = mg_world_new(self->network, self->registry, self->seed, problems)};
        g_assert(self->replay.world != NULL); /* it could be made the first time */
    }
    play_to(&self->replay, branch->deeds, self->position);
    assert_same(self);
}

MgWorld *mg_session_world(MgSession *self)
{
    if (current(self)->live.world == NULL || at_end(self))
        return current(self)->live.world;
    replay(self);
    return self->replay.world;
}

/* ---- branches ---- */

/* Everything that a reader could have looked at is another now. */
static void tell_branch(MgSession *self)
{
    uint32_t n = mg_trace_n_records(current(self)->trace);
    bool moved = self->position > n, lost = self->selected > n;
    self->position = MIN(self->position, n);
    if (lost)
        self->selected = 0;
    self->told = n;
    GObject *object = G_OBJECT(self);
    g_object_freeze_notify(object);
    g_object_notify_by_pspec(object, props[PROP_TRACE]);
    g_object_notify_by_pspec(object, props[PROP_N_RECORDS]);
    if (moved)
        g_object_notify_by_pspec(object, props[PROP_POSITION]);
    if (lost)
        g_object_notify_by_pspec(object, props[PROP_SELECTED]);
    g_object_thaw_notify(object);
}

/* The replay, which stands at the position, becomes the world of a new branch. */
static void branch_off(MgSession *self)
{
    Branch *old = current(self);
    Branch *branch = branch_new(mg_world_trace(self->replay.world));
    branch->live = self->replay;
    self->replay = (Play){0};
    for (unsigned i = 0; i < branch->live.done; i++) {
        const Deed *deed = g_ptr_array_index(old->deeds, i);
        g_ptr_array_add(branch->deeds, deed_new(&deed->what, deed->steps));
    }
    g_ptr_array_add(self->branches, branch);
    self->branch = self->branches->len - 1;
}

bool mg_session_intervene(MgSession *self, const char *text, GBytes *file, GError **error)
{
    if (current(self)->live.world == NULL) {
        g_set_error(error, MG_ERROR, MG_ERROR_CONFIG,
                    _("this is a record of what happened: nothing can be done in it"));
        return false;
    }
    bool fork = !at_end(self);
    if (fork)
        replay(self);
    Play *play = fork ? &self->replay : &current(self)->live;
    MgIntervention what = {play_reached(play), mg_world_now(play->world), (char *)text, file};
    if (!mg_world_intervene(play->world, &what, error))
        return false;
    if (fork)
        branch_off(self);
    Branch *branch = current(self);
    g_ptr_array_add(branch->deeds, deed_new(&what, branch->live.steps));
    branch->live.done++;
    play_to(&branch->live, branch->deeds, MAX(MG_SESSION_RECORDS_MAX, self->position + PLAY_ON));
    if (fork)
        tell_branch(self);
    else
        mg_session_grown(self);
    return true;
}

size_t mg_session_n_branches(MgSession *self)
{
    return self->branches->len;
}

size_t mg_session_branch(MgSession *self)
{
    return self->branch;
}

void mg_session_set_branch(MgSession *self, size_t branch)
{
    g_assert(branch < self->branches->len);
    if (branch == self->branch)
        return;
    self->branch = (unsigned)branch;
    play_clear(&self->replay);
    tell_branch(self);
}
