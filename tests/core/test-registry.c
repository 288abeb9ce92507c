/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-registry.c - plugins that are right, and each way to be wrong */
#include <glib/gstdio.h>
#include <unistd.h>

#include "registry.h"

static const char *built; /* where the test plugins are */

static MgRegistry *with(const char *const *names, char **folder)
{
    *folder = g_dir_make_tmp(NULL, NULL);
    for (; *names != NULL; names++) {
        g_autofree char *from = g_build_filename(built, *names, NULL);
        g_autofree char *to = g_build_filename(*folder, *names, NULL);
        g_assert_cmpint(symlink(from, to), ==, 0);
    }
    return mg_registry_new_for_path(*folder);
}

static void remove_folder(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    for (const char *name; dir != NULL && (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
}

static void test_good(void)
{
    g_autofree char *folder = NULL;
    g_autoptr(MgRegistry) registry = with((const char *const[]){"line.so", NULL}, &folder);
    g_assert_cmpuint(mg_registry_n_entries(registry), ==, 1);
    const MgPluginEntry *entry = mg_registry_entry(registry, 0);
    g_assert_null(entry->problem);
    g_assert_cmpstr(entry->plugin->id, ==, "line");
    uint8_t line = mg_registry_dissector_index(registry, "line");
    g_assert_cmpuint(line, !=, 0);
    g_assert_cmpstr(mg_registry_dissector(registry, line)->name, ==, "line");
    g_assert_cmpuint(mg_registry_dissector_for_port(registry, MG_TRANSPORT_STREAM, 7777), ==, line);
    g_assert_cmpuint(mg_registry_dissector_for_port(registry, MG_TRANSPORT_DATAGRAM, 7777), ==, 0);
    g_assert_cmpuint(mg_registry_dissector_for_port(registry, MG_TRANSPORT_DATAGRAM, 7778), ==,
                     line);
    const MgDissector *dissector = NULL;
    const MgField *field = mg_registry_field(registry, "line.code", &dissector);
    g_assert_cmpstr(field->id, ==, "line.code");
    g_assert_cmpstr(dissector->name, ==, "line");
    g_assert_null(mg_registry_field(registry, "line.nothing", NULL));
    g_assert_cmpuint(mg_registry_dissector_index(registry, "nothing"), ==, 0);
    g_assert_null(mg_registry_dissector(registry, 0));
    g_assert_null(mg_registry_dissector(registry, 255));
    g_assert_cmpstr(mg_registry_translate(registry, "no translation"), ==, "no translation");
    g_assert_null(mg_registry_translate(registry, NULL));
    g_assert_cmpstr(mg_registry_translate(registry, ""), ==, "");
    remove_folder(folder);
}

static void test_inet_is_always_there(void)
{
    g_autoptr(MgRegistry) registry = mg_registry_new_for_path("");
    g_assert_cmpuint(mg_registry_n_entries(registry), ==, 0);
    static const char *const names[] = {"ethernet", "ip", "ipv6", "tcp", "udp", "icmp"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        g_assert_cmpuint(mg_registry_dissector_index(registry, names[i]), !=, 0);
    static const char *const ids[] = {"eth.src",
                                      "ip.src",
                                      "ip.ttl",
                                      "ip.checksum",
                                      "tcp.seq",
                                      "tcp.flags.syn",
                                      "tcp.window_size_value",
                                      "udp.length"};
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++)
        g_assert_nonnull(mg_registry_field(registry, ids[i], NULL));
}

/* The good one still works beside each of these, and the sentence says what is wrong. */
static void check_problem(const char *file, const char *sentence)
{
    g_autofree char *folder = NULL;
    g_autoptr(MgRegistry) registry = with((const char *const[]){"line.so", file, NULL}, &folder);
    g_assert_cmpuint(mg_registry_n_entries(registry), ==, 2);
    g_assert_null(mg_registry_entry(registry, 0)->problem);
    const MgPluginEntry *entry = mg_registry_entry(registry, 1);
    g_assert_null(entry->plugin);
    if (!g_pattern_match_simple(sentence, entry->problem))
        g_error("%s: \"%s\" is not \"%s\"", file, entry->problem, sentence);
    g_assert_null(strchr(entry->problem, '\n'));
    g_assert_cmpuint(mg_registry_dissector_index(registry, "line"), !=, 0);
    remove_folder(folder);
}

static void test_problems(void)
{
    g_autofree char *wrong =
        g_strdup_printf("wrong ABI: built for %u.%u, this program has %u.%u", MG_ABI_MAJOR + 1,
                        MG_ABI_MINOR, MG_ABI_MAJOR, MG_ABI_MINOR);
    check_problem("odd-abi.so", wrong);
    check_problem("odd-missing.so", "not a plugin: the symbol \"mg_plugin\" is missing");
    check_problem("odd-taken.so", "the id \"line\" is taken by */line.so");
    check_problem("odd-clash.so", "the dissector \"tcp\" is there already");
    check_problem("odd-tiny.so", "broken file: its description has 16 octets, at least * are *");
}

static void test_text_file(void)
{
    g_autofree char *folder = NULL;
    g_autoptr(MgRegistry) empty = with((const char *const[]){NULL}, &folder);
    g_assert_cmpuint(mg_registry_n_entries(empty), ==, 0);
    g_autofree char *path = g_build_filename(folder, "text.so", NULL);
    g_autofree char *beside = g_build_filename(folder, "README", NULL);
    g_assert_true(
        g_file_set_contents(path, "This is no shared object, only a longer text.\n", -1, NULL));
    g_assert_true(g_file_set_contents(beside, "Not looked at.\n", -1, NULL));
    g_autoptr(MgRegistry) registry = mg_registry_new_for_path(folder);
    g_assert_cmpuint(mg_registry_n_entries(registry), ==, 1);
    const char *problem = mg_registry_entry(registry, 0)->problem;
    g_assert_true(g_str_has_prefix(problem, "broken file: it cannot be loaded ("));
    g_assert_null(strchr(problem, '\n'));
    g_assert_null(strstr(problem, folder)); /* the entry has the path already */
    remove_folder(folder);
}

static void test_smaller(void)
{
    g_autofree char *folder = NULL;
    g_autoptr(MgRegistry) registry = with((const char *const[]){"odd-small.so", NULL}, &folder);
    const MgPluginEntry *entry = mg_registry_entry(registry, 0);
    g_assert_null(entry->problem);
    g_assert_cmpstr(entry->plugin->id, ==, "odd");
    g_assert_null(entry->plugin->engines);
    g_assert_cmpuint(mg_registry_n_engines(registry), ==, 0);
    remove_folder(folder);
}

static void test_twice(void)
{
    g_autofree char *folder = NULL;
    g_autoptr(MgRegistry) once = with((const char *const[]){"line.so", NULL}, &folder);
    g_assert_cmpuint(mg_registry_n_entries(once), ==, 1);
    g_autofree char *path = g_strdup_printf("%s:%s:%s", folder, built, folder);
    g_autoptr(MgRegistry) registry = mg_registry_new_for_path(path);
    unsigned n = 0;
    for (size_t i = 0; i < mg_registry_n_entries(registry); i++)
        n += g_str_has_suffix(mg_registry_entry(registry, i)->path, "/line.so");
    g_assert_cmpuint(n, ==, 1);
    remove_folder(folder);
}

static void test_folders(void)
{
    g_autoptr(MgRegistry) registry = mg_registry_new_for_path("/nonexistent/plugins:/dev/null");
    g_assert_cmpuint(mg_registry_n_entries(registry), ==, 2);
    g_assert_cmpstr(mg_registry_entry(registry, 0)->path, ==, "/nonexistent/plugins");
    g_assert_cmpstr(mg_registry_entry(registry, 0)->problem, ==, "there is no such folder");
    g_assert_true(
        g_str_has_prefix(mg_registry_entry(registry, 1)->problem, "the folder cannot be read: "));
}

static void test_environment(void)
{
    g_autofree char *folder = NULL;
    g_autoptr(MgRegistry) once = with((const char *const[]){"line.so", NULL}, &folder);
    g_assert_cmpuint(mg_registry_n_entries(once), ==, 1);
    g_setenv("MAILGLASS_PLUGIN_PATH", folder, TRUE);
    g_autoptr(MgRegistry) registry = mg_registry_new();
    g_assert_cmpstr(mg_registry_entry(registry, 0)->plugin->id, ==, "line");
    g_unsetenv("MAILGLASS_PLUGIN_PATH");
    remove_folder(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    built = g_getenv("MAILGLASS_TEST_PLUGINS");
    g_assert_nonnull(built);
    g_test_add_func("/registry/good", test_good);
    g_test_add_func("/registry/inet", test_inet_is_always_there);
    g_test_add_func("/registry/problems", test_problems);
    g_test_add_func("/registry/text-file", test_text_file);
    g_test_add_func("/registry/smaller", test_smaller);
    g_test_add_func("/registry/twice", test_twice);
    g_test_add_func("/registry/folders", test_folders);
    g_test_add_func("/registry/environment", test_environment);
    return g_test_run();
}
