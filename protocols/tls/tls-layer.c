/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls-layer.c - TLS as a layer between an engine and its connection: what the host's settings say
 *
 * In a simulation all hosts trust one root and have certificates of it (tls-ca.h). A real host
 * trusts what its system trusts and shows the certificate that its settings name; without one it
 * makes one for itself, whose root nobody knows. */
#include <mailglass/topics.h>

#include "tls-session.h"
#include "tls.h"

#define SECOND MG_SECONDS

typedef struct {
    uint64_t seed;
    int64_t epoch;
    MgTlsCa *simulated, *own; /* made when needed; `own` is for real peers */
    MgTlsTrust *system;       /* (nullable) likewise */
    SSL_CTX *context;         /* (nullable) likewise, for real peers */
    GHashTable *identities;   /* what settings name: text → MgTlsIdentity */
} Shared;

typedef struct {
    MgLayer base;
    MgTlsSession *session;
    char *problem;     /* (nullable) why it has no certificate */
    MgTlsTrust *trust; /* (nullable) this host's own */
} Layer;

static const MgSettingRow settings[] = {
    {"tls-certificate", MG_SETTING_FILES, NULL,
     N_("The host's certificate and those above it (PEM). In a simulation every host has one by "
        "itself.")},
    {"tls-key", MG_SETTING_FILES, NULL, N_("The certificate's private key (PEM).")},
    {"tls-ca", MG_SETTING_FILES, NULL,
     N_("Certificates of authorities that this host trusts besides the usual ones (PEM).")},
    {"tls-names", MG_SETTING_TEXT, NULL,
     N_("Further names that the simulated certificate is for: "
        "`imap.example.net;pop3.example.net`.")},
    {"tls-flaw", MG_SETTING_TEXT, "none",
     N_("What is wrong with the simulated certificate: `expired`, `not-yet-valid`, `wrong-name`, "
        "`self-signed` or `unknown-issuer`.")},
    {"tls-version-min", MG_SETTING_TEXT, "1.2",
     N_("The oldest version of TLS that will do: `1.0` to `1.3`.")},
    {"tls-version-max", MG_SETTING_TEXT, "1.3", N_("The newest version of TLS that will do.")},
    {"tls-keep-keys", MG_SETTING_BOOL, "no",
     N_("Whether the keys of real connections are kept in the capture file, so that others can "
        "decrypt "
        "it, passwords and all. Those of simulated ones always are.")},
    {0}};

static void *setup_layers(uint64_t seed, int64_t epoch)
{
    Shared *shared = g_new0(Shared, 1);
    shared->seed = seed;
    shared->epoch = epoch;
    shared->identities = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
                                               (GDestroyNotify)mg_tls_identity_free);
    return shared;
}

static void teardown_layers(void *data)
{
    Shared *shared = data;
    g_hash_table_unref(shared->identities);
    mg_tls_context_free(shared->context);
    mg_tls_trust_free(shared->system);
    mg_tls_ca_free(shared->simulated);
    mg_tls_ca_free(shared->own);
    g_free(shared);
}

static MgTlsCa *simulated_of(Shared *shared)
{
    if (shared->simulated == NULL)
        shared->simulated = mg_tls_ca_new(shared->seed, shared->epoch);
    return shared->simulated;
}

static MgTlsFlaw flaw_of(const MgSettings *of)
{
    static const struct {
        const char *word;
        MgTlsFlaw flaw;
    } flaws[] = {{"expired", MG_TLS_EXPIRED},
                 {"not-yet-valid", MG_TLS_NOT_YET},
                 {"wrong-name", MG_TLS_WRONG_NAME},
                 {"self-signed", MG_TLS_SELF_SIGNED},
                 {"unknown-issuer", MG_TLS_UNKNOWN}};
    const char *word = mg_settings_get(of, "tls-flaw", "none");
    for (size_t i = 0; i < G_N_ELEMENTS(flaws); i++)
        if (strcmp(word, flaws[i].word) == 0)
            return flaws[i].flaw;
    return MG_TLS_GOOD;
}

static MgSpan content_of(const MgSettings *of, const char *key)
{
    for (size_t i = 0; i < of->n_rows; i++)
        if (strcmp(of->rows[i].key, key) == 0)
            return (MgSpan){(const uint8_t *)of->rows[i].value, of->rows[i].len};
    return (MgSpan){NULL, 0};
}

/* ---- what it trusts, and what it shows ---- */

static const MgTlsTrust *find_trust(Layer *layer, const MgLayerBirth *birth, MgTlsSetup *setup)
{
    Shared *shared = birth->shared;
    bool more = content_of(birth->settings, "tls-ca").len > 0;
    if (!birth->real && !more)
        return mg_tls_ca_trust(simulated_of(shared));
    if (birth->real && !more) {
        if (shared->system == NULL) {
            shared->system = mg_tls_trust_new(NULL);
            mg_tls_trust_add_system(shared->system);
        }
        return shared->system;
    }
    layer->trust = mg_tls_trust_new(setup->library);
    if (birth->real) {
        mg_tls_trust_add_system(layer->trust);
    } else {
        g_autofree char *root = mg_tls_ca_pem(simulated_of(shared));
        mg_tls_trust_add(layer->trust, mg_span_from_string(root));
    }
    for (size_t i = 0; i < birth->settings->n_rows; i++) {
        const MgSetting *row = &birth->settings->rows[i];
        if (strcmp(row->key, "tls-ca") == 0)
            mg_tls_trust_add(layer->trust, (MgSpan){(const uint8_t *)row->value, row->len});
    }
    return layer->trust;
}

/* (nullable) The certificate that the settings name. Reading it takes as long as a handshake, so it
 * is read once. */
static const MgTlsIdentity *named_identity(Layer *layer, const MgLayerBirth *birth,
                                           const MgTlsLibrary *library)
{
    Shared *shared = birth->shared;
    MgSpan certificate = content_of(birth->settings, "tls-certificate");
    MgSpan key = content_of(birth->settings, "tls-key");
    if (certificate.len == 0)
        return NULL;
    if (key.len == 0) /* one file may hold both */
        key = certificate;
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(sum, certificate.data, (gssize)certificate.len);
    g_checksum_update(sum, key.data, (gssize)key.len);
    g_autofree char *text =
        g_strconcat(library != NULL ? "simulated " : "real ", g_checksum_get_string(sum), NULL);
    MgTlsIdentity *known = g_hash_table_lookup(shared->identities, text);
    if (known != NULL)
        return known;
    known = mg_tls_identity_parse(library, certificate, key, &layer->problem);
    if (known != NULL)
        g_hash_table_insert(shared->identities, g_steal_pointer(&text), known);
    return known;
}

static const MgTlsIdentity *find_identity(Layer *layer, const MgLayerBirth *birth,
                                          const MgTlsLibrary *library)
{
    Shared *shared = birth->shared;
    const MgTlsIdentity *named = named_identity(layer, birth, library);
    if (named != NULL || layer->problem != NULL || !birth->server)
        return named;
    MgTlsCa *ca = NULL;
    if (!birth->real) {
        ca = simulated_of(shared);
    } else {
        if (shared->own == NULL)
            shared->own = mg_tls_ca_new_real(shared->epoch + birth->now / SECOND);
        ca = shared->own;
    }
    return mg_tls_ca_identity(ca, birth->host, mg_settings_get(birth->settings, "tls-names", NULL),
                              flaw_of(birth->settings));
}

/* ---- the layer ---- */

static SSL_CTX *shared_context(Shared *shared)
{
    if (shared->context == NULL)
        shared->context = mg_tls_context_new(NULL);
    return shared->context;
}

static MgLayer *create_layer(const MgLayerBirth *birth)
{
    const MgSecureQuestion *question = birth->question;
    Layer *layer = g_new0(Layer, 1);
    const char *keep = mg_settings_get(birth->settings, "tls-keep-keys", "no");
    layer->base.kind = &mg_tls_layer;
    MgTlsSetup setup = {.library =
                            birth->real ? NULL : mg_tls_ca_library(simulated_of(birth->shared)),
                        .server = birth->server,
                        .name = birth->server ? NULL : question->name,
                        .alpn = question->alpn,
                        .any = question->any && !birth->server,
                        .asks = question->asks && birth->server,
                        .version_min = mg_settings_get(birth->settings, "tls-version-min", NULL),
                        .version_max = mg_settings_get(birth->settings, "tls-version-max", NULL),
                        .now = birth->epoch + birth->now / SECOND,
                        .seed = birth->seed,
                        .keep_keys = !birth->real || strcmp(keep, "yes") == 0 ||
                                     strcmp(keep, "true") == 0 || strcmp(keep, "1") == 0};
    if (!birth->server || setup.asks)
        setup.trust = find_trust(layer, birth, &setup);
    setup.identity = find_identity(layer, birth, setup.library);
    setup.problem = layer->problem;
    setup.context = birth->real ? shared_context(birth->shared) : NULL;
    layer->session = mg_tls_session_new(&setup);
    return &layer->base;
}

static void free_layer(MgLayer *base)
{
    Layer *layer = (Layer *)base;
    mg_tls_session_free(layer->session);
    mg_tls_trust_free(layer->trust);
    g_free(layer->problem);
    g_free(layer);
}

static void send_plain(MgLayer *layer, MgSpan octets, MgTime now)
{
    mg_tls_session_send(((Layer *)layer)->session, octets);
}

static void receive_wire(MgLayer *layer, MgSpan octets, MgTime now)
{
    mg_tls_session_receive(((Layer *)layer)->session, octets);
}

static void receive_end(MgLayer *layer, MgEnd how, MgTime now)
{
    mg_tls_session_receive_end(((Layer *)layer)->session, how);
}

static void close_layer(MgLayer *layer, MgTime now)
{
    mg_tls_session_close(((Layer *)layer)->session);
}

static bool next_event(MgLayer *layer, MgLayerEvent *event)
{
    return mg_tls_session_next(((Layer *)layer)->session, event);
}

const MgLayerKind mg_tls_layer = {.name = "tls",
                                  .topic = MG_TOPIC_SECURE,
                                  .dissector = "tls",
                                  .settings = settings,
                                  .rules = mg_tls_rules,
                                  .setup = setup_layers,
                                  .teardown = teardown_layers,
                                  .create = create_layer,
                                  .free = free_layer,
                                  .send = send_plain,
                                  .receive = receive_wire,
                                  .receive_end = receive_end,
                                  .close = close_layer,
                                  .next = next_event};
