/* SPDX-License-Identifier: GPL-3.0-or-later */
/* streams.h - a dissector of a conversation and any two streams of octets: the units together are
 * the octets, nothing is named outside its unit, and cutting does not depend on how the octets come
 * in
 *
 * Octet 0x00 turns to the client's stream, 0x01 to the server's; all others belong to the stream.
 */
#pragma once

#include "dissect.h"

static inline void check_tree(const MgDissector *dissector, uint16_t tag, MgDirection direction,
                              MgSpan unit)
{
    g_autoptr(MgTree) tree = check_unit(dissector, tag, direction, unit, 0, 160);
    g_assert_cmpuint(mg_tree_n_nodes(tree), >, 1);
    for (MgNode i = 1; i < mg_tree_n_nodes(tree); i++)
        g_assert_cmpuint(mg_tree_node(tree, i)->len, >, 0);
}

typedef struct {
    const MgDissector *dissector;
    void *state;
    GByteArray *left[2]; /* octets that are in no unit yet */
    size_t units[2], octets[2];
} Run;

static inline void cut_all(Run *run, MgDirection direction, bool end, bool look)
{
    GByteArray *left = run->left[direction];
    MgUnit unit;
    while (left->len > 0) {
        uint8_t *copy = g_memdup2(left->data, left->len);
        MgSpan span = {copy, left->len};
        bool cut = run->dissector->cut(run->state, direction, span, end, &unit);
        if (!cut) {
            g_assert_false(end);
            g_assert_cmpuint(left->len, <, 128 * 1024);
            g_free(copy);
            return;
        }
        g_assert_cmpuint(unit.len, >=, 1);
        g_assert_cmpuint(unit.len, <=, left->len);
        g_assert_cmpuint(unit.secret_offset + unit.secret_len, <=, unit.len);
        if (look)
            check_tree(run->dissector, unit.tag, direction, mg_span_slice(span, 0, unit.len));
        run->units[direction]++;
        run->octets[direction] += unit.len;
        g_byte_array_remove_range(left, 0, (guint)unit.len);
        g_free(copy);
    }
}

/* Plays both streams; `piece` octets at a time. */
static inline void play(const MgDissector *dissector, Run *run, const uint8_t *data, size_t size,
                        size_t piece, bool look)
{
    MgDirection direction = MG_FROM_SERVER;
    *run = (Run){.dissector = dissector,
                 .state = g_malloc0(dissector->state_size),
                 .left = {g_byte_array_new(), g_byte_array_new()}};
    for (size_t i = 0; i < size;) {
        if (data[i] < 2) {
            direction = data[i++] == 0 ? MG_FROM_CLIENT : MG_FROM_SERVER;
            continue;
        }
        size_t end = i;
        while (end < size && data[end] >= 2 && end - i < piece)
            end++;
        g_byte_array_append(run->left[direction], data + i, (guint)(end - i));
        cut_all(run, direction, false, look);
        i = end;
    }
    cut_all(run, MG_FROM_CLIENT, true, look);
    cut_all(run, MG_FROM_SERVER, true, look);
    g_free(run->state);
    g_byte_array_unref(run->left[0]);
    g_byte_array_unref(run->left[1]);
}

static inline void check_streams(const MgDissector *dissector, const uint8_t *data, size_t size)
{
    Run whole, pieces;
    size_t octets = 0;
    for (size_t i = 0; i < size; i++)
        octets += data[i] >= 2;
    play(dissector, &whole, data, size, SIZE_MAX, true);
    g_assert_cmpuint(whole.octets[0] + whole.octets[1], ==, octets);
    if (size > 4096)
        return;
    play(dissector, &pieces, data, size, 1, false);
    g_assert_cmpuint(pieces.units[0], ==, whole.units[0]);
    g_assert_cmpuint(pieces.units[1], ==, whole.units[1]);
}
