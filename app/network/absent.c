/* SPDX-License-Identifier: GPL-3.0-or-later */
/* absent.c - lets a session over a bare trace be linked until the parts below are there */
#include "filter.h"
#include "world.h"

#ifdef MG_NO_NETWORK
MgNetwork *mg_network_load(const char *path, const MgRegistry *registry, GPtrArray *problems)
{
    g_ptr_array_add(problems, g_strdup_printf("%s: error: networks cannot be read yet", path));
    return NULL;
}
void mg_network_free(MgNetwork *network)
{
}
#endif
#ifdef MG_NO_FILTER
MgFilter *mg_filter_new(const char *text, const MgRegistry *registry, GError **error)
{
    g_set_error(error, MG_ERROR, MG_ERROR_FILTER, "there are no filters yet");
    return NULL;
}
void mg_filter_free(MgFilter *filter)
{
}
bool mg_filter_match(const MgFilter *filter, const MgTrace *trace, uint32_t n)
{
    return false;
}
#endif
#ifdef MG_NO_WORLD
MgWorld *mg_world_new(const MgNetwork *network, MgRegistry *registry, uint64_t seed,
                      GPtrArray *problems)
{
    g_ptr_array_add(problems, g_strdup("error: there is no simulated network yet"));
    return NULL;
}
void mg_world_free(MgWorld *world)
{
}
MgTrace *mg_world_trace(const MgWorld *world)
{
    return NULL;
}
MgTime mg_world_now(const MgWorld *world)
{
    return 0;
}
bool mg_world_step(MgWorld *world, MgTime limit)
{
    return false;
}
bool mg_world_intervene(MgWorld *world, const MgIntervention *what, GError **error)
{
    return false;
}
#endif
