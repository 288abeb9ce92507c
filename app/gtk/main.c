/* SPDX-License-Identifier: GPL-3.0-or-later */
/* main.c - mailglass-window: the arguments, the languages, the application */
#include <libintl.h>
#include <locale.h>
#include <stdlib.h>

#include "application.h"
#include "picture.h"
#include "words.h"

static void set_languages(void)
{
    const char *given = g_getenv("MAILGLASS_LOCALEDIR");
    const char *folder = given != NULL && given[0] != '\0' ? given : MG_LOCALEDIR;
    setlocale(LC_ALL, "");
    bindtextdomain(GETTEXT_PACKAGE, folder);
    bind_textdomain_codeset(GETTEXT_PACKAGE, "UTF-8");
    textdomain(GETTEXT_PACKAGE);
}

int main(int argc, char **argv)
{
    set_languages();
    if (argc > 1 && strcmp(argv[1], "--picture") == 0) {
        g_autoptr(MgRegistry) registry = mg_registry_new();
        argv[1] = (char *)"picture";
        return mg_picture_run(argc - 1, argv + 1, registry);
    }
    g_autoptr(MgApplication) application = mg_application_new();
    return g_application_run(G_APPLICATION(application), argc, argv);
}
