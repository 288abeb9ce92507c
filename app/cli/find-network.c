/* SPDX-License-Identifier: GPL-3.0-or-later */
/* find-network.c - a network by its path, or by its name when it is shipped */
#include "command.h"
#include "networks.h"

GPtrArray *mg_shipped_networks(void)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) paths = mg_networks_shipped();
    for (unsigned i = 0; i < paths->len; i++)
        g_ptr_array_add(names, g_path_get_basename(g_ptr_array_index(paths, i)));
    return names;
}

char *mg_find_network(const char *command, const char *name)
{
    char *path = mg_networks_find(name);
    if (path != NULL)
        return path;
    g_autoptr(GPtrArray) networks = mg_shipped_networks();
    g_ptr_array_add(networks, NULL);
    g_autofree char *names = g_strjoinv(", ", (char **)networks->pdata);
    if (names[0] != '\0')
        mg_complain(command,
                    _("there is no file, folder or shipped network \"%s\"; shipped are: %s"), name,
                    names);
    else
        mg_complain(command, _("there is no file or folder \"%s\""), name);
    return NULL;
}

void mg_drop_repeated(GPtrArray *problems)
{
    for (unsigned i = problems->len; i-- > 1;)
        for (unsigned j = 0; j < i; j++)
            if (strcmp(g_ptr_array_index(problems, i), g_ptr_array_index(problems, j)) == 0) {
                g_ptr_array_remove_index(problems, i);
                break;
            }
}

void mg_print_problems(GPtrArray *problems)
{
    mg_drop_repeated(problems);
    for (unsigned i = 0; i < problems->len; i++)
        g_printerr("%s\n", (char *)g_ptr_array_index(problems, i));
}

MgNetwork *mg_load_network(const char *command, const char *name, const MgRegistry *registry)
{
    g_autofree char *path = mg_find_network(command, name);
    if (path == NULL)
        return NULL;
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgNetwork *network = mg_network_load(path, registry, problems);
    mg_print_problems(problems);
    if (network == NULL)
        mg_complain(command, _("%s cannot be used: see above"), path);
    return network;
}
