/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasl.c - the mechanisms, the rules, and base64 as logins need it */
#include "sasl-private.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "text.h"

const MgSaslRow mg_sasl_mechanisms[] = {
    [MG_SASL_EXTERNAL] = {"EXTERNAL", MG_SASL_CLIENT_FIRST},
    [MG_SASL_SCRAM_SHA_256_PLUS] = {"SCRAM-SHA-256-PLUS", MG_SASL_BINDS | MG_SASL_CLIENT_FIRST},
    [MG_SASL_SCRAM_SHA_1_PLUS] = {"SCRAM-SHA-1-PLUS", MG_SASL_BINDS | MG_SASL_CLIENT_FIRST},
    [MG_SASL_SCRAM_SHA_256] = {"SCRAM-SHA-256", MG_SASL_CLIENT_FIRST},
    [MG_SASL_SCRAM_SHA_1] = {"SCRAM-SHA-1", MG_SASL_CLIENT_FIRST},
    [MG_SASL_CRAM_MD5] = {"CRAM-MD5", 0},
    [MG_SASL_PLAIN] = {"PLAIN", MG_SASL_CLEAR | MG_SASL_CLIENT_FIRST},
    [MG_SASL_LOGIN] = {"LOGIN", MG_SASL_CLEAR | MG_SASL_CLIENT_FIRST},
    {0},
};

const MgName mg_sasl_names[] = {
    {.text = "EXTERNAL",
     .name = N_("The certificate of TLS"),
     .about = N_("The client's certificate, which TLS has checked already, says who it is. No "
                 "password is needed."),
     .source = "RFC 4422 §A"},
    {.text = "SCRAM-SHA-256-PLUS",
     .name = N_("Proof of the password, bound to TLS"),
     .about = N_("Both ends prove that they know the password without showing it, and that they "
                 "are the two ends of the same TLS connection: nobody can sit between them."),
     .source = "RFC 7677 §3"},
    {.text = "SCRAM-SHA-1-PLUS",
     .name = N_("Proof of the password, bound to TLS (SHA-1)"),
     .about = N_("As `SCRAM-SHA-256-PLUS`, with an older hash that is still good enough here."),
     .source = "RFC 5802 §6"},
    {.text = "SCRAM-SHA-256",
     .name = N_("Proof of the password"),
     .about = N_("Both ends prove that they know the password without showing it. The server does "
                 "not even keep it, only something that was made from it."),
     .source = "RFC 7677 §3"},
    {.text = "SCRAM-SHA-1",
     .name = N_("Proof of the password (SHA-1)"),
     .about = N_("As `SCRAM-SHA-256`, with an older hash that is still good enough here."),
     .source = "RFC 5802 §3"},
    {.text = "CRAM-MD5",
     .name = N_("A digest of the password"),
     .about = N_("The client mixes the password with what the server has just sent, and sends only "
                 "the mixture. Old: the server has to keep the password itself, and MD5 is weak."),
     .source = "RFC 2195 §2"},
    {.text = "PLAIN",
     .name = N_("Name and password as they are"),
     .about = N_("The name and the password as they are, in base64, which hides nothing. Inside "
                 "TLS this is what most mail programs use."),
     .source = "RFC 4616 §2"},
    {.text = "LOGIN",
     .name = N_("First the name, then the password"),
     .about = N_("As `PLAIN`, but the server asks for the name and the password one after the "
                 "other. It never became a standard."),
     .source = "draft-murchison-sasl-login"},
    {0},
};

const MgRule mg_sasl_rules[] = {MG_SASL_RULES, {0}};
G_STATIC_ASSERT(G_N_ELEMENTS(mg_sasl_rules) == MG_SASL_N_FAULTS + 1);

bool mg_sasl_find(MgSpan name, MgSaslMechanism *out)
{
    for (unsigned i = 0; mg_sasl_mechanisms[i].name != NULL; i++)
        if (mg_span_equal_nocase(name, mg_span_from_string(mg_sasl_mechanisms[i].name))) {
            *out = (MgSaslMechanism)i;
            return true;
        }
    return false;
}

bool mg_sasl_offers(const MgSaslPolicy *policy, MgSaslMechanism mechanism)
{
    const MgSaslRow *row = &mg_sasl_mechanisms[mechanism];
    const MgSaslChannel *channel = &policy->channel;
    if (policy->mechanisms != NULL &&
        !mg_text_list_has(policy->mechanisms, mg_span_from_string(row->name)))
        return false;
    if ((row->flags & MG_SASL_CLEAR) != 0 && !channel->tls && !policy->clear)
        return false; /* RFC 4954 §4 */
    if ((row->flags & MG_SASL_BINDS) != 0 &&
        (!channel->tls || (channel->exporter.len == 0 && channel->end_point.len == 0)))
        return false;
    return mechanism != MG_SASL_EXTERNAL || channel->certificate != NULL; /* RFC 4422 §A */
}

bool mg_sasl_list(const MgSaslPolicy *policy, GString *out)
{
    bool any = false;
    for (unsigned i = 0; mg_sasl_mechanisms[i].name != NULL; i++) {
        if (!mg_sasl_offers(policy, (MgSaslMechanism)i))
            continue;
        g_string_append_printf(out, "%s%s", any ? " " : "", mg_sasl_mechanisms[i].name);
        any = true;
    }
    return any;
}

/* ---- TLS ---- */

MgSaslBinding mg_sasl_bind(const MgSecureAnswer *answer)
{
    MgSaslBinding binding = {0};
    if (answer == NULL || !answer->secure)
        return binding;
    binding.tls = true;
    if (answer->exporter.len > 0 && answer->exporter.len <= sizeof binding.exporter) {
        binding.exporter_len = (uint8_t)answer->exporter.len;
        memcpy(binding.exporter, answer->exporter.data, answer->exporter.len);
    }
    if (answer->end_point.len > 0 && answer->end_point.len <= sizeof binding.end_point) {
        binding.end_point_len = (uint8_t)answer->end_point.len;
        memcpy(binding.end_point, answer->end_point.data, answer->end_point.len);
    }
    const char *certificate = answer->peer != NULL ? answer->peer : answer->own;
    if (certificate != NULL && strlen(certificate) < sizeof binding.certificate)
        g_strlcpy(binding.certificate, certificate, sizeof binding.certificate);
    return binding;
}

MgSaslChannel mg_sasl_channel(const MgSaslBinding *binding)
{
    return (MgSaslChannel){.tls = binding->tls,
                           .exporter = {binding->exporter, binding->exporter_len},
                           .end_point = {binding->end_point, binding->end_point_len},
                           .certificate =
                               binding->certificate[0] != '\0' ? binding->certificate : NULL};
}

/* ---- octets ---- */

void mg_sasl_octets_clear(MgSaslOctets *octets)
{
    if (octets->data != NULL)
        explicit_bzero(octets->data, octets->len);
    g_clear_pointer(&octets->data, g_free);
    octets->len = 0;
}

void mg_sasl_wipe(char *secret)
{
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    g_free(secret);
}

static int value_of(uint8_t c)
{
    if (g_ascii_isupper(c))
        return c - 'A';
    if (g_ascii_islower(c))
        return c - 'a' + 26;
    if (g_ascii_isdigit(c))
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool mg_sasl_decode(MgSpan line, MgSaslOctets *out)
{
    *out = (MgSaslOctets){0};
    if (line.len % 4 != 0)
        return false;
    size_t padding = 0;
    while (padding < 2 && padding < line.len && line.data[line.len - 1 - padding] == '=')
        padding++;
    size_t n = line.len - padding;
    MgSaslOctets octets = {g_malloc(line.len / 4 * 3 + 1), line.len / 4 * 3 - padding};
    uint32_t bits = 0;
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        int value = value_of(line.data[i]);
        if (value < 0) {
            mg_sasl_octets_clear(&octets);
            return false;
        }
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 != 0)
            octets.data[at++] = (uint8_t)(bits >> (6 - i % 4 * 2));
    }
    octets.data[octets.len] = '\0';
    /* RFC 4648 §3.5: bits that stand for nothing are zero, so that a message has one form only. */
    if ((padding == 1 && (bits & 3) != 0) || (padding == 2 && (bits & 15) != 0)) {
        mg_sasl_octets_clear(&octets);
        return false;
    }
    *out = octets;
    return true;
}

char *mg_sasl_encode(MgSpan octets)
{
    return g_base64_encode(octets.data, octets.len);
}

bool mg_sasl_is_text(MgSpan octets)
{
    return octets.len == 0 ||
           g_utf8_validate((const char *)octets.data, (gssize)octets.len, NULL); /* NUL is not */
}

bool mg_sasl_same(MgSpan a, MgSpan b)
{
    uint8_t hash_a[32], hash_b[32]; /* of the same length, whatever the two are */
    SHA256(a.len > 0 ? a.data : (const uint8_t *)"", a.len, hash_a);
    SHA256(b.len > 0 ? b.data : (const uint8_t *)"", b.len, hash_b);
    bool same = CRYPTO_memcmp(hash_a, hash_b, sizeof hash_a) == 0;
    explicit_bzero(hash_a, sizeof hash_a);
    explicit_bzero(hash_b, sizeof hash_b);
    return same;
}

char *mg_sasl_nonce(uint64_t seed, const char *what, size_t len)
{
    uint8_t hash[32];
    g_autofree char *text = g_strdup_printf("%016" G_GINT64_MODIFIER "x %s", seed, what);
    SHA256((const uint8_t *)text, strlen(text), hash);
    char *nonce = g_base64_encode(hash, sizeof hash);
    g_assert(len < strlen(nonce));
    nonce[len] = '\0';
    return nonce;
}

void mg_sasl_cram_digest(const char *password, const char *challenge, char out[33])
{
    uint8_t digest[16];
    unsigned len = sizeof digest;
    HMAC(EVP_md5(), password, (int)strlen(password), (const uint8_t *)challenge, strlen(challenge),
         digest, &len);
    for (unsigned i = 0; i < sizeof digest; i++)
        g_snprintf(out + (size_t)2 * i, 3, "%02x", digest[i]); /* §2: in lower case */
    explicit_bzero(digest, sizeof digest);
}

char *mg_sasl_decode_for_people(MgSpan line)
{
    g_auto(MgSaslOctets) octets = {0};
    if (!mg_sasl_decode(line, &octets))
        return NULL;
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < octets.len;) {
        const char *at = (const char *)octets.data + i;
        gunichar c = g_utf8_get_char_validated(at, (gssize)(octets.len - i));
        bool bad = c == (gunichar)-1 || c == (gunichar)-2;
        if (octets.data[i] == 0)
            g_string_append(text, "␀");
        else if (bad || !g_unichar_isprint(c))
            g_string_append_printf(text, "\\x%02x", octets.data[i]);
        else
            g_string_append_unichar(text, c);
        size_t step = bad || !g_unichar_isprint(c) ? 1 : (size_t)(g_utf8_next_char(at) - at);
        i += step;
    }
    return g_string_free(text, FALSE);
}
