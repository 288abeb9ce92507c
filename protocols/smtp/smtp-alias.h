/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-alias.h - names that stand for other addresses (RFC 5321 §3.9.1), as the setting `aliases`
 * says them: "team: alice, bob@example.net; bob: \bob, bob@example.org"
 *
 * A name without @ is of every domain of this host; a target without @ is of the alias's domain. A
 * backslash, or an alias that names itself, means the mailbox of that name: so one can keep a copy
 * of what is forwarded.
 */
#pragma once

#include <mailglass/base.h>

G_BEGIN_DECLS

/* Is this address, which is of this host, an alias? `aliases` is nullable. */
bool mg_alias_has(const char *aliases, const char *address);

/* (transfer full) (nullable) Where mail for this alias goes, in the end: of char *, no address
 * twice. NULL if it is no alias. `is_local` says whose aliases are ours. */
GPtrArray *mg_alias_expand(const char *aliases, const char *address,
                           bool (*is_local)(const void *data, const char *address),
                           const void *data);

G_END_DECLS
