/* SPDX-License-Identifier: GPL-3.0-or-later */
/* real-access.h - who we are and whom we trust: options that commands for real servers share
 *
 * A password comes from a file, from an environment variable or from the terminal, never from an
 * argument, which everybody on the machine can see. It goes into the settings of the engines and
 * nowhere else.
 */
#pragma once

#include "real-host.h"

G_BEGIN_DECLS

typedef struct {
    const char *command;                              /* "mailglass send" */
    char *user, *password_file, *password_env, *auth; /* (nullable) */
    char **ca;                                        /* (nullable) files */
    gboolean verbose;
    GArray *rows;    /* MgSetting: what the engines are told */
    GPtrArray *kept; /* what they point to */
    char *password;  /* (nullable) */
} MgRealAccess;

/* Rows of a command's table of options. */
#define MG_REAL_TRUST_ENTRIES(access)                                                              \
    {"ca",                                                                                         \
     0,                                                                                            \
     0,                                                                                            \
     G_OPTION_ARG_FILENAME_ARRAY,                                                                  \
     &(access)->ca,                                                                                \
     N_("Trusts the authorities in this file (PEM) besides the system's"),                         \
     N_("FILE")},                                                                                  \
    {                                                                                              \
        "verbose", 'v', 0, G_OPTION_ARG_NONE, &(access)->verbose,                                  \
            N_("Shows the server's certificates, and what was noticed"), NULL                      \
    }
#define MG_REAL_LOGIN_ENTRIES(access)                                                               \
    {"user",                                                                                        \
     0,                                                                                             \
     0,                                                                                             \
     G_OPTION_ARG_STRING,                                                                           \
     &(access)->user,                                                                               \
     N_("The name to log in with; the URL may say it, too"),                                        \
     N_("NAME")},                                                                                   \
        {"password-file",                                                                           \
         0,                                                                                         \
         0,                                                                                         \
         G_OPTION_ARG_FILENAME,                                                                     \
         &(access)->password_file,                                                                  \
         N_("Takes the first line of this file as the password"),                                   \
         N_("FILE")},                                                                               \
        {"password-env",                                                                            \
         0,                                                                                         \
         0,                                                                                         \
         G_OPTION_ARG_STRING,                                                                       \
         &(access)->password_env,                                                                   \
         N_("Takes the password from this environment variable"),                                   \
         N_("NAME")},                                                                               \
    {                                                                                               \
        "auth", 0, 0, G_OPTION_ARG_STRING, &(access)->auth,                                         \
            N_("Logs in by one of these (SCRAM-SHA-256, CRAM-MD5, PLAIN …), or by the best that " \
               "does not show the password (auto)"),                                                \
            N_("WAYS")                                                                              \
    }

void mg_real_access_init(MgRealAccess *access, const char *command);
/* Forgets the password, too. */
void mg_real_access_clear(MgRealAccess *access);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MgRealAccess, mg_real_access_clear)
/* For the engines; `value` is copied. */
void mg_real_access_set(MgRealAccess *access, const char *key, const char *value);
/* The content of a file of certificates or keys. `path` stays. False after saying what is wrong. */
bool mg_real_access_set_pem(MgRealAccess *access, const char *key, const char *path);
/* Reads the authorities' files. False after saying what is wrong. */
bool mg_real_access_trust(MgRealAccess *access);
/* The same, and gets the password if the URL or an option names a user; else `user` stays NULL. */
bool mg_real_access_log_in(MgRealAccess *access, const MgUrl *url);
MgSettings mg_real_access_settings(const MgRealAccess *access);
/* On standard error. With --verbose: the certificates that were shown and what was noticed. With
 * `done` all went well, and without --verbose it is said nevertheless if nobody knows with whom. */
void mg_real_access_tell(const MgRealAccess *access, const MgTrace *trace, bool done);

G_END_DECLS
