/* SPDX-License-Identifier: GPL-3.0-or-later */
/* odd-plugin.c - plugins with something wrong, a kind for each ODD_… that is defined */
#include <mailglass/plugin.h>
#include <stddef.h>

#if !defined ODD_MISSING
extern const MgPlugin mg_plugin;
__attribute__((visibility("default"))) const MgPlugin mg_plugin = {
#if defined ODD_ABI
    .abi_major = MG_ABI_MAJOR + 1,
#else
    .abi_major = MG_ABI_MAJOR,
#endif
    .abi_minor = MG_ABI_MINOR,
#if defined ODD_SMALL
    /* Built when there were no engines yet; what lies after that is none of the host's business. */
    .size = offsetof(MgPlugin, engines),
    .engines = (const MgEngineKind *const *)1,
#elif defined ODD_TINY
    .size = 16,
#else
    .size = sizeof(MgPlugin),
#endif
#if defined ODD_TAKEN
    .id = "line",
#else
    .id = "odd",
#endif
    .version = "1",
    .spdx = "GPL-3.0-or-later",
    .summary = "Odd",
#if defined ODD_CLASH
    .dissectors =
        (const MgDissector *const[]){&(const MgDissector){.name = "tcp", .label = "mine"}, NULL},
#endif
};
#endif
