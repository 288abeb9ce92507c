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
    uint32_t fence, stop;
    char **pointed; /* (nullable) */
    bool playing;
};

enum {
    PROP_POSITION = 1,
    PROP_N_RECORDS,
    PROP_SELECTED,
    PROP_PLAYING,
    PROP_TRACE,
    PROP_FENCE,
    PROP_POINTED,
    N_PROPS
};
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

/* What happens next by itself; false when nothing is left. */
static bool play_by_itself(Play *play)
{
    play->before = play_reached(play);
    if (!mg_world_step(play->world, MG_TIME_NEVER))
        return false;
    play->steps++;
    return true;
}

/* Does the next thing, which is a deed where one was done. False when nothing is left. */
static bool play_step(Play *play, const GPtrArray *deeds)
{
    const Deed *deed = play->done < deeds->len ? g_ptr_array_index(deeds, play->done) : NULL;
    if (deed != NULL && deed->steps == play->steps) {
        play->before = play_reached(play);
        bool same = mg_world_intervene(play->world, &deed->what, NULL);
        g_assert(same); /* it was possible the first time, and a run repeats */
        play->done++;
        return true;
    }
    return play_by_itself(play);
}

static void play_to(Play *play, const GPtrArray *deeds, uint32_t n)
{
    while (play_reached(play) < n && play_step(play, deeds))
        continue;
}

/* Somebody is at a console, and nothing is under way that would tell them more. */
static bool stands_still(const Play *play)
{
    MgTime next = mg_world_next(play->world);
    return mg_runtime_waits(mg_world_runtime(play->world)) &&
           (next == MG_TIME_NEVER || next - mg_world_now(play->world) > MG_SESSION_PATIENCE);
}

/* Onward from the last deed, as long as it goes by itself. */
static void play_live(Play *play, const GPtrArray *deeds, uint32_t n)
{
    while (play_reached(play) < n && !stands_still(play) && play_step(play, deeds))
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

static Branch *current(const MgSession *session)
{
    return g_ptr_array_index(session->branches, session->branch);
}

/* ---- the object ---- */

static void mg_session_get_property(GObject *object, guint id, GValue *value, GParamSpec *spec)
{
    MgSession *session = MG_SESSION(object);
    switch (id) {
    case PROP_POSITION:
        g_value_set_uint(value, session->position);
        break;
    case PROP_N_RECORDS:
        g_value_set_uint(value, mg_trace_n_records(current(session)->trace));
        break;
    case PROP_SELECTED:
        g_value_set_uint(value, session->selected);
        break;
    case PROP_PLAYING:
        g_value_set_boolean(value, session->playing);
        break;
    case PROP_TRACE:
        g_value_set_pointer(value, current(session)->trace);
        break;
    case PROP_FENCE:
        g_value_set_uint(value, session->fence);
        break;
    case PROP_POINTED:
        g_value_set_boxed(value, session->pointed);
        break;
    default:
        G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
    }
}

static void mg_session_finalize(GObject *object)
{
    MgSession *session = MG_SESSION(object);
    play_clear(&session->replay);
    g_ptr_array_unref(session->branches);
    g_strfreev(session->pointed);
    g_clear_pointer(&session->network, mg_network_free);
    g_clear_pointer(&session->registry, mg_registry_unref);
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
    props[PROP_FENCE] = g_param_spec_uint("fence", NULL, NULL, 0, G_MAXUINT, 0, flags);
    props[PROP_POINTED] = g_param_spec_boxed("pointed", NULL, NULL, G_TYPE_STRV, flags);
    g_object_class_install_properties(object_class, N_PROPS, props);
}

static void mg_session_init(MgSession *session)
{
    session->branches = g_ptr_array_new_with_free_func(branch_free);
}

MgSession *mg_session_new_for_trace(MgTrace *trace)
{
    MgSession *session = g_object_new(MG_TYPE_SESSION, NULL);
    session->registry = mg_registry_ref(mg_trace_registry(trace));
    session->seed = mg_trace_seed(trace);
    g_ptr_array_add(session->branches, branch_new(trace));
    session->told = mg_trace_n_records(trace);
    return session;
}

MgSession *mg_session_new(const char *path, MgRegistry *registry, uint64_t seed,
                          GPtrArray *problems)
{
    MgNetwork *network = mg_network_load(path, registry, problems);
    return network != NULL ? mg_session_new_for_network(network, registry, seed, problems) : NULL;
}

MgSession *mg_session_new_for_network(MgNetwork *network, MgRegistry *registry, uint64_t seed,
                                      GPtrArray *problems)
{
    MgWorld *world = mg_world_new(network, registry, seed, problems);
    if (world == NULL) {
        mg_network_free(network);
        return NULL;
    }
    MgSession *session = mg_session_new_for_trace(mg_world_trace(world));
    session->network = network;
    session->seed = seed;
    Branch *branch = current(session);
    branch->live.world = world;
    play_live(&branch->live, branch->deeds, MG_SESSION_RECORDS_MAX);
    session->told = mg_trace_n_records(branch->trace);
    return session;
}

void mg_session_grown(MgSession *session)
{
    uint32_t n = mg_trace_n_records(current(session)->trace);
    if (n == session->told)
        return;
    session->told = n;
    g_object_notify_by_pspec(G_OBJECT(session), props[PROP_N_RECORDS]);
}

const MgNetwork *mg_session_network(MgSession *session)
{
    return session->network;
}

MgTrace *mg_session_trace(MgSession *session)
{
    return current(session)->trace;
}

MgRegistry *mg_session_registry(MgSession *session)
{
    return session->registry;
}

uint64_t mg_session_seed(MgSession *session)
{
    return session->seed;
}

/* ---- the position ---- */

uint32_t mg_session_position(MgSession *session)
{
    return session->position;
}

/* A run that was longer than what is played at once goes on when the eye comes to its end. */
static void play_on(MgSession *session)
{
    Branch *branch = current(session);
    uint32_t n = mg_trace_n_records(branch->trace);
    if (branch->live.world == NULL || session->position < n)
        return;
    play_live(&branch->live, branch->deeds, n + PLAY_ON);
    mg_session_grown(session);
}

void mg_session_seek(MgSession *session, uint32_t n)
{
    n = MIN(n, mg_trace_n_records(current(session)->trace));
    if (session->fence != 0)
        n = MIN(n, session->fence);
    if (n != session->position) {
        session->position = n;
        g_object_notify_by_pspec(G_OBJECT(session), props[PROP_POSITION]);
        play_on(session);
    }
    bool stop = session->stop != 0 && session->position >= session->stop;
    if (stop || (session->fence != 0 && session->position == session->fence)) {
        session->stop = stop ? 0 : session->stop;
        mg_session_set_playing(session, false);
    }
}

void mg_session_follow(MgSession *session)
{
    size_t n = mg_session_n_deeds(session);
    if (n > 0)
        mg_session_seek(session, mg_session_deed(session, n - 1)->after + 1);
}

uint32_t mg_session_peek(MgSession *session, MgStep step, bool back)
{
    uint32_t n = mg_steps_peek(current(session)->index, session->position, step, back);
    return session->fence != 0 && n > session->fence ? session->fence : n;
}

void mg_session_step(MgSession *session, MgStep step, bool back)
{
    mg_session_seek(session, mg_session_peek(session, step, back));
}

bool mg_session_run_until(MgSession *session, const char *filter, GError **error)
{
    g_autoptr(MgFilter) wanted = mg_filter_new(filter, session->registry, error);
    if (wanted == NULL)
        return false;
    const MgTrace *trace = current(session)->trace;
    uint32_t last = mg_trace_n_records(trace);
    if (session->fence != 0)
        last = MIN(last, session->fence);
    for (uint32_t n = session->position + 1; n <= last; n++) {
        if (mg_filter_match(wanted, trace, n)) {
            mg_session_seek(session, n);
            return true;
        }
    }
    return false;
}

uint32_t mg_session_fence(MgSession *session)
{
    return session->fence;
}

void mg_session_set_fence(MgSession *session, uint32_t n)
{
    if (n == session->fence)
        return;
    session->fence = n;
    g_object_notify_by_pspec(G_OBJECT(session), props[PROP_FENCE]);
    if (n != 0 && session->position > n)
        mg_session_seek(session, n);
}

void mg_session_set_stop(MgSession *session, uint32_t n)
{
    session->stop = n;
}

/* ---- what glows ---- */

const char *const *mg_session_pointed(MgSession *session)
{
    return (const char *const *)session->pointed;
}

void mg_session_point(MgSession *session, const char *const *names)
{
    bool none = names == NULL || names[0] == NULL;
    if (none ? session->pointed == NULL
             : session->pointed != NULL &&
                   g_strv_equal((const char *const *)session->pointed, names))
        return;
    char **before = session->pointed;
    session->pointed = none ? NULL : g_strdupv((char **)names);
    g_strfreev(before);
    g_object_notify_by_pspec(G_OBJECT(session), props[PROP_POINTED]);
}

bool mg_session_points_at(MgSession *session, const char *name)
{
    return session->pointed != NULL && g_strv_contains((const char *const *)session->pointed, name);
}

MgTime mg_session_time(MgSession *session)
{
    return session->position > 0 ? mg_trace_record(current(session)->trace, session->position)->at
                                 : 0;
}

uint32_t mg_session_selected(MgSession *session)
{
    return session->selected;
}

void mg_session_select(MgSession *session, uint32_t n)
{
    g_assert(n <= mg_trace_n_records(current(session)->trace));
    if (n == session->selected)
        return;
    session->selected = n;
    g_object_notify_by_pspec(G_OBJECT(session), props[PROP_SELECTED]);
}

bool mg_session_playing(MgSession *session)
{
    return session->playing;
}

void mg_session_set_playing(MgSession *session, bool playing)
{
    if (playing == session->playing)
        return;
    session->playing = playing;
    g_object_notify_by_pspec(G_OBJECT(session), props[PROP_PLAYING]);
}

/* ---- the network at the position ---- */

static bool at_end(const MgSession *session)
{
    return session->position == mg_trace_n_records(current(session)->trace);
}

/* What was played again is what was played before: a run is network + seed + interventions. */
static void assert_same(const MgSession *session)
{
    const MgTrace *live = current(session)->trace;
    const MgTrace *again = mg_world_trace(session->replay.world);
    uint32_t n = mg_trace_n_records(again);
    g_assert(n >= session->position && n <= mg_trace_n_records(live));
    if (n == 0)
        return;
    const MgRecord *a = mg_trace_record(live, n), *b = mg_trace_record(again, n);
    g_assert(a->at == b->at && a->kind == b->kind && a->from == b->from && a->to == b->to);
    g_assert(a->flow == b->flow && a->len == b->len && a->parent == b->parent);
}

static void replay(MgSession *session)
{
    Branch *branch = current(session);
    /* One step may leave several records: a position among them is where the replay stands. */
    if (session->replay.world != NULL && session->replay.steps + session->replay.done > 0 &&
        session->replay.before >= session->position)
        play_clear(&session->replay);
    if (session->replay.world == NULL) {
        g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
        session->replay = (Play){
            .world = mg_world_new(session->network, session->registry, session->seed, problems)};
        g_assert(session->replay.world != NULL); /* it could be made the first time */
    }
    play_to(&session->replay, branch->deeds, session->position);
    assert_same(session);
}

MgWorld *mg_session_world(MgSession *session)
{
    if (current(session)->live.world == NULL || at_end(session))
        return current(session)->live.world;
    replay(session);
    return session->replay.world;
}

/* ---- branches ---- */

/* Everything that a reader could have looked at is another now. */
static void tell_branch(MgSession *session)
{
    uint32_t n = mg_trace_n_records(current(session)->trace);
    bool moved = session->position > n, lost = session->selected > n;
    session->position = MIN(session->position, n);
    if (lost)
        session->selected = 0;
    session->told = n;
    GObject *object = G_OBJECT(session);
    g_object_freeze_notify(object);
    g_object_notify_by_pspec(object, props[PROP_TRACE]);
    g_object_notify_by_pspec(object, props[PROP_N_RECORDS]);
    if (moved)
        g_object_notify_by_pspec(object, props[PROP_POSITION]);
    if (lost)
        g_object_notify_by_pspec(object, props[PROP_SELECTED]);
    g_object_thaw_notify(object);
}

void mg_session_restart(MgSession *session)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    g_assert(session->network != NULL);
    mg_session_set_playing(session, false);
    MgWorld *world = mg_world_new(session->network, session->registry, session->seed, problems);
    g_assert(world != NULL);               /* it could be made the first time */
    GPtrArray *before = session->branches; /* views may look at it until they are told */
    session->branches = g_ptr_array_new_with_free_func(branch_free);
    session->branch = 0;
    play_clear(&session->replay);
    Branch *branch = branch_new(mg_world_trace(world));
    g_ptr_array_add(session->branches, branch);
    branch->live.world = world;
    play_live(&branch->live, branch->deeds, MG_SESSION_RECORDS_MAX);
    session->position = session->selected = session->fence = session->stop = 0;
    session->told = mg_trace_n_records(branch->trace);
    GObject *object = G_OBJECT(session);
    g_object_freeze_notify(object);
    const unsigned changed[] = {PROP_TRACE, PROP_N_RECORDS, PROP_POSITION, PROP_SELECTED,
                                PROP_FENCE};
    for (size_t i = 0; i < G_N_ELEMENTS(changed); i++)
        g_object_notify_by_pspec(object, props[changed[i]]);
    g_object_thaw_notify(object);
    g_ptr_array_unref(before);
}

/* The replay, which stands at the position, becomes the world of a new branch. */
static void branch_off(MgSession *session)
{
    Branch *old = current(session);
    Branch *branch = branch_new(mg_world_trace(session->replay.world));
    branch->live = session->replay;
    session->replay = (Play){0};
    for (unsigned i = 0; i < branch->live.done; i++) {
        const Deed *deed = g_ptr_array_index(old->deeds, i);
        g_ptr_array_add(branch->deeds, deed_new(&deed->what, deed->steps));
    }
    g_ptr_array_add(session->branches, branch);
    session->branch = session->branches->len - 1;
}

/* "wait 5min": what is due until then happens, and nothing that was done later in the story that
 * this one leaves; `at` is then. */
static bool wait_for(Play *play, const char *text, MgTime *at, GError **error)
{
    MgTime time;
    if (!mg_time_parse(text + strlen(MG_WAIT), &time)) {
        g_set_error(error, MG_ERROR, MG_ERROR_CONFIG,
                    _("a time is written like 20ms, 5s or 15min, not \"%s\""),
                    text + strlen(MG_WAIT));
        return false;
    }
    *at = mg_world_now(play->world) + time;
    while (mg_world_next(play->world) <= *at && play_reached(play) < MG_SESSION_RECORDS_MAX &&
           play_by_itself(play))
        continue;
    return true;
}

static bool intervene(MgSession *session, Play *play, MgIntervention *what, GError **error)
{
    what->at = mg_world_now(play->world);
    if (g_str_has_prefix(what->text, MG_WAIT) && !wait_for(play, what->text, &what->at, error))
        return false;
    what->after = play_reached(play);
    return mg_world_intervene(play->world, what, error);
}

bool mg_session_intervene(MgSession *session, const char *text, GBytes *file, GError **error)
{
    if (current(session)->live.world == NULL) {
        g_set_error(error, MG_ERROR, MG_ERROR_CONFIG,
                    _("this is a record of what happened: nothing can be done in it"));
        return false;
    }
    bool fork = !at_end(session);
    if (fork)
        replay(session);
    Play *play = fork ? &session->replay : &current(session)->live;
    MgIntervention what = {.text = (char *)text, .file = file};
    if (!intervene(session, play, &what, error)) {
        if (fork)
            play_clear(play); /* it may stand beyond the position now */
        return false;
    }
    if (fork)
        branch_off(session);
    Branch *branch = current(session);
    g_ptr_array_add(branch->deeds, deed_new(&what, branch->live.steps));
    branch->live.done++;
    play_live(&branch->live, branch->deeds,
              MAX(MG_SESSION_RECORDS_MAX, session->position + PLAY_ON));
    if (fork)
        tell_branch(session);
    else
        mg_session_grown(session);
    return true;
}

size_t mg_session_n_deeds(MgSession *session)
{
    return current(session)->deeds->len;
}

const MgIntervention *mg_session_deed(MgSession *session, size_t i)
{
    g_assert(i < current(session)->deeds->len);
    return &((const Deed *)g_ptr_array_index(current(session)->deeds, i))->what;
}

bool mg_session_waits(MgSession *session, MgHostId host, MgFlowId *flow)
{
    MgWorld *world = mg_session_world(session);
    return world != NULL && mg_runtime_waiting(mg_world_runtime(world), host, flow);
}

size_t mg_session_n_branches(MgSession *session)
{
    return session->branches->len;
}

size_t mg_session_branch(MgSession *session)
{
    return session->branch;
}

void mg_session_set_branch(MgSession *session, size_t branch)
{
    g_assert(branch < session->branches->len);
    if (branch == session->branch)
        return;
    session->branch = (unsigned)branch;
    play_clear(&session->replay);
    tell_branch(session);
}
