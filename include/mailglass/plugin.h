/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plugin.h - what a plugin exports: one constant
 *
 * A plugin is a shared object with a single symbol, `mg_plugin`, written with MG_PLUGIN(). It is
 * pure data plus functions: loading it runs no code. Plugins include only <mailglass/…> headers, so
 * this folder is the whole contract.
 *
 * Versions. MG_ABI_MAJOR must match exactly. Within a major, MgPlugin only grows at the end; `size`
 * says how much of it the plugin was built with, and the host reads no further.
 */
#pragma once

#include <mailglass/dissect.h>
#include <mailglass/engine.h>
#include <mailglass/layer.h>
#include <mailglass/topics.h>

G_BEGIN_DECLS

#define MG_ABI_MAJOR 4u
#define MG_ABI_MINOR 0u

typedef struct {
    uint32_t abi_major, abi_minor;
    size_t size;

    const char *id; /* "smtp": also the prefix of its rules and fields */
    const char *version;
    const char *spdx;    /* "GPL-3.0-or-later" */
    const char *summary; /* N_() */
    const char *domain;  /* (nullable) gettext domain of its texts; NULL is the program's own */

    /* Extension points: each a NULL-terminated array, or NULL. New ones are appended here. */
    const MgDissector *const *dissectors;
    const MgEngineKind *const *engines;
    const MgLayerKind *const *layers;
} MgPlugin;

#define MG_PLUGIN(name, ...)                                                                       \
    extern const MgPlugin mg_plugin;                                                               \
    __attribute__((visibility("default"))) const MgPlugin mg_plugin = {.abi_major = MG_ABI_MAJOR,  \
                                                                       .abi_minor = MG_ABI_MINOR,  \
                                                                       .size = sizeof(MgPlugin),   \
                                                                       .id = #name,                \
                                                                       __VA_ARGS__}

G_END_DECLS
