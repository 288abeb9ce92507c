/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-validate.c - the examples of the RFCs: signatures (6605, 8080), hashes and proofs (5155,
 * 4035) */
#include "dns-anchors.h"
#include "dns-cache.h"
#include "dns-denial.h"
#include "dns-signature.h"
#include "dns-zone.h"
#include "dnssec.h"

/* ---- records from text ---- */

static void add_result(void *user, const MgDnsZoneRecord *record)
{
    const MgDnsResult result = {MG_DNS_ANSWER, mg_dns_name_span(&record->owner), record->data,
                                record->type, record->ttl};
    mg_dns_results_add(user, &result);
}

static GByteArray *read_records(const char *text)
{
    GByteArray *results = g_byte_array_new();
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    const MgDnsZoneSource source = {.text = mg_span_from_string(text),
                                    .sink = add_result,
                                    .user = results,
                                    .problems = problems,
                                    .no_ttl = true};
    if (!mg_dns_zone_read_source(&source))
        g_error("%s", (const char *)problems->pdata[0]);
    return results;
}

static MgDnsName name_of(const char *text)
{
    MgDnsName name;
    g_assert_null(mg_dns_name_parse(mg_span_from_string(text), NULL, &name));
    return name;
}

static MgDnsResult find(const GByteArray *results, uint16_t type)
{
    MgDnsResult result;
    for (size_t at = 0; mg_dns_results_next(results, &at, &result);)
        if (result.type == type)
            return result;
    g_assert_not_reached();
}

/* ---- signatures ---- */

static const char *const signed_examples[] = {
    /* RFC 6605 §6.1 */
    "example.net. 3600 DNSKEY 257 3 13 GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edb"
    "krSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==\n"
    "example.net. 3600 DS 55648 13 2 b4c8c1fe2e7477127b27115656ad6256f424625bf5c1"
    "e2770ce6d6e37df61d17\n"
    "www.example.net. 3600 A 192.0.2.1\n"
    "www.example.net. 3600 RRSIG A 13 3 3600 20100909100439 20100812100439 55648 example.net. "
    "qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw==\n",
    /* RFC 6605 §6.2 */
    "example.net. 3600 DNSKEY 257 3 14 xKYaNhWdGOfJ+nPrL8/arkwf2EY3MDJ+SErKivBVSum1"
    "w/egsXvSADtNJhyem5RCOpgQ6K8X1DRSEkrbYQ+OB+v8/uX45NBwY8rp65F6Glur8I/mlVNgF6W/qTI37m40\n"
    "example.net. 3600 DS 10771 14 4 72d7b62976ce06438e9c0bf319013cf801f09ecc84b8"
    "d7e9495f27e305c6a9b0563a9b5f4d288405c3008a946df983d6\n"
    "www.example.net. 3600 A 192.0.2.1\n"
    "www.example.net. 3600 RRSIG A 14 3 3600 20100909102025 20100812102025 10771 example.net. "
    "/L5hDKIvGDyI1fcARX3z65qrmPsVz73QD1Mr5CEqOiLP95hxQouuroGCeZOvzFaxsT8Glr74hbavRKayJNuydCuz"
    "WTSSPdz7wnqXL5bdcJzusdnI0RSMROxxwGipWcJm\n",
    /* RFC 8080 §6.1 */
    "example.com. 3600 DNSKEY 257 3 15 l02Woi0iS8Aa25FQkUd9RMzZHJpBoRQwAQEX1SxZJA4=\n"
    "example.com. 3600 DS 3613 15 2 3aa5ab37efce57f737fc1627013fee07bdf241bd10f3b1964ab55c78"
    "e79a304b\n"
    "example.com. 3600 MX 10 mail.example.com.\n"
    "example.com. 3600 RRSIG MX 15 2 3600 1440021600 1438207200 3613 example.com. "
    "oL9krJun7xfBOIWcGHi7mag5/hdZrKWw15jPGrHpjQeRAvTdszaPD+QLs3fx8A4M3e23mRZ9VrbpMngwcrqNAg==\n",
    /* RFC 8080 §6.2 */
    "example.com. 3600 DNSKEY 257 3 16 3kgROaDjrh0H2iuixWBrc8g2EpBBLCdGzHmn+G2MpTPhpj/OiBVHHSfP"
    "odx1FYYUcJKm1MDpJtIA\n"
    "example.com. 3600 DS 9713 16 2 6ccf18d5bc5d7fc2fceb1d59d17321402f2aa8d368048db93dd811f5cb2b"
    "19c7\n"
    "example.com. 3600 MX 10 mail.example.com.\n"
    "example.com. 3600 RRSIG MX 16 2 3600 1440021600 1438207200 9713 example.com. "
    "3cPAHkmlnxcDHMyg7vFC34l0blBhuG1qpwLmjInI8w1CMB29FkEAIJUA0amxWndkmnBZ6SKiwZSAxGILn/NBtOXf"
    "t0+Gj7FSvOKxE/07+4RQvE581N3Aj/JtIyaiYVdnYtyMWbSNyGEY2213WKsJlwEA\n",
};

typedef struct {
    GByteArray *results, *keys;
    MgDnsResult key;
    MgDnsRrset set;
    MgDnsRrsig rrsig;
    MgDnsSigner signer;
    unsigned left;
} Example;

static void open_example(Example *example, const char *text)
{
    example->results = read_records(text);
    example->keys = g_byte_array_new();
    example->key = find(example->results, MG_DNS_DNSKEY);
    MgDnsResult signature = find(example->results, MG_DNS_RRSIG);
    g_assert_true(mg_dns_rrsig_read(signature.data, &example->rrsig));
    mg_dns_rrset_gather(&example->set, example->results, MG_DNS_ANSWER, signature.owner,
                        example->rrsig.covers);
    mg_dns_packed_add(example->keys, example->key.data);
    example->left = 10;
    example->signer = (MgDnsSigner){example->key.owner,
                                    {example->keys->data, example->keys->len},
                                    example->rrsig.begins + 10,
                                    &example->left};
}

static void close_example(Example *example)
{
    mg_dns_rrset_clear(&example->set);
    g_byte_array_unref(example->results);
    g_byte_array_unref(example->keys);
}

static MgDnsWhy verify(Example *example)
{
    MgDnsVerified verified;
    return mg_dns_rrset_verify(&example->set, &example->signer, &verified);
}

static void test_signatures(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(signed_examples); i++) {
        Example example;
        uint8_t digest[MG_DNSSEC_DIGEST_MAX];
        open_example(&example, signed_examples[i]);
        MgDnsResult ds = find(example.results, MG_DNS_DS);
        g_assert_cmpuint(mg_dnssec_key_tag(example.key.data), ==, mg_dns_get_u16(ds.data.data));
        size_t len = mg_dnssec_digest(ds.data.data[3], example.key.owner, example.key.data, digest);
        g_assert_cmpmem(digest, len, ds.data.data + 4, ds.data.len - 4);
        g_assert_cmpint(verify(&example), ==, MG_DNS_WHY_NOTHING);
        g_assert_cmpuint(example.left, ==, 9);
        /* One bit of anything that is signed, or of the signature. */
        MgSpan *data = &g_array_index(example.set.data, MgSpan, 0);
        ((uint8_t *)data->data)[data->len - 1] ^= 1;
        g_assert_cmpint(verify(&example), ==, MG_DNS_WHY_FORGED);
        ((uint8_t *)data->data)[data->len - 1] ^= 1;
        MgSpan *signature = &g_array_index(example.set.signatures, MgSpan, 0);
        ((uint8_t *)signature->data)[signature->len - 5] ^= 0x40;
        g_assert_cmpint(verify(&example), ==, MG_DNS_WHY_FORGED);
        close_example(&example);
    }
}

static void test_conditions(void)
{
    Example example;
    open_example(&example, signed_examples[0]);
    MgSpan *data = &g_array_index(example.set.signatures, MgSpan, 0);
    uint8_t *octets = (uint8_t *)data->data;
    const uint32_t begins = example.rrsig.begins, expires = example.rrsig.expires;
    const struct {
        uint32_t time;
        MgDnsWhy why;
    } times[] = {{begins, MG_DNS_WHY_NOTHING},
                 {begins - 1, MG_DNS_WHY_NOT_YET},
                 {expires, MG_DNS_WHY_NOTHING},
                 {expires + 1, MG_DNS_WHY_EXPIRED}};
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
        example.signer.time = times[i].time;
        g_assert_cmpint(verify(&example), ==, times[i].why);
    }
    example.signer.time = begins;
    octets[3] = 4; /* more labels than the name has */
    g_assert_cmpint(verify(&example), ==, MG_DNS_WHY_NO_SIGNATURE);
    octets[3] = 2; /* a wildcard would have made it */
    g_assert_cmpint(verify(&example), ==, MG_DNS_WHY_FORGED);
    octets[3] = 3;
    octets[2] = 99;
    g_assert_cmpint(verify(&example), ==, MG_DNS_WHY_NO_KEY);
    octets[2] = 13;
    octets[16]++; /* the tag */
    g_assert_cmpint(verify(&example), ==, MG_DNS_WHY_NO_KEY);
    octets[16]--;
    octets[1] = 28;
    g_assert_cmpint(verify(&example), ==, MG_DNS_WHY_NO_SIGNATURE);
    octets[1] = 1;
    MgDnsName other = name_of("www.example.net");
    example.signer.zone = mg_dns_name_span(&other);
    g_assert_cmpint(verify(&example), ==, MG_DNS_WHY_NO_SIGNATURE);
    close_example(&example);
}

/* Whose keys all have one tag wants to keep validators busy: swapping 16 bits changes no sum. */
static void test_limit(void)
{
    Example example;
    open_example(&example, signed_examples[0]);
    g_autofree uint8_t *octets = g_memdup2(example.key.data.data, example.key.data.len);
    g_byte_array_set_size(example.keys, 0);
    for (unsigned i = 4; i + 4 < example.key.data.len; i += 2) {
        for (unsigned j = 0; j < 2; j++) {
            uint8_t kept = octets[i + j];
            octets[i + j] = octets[i + 2 + j];
            octets[i + 2 + j] = kept;
        }
        mg_dns_packed_add(example.keys, (MgSpan){octets, example.key.data.len});
    }
    example.signer.keys = (MgSpan){example.keys->data, example.keys->len};
    g_assert_cmpint(verify(&example), ==, MG_DNS_WHY_LIMIT);
    g_assert_cmpuint(example.left, ==, 0);
    close_example(&example);
}

/* What no key is, and no signature. */
static void test_broken(void)
{
    static const uint8_t octets[600] = {3, 1, 0, 1};
    for (unsigned algorithm = 0; algorithm < 256; algorithm++)
        for (size_t len = 0; len < sizeof octets; len += len < 140 ? 1 : 83)
            g_assert_false(mg_dnssec_verify((uint8_t)algorithm, (MgSpan){octets, len},
                                            MG_SPAN("message"), (MgSpan){octets, 64}));
    g_assert_null(mg_dnssec_algorithm_name(1));
    g_assert_null(mg_dnssec_algorithm_name(3));
    g_assert_cmpuint(mg_dnssec_digest_len(3), ==, 0);
}

/* ---- proofs ---- */

/* RFC 5155 appendix A */
static const char *const hashes[][2] = {
    {"example", "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom"},
    {"a.example", "35mthgpgcu1qg68fab165klnsnk3dpvl"},
    {"ai.example", "gjeqe526plbf1g8mklp59enfd789njgi"},
    {"ns1.example", "2t7b4g4vsa5smi47k61mv5bv1a22bojr"},
    {"ns2.example", "q04jkcevqvmu85r014c7dkba38o0ji5r"},
    {"w.example", "k8udemvp1j2f7eg6jebps17vp3n8i58h"},
    {"*.w.example", "r53bq7cc2uvmubfu5ocmm6pers9tk9en"},
    {"x.w.example", "b4um86eghhds6nea196smvmlo4ors995"},
    {"y.w.example", "ji6neoaepv8b5o6k4ev33abha8ht9fgc"},
    {"x.y.w.example", "2vptu5timamqttgl4luu9kg21e0aor3s"},
    {"xx.example", "t644ebqk9bibcna874givr6joj62mlhv"},
};

static void test_hashes(void)
{
    static const uint8_t salt[] = {0xaa, 0xbb, 0xcc, 0xdd};
    for (size_t i = 0; i < G_N_ELEMENTS(hashes); i++) {
        uint8_t hash[MG_DNSSEC_HASH_LEN], wanted[MG_DNSSEC_HASH_LEN];
        MgDnsName name = name_of(hashes[i][0]), label = name_of(hashes[i][1]);
        mg_dnssec_nsec3_hash(mg_dns_name_span(&name), 12, (MgSpan){salt, sizeof salt}, hash);
        g_assert_true(mg_dns_name_base32(mg_dns_name_span(&label), wanted));
        g_assert_cmpmem(hash, sizeof hash, wanted, sizeof wanted);
    }
}

#define N3 ".example. NSEC3 1 1 12 aabbccdd "
/* RFC 5155 appendix A: the whole chain. */
static const char nsec3_zone[] =
    "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom" N3
    "2t7b4g4vsa5smi47k61mv5bv1a22bojr MX DNSKEY NS SOA NSEC3PARAM RRSIG\n"
    "2t7b4g4vsa5smi47k61mv5bv1a22bojr" N3 "2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG\n"
    "2vptu5timamqttgl4luu9kg21e0aor3s" N3 "35mthgpgcu1qg68fab165klnsnk3dpvl MX RRSIG\n"
    "35mthgpgcu1qg68fab165klnsnk3dpvl" N3 "b4um86eghhds6nea196smvmlo4ors995 NS DS RRSIG\n"
    "b4um86eghhds6nea196smvmlo4ors995" N3 "gjeqe526plbf1g8mklp59enfd789njgi MX RRSIG\n"
    "gjeqe526plbf1g8mklp59enfd789njgi" N3 "ji6neoaepv8b5o6k4ev33abha8ht9fgc HINFO A AAAA RRSIG\n"
    "ji6neoaepv8b5o6k4ev33abha8ht9fgc" N3 "k8udemvp1j2f7eg6jebps17vp3n8i58h\n"
    "k8udemvp1j2f7eg6jebps17vp3n8i58h" N3 "kohar7mbb8dc2ce8a9qvl8hon4k53uhi\n"
    "kohar7mbb8dc2ce8a9qvl8hon4k53uhi" N3 "q04jkcevqvmu85r014c7dkba38o0ji5r A RRSIG\n"
    "q04jkcevqvmu85r014c7dkba38o0ji5r" N3 "r53bq7cc2uvmubfu5ocmm6pers9tk9en A RRSIG\n"
    "r53bq7cc2uvmubfu5ocmm6pers9tk9en" N3 "t644ebqk9bibcna874givr6joj62mlhv MX RRSIG\n"
    "t644ebqk9bibcna874givr6joj62mlhv" N3 "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom HINFO A AAAA RRSIG\n";

/* RFC 4035 appendix A: the whole chain. */
static const char nsec_zone[] = "example. NSEC a.example. NS SOA MX RRSIG NSEC DNSKEY\n"
                                "a.example. NSEC ai.example. NS DS RRSIG NSEC\n"
                                "ai.example. NSEC b.example. A HINFO AAAA RRSIG NSEC\n"
                                "b.example. NSEC ns1.example. NS RRSIG NSEC\n"
                                "ns1.example. NSEC ns2.example. A RRSIG NSEC\n"
                                "ns2.example. NSEC *.w.example. A RRSIG NSEC\n"
                                "*.w.example. NSEC x.w.example. MX RRSIG NSEC\n"
                                "x.w.example. NSEC x.y.w.example. MX RRSIG NSEC\n"
                                "x.y.w.example. NSEC xx.example. MX RRSIG NSEC\n"
                                "xx.example. NSEC example. A HINFO AAAA RRSIG NSEC\n";

typedef enum { NO_NAME, NO_TYPE, NO_CLOSER } Asked;
typedef struct {
    Asked asked;
    const char *name;
    unsigned number;     /* the type, or the labels */
    const char *records; /* owners' beginnings that are shown; NULL: all */
    MgDnsDenied denied;
} Proof;

static bool is_shown(const MgDnsResult *result, const char *records)
{
    g_autoptr(GString) owner = g_string_new(NULL);
    if (records == NULL)
        return true;
    g_auto(GStrv) words = g_strsplit(records, " ", -1);
    mg_dns_name_format(result->owner, owner);
    for (char **word = words; *word != NULL; word++)
        if (g_str_has_prefix(owner->str, *word))
            return true;
    return false;
}

static MgDnsDenied ask(const GByteArray *results, const Proof *proof, bool *cut)
{
    g_auto(MgDnsDenial) denial = {0};
    MgDnsName zone = name_of("example"), name = name_of(proof->name);
    MgSpan span = mg_dns_name_span(&name);
    MgDnsResult result;
    mg_dns_denial_init(&denial, mg_dns_name_span(&zone));
    for (size_t at = 0; mg_dns_results_next(results, &at, &result);)
        if (is_shown(&result, proof->records))
            mg_dns_denial_add(&denial, result.owner, result.type, result.data);
    *cut = mg_dns_denial_is_cut(&denial, span);
    switch (proof->asked) {
    case NO_NAME:
        return mg_dns_denial_no_name(&denial, span);
    case NO_TYPE:
        return mg_dns_denial_no_type(&denial, span, (uint16_t)proof->number);
    default:
        return mg_dns_denial_no_closer(&denial, span, proof->number);
    }
}

static void check_proofs(const char *zone, const Proof *proofs, size_t n)
{
    g_autoptr(GByteArray) results = read_records(zone);
    for (size_t i = 0; i < n; i++) {
        bool cut;
        MgDnsDenied denied = ask(results, &proofs[i], &cut);
        if (denied != proofs[i].denied)
            g_error("proof %zu, %s: %d and not %d", i, proofs[i].name, denied, proofs[i].denied);
    }
}

static void test_nsec3(void)
{
    static const Proof proofs[] = {
        /* Appendix B.1 */
        {NO_NAME, "a.c.x.w.example", 0, "0p9 b4u 35m", MG_DNS_DENIED_OPT_OUT},
        {NO_NAME, "A.C.X.W.EXAMPLE", 0, "0p9 b4u 35m", MG_DNS_DENIED_OPT_OUT},
        {NO_NAME, "a.c.x.w.example", 0, "0p9 b4u", MG_DNS_DENIED_NOT},
        {NO_NAME, "a.c.x.w.example", 0, "0p9 35m", MG_DNS_DENIED_NOT},
        {NO_NAME, "a.c.x.w.example", 0, "b4u 35m", MG_DNS_DENIED_NOT},
        {NO_NAME, "x.w.example", 0, NULL, MG_DNS_DENIED_NOT},
        {NO_NAME, "a.z.w.example", 0, NULL, MG_DNS_DENIED_NOT}, /* the wildcard is there */
        /* B.2, B.2.1 */
        {NO_TYPE, "ns1.example", MG_DNS_MX, "2t7", MG_DNS_DENIED},
        {NO_TYPE, "ns1.example", MG_DNS_A, "2t7", MG_DNS_DENIED_NOT},
        {NO_TYPE, "y.w.example", MG_DNS_A, "ji6", MG_DNS_DENIED},
        /* B.3 */
        {NO_TYPE, "c.example", MG_DNS_DS, "0p9 35m", MG_DNS_DENIED_OPT_OUT},
        {NO_TYPE, "a.example", MG_DNS_DS, NULL, MG_DNS_DENIED_NOT},
        {NO_TYPE, "a.example", MG_DNS_A, NULL, MG_DNS_DENIED_NOT}, /* the child knows */
        {NO_NAME, "x.a.example", 0, NULL, MG_DNS_DENIED_NOT},
        /* B.4 */
        {NO_CLOSER, "a.z.w.example", 2, "q04", MG_DNS_DENIED_OPT_OUT},
        {NO_CLOSER, "a.z.w.example", 2, "r53", MG_DNS_DENIED_NOT},
        /* B.5 */
        {NO_TYPE, "a.z.w.example", MG_DNS_AAAA, "k8u q04 r53", MG_DNS_DENIED_OPT_OUT},
        {NO_TYPE, "a.z.w.example", MG_DNS_MX, "k8u r53", MG_DNS_DENIED_NOT},
        /* B.6: the child's word about DS does not count */
        {NO_TYPE, "example", MG_DNS_DS, "0p9", MG_DNS_DENIED_NOT},
        {NO_TYPE, "example", MG_DNS_A, "0p9", MG_DNS_DENIED},
        {NO_NAME, "other", 0, NULL, MG_DNS_DENIED_NOT},
    };
    check_proofs(nsec3_zone, proofs, G_N_ELEMENTS(proofs));
    static const Proof costly = {NO_NAME, "a.example", 0, NULL, MG_DNS_DENIED_ITERATIONS};
    check_proofs("0p9mhaveqvm6t7vbl5lop2u3t2rp3tom.example. NSEC3 1 0 101 - "
                 "0p9mhaveqvm6t7vbl5lop2u3t2rp3tom A\n",
                 &costly, 1);
}

static void test_nsec(void)
{
    static const Proof proofs[] = {
        /* RFC 4035 appendix B.2, B.3 */
        {NO_NAME, "ml.example", 0, "b. example.", MG_DNS_DENIED},
        {NO_NAME, "ML.EXAMPLE", 0, "b. example.", MG_DNS_DENIED},
        {NO_NAME, "ml.example", 0, "b.", MG_DNS_DENIED_NOT},
        {NO_NAME, "ml.example", 0, "example.", MG_DNS_DENIED_NOT},
        {NO_NAME, "zz.example", 0, "xx. example.", MG_DNS_DENIED},
        {NO_NAME, "x.b.example", 0, NULL, MG_DNS_DENIED_NOT}, /* below a delegation */
        {NO_NAME, "y.w.example", 0, NULL, MG_DNS_DENIED_NOT}, /* empty, but there */
        {NO_NAME, "a.z.w.example", 0, NULL, MG_DNS_DENIED_NOT},
        {NO_TYPE, "ns1.example", MG_DNS_MX, "ns1", MG_DNS_DENIED},
        {NO_TYPE, "ns1.example", MG_DNS_A, "ns1", MG_DNS_DENIED_NOT},
        {NO_TYPE, "y.w.example", MG_DNS_A, "x.w", MG_DNS_DENIED},
        /* B.5 */
        {NO_TYPE, "b.example", MG_DNS_DS, "b.", MG_DNS_DENIED},
        {NO_TYPE, "b.example", MG_DNS_A, "b.", MG_DNS_DENIED_NOT},
        {NO_TYPE, "a.example", MG_DNS_DS, NULL, MG_DNS_DENIED_NOT},
        /* B.6, B.7 */
        {NO_CLOSER, "a.z.w.example", 2, "x.y.w", MG_DNS_DENIED},
        {NO_CLOSER, "a.z.w.example", 1, "x.y.w", MG_DNS_DENIED_NOT},
        {NO_TYPE, "a.z.w.example", MG_DNS_AAAA, "x.y.w *.w", MG_DNS_DENIED},
        {NO_TYPE, "a.z.w.example", MG_DNS_AAAA, "x.y.w", MG_DNS_DENIED_NOT},
        {NO_TYPE, "a.z.w.example", MG_DNS_MX, NULL, MG_DNS_DENIED_NOT},
        /* B.8 */
        {NO_TYPE, "example", MG_DNS_DS, "example.", MG_DNS_DENIED_NOT},
    };
    g_autoptr(GByteArray) results = read_records(nsec_zone);
    bool cut;
    check_proofs(nsec_zone, proofs, G_N_ELEMENTS(proofs));
    ask(results, &(Proof){NO_TYPE, "b.example", MG_DNS_DS, NULL, MG_DNS_DENIED}, &cut);
    g_assert_true(cut);
    ask(results, &(Proof){NO_TYPE, "ns1.example", MG_DNS_DS, NULL, MG_DNS_DENIED}, &cut);
    g_assert_false(cut);
}

/* ---- anchors ---- */

static void test_anchors(void)
{
    static const MgSetting rows[] = {
        {.key = "trust-anchor",
         .value =
             ". DS 20326 8 2 e06d44b80b8f1d39a95c0b0d7c65d08458e880409bbc683457104237c7f8ec8d; "
             "net. IN DS 1 13 2 aa"},
        {.key = "other", .value = "nonsense"}};
    MgSetting sized[] = {rows[0], rows[1]};
    sized[0].len = strlen(rows[0].value);
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgDnsAnchors *anchors = mg_dns_anchors_new();
    MgDnsName name = name_of("example.net"), other = name_of("example.org");
    g_assert_true(mg_dns_anchors_read(anchors, &(MgSettings){sized, 2}, "trust-anchor", problems));
    g_assert_cmpuint(mg_dns_anchors_above(anchors, mg_dns_name_span(&name)).len, ==, 5);
    g_assert_cmpuint(mg_dns_anchors_above(anchors, mg_dns_name_span(&other)).len, ==, 1);
    sized[0].value = "example.net. A 192.0.2.1";
    sized[0].len = strlen(sized[0].value);
    g_assert_false(mg_dns_anchors_read(anchors, &(MgSettings){sized, 2}, "trust-anchor", problems));
    g_assert_cmpuint(problems->len, ==, 1);
    mg_dns_anchors_free(anchors);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dns/validate/signatures", test_signatures);
    g_test_add_func("/dns/validate/conditions", test_conditions);
    g_test_add_func("/dns/validate/limit", test_limit);
    g_test_add_func("/dns/validate/broken", test_broken);
    g_test_add_func("/dns/validate/hashes", test_hashes);
    g_test_add_func("/dns/validate/nsec3", test_nsec3);
    g_test_add_func("/dns/validate/nsec", test_nsec);
    g_test_add_func("/dns/validate/anchors", test_anchors);
    return g_test_run();
}
