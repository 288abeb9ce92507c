/* SPDX-License-Identifier: GPL-3.0-or-later */
/* shelf.c - where lessons, and the networks they use, are */
#include <glib/gi18n-lib.h>

#include "lesson-check.h"
#include "networks.h"
#include "shelf.h"

const MgLessonGroup mg_lesson_groups[] = {
    {"way", N_("The way of a mail"), "host-mta", "blue"},
    {"fetching", N_("Fetching it"), "host-mda", "orange"},
    {"dns", N_("Finding the way: DNS"), "host-root", "violet"},
    {"spam", N_("Spam and forgery"), "host-rbl", "amber"},
    {"sealed", N_("Sealed mail"), "padlock", "teal"},
    {"real", N_("The real world"), "host-nameserver", "green"},
    {NULL, NULL, "host-other", "grey"}};

static bool is_lesson(const char *folder)
{
    g_autofree char *file = g_build_filename(folder, "lesson.md", NULL);
    return g_file_test(file, G_FILE_TEST_IS_REGULAR);
}

/* Folders of lessons, in the order in which they count; `n_own` of them are not the shipped ones.
 */
static char **folders(unsigned *n_own)
{
    GPtrArray *found = g_ptr_array_new();
    const char *path = g_getenv("MAILGLASS_LESSON_PATH");
    g_auto(GStrv) named = g_strsplit(path != NULL ? path : "", ":", -1);
    for (size_t i = 0; named[i] != NULL; i++)
        if (named[i][0] != '\0')
            g_ptr_array_add(found, g_strdup(named[i]));
    g_ptr_array_add(found, g_build_filename(g_get_user_data_dir(), "mailglass", "lessons", NULL));
    *n_own = found->len;
    const char *given = g_getenv("MAILGLASS_DATA");
    g_ptr_array_add(found,
                    g_build_filename(given != NULL && given[0] != '\0' ? given : MG_PKGDATADIR,
                                     "lessons", NULL));
    g_ptr_array_add(found, NULL);
    return (char **)g_ptr_array_free(found, FALSE);
}

static void entry_free(void *data)
{
    MgShelfEntry *entry = data;
    g_free(entry->id);
    g_free(entry->folder);
    mg_lesson_free(entry->lesson);
    g_ptr_array_unref(entry->problems);
    g_free(entry);
}

static bool has_error(const GPtrArray *problems)
{
    for (unsigned i = 0; i < problems->len; i++)
        if (strstr(g_ptr_array_index(problems, i), ": error: ") != NULL)
            return true;
    return false;
}

static MgShelfEntry *entry_new(const char *folder, const char *id, bool own, MgRegistry *registry)
{
    MgShelfEntry *entry = g_new0(MgShelfEntry, 1);
    entry->id = g_strdup(id);
    entry->folder = g_strdup(folder);
    entry->own = own;
    entry->problems = g_ptr_array_new_with_free_func(g_free);
    entry->lesson = mg_lesson_load(folder, entry->problems);
    if (entry->lesson != NULL && registry != NULL)
        mg_lesson_judge(entry->lesson, registry, entry->problems);
    if (has_error(entry->problems))
        g_clear_pointer(&entry->lesson, mg_lesson_free);
    return entry;
}

static unsigned group_of(const MgShelfEntry *entry)
{
    unsigned i = 0;
    while (mg_lesson_groups[i].id != NULL &&
           (entry->lesson == NULL || g_strcmp0(entry->lesson->group, mg_lesson_groups[i].id) != 0))
        i++;
    return i;
}

static int compare(const void *a, const void *b)
{
    const MgShelfEntry *one = *(MgShelfEntry *const *)a, *two = *(MgShelfEntry *const *)b;
    unsigned group_one = group_of(one), group_two = group_of(two);
    if (group_one != group_two)
        return group_one < group_two ? -1 : 1;
    int order_one = one->lesson != NULL ? one->lesson->order : G_MAXINT;
    int order_two = two->lesson != NULL ? two->lesson->order : G_MAXINT;
    if (order_one != order_two)
        return order_one < order_two ? -1 : 1;
    return strcmp(one->id, two->id);
}

static bool is_there(const GPtrArray *entries, const char *id)
{
    for (unsigned i = 0; i < entries->len; i++)
        if (strcmp(((const MgShelfEntry *)g_ptr_array_index(entries, i))->id, id) == 0)
            return true;
    return false;
}

GPtrArray *mg_shelf_lessons(MgRegistry *registry)
{
    GPtrArray *entries = g_ptr_array_new_with_free_func(entry_free);
    unsigned n_own;
    g_auto(GStrv) where = folders(&n_own);
    for (unsigned i = 0; where[i] != NULL; i++) {
        g_autoptr(GDir) dir = g_dir_open(where[i], 0, NULL);
        for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
            g_autofree char *folder = g_build_filename(where[i], name, NULL);
            if (is_lesson(folder) && !is_there(entries, name))
                g_ptr_array_add(entries, entry_new(folder, name, i < n_own, registry));
        }
    }
    g_ptr_array_sort(entries, compare);
    return entries;
}

char *mg_shelf_find(const char *name)
{
    if (strchr(name, G_DIR_SEPARATOR) == NULL) {
        unsigned n_own;
        g_auto(GStrv) where = folders(&n_own);
        for (unsigned i = 0; where[i] != NULL && name[0] != '\0'; i++) {
            g_autofree char *folder = g_build_filename(where[i], name, NULL);
            if (is_lesson(folder))
                return g_steal_pointer(&folder);
        }
    }
    if (g_file_test(name, G_FILE_TEST_IS_DIR) && is_lesson(name))
        return g_canonicalize_filename(name, NULL);
    g_autofree char *whole = g_canonicalize_filename(name, NULL);
    g_autofree char *file = g_path_get_basename(whole);
    if (strcmp(file, "lesson.md") == 0 && g_file_test(whole, G_FILE_TEST_IS_REGULAR))
        return g_path_get_dirname(whole);
    return NULL;
}

/* ---- networks ---- */

static char *network_in(const char *folder, const char *name)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *ini = g_build_filename(path, "network.ini", NULL);
    return g_file_test(ini, G_FILE_TEST_EXISTS) ? g_steal_pointer(&path) : NULL;
}

char *mg_shelf_network(const MgLesson *lesson)
{
    if (lesson->network == NULL || lesson->network[0] == '\0' ||
        g_path_is_absolute(lesson->network))
        return NULL;
    char *path = network_in(lesson->folder, lesson->network);
    if (path != NULL || strchr(lesson->network, G_DIR_SEPARATOR) != NULL)
        return path;
    return mg_networks_find(lesson->network);
}
