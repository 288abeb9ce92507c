/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasl-prep.c - names and passwords made comparable: SASLprep (RFC 4013)
 *
 * Map, normalize, look for what is forbidden, look at the direction of writing. The tables are
 * those of RFC 3454, but for "unassigned" (A.1) and "written from left to right" (D.2), which are
 * GLib's: newer letters than those of 2002 are allowed, and D.2 is taken to be every letter that is
 * not in D.1.
 */
#include "sasl-private.h"

typedef struct {
    gunichar from, to;
} Range;

/* RFC 3454 §C.1.2 */
static const Range spaces[] = {{0xa0, 0xa0},     {0x1680, 0x1680}, {0x2000, 0x200b},
                               {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}};

/* RFC 3454 §B.1 */
static const Range nothings[] = {{0xad, 0xad},     {0x34f, 0x34f},   {0x1806, 0x1806},
                                 {0x180b, 0x180d}, {0x200c, 0x200d}, {0x2060, 0x2060},
                                 {0xfe00, 0xfe0f}, {0xfeff, 0xfeff}};

/* RFC 3454 §C.2.1 to §C.9; that its C.4 ends each plane is in is_forbidden(). */
static const Range forbidden[] = {
    {0x0, 0x1f},        {0x7f, 0x9f},       {0x340, 0x341},     {0x6dd, 0x6dd},
    {0x70f, 0x70f},     {0x180e, 0x180e},   {0x200c, 0x200f},   {0x2028, 0x202e},
    {0x2060, 0x2063},   {0x206a, 0x206f},   {0x2ff0, 0x2ffb},   {0xd800, 0xf8ff},
    {0xfdd0, 0xfdef},   {0xfeff, 0xfeff},   {0xfff9, 0xfffd},   {0x1d173, 0x1d17a},
    {0xe0001, 0xe0001}, {0xe0020, 0xe007f}, {0xf0000, 0xffffd}, {0x100000, 0x10fffd},
};

/* RFC 3454 §D.1: written from right to left */
static const Range leftward[] = {
    {0x5be, 0x5be},   {0x5c0, 0x5c0},   {0x5c3, 0x5c3},   {0x5d0, 0x5ea},   {0x5f0, 0x5f4},
    {0x61b, 0x61b},   {0x61f, 0x61f},   {0x621, 0x63a},   {0x640, 0x64a},   {0x66d, 0x66f},
    {0x671, 0x6d5},   {0x6dd, 0x6dd},   {0x6e5, 0x6e6},   {0x6fa, 0x6fe},   {0x700, 0x70d},
    {0x710, 0x710},   {0x712, 0x72c},   {0x780, 0x7a5},   {0x7b1, 0x7b1},   {0x200f, 0x200f},
    {0xfb1d, 0xfb1d}, {0xfb1f, 0xfb28}, {0xfb2a, 0xfb36}, {0xfb38, 0xfb3c}, {0xfb3e, 0xfb3e},
    {0xfb40, 0xfb41}, {0xfb43, 0xfb44}, {0xfb46, 0xfbb1}, {0xfbd3, 0xfd3d}, {0xfd50, 0xfd8f},
    {0xfd92, 0xfdc7}, {0xfdf0, 0xfdfc}, {0xfe70, 0xfe74}, {0xfe76, 0xfefc},
};

static bool is_in(const Range *ranges, size_t n, gunichar c)
{
    for (size_t i = 0; i < n; i++)
        if (c >= ranges[i].from && c <= ranges[i].to)
            return true;
    return false;
}

#define IS_IN(ranges, c) is_in(ranges, G_N_ELEMENTS(ranges), c)

static bool is_forbidden(gunichar c, bool stored)
{
    return IS_IN(forbidden, c) || (c & 0xfffe) == 0xfffe || (stored && !g_unichar_isdefined(c));
}

/* RFC 3454 §6: with a letter from right to left there is none from left to right, and the first and
 * the last character are such letters. */
static bool directions_fit(const char *text)
{
    bool left = false, right = false, first = true, at_edge = true, last = true;
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        last = IS_IN(leftward, c);
        at_edge = first ? last : at_edge;
        first = false;
        left = left || last;
        right = right || (!last && g_unichar_isalpha(c));
    }
    return !left || (!right && at_edge && last);
}

static bool is_plain(const char *text)
{
    for (; *text != '\0'; text++)
        if ((uint8_t)*text < 0x20 || (uint8_t)*text >= 0x7f)
            return false;
    return true;
}

char *mg_sasl_prep(const char *text, bool stored)
{
    if (is_plain(text))
        return g_strdup(text);
    if (!g_utf8_validate(text, -1, NULL))
        return NULL;
    GString *mapped =
        g_string_sized_new(2 * strlen(text) + 8); /* does not move, so leaves nothing */
    for (const char *at = text; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (IS_IN(spaces, c))
            g_string_append_c(mapped, ' ');
        else if (!IS_IN(nothings, c))
            g_string_append_unichar(mapped, c);
    }
    char *result = g_utf8_normalize(mapped->str, -1, G_NORMALIZE_ALL_COMPOSE);
    mg_sasl_wipe(g_string_free(mapped, FALSE));
    bool good = result != NULL && directions_fit(result);
    for (const char *at = result; good && *at != '\0'; at = g_utf8_next_char(at))
        good = !is_forbidden(g_utf8_get_char(at), stored);
    if (good)
        return result;
    mg_sasl_wipe(result);
    return NULL;
}
