/* SPDX-License-Identifier: GPL-3.0-or-later */
/* network.h - a network as its folder says it: hosts, links, script (formats.md, "A network is a
 * folder"). Knows keys and files, no protocol: the engines' setting rows say what a host may have.
 */
#pragma once

#include "registry.h"

G_BEGIN_DECLS

typedef struct {
    char *name, *kind, *region;
    char **addresses;    /* NULL-terminated, at least one */
    int x, y;            /* `at`; -1 where not given: the map places it */
    MgSettings settings; /* every key of its section, FILES read in, and the kinds' fallbacks not */
    struct {
        const MgEngineKind *kind;
        uint16_t port; /* 0 for what does not listen */
    } * engines;
    size_t n_engines;
    struct {
        char *address, *password;
        uint64_t quota;
    } * mailboxes; /* `mailboxes=bob@example.net:secret;…` */
    size_t n_mailboxes;
    unsigned line;
} MgNetworkHost;

typedef struct {
    size_t a, b; /* indices of hosts */
    MgTime delay;
    double loss; /* 0 to 1 */
    unsigned line;
} MgNetworkLink;

typedef struct {
    MgTime at;
    size_t host;
    char *verb;
    char **words; /* NULL-terminated, after the verb */
    GBytes *file; /* (nullable) */
    char *path;
    unsigned line;
} MgNetworkAction;

typedef struct {
    char *also; /* (nullable) a folder where an action's files are looked for first: a lesson's */
    char *path, *title, *title_ko, *description, *description_ko;
    int64_t epoch;
    GArray *hosts;   /* MgNetworkHost */
    GArray *links;   /* MgNetworkLink */
    GArray *actions; /* MgNetworkAction, in order of time, then of the file */
    unsigned repeat; /* how often the script is played; 0 is once */
    MgTime every;    /* repetition k begins at k times this */
    GArray *regions; /* char *: in order of first mention */
} MgNetwork;

/* Reads a folder, or the network.ini in it. Every mistake is a line in `problems`, as
 * "PATH:LINE: error: text" or "…: warning: text". Returns NULL only if there was an error. */
MgNetwork *mg_network_load(const char *path, const MgRegistry *registry, GPtrArray *problems);
void mg_network_free(MgNetwork *network);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgNetwork, mg_network_free)

/* Plays the script `times` times over; `every` 0 is 10 seconds after its last action is due. */
void mg_network_repeat(MgNetwork *network, unsigned times, MgTime every);

/* (transfer full) "alice send FILE to bob@example.net" → an action at `at`; a FILE word is read
 * from the network's folder unless `file` is given. Error texts list what the host can do. */
bool mg_network_parse_action(const MgNetwork *network, const MgRegistry *registry, const char *text,
                             GBytes *file, MgNetworkAction *action, GError **error);
void mg_network_action_clear(MgNetworkAction *action);

G_END_DECLS
