/* SPDX-License-Identifier: GPL-3.0-or-later */
/* network-private.h - what the readers of a network share; for network*.c alone */
#pragma once

#include "network-ini.h"
#include "network.h"

G_BEGIN_DECLS

#define MG_NETWORK_INI_MAX   ((size_t)16 << 20)
#define MG_NETWORK_FILE_MAX  ((size_t)256 << 20)
#define MG_NETWORK_HOSTS_MAX 60000u /* MgHostId has 16 bits */

typedef struct {
    MgComplaints complaints;
    const MgRegistry *registry;
    MgNetwork *network;
    GPtrArray *sections; /* MgIniSection */
} MgNetworkReader;

/* Reads a [host] section and adds it. */
void mg_network_read_host(MgNetworkReader *reader, const MgIniSection *section);
/* What needs all hosts: clashing addresses, names of hosts as values. */
void mg_network_check_hosts(MgNetworkReader *reader);
void mg_network_host_clear(void *data);

/* Index of the host, or -1. */
int mg_network_find_host(const MgNetwork *network, const char *name);
/* (transfer full) The folder's file; an error names it and says why it cannot be used. */
GBytes *mg_network_read_file(const MgNetwork *network, const char *name, GError **error);
bool mg_network_is_address(const char *text);

/* For the nearest of what is known: names of sections, kinds, hosts. (transfer container) */
const char **mg_network_host_names(const MgNetwork *network);
void mg_network_unknown(MgNetworkReader *reader, unsigned line, const char *what, const char *word,
                        const char *const *among);

G_END_DECLS
