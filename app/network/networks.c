/* SPDX-License-Identifier: GPL-3.0-or-later */
/* networks.c - where networks are */
#include "networks.h"

#include <string.h>

#define RECENT_MAX 8

static gboolean is_network(const char *path)
{
    g_autofree char *file = g_build_filename(path, "network.ini", NULL);
    return g_file_test(file, G_FILE_TEST_IS_REGULAR);
}

/* MAILGLASS_DATA, the user's folder, the installed one. */
static char **folders(void)
{
    const char *given = g_getenv("MAILGLASS_DATA");
    GPtrArray *found = g_ptr_array_new();
    if (given != NULL && given[0] != '\0')
        g_ptr_array_add(found, g_build_filename(given, "networks", NULL));
    g_ptr_array_add(found, g_build_filename(g_get_user_data_dir(), "mailglass", "networks", NULL));
    if (given == NULL || given[0] == '\0')
        g_ptr_array_add(found, g_build_filename(MG_PKGDATADIR, "networks", NULL));
    g_ptr_array_add(found, NULL);
    return (char **)g_ptr_array_free(found, FALSE);
}

static int compare(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_networks(GPtrArray *found, const char *folder)
{
    g_autoptr(GPtrArray) here = g_ptr_array_new();
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        if (is_network(path))
            g_ptr_array_add(here, g_steal_pointer(&path));
    }
    g_ptr_array_sort(here, compare);
    for (guint i = 0; i < here->len; i++)
        g_ptr_array_add(found, g_ptr_array_index(here, i));
}

GPtrArray *mg_networks_shipped(void)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    g_auto(GStrv) where = folders();
    for (gsize i = 0; where[i] != NULL; i++)
        add_networks(found, where[i]);
    return found;
}

char *mg_networks_find(const char *name)
{
    if (g_file_test(name, G_FILE_TEST_EXISTS))
        return g_canonicalize_filename(name, NULL);
    g_auto(GStrv) where = folders();
    for (gsize i = 0; where[i] != NULL && strchr(name, G_DIR_SEPARATOR) == NULL; i++) {
        g_autofree char *path = g_build_filename(where[i], name, NULL);
        if (is_network(path))
            return g_steal_pointer(&path);
    }
    return NULL;
}

/* One path a line, the newest first. */
static char *recent_file(void)
{
    return g_build_filename(g_get_user_state_dir(), "mailglass", "recent", NULL);
}

GPtrArray *mg_networks_recent(void)
{
    GPtrArray *found = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *file = recent_file();
    g_autofree char *text = NULL;
    if (!g_file_get_contents(file, &text, NULL, NULL))
        return found;
    g_auto(GStrv) lines = g_strsplit(text, "\n", RECENT_MAX + 1);
    for (gsize i = 0; lines[i] != NULL && i < RECENT_MAX; i++)
        if (lines[i][0] != '\0' && is_network(lines[i]))
            g_ptr_array_add(found, g_strdup(lines[i]));
    return found;
}

void mg_networks_opened(const char *path)
{
    g_autoptr(GPtrArray) before = mg_networks_recent();
    g_autoptr(GString) text = g_string_new(NULL);
    if (strchr(path, '\n') != NULL)
        return;
    g_string_append_printf(text, "%s\n", path);
    for (guint i = 0; i < MIN(before->len, RECENT_MAX - 1); i++)
        if (strcmp(g_ptr_array_index(before, i), path) != 0)
            g_string_append_printf(text, "%s\n", (char *)g_ptr_array_index(before, i));
    g_autofree char *file = recent_file();
    g_autofree char *folder = g_path_get_dirname(file);
    /* A list that cannot be kept is no reason to disturb anybody. */
    if (g_mkdir_with_parents(folder, 0700) == 0)
        g_file_set_contents(file, text->str, (gssize)text->len, NULL);
}
