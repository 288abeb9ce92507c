/* SPDX-License-Identifier: GPL-3.0-or-later */
/* replay.c - a fuzz target as a test: plays each file of its corpus, and that file with every octet
 * turned over and every length cut, which finds much of what a fuzzer would find first */
#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHANGED_MAX 2048u /* octets of a file that are turned over, one at a time */

static void play(const char *data, size_t size)
{
    LLVMFuzzerTestOneInput((const uint8_t *)data, size);
    g_autofree char *changed = g_memdup2(data, size);
    for (size_t i = 0; i < MIN(size, CHANGED_MAX); i++) {
        changed[i] = (char)~changed[i];
        LLVMFuzzerTestOneInput((const uint8_t *)changed, size);
        changed[i] = data[i];
        /* A copy of just this length, so that a sanitizer sees one octet read too far. */
        g_autofree char *cut = g_memdup2(data, i);
        LLVMFuzzerTestOneInput((const uint8_t *)(cut != NULL ? cut : ""), i);
    }
}

int main(int argc, char **argv)
{
    g_autoptr(GDir) folder = argc == 2 ? g_dir_open(argv[1], 0, NULL) : NULL;
    unsigned n_played = 0;
    const char *name;
    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *path = g_build_filename(argv[1], name, NULL);
        g_autofree char *data = NULL;
        gsize size = 0;
        if (!g_file_get_contents(path, &data, &size, NULL))
            continue;
        play(data, size);
        printf("ok %u - %s\n", ++n_played, name);
    }
    if (n_played == 0)
        printf("not ok 1 - no corpus in %s\n", argc == 2 ? argv[1] : "(no folder named)");
    printf("1..%u\n", MAX(n_played, 1u));
    return n_played == 0;
}
