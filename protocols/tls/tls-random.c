/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tls-random.c - a provider of one algorithm: a generator that repeats itself when told to */
#include "tls-random.h"

#include <mailglass/engine.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rand.h>

#define NAME "MAILGLASS-RAND"

/* Whose turn it is. OpenSSL has no way to hand this through. Of each thread, for a plugin cannot
 * know that there is but one. */
static _Thread_local uint64_t *drawn;

uint64_t *mg_tls_random_use(uint64_t *state)
{
    uint64_t *before = drawn;
    drawn = state;
    return before;
}

/* ---- the generator, as OpenSSL wants one ---- */

typedef struct {
    int state;
} Generator;

static void *generator_new(void *provider, void *parent, const OSSL_DISPATCH *dispatch)
{
    return g_new0(Generator, 1);
}

static void generator_free(void *generator)
{
    g_free(generator);
}

static int generator_begin(void *generator, unsigned strength, int resistance,
                           const unsigned char *text, size_t len, const OSSL_PARAM *params)
{
    ((Generator *)generator)->state = EVP_RAND_STATE_READY;
    return 1;
}

static int generator_end(void *generator)
{
    ((Generator *)generator)->state = EVP_RAND_STATE_UNINITIALISED;
    return 1;
}

/* NOLINTNEXTLINE(readability-function-size): OpenSSL's own signature */
static int generate(void *generator, unsigned char *out, size_t len, unsigned strength,
                    int resistance, const unsigned char *more, size_t more_len)
{
    if (drawn == NULL)
        return 0; /* chance that nobody answers for would make a run differ from its replay */
    for (size_t i = 0; i < len; i += 8) {
        uint64_t value = mg_random_next(drawn);
        memcpy(out + i, &value, MIN(len - i, sizeof value));
    }
    return 1;
}

static int generator_lock(void *generator)
{
    return 1;
}

static void generator_unlock(void *generator)
{
}

static int generator_get(void *generator, OSSL_PARAM params[])
{
    OSSL_PARAM *param = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STATE);
    if (param != NULL && !OSSL_PARAM_set_int(param, ((Generator *)generator)->state))
        return 0;
    param = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STRENGTH);
    if (param != NULL && !OSSL_PARAM_set_uint(param, 256))
        return 0;
    param = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_MAX_REQUEST);
    return param == NULL || OSSL_PARAM_set_size_t(param, 1 << 16);
}

static const OSSL_PARAM *generator_gettable(void *generator, void *provider)
{
    static const OSSL_PARAM params[] = {OSSL_PARAM_int(OSSL_RAND_PARAM_STATE, NULL),
                                        OSSL_PARAM_uint(OSSL_RAND_PARAM_STRENGTH, NULL),
                                        OSSL_PARAM_size_t(OSSL_RAND_PARAM_MAX_REQUEST, NULL),
                                        OSSL_PARAM_END};
    return params;
}

#define FUNCTION(id, function)                                                                     \
    {                                                                                              \
        id, (void (*)(void))(function)                                                             \
    }
static const OSSL_DISPATCH functions[] = {
    FUNCTION(OSSL_FUNC_RAND_NEWCTX, generator_new),
    FUNCTION(OSSL_FUNC_RAND_FREECTX, generator_free),
    FUNCTION(OSSL_FUNC_RAND_INSTANTIATE, generator_begin),
    FUNCTION(OSSL_FUNC_RAND_UNINSTANTIATE, generator_end),
    FUNCTION(OSSL_FUNC_RAND_GENERATE, generate),
    FUNCTION(OSSL_FUNC_RAND_ENABLE_LOCKING, generator_lock),
    FUNCTION(OSSL_FUNC_RAND_LOCK, generator_lock),
    FUNCTION(OSSL_FUNC_RAND_UNLOCK, generator_unlock),
    FUNCTION(OSSL_FUNC_RAND_GET_CTX_PARAMS, generator_get),
    FUNCTION(OSSL_FUNC_RAND_GETTABLE_CTX_PARAMS, generator_gettable),
    {0, NULL}};
static const OSSL_ALGORITHM algorithms[] = {
    {NAME, "provider=mailglass", functions, "chance of a simulation"}, {NULL, NULL, NULL, NULL}};

static const OSSL_ALGORITHM *query(void *provider, int operation, int *no_cache)
{
    *no_cache = 0;
    return operation == OSSL_OP_RAND ? algorithms : NULL;
}

static const OSSL_DISPATCH provider_functions[] = {
    FUNCTION(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query), {0, NULL}};

static int provider_init(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *in,
                         const OSSL_DISPATCH **out, void **provider)
{
    *out = provider_functions;
    *provider = (void *)handle;
    return 1;
}

/* ---- the context ---- */

void mg_tls_library_init(MgTlsLibrary *library)
{
    library->context = OSSL_LIB_CTX_new();
    g_assert(library->context != NULL);
    int good = OSSL_PROVIDER_add_builtin(library->context, "mailglass", provider_init);
    library->chance = OSSL_PROVIDER_load(library->context, "mailglass");
    library->algorithms = OSSL_PROVIDER_load(library->context, "default");
    good = good && library->chance != NULL && library->algorithms != NULL &&
           RAND_set_DRBG_type(library->context, NAME, "provider=mailglass", NULL, NULL);
    g_assert(good);
}

void mg_tls_library_clear(MgTlsLibrary *library)
{
    OSSL_PROVIDER_unload(library->chance);
    OSSL_PROVIDER_unload(library->algorithms);
    OSSL_LIB_CTX_free(library->context);
    *library = (MgTlsLibrary){0};
}
