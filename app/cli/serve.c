/* SPDX-License-Identifier: GPL-3.0-or-later */
/* serve.c - mailglass serve NETWORK --door ENGINE@HOST=ADDR:PORT: a network in real time, with
 * doors
 *
 * The simulated world keeps step with the clock; a real client that comes through a door talks to
 * an engine of a simulated host, whose own asks go over the simulated wire.
 */
#include <glib-unix.h>
#include <stdio.h>

#include "command.h"

#include "door.h"
#include "world.h"

typedef struct {
    MgRealOptions real;
    char **door_words, *now_text;
    int64_t seed;
    const char *path;
    MgRegistry *registry;
    MgNetwork *network;
    MgWorld *world;
    MgDrive *drive;
    MgRealCarrier *carrier;
    MgPcapng *file; /* (nullable) */
    GPtrArray *doors;
} Serve;

/* ---- the world in real time ---- */

static MgTime world_deadline(void *data)
{
    return mg_world_next(data);
}

static void world_advance(void *data, MgTime now)
{
    while (mg_world_step(data, now + 1))
        ;
    mg_world_set_now(data, now);
}

/* ---- doors ---- */

static const MgNetworkHost *find_host(const MgNetwork *network, const char *name)
{
    for (unsigned i = 0; i < network->hosts->len; i++) {
        const MgNetworkHost *host = &g_array_index(network->hosts, MgNetworkHost, i);
        if (strcmp(host->name, name) == 0)
            return host;
    }
    return NULL;
}

static const MgEngineKind *find_engine(const MgNetworkHost *host, const char *name)
{
    for (size_t i = 0; i < host->n_engines; i++)
        if (strcmp(host->engines[i].kind->name, name) == 0 && host->engines[i].port != 0)
            return host->engines[i].kind;
    return NULL;
}

/* "what listens there" for a message. */
static char *list_servers(const MgNetworkHost *host)
{
    GString *list = g_string_new(NULL);
    for (size_t i = 0; i < host->n_engines; i++)
        if (host->engines[i].port != 0 && strstr(list->str, host->engines[i].kind->name) == NULL)
            g_string_append_printf(list, "%s%s", list->len > 0 ? ", " : "",
                                   host->engines[i].kind->name);
    return g_string_free(list, FALSE);
}

/* "smtp.server@mx.example.net=127.0.0.1:0". Returns an exit code. */
static int open_door(Serve *serve, const char *text)
{
    g_autoptr(GError) error = NULL;
    const char *at = strchr(text, '@');
    const char *equals = at != NULL ? strchr(at, '=') : NULL;
    if (equals == NULL) {
        mg_complain(serve->real.command, _("--door %s: it looks like ENGINE@HOST=ADDR:PORT"), text);
        return MG_EXIT_USAGE;
    }
    g_autofree char *engine = g_strndup(text, (size_t)(at - text));
    g_autofree char *name = g_strndup(at + 1, (size_t)(equals - at) - 1);
    const MgNetworkHost *host = find_host(serve->network, name);
    if (host == NULL) {
        mg_complain(serve->real.command, _("--door %s: there is no host %s in %s"), text, name,
                    serve->path);
        return MG_EXIT_USAGE;
    }
    const MgEngineKind *kind = find_engine(host, engine);
    if (kind == NULL) {
        g_autofree char *servers = list_servers(host);
        mg_complain(serve->real.command, _("--door %s: %s does not run %s; it runs %s"), text, name,
                    engine, servers[0] != '\0' ? servers : _("no server"));
        return MG_EXIT_USAGE;
    }
    MgDoor *door =
        mg_door_open(serve->carrier, mg_world_host(serve->world, name), kind, equals + 1, &error);
    if (door == NULL) {
        mg_complain(serve->real.command, "--door %s: %s", text, error->message);
        return MG_EXIT_FAILED;
    }
    g_ptr_array_add(serve->doors, door);
    g_print("listening %s@%s %s\n", engine, name, mg_door_address(door));
    return MG_EXIT_DONE;
}

/* ---- the command ---- */

static int load(Serve *serve)
{
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    int64_t now = g_get_real_time() / G_USEC_PER_SEC;
    if (serve->now_text != NULL &&
        !g_ascii_string_to_signed(serve->now_text, 10, 0, G_MAXINT64 / 2, &now, NULL)) {
        mg_complain(serve->real.command, _("--now %s: seconds since 1970 are wanted"),
                    serve->now_text);
        return MG_EXIT_USAGE;
    }
    serve->network = mg_load_network(serve->real.command, serve->path, serve->registry);
    if (serve->network == NULL)
        return MG_EXIT_FAILED;
    /* Real clients live now: certificates are judged, and letters dated, by their clock. */
    serve->network->epoch = now;
    serve->world = mg_world_new(serve->network, serve->registry, (uint64_t)serve->seed, problems);
    mg_print_problems(problems);
    if (serve->world == NULL)
        return MG_EXIT_FAILED;
    return mg_trace_for_weeks(mg_world_trace(serve->world), &serve->real, &serve->file)
               ? MG_EXIT_DONE
               : MG_EXIT_FAILED;
}

static int save(Serve *serve)
{
    g_autoptr(GError) error = NULL;
    if (serve->file == NULL || mg_pcapng_close(g_steal_pointer(&serve->file), &error))
        return MG_EXIT_DONE;
    mg_complain(serve->real.command, "%s", error->message);
    return MG_EXIT_FAILED;
}

static int run_serve(Serve *serve)
{
    static const MgDriven driven = {world_deadline, world_advance};
    int result = load(serve);
    if (result != MG_EXIT_DONE)
        return result;
    serve->drive = mg_drive_new(NULL, &driven, serve->world, 0);
    serve->carrier = mg_real_carrier_new(mg_world_runtime(serve->world), serve->drive);
    serve->doors = g_ptr_array_new_with_free_func((GDestroyNotify)mg_door_close);
    for (size_t i = 0; serve->door_words != NULL && serve->door_words[i] != NULL; i++) {
        result = open_door(serve, serve->door_words[i]);
        if (result != MG_EXIT_DONE)
            return result;
    }
    fflush(stdout); /* who started us waits for these lines */
    mg_wait_for_signal();
    return save(serve);
}

/* The world goes before the carrier whose lines it may close, and after the doors. */
static void serve_clear(Serve *serve)
{
    if (serve->file != NULL) /* it never came to serving */
        mg_pcapng_close(g_steal_pointer(&serve->file), NULL);
    g_clear_pointer(&serve->doors, g_ptr_array_unref);
    g_clear_pointer(&serve->world, mg_world_free);
    g_clear_pointer(&serve->carrier, mg_real_carrier_free);
    g_clear_pointer(&serve->drive, mg_drive_free);
    g_clear_pointer(&serve->network, mg_network_free);
    g_free(serve->real.trace);
    g_free(serve->now_text);
    g_strfreev(serve->door_words);
}

int mg_serve_main(int argc, char **argv, MgRegistry *registry)
{
    Serve serve = {.real = {.command = "mailglass serve"}, .registry = registry, .seed = 1};
    const GOptionEntry entries[] = {
        {"door", 0, 0, G_OPTION_ARG_STRING_ARRAY, &serve.door_words,
         N_("Lets real clients in to a host's server; port 0 takes a free one"),
         N_("ENGINE@HOST=ADDR:PORT")},
        {"trace", 0, 0, G_OPTION_ARG_FILENAME, &serve.real.trace,
         N_("Keeps what happened as a capture file"), N_("FILE.pcapng")},
        {"seed", 0, 0, G_OPTION_ARG_INT64, &serve.seed, N_("Fixes chance"), N_("N")},
        {"now", 0, 0, G_OPTION_ARG_STRING, &serve.now_text,
         N_("Fixes the date at the start, in seconds since 1970; the real one if not given"),
         N_("UNIXTIME")},
        {0}};
    bool helped = false;
    int result = mg_parse_options(
        serve.real.command, "NETWORK",
        _("Runs the network in real time until it is interrupted.\n\nExample:\n  mailglass serve "
          "networks/two-domains --door smtp.server@mx.example.net=127.0.0.1:0"),
        entries, &argc, &argv, &helped);
    if (result == MG_EXIT_DONE && !helped) {
        if (argc == 2) {
            serve.path = argv[1];
            result = run_serve(&serve);
        } else {
            mg_complain(serve.real.command, "%s", _("one network is wanted; see --help"));
            result = MG_EXIT_USAGE;
        }
    }
    serve_clear(&serve);
    return result;
}
