/* SPDX-License-Identifier: GPL-3.0-or-later */
/* player.c - a beat for each event
 *
 * A beat is a way and a rest: the token travels, then the words stay to be read. The position is
 * the record whose token is on its way, so a step forward starts a way; where the eye jumps to, it
 * rests. With reduced motion every token is shown so, and a beat is a rest. */
#include "player.h"

#include "words.h"

#define WAY_US  900000 /* at normal speed */
#define REST_US 500000

struct _MgPlayer {
    GObject parent_instance;
    MgSession *session; /* not owned: it owns this */
    MgSpeed speed;
    MgStep step;
    MgView view;
    gboolean jumped; /* this token is not seen to travel */
    uint32_t position;
    double progress;
    gint64 began; /* frame time; 0: at the next tick */
    gboolean moving;
};

enum { CHANGED, MOVED, N_SIGNALS };
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE(MgPlayer, mg_player, G_TYPE_OBJECT)

static const double factors[] = {
    [MG_SPEED_QUARTER] = 4, [MG_SPEED_NORMAL] = 1, [MG_SPEED_FOUR] = 0.25, [MG_SPEED_MAX] = 0.02};

static void mg_player_class_init(MgPlayerClass *class)
{
    signals[CHANGED] = g_signal_new("changed", MG_TYPE_PLAYER, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                    NULL, G_TYPE_NONE, 0);
    signals[MOVED] = g_signal_new("moved", MG_TYPE_PLAYER, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                                  G_TYPE_NONE, 0);
}

static void mg_player_init(MgPlayer *self)
{
    self->speed = MG_SPEED_NORMAL;
    self->step = MG_STEP_EXCHANGE;
    self->progress = MG_PLAYER_REST;
    self->jumped = TRUE;
}

static void set_moving(MgPlayer *self, gboolean moving)
{
    if (self->moving == moving)
        return;
    self->moving = moving;
    g_signal_emit(self, signals[CHANGED], 0);
}

/* Reduced motion; also without a display, where nothing can move. */
static gboolean is_still(void)
{
    gboolean animations = FALSE;
    GtkSettings *settings = gtk_settings_get_default();
    if (settings != NULL)
        g_object_get(settings, "gtk-enable-animations", &animations, NULL);
    return !animations;
}

static void on_position(MgSession *session, GParamSpec *spec, MgPlayer *self)
{
    uint32_t position = mg_session_position(session);
    self->jumped = position <= self->position || is_still();
    self->position = position;
    self->began = 0;
    self->progress = self->jumped ? MG_PLAYER_REST : 0;
    set_moving(self, !self->jumped || mg_session_playing(session));
    g_signal_emit(self, signals[MOVED], 0);
}

static void on_playing(MgSession *session, GParamSpec *spec, MgPlayer *self)
{
    if (mg_session_playing(session)) {
        self->began = 0;
        mg_player_go(self, self->step, FALSE); /* the first beat begins at once */
        set_moving(self, mg_session_playing(session));
    } else if (self->jumped || self->progress >= 1) {
        set_moving(self, FALSE);
    }
    g_signal_emit(self, signals[CHANGED], 0);
}

MgPlayer *mg_player_get(MgSession *session)
{
    MgPlayer *self = g_object_get_data(G_OBJECT(session), "mg-player");
    if (self != NULL)
        return self;
    self = g_object_new(MG_TYPE_PLAYER, NULL);
    self->session = session;
    self->position = mg_session_position(session);
    g_object_set_data_full(G_OBJECT(session), "mg-player", self, g_object_unref);
    g_signal_connect_object(session, "notify::position", G_CALLBACK(on_position), self, 0);
    g_signal_connect_object(session, "notify::playing", G_CALLBACK(on_playing), self, 0);
    return self;
}

MgSpeed mg_player_speed(MgPlayer *self)
{
    return self->speed;
}

void mg_player_set_speed(MgPlayer *self, MgSpeed speed)
{
    self->speed = speed;
    self->began = 0;
    g_signal_emit(self, signals[CHANGED], 0);
}

MgStep mg_player_step(MgPlayer *self)
{
    return self->step;
}

void mg_player_set_step(MgPlayer *self, MgStep step)
{
    self->step = step;
    g_signal_emit(self, signals[CHANGED], 0);
}

MgView mg_player_view(MgPlayer *self)
{
    return self->view;
}

void mg_player_set_view(MgPlayer *self, MgView view)
{
    uint32_t position = mg_session_position(self->session);
    uint32_t moment = mg_view_moment(view, mg_session_trace(self->session), position);
    uint32_t fence = mg_session_fence(self->session);
    self->view = view;
    g_signal_emit(self, signals[CHANGED], 0);
    if (moment != position && (fence == 0 || moment <= fence))
        mg_session_seek(self->session, moment);
}

gboolean mg_player_is_moving(MgPlayer *self)
{
    return self->moving;
}

double mg_player_progress(MgPlayer *self)
{
    return self->progress;
}

/* Of a flood that says the same at the same moment, the first is seen, then the last: who guesses
 * sends thousands. */
static uint32_t past_flood(MgSession *session, uint32_t to)
{
    const MgTrace *trace = mg_session_trace(session);
    uint32_t from = mg_session_position(session), fence = mg_session_fence(session);
    uint32_t end = fence != 0 ? fence : mg_trace_n_records(trace);
    if (from == 0 || to <= from)
        return to;
    for (uint32_t n = to; n <= end; n++) {
        const MgRecord *record = mg_trace_record(trace, n);
        if (record->at != mg_trace_record(trace, from)->at || record->flow == 0 ||
            mg_trace_flow(trace, record->flow)->transport != MG_TRANSPORT_DATAGRAM ||
            !mg_words_says_again(trace, from, n))
            break;
        to = n;
    }
    return to;
}

/* Of what a step leads to, the next that the view does not hide; back or on to the end if none. */
static uint32_t past_hidden(const MgPlayer *self, uint32_t to, MgStep step, gboolean back)
{
    const MgTrace *trace = mg_session_trace(self->session);
    uint32_t fence = mg_session_fence(self->session);
    uint32_t end = fence != 0 ? fence : mg_trace_n_records(trace);
    if (to == 0 || !mg_view_hides(self->view, trace, to))
        return to;
    for (uint32_t n = back ? to - 1 : to + 1; n > 0 && n <= end; n = back ? n - 1 : n + 1) {
        const MgRecord *record = mg_trace_record(trace, n);
        bool counts = step == MG_STEP_RECORD ||
                      (record->kind == MG_RECORD_EXCHANGE && record->unit != MG_UNIT_NOTE);
        if (counts && !mg_view_hides(self->view, trace, n))
            return n;
    }
    return back ? 0 : end;
}

void mg_player_go(MgPlayer *self, MgStep step, gboolean back)
{
    uint32_t to = mg_session_peek(self->session, step, back);
    to = past_hidden(self, to, step, back);
    if (!back && step == MG_STEP_EXCHANGE)
        to = past_flood(self->session, to);
    if (to == mg_session_position(self->session)) {
        if (!back)
            mg_session_set_playing(self->session, FALSE);
        return;
    }
    mg_session_seek(self->session, to);
}

void mg_player_tick(MgPlayer *self, gint64 now)
{
    if (!self->moving)
        return;
    double factor = factors[self->speed];
    if (self->began == 0) /* what is left of the way goes on from here, also at another speed */
        self->began = now - (gint64)((self->jumped ? 0 : self->progress) * WAY_US * factor);
    double passed = (double)(now - self->began) / factor;
    double progress = self->jumped ? self->progress : CLAMP(passed / WAY_US, 0, 1);
    if (progress != self->progress) {
        self->progress = progress;
        g_signal_emit(self, signals[MOVED], 0);
    }
    gboolean playing = mg_session_playing(self->session);
    if (passed < WAY_US + (playing ? REST_US : 0))
        return;
    if (playing)
        mg_player_go(self, self->step, FALSE);
    else
        set_moving(self, FALSE);
}
