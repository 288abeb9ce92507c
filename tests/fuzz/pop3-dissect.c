/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-dissect.c - any octets can be cut and named, and the cuts do not depend on how they arrive
 *
 * 0x01 and 0x02 say that the client's or the server's octets follow. */
#include "dissect.h"
#include "pop3.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Cuts what has come; with `see`, looks at each unit. Appends what was found to `cuts`. */
static void cut_all(void *state, MgDirection direction, GByteArray *bytes, bool end, bool see,
                    GString *cuts)
{
    MgUnit unit;
    size_t at = 0;
    while (at < bytes->len) {
        MgSpan rest = {bytes->data + at, bytes->len - at};
        memset(&unit, 0, sizeof unit);
        if (!mg_pop3_dissector.cut(state, direction, rest, end, &unit)) {
            g_assert_cmpuint(rest.len, <, 128 * 1024);
            g_assert_false(end);
            break;
        }
        g_assert_cmpuint(unit.len, >, 0);
        g_assert_cmpuint(unit.len, <=, rest.len);
        g_assert_cmpuint(unit.secret_offset, <=, unit.len);
        g_assert_cmpuint(unit.secret_len, <=, unit.len - unit.secret_offset);
        g_string_append_printf(cuts, "%d %zu %d %x %u+%u\n", (int)direction, unit.len,
                               (int)unit.kind, unit.tag, unit.secret_offset, unit.secret_len);
        if (see)
            mg_tree_free(check_unit(&mg_pop3_dissector, unit.tag, direction,
                                    mg_span_slice(rest, 0, unit.len), 0, 160));
        at += unit.len;
    }
    g_byte_array_remove_range(bytes, 0, (guint)at);
}

static GString *play(const uint8_t *data, size_t size, bool bytewise)
{
    GString *cuts = g_string_new(NULL);
    GByteArray *waiting[2] = {g_byte_array_new(), g_byte_array_new()};
    void *state = g_malloc0(mg_pop3_dissector.state_size);
    MgDirection direction = MG_FROM_SERVER;
    for (size_t i = 0; i < size;) {
        size_t n = 0;
        if (data[i] == 1 || data[i] == 2) {
            direction = data[i++] == 1 ? MG_FROM_CLIENT : MG_FROM_SERVER;
            continue;
        }
        while (i + n < size && data[i + n] != 1 && data[i + n] != 2 && (!bytewise || n < 1))
            n++;
        g_byte_array_append(waiting[direction], data + i, (guint)n);
        cut_all(state, direction, waiting[direction], false, !bytewise, cuts);
        i += n;
    }
    cut_all(state, MG_FROM_CLIENT, waiting[MG_FROM_CLIENT], true, !bytewise, cuts);
    cut_all(state, MG_FROM_SERVER, waiting[MG_FROM_SERVER], true, !bytewise, cuts);
    g_assert_cmpuint(waiting[0]->len + waiting[1]->len, ==, 0);
    g_byte_array_unref(waiting[0]);
    g_byte_array_unref(waiting[1]);
    g_free(state);
    return cuts;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    GString *whole = play(data, size, false);
    GString *bytewise = play(data, size, true);
    g_assert_cmpstr(whole->str, ==, bytewise->str);
    g_string_free(whole, TRUE);
    g_string_free(bytewise, TRUE);
    return 0;
}
