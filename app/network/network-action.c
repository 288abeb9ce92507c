/* SPDX-License-Identifier: GPL-3.0-or-later */
/* network-action.c - "alice send mail/hello.eml to bob@example.net" against a verb's usage
 *
 * A usage is the verb and then words: FILE is read, SERVER may be a host of the network, whose
 * address the engine is told, other words in capitals stand for anything, what is in small letters
 * is meant as it is, "…" means one or more, "[…]" may be left out.
 */
#include <glib/gi18n-lib.h>

#include "network-private.h"

typedef struct {
    const char *text; /* without marks */
    bool literal, file, server, repeats;
    bool opens, closes; /* a part that may be left out */
} Token;

void mg_network_action_clear(MgNetworkAction *action)
{
    g_free(action->verb);
    g_strfreev(action->words);
    g_clear_pointer(&action->file, g_bytes_unref);
    g_free(action->path);
    *action = (MgNetworkAction){0};
}

/* "to ADDRESS…" → tokens; `words` owns the texts. */
static GArray *tokens_of(char **words)
{
    GArray *tokens = g_array_new(FALSE, TRUE, sizeof(Token));
    for (size_t i = 0; words[i] != NULL; i++) {
        char *word = words[i];
        Token token = {0};
        if (word[0] == '[') {
            token.opens = true;
            word++;
        }
        if (g_str_has_suffix(word, "]")) {
            token.closes = true;
            word[strlen(word) - 1] = '\0';
        }
        if (g_str_has_suffix(word, "…")) {
            token.repeats = true;
            word[strlen(word) - strlen("…")] = '\0';
        }
        token.text = word;
        token.literal = !g_ascii_isupper(word[0]);
        token.file = strcmp(word, "FILE") == 0;
        token.server = strcmp(word, "SERVER") == 0;
        g_array_append_val(tokens, token);
    }
    return tokens;
}

static bool fits(const Token *token, const char *word)
{
    if (token->literal)
        return strcmp(token->text, word) == 0;
    for (const char *at = word; *at != '\0'; at++)
        if (g_ascii_iscntrl(*at))
            return false;
    return word[0] != '\0';
}

/* Are these words what the tokens want? `file`, `server`: the index of that word, -1 if none. */
static bool match(const GArray *tokens, char **words, int *file, int *server)
{
    size_t w = 0;
    bool skip = false;
    *file = *server = -1;
    for (unsigned t = 0; t < tokens->len; t++) {
        const Token *token = &g_array_index(tokens, Token, t);
        if (token->opens)
            skip = words[w] == NULL || !fits(token, words[w]);
        if (!skip) {
            if (words[w] == NULL || !fits(token, words[w]))
                return false;
            if (token->file)
                *file = (int)w;
            if (token->server)
                *server = (int)w;
            w++;
            while (token->repeats && words[w] != NULL && fits(token, words[w]))
                w++;
        }
        if (token->closes)
            skip = false;
    }
    return words[w] == NULL;
}

/* Of several kinds with one verb, the one that the host's setting (fetch=pop3://…) or the word
 * means (talk smtp://…). */
static bool meant(const MgNetworkHost *host, const MgEngineKind *kind, const char *word)
{
    if (kind->scheme == NULL)
        return true;
    const char *value = kind->scheme_setting != NULL
                            ? mg_settings_get(&host->settings, kind->scheme_setting, NULL)
                            : word;
    g_autofree char *scheme = value != NULL ? g_uri_parse_scheme(value) : NULL;
    return scheme == NULL || g_strcmp0(scheme, kind->scheme) == 0;
}

static const MgEngineKind *find_verb(const MgNetworkHost *host, const char *verb, const char *word)
{
    for (size_t i = 0; i < host->n_engines; i++) {
        const MgEngineKind *kind = host->engines[i].kind;
        if (kind->verb != NULL && strcmp(kind->verb, verb) == 0 && meant(host, kind, word))
            return kind;
    }
    return NULL;
}

static void no_such_verb(const MgNetworkHost *host, const char *verb, GError **error)
{
    g_autoptr(GString) can = g_string_new(NULL);
    for (size_t i = 0; i < host->n_engines; i++) {
        const MgEngineKind *kind = host->engines[i].kind;
        if (kind->verb == NULL)
            continue;
        g_autofree char *usage = g_strdup_printf("\"%s %s\"", host->name,
                                                 kind->usage != NULL ? kind->usage : kind->verb);
        if (strstr(can->str, usage) == NULL) /* several kinds may share one */
            g_string_append_printf(can, "%s%s", can->len > 0 ? ", " : "", usage);
    }
    if (can->len > 0)
        g_set_error(error, MG_ERROR, MG_ERROR_CONFIG, _("%s cannot \"%s\"; it can %s"), host->name,
                    verb, can->str);
    else
        g_set_error(error, MG_ERROR, MG_ERROR_CONFIG,
                    _("%s cannot \"%s\": no engine of it takes commands"), host->name, verb);
}

static bool fill(const MgNetwork *network, const MgEngineKind *kind, char **words, GBytes *file,
                 MgNetworkAction *action, GError **error)
{
    const char *usage = kind->usage != NULL ? kind->usage : kind->verb;
    g_auto(GStrv) wanted = g_strsplit(usage, " ", -1);
    g_autoptr(GArray) tokens = tokens_of(wanted[0] != NULL ? wanted + 1 : wanted);
    int at, server;
    if (!match(tokens, words, &at, &server)) {
        g_set_error(error, MG_ERROR, MG_ERROR_CONFIG, _("write it like this: %s"), usage);
        return false;
    }
    action->words = g_strdupv(words);
    int named = server >= 0 ? mg_network_find_host(network, words[server]) : -1;
    if (named >= 0) { /* engines do not know the names of hosts */
        g_free(action->words[server]);
        action->words[server] =
            g_strdup(g_array_index(network->hosts, MgNetworkHost, named).addresses[0]);
    }
    if (at < 0)
        return true;
    action->path = g_strdup(words[at]);
    if (file != NULL)
        action->file = g_bytes_ref(file);
    else if (strcmp(words[at], "-") == 0)
        g_set_error(error, MG_ERROR, MG_ERROR_CONFIG,
                    _("\"-\" stands for a file that is not here"));
    else
        action->file = mg_network_read_file(network, words[at], error);
    return action->file != NULL;
}

bool mg_network_parse_action(const MgNetwork *network, const MgRegistry *registry, const char *text,
                             GBytes *file, MgNetworkAction *action, GError **error)
{
    MgTime at = action->at;
    unsigned line = action->line;
    *action = (MgNetworkAction){.at = at, .line = line};
    g_auto(GStrv) argv = NULL;
    g_autoptr(GError) quoting = NULL;
    if (!g_shell_parse_argv(text, NULL, &argv, &quoting) || argv[1] == NULL) {
        g_set_error(error, MG_ERROR, MG_ERROR_CONFIG,
                    _("\"%s\": write who does what, like \"alice send mail/hello.eml to "
                      "bob@example.net\"%s%s"),
                    text, quoting != NULL && argv == NULL ? "; " : "",
                    quoting != NULL && argv == NULL ? quoting->message : "");
        return false;
    }
    int host = mg_network_find_host(network, argv[0]);
    if (host < 0) {
        g_autofree const char **names = mg_network_host_names(network);
        const char *nearest = mg_ini_nearest(argv[0], names);
        if (nearest != NULL)
            g_set_error(error, MG_ERROR, MG_ERROR_CONFIG,
                        _("there is no host \"%s\"; did you mean \"%s\"?"), argv[0], nearest);
        else
            g_set_error(error, MG_ERROR, MG_ERROR_CONFIG, _("there is no host \"%s\""), argv[0]);
        return false;
    }
    const MgNetworkHost *who = &g_array_index(network->hosts, MgNetworkHost, host);
    const MgEngineKind *kind = find_verb(who, argv[1], argv[2]);
    if (kind == NULL) {
        no_such_verb(who, argv[1], error);
        return false;
    }
    action->host = (size_t)host;
    action->verb = g_strdup(argv[1]);
    if (!fill(network, kind, argv + 2, file, action, error)) {
        mg_network_action_clear(action);
        return false;
    }
    return true;
}
