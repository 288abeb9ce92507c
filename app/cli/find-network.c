/* SPDX-License-Identifier: GPL-3.0-or-later */
/* find-network.c - a network by its path, or by its name when it is shipped */
#include "command.h"

/* The folders that hold the networks which are shipped, the build tree's first. */
static void each_data_folder(char *folders[2])
{
    const char *given = g_getenv("MAILGLASS_DATA");
    folders[0] = given != NULL && given[0] != '\0' ? g_build_filename(given, "networks", NULL)
                                                   : g_strdup("");
    folders[1] = g_build_filename(MG_PKGDATADIR, "networks", NULL);
}

static char *shipped_path(const char *name)
{
    char *found = NULL, *folders[2];
    each_data_folder(folders);
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autofree char *ini = g_build_filename(folders[i], name, "network.ini", NULL);
        if (found == NULL && folders[i][0] != '\0' && g_file_test(ini, G_FILE_TEST_EXISTS))
            found = g_build_filename(folders[i], name, NULL);
        g_free(folders[i]);
    }
    return found;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *mg_shipped_networks(void)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    char *folders[2];
    each_data_folder(folders);
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        g_autoptr(GDir) dir = folders[i][0] != '\0' ? g_dir_open(folders[i], 0, NULL) : NULL;
        for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
            g_autofree char *ini = g_build_filename(folders[i], name, "network.ini", NULL);
            if (g_file_test(ini, G_FILE_TEST_EXISTS) &&
                !g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
                g_ptr_array_add(names, g_strdup(name));
        }
        g_free(folders[i]);
    }
    g_ptr_array_sort(names, compare_names);
    return names;
}

char *mg_find_network(const char *command, const char *name)
{
    if (g_file_test(name, G_FILE_TEST_EXISTS))
        return g_strdup(name);
    char *path = strchr(name, G_DIR_SEPARATOR) == NULL ? shipped_path(name) : NULL;
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
