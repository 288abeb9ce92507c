/* SPDX-License-Identifier: GPL-3.0-or-later */
/* other-abi.c - a plugin built for a contract that this program does not have */
#include <mailglass/plugin.h>

extern const MgPlugin mg_plugin;
__attribute__((visibility("default"))) const MgPlugin mg_plugin = {
    .abi_major = 99,
    .size = sizeof(MgPlugin),
    .id = "future",
    .version = "99",
};
