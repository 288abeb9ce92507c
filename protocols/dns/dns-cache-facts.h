/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-cache-facts.h - what a resolver remembers, as a table for people */
#pragma once

#include <mailglass/engine.h>

G_BEGIN_DECLS

/* shared_facts() of who has a resolver's shared things: how many sets there are, and a row a set,
 * what was used last first. */
size_t mg_dns_cache_facts(const void *shared, MgTime now, MgFact *out, size_t max);

G_END_DECLS
