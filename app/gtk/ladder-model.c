/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ladder-model.c - the rows of the ladder as a list model */
#include "ladder-model.h"

#include "player.h"

#define FILTER_SLICE 2000u /* records a filter looks at between two frames */

struct _MgLadderRow {
    GObject parent_instance;
    uint32_t n;
};

G_DEFINE_FINAL_TYPE(MgLadderRow, mg_ladder_row, G_TYPE_OBJECT)

static void mg_ladder_row_class_init(MgLadderRowClass *class)
{
}

static void mg_ladder_row_init(MgLadderRow *row)
{
}

uint32_t mg_ladder_row_record(MgLadderRow *row)
{
    return row->n;
}

struct _MgLadderModel {
    GObject parent_instance;
    MgSession *session;
    MgLadderIndex *index;
    uint32_t n_items; /* as told */
    unsigned idle;    /* a filter is at work */
};

enum { CHANGED, N_SIGNALS };
static unsigned signals[N_SIGNALS];

static void model_init(GListModelInterface *interface);

G_DEFINE_FINAL_TYPE_WITH_CODE(MgLadderModel, mg_ladder_model, G_TYPE_OBJECT,
                              G_IMPLEMENT_INTERFACE(G_TYPE_LIST_MODEL, model_init))

/* ---- the list ---- */

static GType get_item_type(GListModel *list)
{
    return MG_TYPE_LADDER_ROW;
}

static unsigned get_n_items(GListModel *list)
{
    return MG_LADDER_MODEL(list)->n_items;
}

static void *get_item(GListModel *list, unsigned position)
{
    MgLadderModel *self = MG_LADDER_MODEL(list);
    if (position >= self->n_items)
        return NULL;
    MgLadderRow *row = g_object_new(MG_TYPE_LADDER_ROW, NULL);
    row->n = mg_ladder_index_record(self->index, position);
    return row;
}

static void model_init(GListModelInterface *interface)
{
    interface->get_item_type = get_item_type;
    interface->get_n_items = get_n_items;
    interface->get_item = get_item;
}

/* ---- following the session ---- */

/* All rows are others. */
static void reset(MgLadderModel *self)
{
    uint32_t old = self->n_items;
    self->n_items = mg_ladder_index_n_rows(self->index, mg_session_position(self->session));
    g_list_model_items_changed(G_LIST_MODEL(self), 0, old, self->n_items);
    g_signal_emit(self, signals[CHANGED], 0);
}

/* Rows were added or taken away at the end. */
static void update(MgLadderModel *self)
{
    uint32_t old = self->n_items;
    uint32_t n = mg_ladder_index_n_rows(self->index, mg_session_position(self->session));
    self->n_items = n;
    if (n != old)
        g_list_model_items_changed(G_LIST_MODEL(self), MIN(n, old), old > n ? old - n : 0,
                                   n > old ? n - old : 0);
}

static gboolean filter_on(void *data)
{
    MgLadderModel *self = data;
    bool more = mg_ladder_index_catch_up(self->index, FILTER_SLICE);
    update(self);
    if (more)
        return G_SOURCE_CONTINUE;
    self->idle = 0;
    g_signal_emit(self, signals[CHANGED], 0);
    return G_SOURCE_REMOVE;
}

static void catch_up(MgLadderModel *self)
{
    bool slow = mg_ladder_index_is_filtered(self->index);
    if (mg_ladder_index_catch_up(self->index, slow ? FILTER_SLICE : UINT32_MAX) && self->idle == 0)
        self->idle = g_idle_add(filter_on, self);
}

static void on_position(MgLadderModel *self)
{
    update(self);
}

static void on_grown(MgLadderModel *self)
{
    uint32_t columns = mg_ladder_index_n_columns(self->index);
    catch_up(self);
    update(self);
    if (columns != mg_ladder_index_n_columns(self->index))
        g_signal_emit(self, signals[CHANGED], 0);
}

static void on_trace(MgLadderModel *self)
{
    if (mg_ladder_index_trace(self->index) == mg_session_trace(self->session))
        return;
    uint32_t old = self->n_items;
    self->n_items = 0;
    g_clear_handle_id(&self->idle, g_source_remove);
    g_list_model_items_changed(G_LIST_MODEL(self), 0, old, 0);
    MgView view = mg_ladder_index_view(self->index);
    mg_ladder_index_free(self->index);
    self->index = mg_ladder_index_new(mg_session_trace(self->session));
    mg_ladder_index_set_view(self->index, view);
    catch_up(self);
    reset(self);
}

static void on_player(MgLadderModel *self)
{
    MgView view = mg_player_view(mg_player_get(self->session));
    if (view == mg_ladder_index_view(self->index))
        return;
    uint32_t old = self->n_items;
    self->n_items = 0;
    g_list_model_items_changed(G_LIST_MODEL(self), 0, old, 0);
    mg_ladder_index_set_view(self->index, view);
    catch_up(self);
    reset(self);
}

bool mg_ladder_model_set_filter(MgLadderModel *self, const char *text, GError **error)
{
    MgFilter *filter = NULL;
    g_autofree char *stripped = g_strstrip(g_strdup(text));
    if (stripped[0] != '\0') {
        filter = mg_filter_new(stripped, mg_session_registry(self->session), error);
        if (filter == NULL)
            return false;
    } else if (!mg_ladder_index_is_filtered(self->index)) {
        return true;
    }
    uint32_t old = self->n_items;
    self->n_items = 0;
    g_list_model_items_changed(G_LIST_MODEL(self), 0, old, 0);
    mg_ladder_index_set_filter(self->index, filter);
    catch_up(self);
    reset(self);
    return true;
}

void mg_ladder_model_toggle(MgLadderModel *self, uint32_t n)
{
    uint32_t row = 0, old = self->n_items;
    if (!mg_ladder_index_row_of(self->index, n, &row))
        return;
    mg_ladder_index_toggle(self->index, n);
    mg_ladder_index_row_of(self->index, n, &row);
    uint32_t position = mg_session_position(self->session);
    self->n_items = mg_ladder_index_n_rows(self->index, position);
    row = MIN(row, MIN(old, self->n_items));
    g_list_model_items_changed(G_LIST_MODEL(self), row, old - row, self->n_items - row);
    g_signal_emit(self, signals[CHANGED], 0);
}

void mg_ladder_model_reveal(MgLadderModel *self, uint32_t n)
{
    uint32_t row;
    while (mg_ladder_index_catch_up(self->index, G_MAXUINT))
        continue;
    if (n == 0 || !mg_ladder_index_row_of(self->index, n, &row))
        return;
    uint32_t shown = mg_ladder_index_record(self->index, row);
    const MgFold *fold = shown != n ? mg_ladder_index_fold(self->index, shown) : NULL;
    if (fold != NULL && !fold->open)
        mg_ladder_model_toggle(self, shown);
}

/* ---- the object ---- */

static void mg_ladder_model_dispose(GObject *object)
{
    MgLadderModel *self = MG_LADDER_MODEL(object);
    g_clear_handle_id(&self->idle, g_source_remove);
    if (self->session != NULL)
        g_signal_handlers_disconnect_by_data(self->session, self);
    g_clear_object(&self->session);
    G_OBJECT_CLASS(mg_ladder_model_parent_class)->dispose(object);
}

static void mg_ladder_model_finalize(GObject *object)
{
    mg_ladder_index_free(MG_LADDER_MODEL(object)->index);
    G_OBJECT_CLASS(mg_ladder_model_parent_class)->finalize(object);
}

static void mg_ladder_model_class_init(MgLadderModelClass *class)
{
    G_OBJECT_CLASS(class)->dispose = mg_ladder_model_dispose;
    G_OBJECT_CLASS(class)->finalize = mg_ladder_model_finalize;
    signals[CHANGED] = g_signal_new("changed", MG_TYPE_LADDER_MODEL, G_SIGNAL_RUN_LAST, 0, NULL,
                                    NULL, NULL, G_TYPE_NONE, 0);
}

static void mg_ladder_model_init(MgLadderModel *self)
{
}

MgLadderModel *mg_ladder_model_new(MgSession *session)
{
    MgLadderModel *self = g_object_new(MG_TYPE_LADDER_MODEL, NULL);
    self->session = g_object_ref(session);
    self->index = mg_ladder_index_new(mg_session_trace(session));
    mg_ladder_index_set_view(self->index, mg_player_view(mg_player_get(session)));
    catch_up(self);
    self->n_items = mg_ladder_index_n_rows(self->index, mg_session_position(session));
    g_signal_connect_swapped(session, "notify::position", G_CALLBACK(on_position), self);
    g_signal_connect_swapped(session, "notify::n-records", G_CALLBACK(on_grown), self);
    g_signal_connect_swapped(session, "notify::trace", G_CALLBACK(on_trace), self);
    g_signal_connect_object(mg_player_get(session), "changed", G_CALLBACK(on_player), self,
                            G_CONNECT_SWAPPED);
    return self;
}

MgSession *mg_ladder_model_session(MgLadderModel *self)
{
    return self->session;
}

MgLadderIndex *mg_ladder_model_index(MgLadderModel *self)
{
    return self->index;
}
