/* SPDX-License-Identifier: GPL-3.0-or-later */
/* real-access.c - who we are and whom we trust: options that commands for real servers share */
#include "real-access.h"

#include <stdio.h>
#include <unistd.h>

void mg_real_access_init(MgRealAccess *access, const char *command)
{
    *access = (MgRealAccess){.command = command};
    access->rows = g_array_new(FALSE, FALSE, sizeof(MgSetting));
    access->kept = g_ptr_array_new_with_free_func(g_free);
}

static void forget(char *secret)
{
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
}

void mg_real_access_clear(MgRealAccess *access)
{
    g_free(access->user);
    g_free(access->password_file);
    g_free(access->password_env);
    g_free(access->auth);
    g_strfreev(access->ca);
    forget(access->password);
    g_free(access->password);
    g_array_unref(access->rows);
    g_ptr_array_unref(access->kept);
    *access = (MgRealAccess){0};
}

static void add(MgRealAccess *access, MgSetting row)
{
    g_array_append_val(access->rows, row);
}

void mg_real_access_set(MgRealAccess *access, const char *key, const char *value)
{
    char *kept = g_strdup(value);
    g_ptr_array_add(access->kept, kept);
    add(access, (MgSetting){.key = key, .value = kept, .len = strlen(kept)});
}

MgSettings mg_real_access_settings(const MgRealAccess *access)
{
    return (MgSettings){(const MgSetting *)(void *)access->rows->data, access->rows->len};
}

/* ---- whom we trust ---- */

bool mg_real_access_set_pem(MgRealAccess *access, const char *key, const char *path)
{
    g_autoptr(GError) error = NULL;
    char *text = NULL;
    gsize len = 0;
    if (!g_file_get_contents(path, &text, &len, &error)) {
        mg_complain(access->command, "%s", error->message);
        return false;
    }
    g_ptr_array_add(access->kept, text);
    if (strstr(text, "-----BEGIN ") == NULL) {
        mg_complain(access->command, _("%s: there is no certificate or key in it (PEM)"), path);
        return false;
    }
    add(access, (MgSetting){.key = key, .value = text, .len = len, .path = path});
    return true;
}

bool mg_real_access_trust(MgRealAccess *access)
{
    for (size_t i = 0; access->ca != NULL && access->ca[i] != NULL; i++)
        if (!mg_real_access_set_pem(access, "tls-ca", access->ca[i]))
            return false;
    return true;
}

/* ---- who we are ---- */

static char *ask_terminal(const MgRealAccess *access)
{
    if (!isatty(STDIN_FILENO)) {
        mg_complain(access->command, "%s",
                    _("no terminal to ask for the password; --password-file or --password-env is "
                      "wanted"));
        return NULL;
    }
    g_autofree char *prompt = g_strdup_printf(_("Password of %s: "), access->user);
    char *typed = getpass(prompt);
    char *password = g_strdup(typed != NULL ? typed : "");
    forget(typed);
    return password;
}

/* (transfer full) (nullable) From where the user said it is; NULL after saying what is wrong. */
static char *get_password(const MgRealAccess *access)
{
    g_autoptr(GError) error = NULL;
    char *password = NULL;
    if (access->password_env != NULL) {
        password = g_strdup(g_getenv(access->password_env));
        if (password == NULL)
            mg_complain(access->command, _("the environment variable %s is not set"),
                        access->password_env);
    } else if (access->password_file != NULL) {
        if (!g_file_get_contents(access->password_file, &password, NULL, &error)) {
            mg_complain(access->command, "%s", error->message);
            return NULL;
        }
        char *end = password + strcspn(password, "\r\n");
        forget(end);
        *end = '\0';
    } else {
        password = ask_terminal(access);
    }
    return password;
}

bool mg_real_access_log_in(MgRealAccess *access, const MgUrl *url)
{
    if (!mg_real_access_trust(access))
        return false;
    if (access->user == NULL)
        access->user = g_strdup(url->user);
    if (access->user == NULL) {
        if (access->auth == NULL && access->password_file == NULL && access->password_env == NULL)
            return true;
        mg_complain(access->command, "%s",
                    _("to log in, a user is wanted: --user NAME, or NAME@ in the URL"));
        return false;
    }
    access->password = get_password(access);
    if (access->password == NULL)
        return false;
    mg_real_access_set(access, "account", access->user);
    add(access,
        (MgSetting){.key = "password", .value = access->password, .len = strlen(access->password)});
    return true;
}

/* ---- what the server has shown ---- */

/* "  issued to: CN=mx.example.net", a line for each field of a certificate in the exchange. */
static void print_certificates(const MgTrace *trace, uint32_t n)
{
    static const struct {
        const char *id, *label;
        bool first; /* a certificate begins with it */
    } rows[] = {{"x509af.issuer", N_("issued by"), true},
                {"x509af.notBefore", N_("valid from"), false},
                {"x509af.notAfter", N_("valid until"), false},
                {"x509af.subject", N_("issued to"), false},
                {"x509ce.dNSName", N_("for host"), false}};
    g_autoptr(MgTree) tree = mg_trace_tree(trace, n);
    for (MgNode node = 1; node < mg_tree_n_nodes(tree); node++) {
        const char *id = mg_tree_node(tree, node)->field->id;
        for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
            if (strcmp(id, rows[i].id) != 0)
                continue;
            g_autofree char *value = mg_tree_value(tree, node);
            if (rows[i].first)
                g_printerr("%s\n", _("certificate:"));
            g_printerr("  %s: %s\n", _(rows[i].label), value);
        }
    }
}

static void print_note(const MgRealAccess *access, const MgTrace *trace, const MgRecord *record)
{
    const MgRegistry *registry = mg_trace_registry(trace);
    const MgRule *rule = mg_registry_rule(registry, mg_trace_text(trace, record->text_a));
    if (rule == NULL || rule->severity == MG_SEVERITY_CHAT)
        return;
    const char *text = mg_registry_translate(registry, rule->text);
    if (access->verbose)
        g_printerr("%s: %s\n", rule->id, text);
    else if (rule->severity == MG_SEVERITY_FAULT && g_str_has_prefix(rule->id, "tls."))
        mg_complain(access->command, _("encrypted, but it is not proved with whom: %s"), text);
}

void mg_real_access_tell(const MgRealAccess *access, const MgTrace *trace, bool done)
{
    if (!access->verbose && !done)
        return;
    uint8_t tls = mg_registry_dissector_index(mg_trace_registry(trace), "tls");
    for (uint32_t n = 1; n <= mg_trace_n_records(trace); n++) {
        const MgRecord *record = mg_trace_record(trace, n);
        if (record->kind == MG_RECORD_NOTE)
            print_note(access, trace, record);
        else if (access->verbose && record->kind == MG_RECORD_EXCHANGE &&
                 record->dissector == tls && (record->flags & MG_RECORD_FROM_SERVER) != 0)
            print_certificates(trace, n);
    }
}
