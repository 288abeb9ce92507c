/* SPDX-License-Identifier: GPL-3.0-or-later */
/* trace-write.c - what happened becomes records: streams are cut into exchanges as octets come
 *
 * An octet is copied once, into the arena. Only a unit that came in several pieces, with other
 * flows' octets in between, is copied together a second time when it is whole. Octets of a real
 * flow wait outside the arena until cut() has said which of them are a password. */
#include "trace-private.h"

#define UNIT_MAX ((size_t)128 * 1024) /* dissect.h: cut() must have found a unit by then */

/* ---- a stream's life ---- */

static MgStream *new_stream(MgTrace *trace)
{
    MgStream *stream = g_new0(MgStream, 1);
    stream->live = g_new0(MgLive, 1);
    trace->stream_memory += sizeof *stream;
    return stream;
}

static void free_waiting(MgWaiting *waiting)
{
    if (waiting->gather != NULL)
        g_byte_array_unref(waiting->gather);
    if (waiting->pieces != NULL)
        g_array_unref(waiting->pieces);
    waiting->gather = NULL;
    waiting->pieces = NULL;
}

static void free_live(MgLive *live)
{
    if (live == NULL)
        return;
    free_waiting(&live->waiting[0]);
    free_waiting(&live->waiting[1]);
    g_free(live->layer);
    g_free(live->conversation);
    g_free(live);
}

void mg_trace_free_stream(MgTrace *trace, MgStream *stream)
{
    if (stream == NULL)
        return;
    mg_trace_free_stream(trace, stream->inner);
    free_live(stream->live);
    trace->stream_memory -= sizeof *stream;
    for (int i = 0; i < 2; i++) {
        trace->stream_memory -= stream->course[i].room * sizeof(MgCut);
        g_free(stream->course[i].cuts);
        g_free(stream->inside[i].n);
    }
    g_free(stream);
}

static MgStream *stream_of(MgTrace *trace, MgFlowId flow)
{
    MgFlowState *state = mg_trace_state(trace, flow);
    if (state->stream == NULL)
        state->stream = new_stream(trace);
    return state->stream;
}

/* A flow that is over keeps where its exchanges end, in memory of just that size. */
static void finish(MgTrace *trace, MgStream *stream)
{
    free_live(stream->live);
    stream->live = NULL;
    for (int i = 0; i < 2; i++) {
        MgCourse *course = &stream->course[i];
        trace->stream_memory -= (course->room - course->n_cuts) * sizeof(MgCut);
        course->cuts = g_realloc_n(course->cuts, course->n_cuts, sizeof(MgCut));
        course->room = course->n_cuts;
    }
}

/* ---- exchanges ---- */

static MgRecord *add_exchange(MgTrace *trace, MgFlowId id, MgDirection direction, MgTime now,
                              uint32_t *n)
{
    const MgFlow *flow = mg_trace_flow(trace, id);
    MgRecord *record = mg_trace_new_record(trace, MG_RECORD_EXCHANGE, now, n);
    bool from_server = direction == MG_FROM_SERVER;
    record->until = MG_TIME_NEVER;
    mg_trace_state(trace, id)->newest = *n;
    record->parent = flow->parent;
    record->flow = id;
    record->from = from_server ? flow->server : flow->client;
    record->to = from_server ? flow->client : flow->server;
    record->dissector = flow->dissector;
    record->flags =
        (uint8_t)((from_server ? MG_RECORD_FROM_SERVER : 0) | (flow->real ? MG_RECORD_REAL : 0));
    return record;
}

/* Where exchanges ended that are forgotten; one stays, for it is where the next begins. */
static void drop_cuts(const MgTrace *trace, MgCourse *course)
{
    uint32_t gone = 0;
    while (gone + 1 < course->n_cuts && !mg_trace_has(trace, course->cuts[gone + 1].n))
        gone++;
    if (gone == 0)
        return;
    course->n_cuts -= gone;
    course->n_dropped += gone;
    course->n_arrived -= MIN(gone, course->n_arrived);
    course->n_carried -= MIN(gone, course->n_carried);
    memmove(course->cuts, course->cuts + gone, course->n_cuts * sizeof(MgCut));
}

static void add_cut(MgTrace *trace, MgCourse *course, uint64_t end, uint32_t n)
{
    if (course->n_cuts == course->room && trace->forgetting.on)
        drop_cuts(trace, course);
    if (course->n_cuts == course->room) {
        uint32_t room = MAX(course->room * 2, 4u);
        course->cuts = g_realloc_n(course->cuts, room, sizeof(MgCut));
        trace->stream_memory += (room - course->room) * sizeof(MgCut);
        course->room = room;
    }
    course->cuts[course->n_cuts++] = (MgCut){(uint32_t)end, (uint32_t)(end >> 32), n};
}

/* ---- octets that wait ---- */

static void gather(MgWaiting *waiting, MgSpan octets)
{
    if (waiting->gather == NULL)
        waiting->gather = g_byte_array_new();
    g_byte_array_append(waiting->gather, octets.data, (unsigned)octets.len);
}

static void add_piece(MgWaiting *waiting, MgTracePiece piece)
{
    if (waiting->pieces == NULL)
        waiting->pieces = g_array_new(FALSE, FALSE, sizeof(MgTracePiece));
    if (waiting->pieces->len > 0) {
        MgTracePiece *last =
            &g_array_index(waiting->pieces, MgTracePiece, waiting->pieces->len - 1);
        if (last->address + last->len == piece.address) {
            last->len += piece.len;
            return;
        }
    }
    g_array_append_val(waiting->pieces, piece);
}

static void take(MgTrace *trace, MgWaiting *waiting, bool real, MgSpan octets)
{
    if (real) {
        gather(waiting, octets);
        waiting->len += octets.len;
        return;
    }
    uint64_t address = mg_arena_put(&trace->arena, octets);
    if (waiting->gather == NULL && waiting->len == 0) {
        waiting->address = address;
    } else if (waiting->gather != NULL || address != waiting->address + waiting->len) {
        if (waiting->gather == NULL) {
            gather(waiting, (MgSpan){mg_arena_at(&trace->arena, waiting->address), waiting->len});
            add_piece(waiting, (MgTracePiece){waiting->address, 0, waiting->len});
        }
        gather(waiting, octets);
        add_piece(waiting, (MgTracePiece){address, waiting->len, octets.len});
    }
    waiting->len += octets.len;
}

static const MgTracePiece *last_piece(const MgWaiting *waiting)
{
    return waiting->pieces != NULL && waiting->pieces->len > 0
               ? &g_array_index(waiting->pieces, MgTracePiece, waiting->pieces->len - 1)
               : NULL;
}

/* Where a unit of what waits lies in the arena, in one piece. */
static uint64_t place(MgTrace *trace, const MgWaiting *waiting, size_t offset, const MgUnit *unit)
{
    if (waiting->gather == NULL)
        return waiting->address + offset;
    const MgTracePiece *last = last_piece(waiting);
    if (last != NULL && offset >= last->offset)
        return last->address + (offset - last->offset);
    uint8_t *octets = waiting->gather->data + offset;
    if (last == NULL && unit->secret_len > 0) /* a real flow: its passwords are not kept */
        memset(octets + unit->secret_offset, '*', unit->secret_len);
    return mg_arena_put(&trace->arena, (MgSpan){octets, unit->len});
}

/* The first `done` octets of what waits are cut. */
static void settle(MgWaiting *waiting, size_t done)
{
    if (done == 0)
        return;
    waiting->len -= done;
    if (waiting->gather == NULL) {
        waiting->address += done;
        return;
    }
    const MgTracePiece *last = last_piece(waiting);
    if (waiting->len == 0) {
        free_waiting(waiting);
    } else if (last != NULL && done >= last->offset) {
        waiting->address = last->address + (done - last->offset);
        free_waiting(waiting);
    } else {
        g_byte_array_remove_range(waiting->gather, 0, (unsigned)done);
        unsigned gone = 0;
        for (unsigned i = 0; last != NULL && i < waiting->pieces->len; i++) {
            MgTracePiece *piece = &g_array_index(waiting->pieces, MgTracePiece, i);
            size_t cut = piece->offset < done ? MIN(done - piece->offset, piece->len) : 0;
            piece->address += cut;
            piece->len -= cut;
            piece->offset = piece->offset + cut - done;
            gone += piece->len == 0;
        }
        if (gone > 0)
            g_array_remove_range(waiting->pieces, 0, gone);
    }
}

/* Never gives a unit of no octets, or of more than there are, whatever a dissector says. */
static bool next_unit(const MgDissector *dissector, void **conversation, MgDirection direction,
                      MgSpan rest, bool end, MgUnit *unit)
{
    *unit = (MgUnit){0};
    bool cut = false;
    if (dissector == NULL || dissector->cut == NULL) {
        cut = true;
        *unit = (MgUnit){.len = rest.len, .kind = MG_UNIT_DATA};
    } else {
        if (*conversation == NULL)
            *conversation = g_malloc0(MAX(dissector->state_size, (size_t)1));
        cut = dissector->cut(*conversation, direction, rest, end, unit);
    }
    if (!cut && !end && rest.len < UNIT_MAX)
        return false;
    if (!cut || unit->len == 0 || unit->len > rest.len)
        *unit = (MgUnit){.len = rest.len, .kind = MG_UNIT_DATA};
    if (unit->secret_offset > unit->len)
        unit->secret_offset = (uint32_t)unit->len;
    unit->secret_len = (uint32_t)MIN(unit->secret_len, unit->len - unit->secret_offset);
    return true;
}

/* What waits of one direction of one flow. */
typedef struct {
    MgTrace *trace;
    MgFlowId flow;
    MgDirection direction;
    MgStream *stream;
    bool inner; /* it is what a layer hides */
} Side;

static bool is_layered(const Side *side)
{
    return !side->inner && side->stream->layer_at[side->direction] != 0;
}

static uint32_t add_unit(const Side *side, const MgUnit *unit, size_t offset, MgTime now)
{
    MgCourse *course = &side->stream->course[side->direction];
    MgWaiting *waiting = &side->stream->live->waiting[side->direction];
    uint32_t n;
    uint64_t bytes = place(side->trace, waiting, offset, unit);
    MgRecord *record = add_exchange(side->trace, side->flow, side->direction, now, &n);
    if (is_layered(side))
        record->dissector = side->stream->layer;
    if (side->inner) {
        record->flags |= MG_RECORD_ENCRYPTED;
        record->parent = waiting->parent != 0 ? waiting->parent : record->parent;
    }
    record->bytes = bytes;
    record->len = (uint32_t)unit->len;
    record->engine = waiting->engine;
    record->unit = (uint8_t)unit->kind;
    record->tag = unit->tag;
    uint64_t end = mg_course_end(course) + unit->len;
    if (waiting->packet != 0 && course->n_carried == course->n_cuts) {
        record->packet = waiting->packet;
        course->n_carried++;
    }
    waiting->packet = 0;
    add_cut(side->trace, course, end, n);
    if (end <= course->arrived) { /* only its end was not known yet */
        record->until = MAX(course->arrived_at, now);
        course->n_arrived = course->n_cuts;
    }
    return n;
}

static uint32_t cut(const Side *side, bool end, MgTime now)
{
    MgWaiting *waiting = &side->stream->live->waiting[side->direction];
    bool layered = is_layered(side);
    const MgDissector *dissector = mg_registry_dissector(
        side->trace->registry,
        layered ? side->stream->layer : mg_trace_flow(side->trace, side->flow)->dissector);
    void **conversation = layered ? &side->stream->live->layer : &side->stream->live->conversation;
    if (waiting->len == 0)
        return 0;
    const uint8_t *data = waiting->gather != NULL
                              ? waiting->gather->data
                              : mg_arena_at(&side->trace->arena, waiting->address);
    size_t done = 0;
    uint32_t last = 0;
    MgUnit unit;
    while (done < waiting->len &&
           next_unit(dissector, conversation, side->direction,
                     (MgSpan){data + done, waiting->len - done}, end, &unit)) {
        last = add_unit(side, &unit, done, now);
        done += unit.len;
    }
    settle(waiting, done);
    return last;
}

uint32_t mg_trace_add_octets(MgTrace *trace, MgFlowId flow, MgDirection direction, MgSpan octets,
                             uint32_t engine, MgTime now)
{
    Side side = {trace, flow, direction, stream_of(trace, flow), false};
    if (octets.len == 0 || side.stream->live == NULL || side.stream->course[direction].ended)
        return 0;
    MgWaiting *waiting = &side.stream->live->waiting[direction];
    waiting->engine = engine;
    take(trace, waiting, mg_trace_flow(trace, flow)->real, octets);
    return cut(&side, false, now);
}

static void end_side(const Side *side, MgTime now)
{
    MgStream *stream = side->stream;
    if (stream->live == NULL || stream->course[side->direction].ended)
        return;
    cut(side, true, now);
    stream->course[side->direction].ended = true;
    if (stream->course[!side->direction].ended)
        finish(side->trace, stream);
}

void mg_trace_end_octets(MgTrace *trace, MgFlowId flow, MgDirection direction, MgTime now)
{
    Side side = {trace, flow, direction, stream_of(trace, flow), false};
    end_side(&side, now);
    if (side.stream->inner == NULL)
        return;
    side.stream = side.stream->inner;
    side.inner = true;
    end_side(&side, now);
}

/* The first cut that ends after `offset`, or n_cuts. */
static uint32_t find_cut(const MgCourse *course, uint64_t offset)
{
    uint32_t low = 0, high = course->n_cuts;
    /* Mostly somebody asks for what came last. */
    if (high > 1 && mg_cut_end(&course->cuts[high - 2]) <= offset)
        low = high - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (mg_cut_end(&course->cuts[middle]) <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Of octet number `offset`; before the first cut that is left it is forgotten. */
static uint32_t exchange_at(const MgCourse *course, uint64_t offset)
{
    uint32_t i = find_cut(course, offset - 1);
    bool known = i < course->n_cuts && (i > 0 || course->n_dropped == 0);
    return known ? course->cuts[i].n : 0;
}

#define RUN_MAX 2048u /* more than a packet takes: no need to know how far it goes on */

uint64_t mg_trace_octets_at(const MgTrace *trace, MgFlowId flow, MgDirection direction,
                            uint64_t offset, size_t *run)
{
    const MgStream *stream = mg_trace_state(trace, flow)->stream;
    *run = 0;
    if (stream == NULL)
        return 0;
    const MgCourse *course = &stream->course[direction];
    uint32_t i = find_cut(course, offset);
    uint64_t start = i > 0 ? mg_cut_end(&course->cuts[i - 1]) : 0, address = 0;
    for (; i < course->n_cuts && *run < RUN_MAX; i++) {
        const MgRecord *record = mg_trace_record(trace, course->cuts[i].n);
        if (*run == 0)
            address = record->bytes + (offset - start);
        else if (record->bytes != address + *run)
            return address;
        *run = (size_t)(mg_cut_end(&course->cuts[i]) - offset);
    }
    if (i < course->n_cuts || stream->live == NULL)
        return address;
    const MgWaiting *waiting = &stream->live->waiting[direction];
    size_t skip = *run > 0 ? 0 : (size_t)(offset - mg_course_end(course));
    if (skip >= waiting->len)
        return address;
    MgTracePiece one = {waiting->address, 0, waiting->len};
    const MgTracePiece *piece = waiting->gather == NULL ? &one : NULL;
    for (unsigned p = 0; piece == NULL && waiting->pieces != NULL && p < waiting->pieces->len;
         p++) {
        const MgTracePiece *here = &g_array_index(waiting->pieces, MgTracePiece, p);
        if (skip - here->offset < here->len)
            piece = here;
    }
    if (piece == NULL) /* a real flow: not in the arena yet */
        return address;
    uint64_t at = piece->address + (skip - piece->offset);
    if (*run > 0 && at != address + *run)
        return address;
    address = *run > 0 ? address : at;
    *run += piece->len - (skip - piece->offset);
    return address;
}

static uint32_t arrive(MgTrace *trace, MgCourse *course, uint64_t offset, MgTime now)
{
    uint32_t last = 0;
    if (offset > course->arrived) {
        course->arrived = offset;
        course->arrived_at = now;
    }
    while (course->n_arrived < course->n_cuts &&
           mg_cut_end(&course->cuts[course->n_arrived]) <= course->arrived) {
        last = course->cuts[course->n_arrived++].n;
        mg_trace_set_until(trace, last, now);
    }
    return last;
}

/* What units up to this record had in them has arrived with them. */
static void inside_arrives(MgTrace *trace, MgInside *inside, uint32_t unit, MgTime now)
{
    while (inside->n_arrived < inside->len) {
        MgRecord *record = mg_trace_edit_if(trace, inside->n[inside->n_arrived]);
        if (record != NULL && (int32_t)(record->parent - unit) > 0)
            return;
        if (record != NULL)
            record->until = now;
        inside->n_arrived++;
    }
}

uint32_t mg_trace_arrived(MgTrace *trace, MgFlowId flow, MgDirection direction, uint64_t offset,
                          MgTime now)
{
    MgStream *stream = stream_of(trace, flow);
    uint32_t last = arrive(trace, &stream->course[direction], offset, now);
    if (last != 0)
        inside_arrives(trace, &stream->inside[direction], last, now);
    return last;
}

uint32_t mg_trace_exchange_at(const MgTrace *trace, MgFlowId flow, MgDirection direction,
                              uint64_t offset)
{
    if (flow == 0 || offset == 0)
        return 0;
    const MgFlowState *state = mg_trace_state(trace, flow);
    if (state->stream == NULL)
        return state->last[direction];
    const MgCourse *course = &state->stream->course[direction];
    return exchange_at(course, offset);
}

/* ---- what a layer hides ---- */

void mg_trace_begin_layer(MgTrace *trace, MgFlowId flow, MgDirection direction, uint8_t dissector,
                          MgTime now)
{
    Side side = {trace, flow, direction, stream_of(trace, flow), false};
    if (side.stream->live == NULL || is_layered(&side))
        return;
    cut(&side, true, now);
    side.stream->layer = dissector;
    const MgCourse *course = &side.stream->course[direction];
    side.stream->layer_at[direction] = course->n_dropped + course->n_cuts + 1;
    if (side.stream->inner == NULL)
        side.stream->inner = new_stream(trace);
}

uint32_t mg_trace_layer_unit(const MgTrace *trace, MgFlowId flow, MgDirection direction,
                             uint32_t unit)
{
    const MgStream *stream = mg_trace_state(trace, flow)->stream;
    if (stream == NULL || unit == 0 || stream->layer_at[direction] == 0)
        return 0;
    const MgCourse *course = &stream->course[direction];
    uint32_t at = stream->layer_at[direction] - 1 + unit - 1 - course->n_dropped;
    return at < course->n_cuts ? course->cuts[at].n : 0;
}

uint32_t mg_trace_add_inner(MgTrace *trace, const MgHidden *where, MgSpan octets, MgTime now)
{
    Side side = {trace, where->flow, where->direction, stream_of(trace, where->flow)->inner, true};
    if (octets.len == 0 || side.stream == NULL || side.stream->live == NULL ||
        side.stream->course[where->direction].ended)
        return 0;
    MgWaiting *waiting = &side.stream->live->waiting[where->direction];
    uint32_t parent = mg_trace_layer_unit(trace, where->flow, where->direction, where->unit);
    waiting->engine = where->engine;
    if (waiting->len == 0)
        waiting->parent = parent;
    take(trace, waiting, mg_trace_flow(trace, where->flow)->real, octets);
    uint32_t last = cut(&side, false, now);
    if (last != 0) /* what is left over came with the octets of now */
        waiting->parent = parent;
    return last;
}

uint32_t mg_trace_add_inside(MgTrace *trace, const MgHidden *where, uint16_t tag, MgSpan octets,
                             MgTime now)
{
    uint32_t n;
    MgStream *stream = stream_of(trace, where->flow);
    MgInside *inside = &stream->inside[where->direction];
    uint32_t parent = mg_trace_layer_unit(trace, where->flow, where->direction, where->unit);
    uint64_t bytes = mg_arena_put(&trace->arena, octets);
    MgRecord *record = add_exchange(trace, where->flow, where->direction, now, &n);
    record->bytes = bytes;
    record->len = (uint32_t)octets.len;
    record->flags |= MG_RECORD_ENCRYPTED;
    record->parent = parent != 0 ? parent : record->parent;
    record->dissector = stream->layer;
    record->engine = where->engine;
    record->unit = where->direction == MG_FROM_CLIENT ? MG_UNIT_COMMAND : MG_UNIT_REPLY;
    record->tag = tag;
    if (inside->len == inside->room) {
        inside->room = MAX(inside->room * 2, 4u);
        inside->n = g_realloc_n(inside->n, inside->room, sizeof *inside->n);
    }
    inside->n[inside->len++] = n;
    if (mg_trace_has(trace, parent) && mg_trace_record(trace, parent)->until != MG_TIME_NEVER)
        inside_arrives(trace, inside, parent, now);
    return n;
}

void mg_trace_inner_arrived(MgTrace *trace, MgFlowId flow, MgDirection direction, uint64_t offset,
                            MgTime now)
{
    MgStream *inner = stream_of(trace, flow)->inner;
    if (inner != NULL)
        arrive(trace, &inner->course[direction], offset, now);
}

uint32_t mg_trace_inner_at(const MgTrace *trace, MgFlowId flow, MgDirection direction,
                           uint64_t offset)
{
    const MgStream *stream = flow != 0 ? mg_trace_state(trace, flow)->stream : NULL;
    if (stream == NULL || stream->inner == NULL || offset == 0)
        return 0;
    const MgCourse *course = &stream->inner->course[direction];
    return exchange_at(course, offset);
}

void mg_trace_add_secret(MgTrace *trace, MgSpan line)
{
    if (trace->secrets == NULL) {
        trace->secrets = g_string_new(NULL);
        trace->secret_lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    }
    char *text = g_strndup((const char *)line.data, line.len);
    if (g_hash_table_add(trace->secret_lines, text))
        g_string_append_printf(trace->secrets, "%s\n", text);
}

MgSpan mg_trace_secrets(const MgTrace *trace)
{
    if (trace->secrets == NULL)
        return (MgSpan){(const uint8_t *)"", 0};
    return (MgSpan){(const uint8_t *)trace->secrets->str, trace->secrets->len};
}

uint32_t mg_trace_add_datagram(MgTrace *trace, MgFlowId flow, MgDirection direction, MgSpan octets,
                               uint32_t engine, MgTime now)
{
    const MgDissector *dissector =
        mg_registry_dissector(trace->registry, mg_trace_flow(trace, flow)->dissector);
    MgUnit unit = {.kind = direction == MG_FROM_CLIENT ? MG_UNIT_QUERY : MG_UNIT_ANSWER};
    if (dissector == NULL)
        unit.kind = MG_UNIT_DATA;
    else if (dissector->cut != NULL && octets.len > 0) {
        g_autofree void *state = g_malloc0(MAX(dissector->state_size, (size_t)1));
        MgUnit found = {0};
        if (dissector->cut(state, direction, octets, true, &found) && found.kind != 0)
            unit = found;
    }
    unit.secret_offset = (uint32_t)MIN(unit.secret_offset, octets.len);
    unit.secret_len = (uint32_t)MIN(unit.secret_len, octets.len - unit.secret_offset);
    uint32_t n;
    MgRecord *record = add_exchange(trace, flow, direction, now, &n);
    record->bytes = mg_arena_put(&trace->arena, octets);
    if ((record->flags & MG_RECORD_REAL) != 0 && unit.secret_len > 0)
        memset(mg_arena_at(&trace->arena, record->bytes + unit.secret_offset), '*',
               unit.secret_len);
    record->len = (uint32_t)octets.len;
    record->engine = engine;
    record->unit = (uint8_t)unit.kind;
    record->tag = unit.tag;
    mg_trace_state(trace, flow)->last[direction] = n;
    return n;
}

void mg_trace_set_until(MgTrace *trace, uint32_t n, MgTime until)
{
    MgRecord *record = n != 0 ? mg_trace_edit_if(trace, n) : NULL;
    if (record != NULL)
        record->until = until;
}

/* ---- packets ---- */

/* Exchanges that begin in this packet, and have none yet, get it. */
static void carry(MgTrace *trace, const MgPacket *packet, uint32_t number)
{
    MgStream *stream = stream_of(trace, packet->flow);
    MgCourse *course = &stream->course[packet->from_server != 0];
    if ((packet->tcp_flags & MG_TCP_SYN) != 0) {
        course->isn = packet->seq;
        course->has_isn = true;
    }
    if (packet->len == 0 || !course->has_isn)
        return;
    uint32_t offset = packet->seq - course->isn - 1; /* sequence numbers wrap: RFC 9293 §3.4 */
    while (course->n_carried < course->n_cuts) {
        uint32_t i = course->n_carried;
        uint64_t start = i > 0 ? mg_cut_end(&course->cuts[i - 1]) : 0;
        int32_t ahead = (int32_t)((uint32_t)start - offset);
        if (ahead >= 0 && (uint32_t)ahead >= packet->len)
            return;
        if (ahead >= 0)
            mg_trace_edit(trace, course->cuts[i].n)->packet = number;
        course->n_carried++;
    }
    if (stream->live == NULL)
        return;
    MgWaiting *waiting = &stream->live->waiting[packet->from_server != 0];
    int32_t ahead = (int32_t)((uint32_t)mg_course_end(course) - offset);
    if (waiting->len > 0 && waiting->packet == 0 && ahead >= 0 && (uint32_t)ahead < packet->len)
        waiting->packet = number;
}

uint32_t mg_trace_add_packet(MgTrace *trace, const MgPacket *packet, bool show, uint8_t flags,
                             MgTime arrives)
{
    uint32_t number = 0;
    bool tcp = mg_trace_flow(trace, packet->flow)->transport == MG_TRANSPORT_STREAM;
    if (trace->keep_packets) {
        MgPacket *kept = mg_blocks_add(&trace->packets);
        *kept = *packet;
        number = trace->packets.n;
        if (tcp) {
            carry(trace, packet, number);
        } else if (!packet->icmp) {
            uint32_t n = mg_trace_state(trace, packet->flow)->last[packet->from_server != 0];
            if (mg_trace_has(trace, n) && mg_trace_record(trace, n)->packet == 0)
                mg_trace_edit(trace, n)->packet = number;
        }
    }
    if (show) {
        uint32_t n;
        MgDirection direction = packet->from_server ? MG_FROM_SERVER : MG_FROM_CLIENT;
        MgRecord *record = add_exchange(trace, packet->flow, direction, packet->at, &n);
        record->until = arrives;
        record->bytes = packet->bytes;
        record->len = packet->len;
        record->dissector = packet->icmp ? trace->icmp : tcp ? trace->tcp : trace->udp;
        record->unit = MG_UNIT_NOTE;
        record->tag = packet->tcp_flags;
        record->flags |= flags;
        record->packet = number;
    }
    return number;
}

/* ---- what is not on a wire ---- */

static MgRecord *add_happening(MgTrace *trace, MgRecordKind kind, const MgDoer *doer)
{
    uint32_t n;
    MgRecord *record = mg_trace_new_record(trace, kind, doer->at, &n);
    record->until = doer->at;
    record->from = doer->host;
    record->engine = doer->engine;
    record->parent = doer->parent;
    if (doer->host != 0 && mg_trace_host(trace, doer->host)->real)
        record->flags |= MG_RECORD_REAL;
    return record;
}

uint32_t mg_trace_add_state(MgTrace *trace, const MgDoer *doer, const char *engine_name,
                            const char *from, const char *to)
{
    MgRecord *record = add_happening(trace, MG_RECORD_STATE, doer);
    record->tag = mg_trace_intern(trace, engine_name);
    record->text_a = mg_trace_intern(trace, from);
    record->text_b = mg_trace_intern(trace, to);
    if (doer->engine != 0 && record->tag != 0 && !trace->forgetting.on) {
        if (doer->engine >= trace->engine_names->len)
            g_array_set_size(trace->engine_names, doer->engine + 1);
        g_array_index(trace->engine_names, uint16_t, doer->engine) = record->tag;
    }
    return trace->records.n;
}

/* The octets that a note is about are pointed at in the exchange that caused it, not kept again:
 * what a real session must not keep could be among them. */
static void point_at(MgTrace *trace, MgRecord *record, MgSpan where)
{
    if (!mg_trace_has(trace, record->parent) || where.len == 0)
        return;
    MgSpan octets = mg_trace_bytes(trace, record->parent);
    const uint8_t *found = memmem(octets.data, octets.len, where.data, where.len);
    if (found == NULL)
        return;
    record->bytes = mg_trace_record(trace, record->parent)->bytes + (uint64_t)(found - octets.data);
    record->len = (uint32_t)where.len;
}

uint32_t mg_trace_add_note(MgTrace *trace, const MgDoer *doer, const MgRule *rule, MgSpan where)
{
    MgRecord *record = add_happening(trace, MG_RECORD_NOTE, doer);
    record->text_a = mg_trace_intern(trace, rule->id);
    point_at(trace, record, where);
    return trace->records.n;
}

uint32_t mg_trace_add_action(MgTrace *trace, const MgDoer *doer, const char *text)
{
    MgRecord *record = add_happening(trace, MG_RECORD_ACTION, doer);
    MgSpan octets = mg_span_from_string(text);
    record->bytes = mg_arena_put(&trace->arena, octets);
    record->len = (uint32_t)octets.len;
    return trace->records.n;
}
