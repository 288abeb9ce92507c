/* SPDX-License-Identifier: GPL-3.0-or-later */
/* registry.h - the plugins: found, judged, loaded, and what they bring by name
 *
 * Looked for, in this order: MAILGLASS_PLUGIN_PATH (":"-separated), the user's folder
 * (XDG_DATA_HOME/mailglass/plugins), the installed folder; in the build tree the program sets the
 * first. A file that cannot be used stays in the list with one clear sentence, and the rest goes
 * on.
 */
#pragma once

#include <mailglass/plugin.h>

G_BEGIN_DECLS

typedef struct MgRegistry MgRegistry;

typedef struct {
    const char *path;
    const MgPlugin *plugin; /* (nullable) NULL when it could not be used */
    const char *problem;    /* (nullable) "wrong ABI: built for 2.0, this program has 1.0" */
} MgPluginEntry;

/* Loads everything that the search path holds. Never fails; problems are in the entries. */
MgRegistry *mg_registry_new(void);
/* For tests: only what is in these folders (":"-separated; "" for none). */
MgRegistry *mg_registry_new_for_path(const char *path);
MgRegistry *mg_registry_ref(MgRegistry *registry);
void mg_registry_unref(MgRegistry *registry);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MgRegistry, mg_registry_unref)

size_t mg_registry_n_entries(const MgRegistry *registry);
const MgPluginEntry *mg_registry_entry(const MgRegistry *registry, size_t i);

/* Index i is stable for a registry's life and fits 8 bits: trace records hold it. Index 0 is none;
 * "ethernet", "ip", "tcp", "udp" are always there (protocols/inet). */
uint8_t mg_registry_dissector_index(const MgRegistry *registry, const char *name);
const MgDissector *mg_registry_dissector(const MgRegistry *registry, uint8_t index);
uint8_t mg_registry_dissector_for_port(const MgRegistry *registry, MgTransport transport,
                                       uint16_t port);
size_t mg_registry_n_dissectors(const MgRegistry *registry);

/* (nullable) by name: "smtp.server". */
const MgEngineKind *mg_registry_engine(const MgRegistry *registry, const char *name);
size_t mg_registry_n_engines(const MgRegistry *registry);
const MgEngineKind *mg_registry_engine_at(const MgRegistry *registry, size_t i);
/* The plugin that brought it. */
const MgPlugin *mg_registry_engine_plugin(const MgRegistry *registry, const MgEngineKind *kind);

/* (nullable) what stands between an engine and its connection, by the topic that asks for it. */
const MgLayerKind *mg_registry_layer(const MgRegistry *registry, const char *topic);
size_t mg_registry_n_layers(const MgRegistry *registry);
const MgLayerKind *mg_registry_layer_at(const MgRegistry *registry, size_t i);
/* (nullable) A setting that any host may have, for one of them. */
const MgSettingRow *mg_registry_layer_setting(const MgRegistry *registry, const char *key);

/* (nullable) by id: "smtp.response.code". `dissector` (nullable out). */
const MgField *mg_registry_field(const MgRegistry *registry, const char *id,
                                 const MgDissector **dissector);
/* (nullable) by id: "smtp.bare-lf". */
const MgRule *mg_registry_rule(const MgRegistry *registry, const char *id);

/* Translates a text of this plugin's dissector or engine kind; returns `text` itself if there is
 * no translation. NULL gives NULL. */
const char *mg_registry_translate(const MgRegistry *registry, const char *text);

G_END_DECLS
