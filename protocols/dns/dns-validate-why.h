/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-validate-why.h - what a validator may find out, and why (RFC 4033 §5) */
#pragma once

#include <mailglass/base.h>

G_BEGIN_DECLS

/* The worst first, so that of two the smaller one is what both together are. */
typedef enum {
    MG_DNS_UNCHECKED,
    MG_DNS_BOGUS,
    MG_DNS_INSECURE, /* nobody signs it, and that is as it should be */
    MG_DNS_SECURE
} MgDnsSecurity;

/* The last of those that are bogus tells most, if several signatures were tried. */
typedef enum {
    MG_DNS_WHY_NOTHING,
    /* insecure */
    MG_DNS_WHY_UNSIGNED,
    MG_DNS_WHY_NO_ANCHOR,
    MG_DNS_WHY_ALGORITHM,
    MG_DNS_WHY_DIGEST,
    MG_DNS_WHY_ITERATIONS,
    MG_DNS_WHY_OPT_OUT,
    /* bogus */
    MG_DNS_WHY_NO_SIGNATURE,
    MG_DNS_WHY_NO_KEY,
    MG_DNS_WHY_NOT_YET,
    MG_DNS_WHY_EXPIRED,
    MG_DNS_WHY_FORGED,
    MG_DNS_WHY_NO_KEYS,
    MG_DNS_WHY_WRONG_DIGEST,
    MG_DNS_WHY_NO_DENIAL,
    MG_DNS_WHY_WRONG_DENIAL,
    MG_DNS_WHY_UNREACHABLE,
    MG_DNS_WHY_LIMIT,
    MG_DNS_WHY_N
} MgDnsWhy;

/* The code of an extended error (RFC 8914 §4, RFC 9276 §6); -1: there is none to tell. */
int mg_dns_why_error(MgDnsWhy why);
/* "expired" */
const char *mg_dns_why_name(MgDnsWhy why);
const char *mg_dns_security_name(MgDnsSecurity security);

/* Rows, because a rule must stand in the table of the kind that notes it. Secure stands first. */
#define MG_DNS_WHY_RULES(first)                                                                    \
    [(first) +                                                                                     \
        MG_DNS_WHY_NOTHING] =                                                                      \
        {"dns.secure", MG_SEVERITY_CHAT, "RFC 4035 §5",                                            \
         N_("Every signature is good, from the trust anchor down to this answer: nobody has "      \
            "changed it on its way.")},                                                            \
        [(first) + MG_DNS_WHY_UNSIGNED] = {"dns.insecure-unsigned", MG_SEVERITY_CHAT,              \
                                           "RFC 4035 §4.3",                                        \
                                           N_("The zone above says, signed, that this zone is "    \
                                              "not signed: the answer is used, but "               \
                                              "nothing vouches for it.")},                         \
        [(first) + MG_DNS_WHY_NO_ANCHOR] =                                                         \
            {"dns.insecure-no-anchor", MG_SEVERITY_CHAT, "RFC 4035 §4.3",                          \
             N_("No trust anchor lies above this name: nothing can be checked.")},                 \
        [(first) + MG_DNS_WHY_ALGORITHM] =                                                         \
            {"dns.insecure-algorithm", MG_SEVERITY_NOTE, "RFC 4035 §5.2",                          \
             N_("The zone is signed with algorithms that the resolver does not know: for it, the " \
                "zone is as good as unsigned.")},                                                  \
        [(first) + MG_DNS_WHY_DIGEST] = {"dns.insecure-digest", MG_SEVERITY_NOTE, "RFC 6840 §5.2", \
                                         N_("The DS records have only digests that the resolver "  \
                                            "does not know: for it, the zone "                     \
                                            "is as good as unsigned.")},                           \
        [(first) +                                                                                 \
            MG_DNS_WHY_ITERATIONS] = {"dns.insecure-iterations", MG_SEVERITY_NOTE,                 \
                                      "RFC 9276 §3.2",                                             \
                                      N_("The zone wants names hashed more often than anybody "    \
                                         "should have to: the proof is "                           \
                                         "not looked at, and the answer is taken as unsigned.")},  \
        [(first) + MG_DNS_WHY_OPT_OUT] = {"dns.insecure-opt-out", MG_SEVERITY_CHAT,                \
                                          "RFC 5155 §9.2",                                         \
                                          N_("The proof leaves out zones that are not signed "     \
                                             "(opt-out): there may be one of this "                \
                                             "name, so that nothing vouches for the answer.")},    \
        [(first) + MG_DNS_WHY_NO_SIGNATURE] = {"dns.bogus-no-signature", MG_SEVERITY_FAULT,        \
                                               "RFC 4035 §5.3.1",                                  \
                                               N_("The zone is signed, but these records have no " \
                                                  "signature (RRSIG) of it: the answer "           \
                                                  "is not believed.")},                            \
        [(first) + MG_DNS_WHY_NO_KEY] =                                                            \
            {"dns.bogus-no-key", MG_SEVERITY_FAULT, "RFC 4035 §5.3.1",                             \
             N_("None of the zone's keys has the tag and algorithm that the signature names: the " \
                "answer is not believed.")},                                                       \
        [(first) + MG_DNS_WHY_NOT_YET] =                                                           \
            {"dns.bogus-not-yet", MG_SEVERITY_FAULT, "RFC 4035 §5.3.1",                            \
             N_("The signature is not valid yet, or this clock is slow: the answer is not "        \
                "believed.")},                                                                     \
        [(first) + MG_DNS_WHY_EXPIRED] =                                                           \
            {"dns.bogus-expired", MG_SEVERITY_FAULT, "RFC 4035 §5.3.1",                            \
             N_("The signature has expired, and whoever has the zone has not signed again: the "   \
                "answer is not believed.")},                                                       \
        [(first) + MG_DNS_WHY_FORGED] = {"dns.bogus-signature", MG_SEVERITY_FAULT,                 \
                                         "RFC 4035 §5.3.3",                                        \
                                         N_("The signature does not belong to these records and "  \
                                            "this key: somebody has changed "                      \
                                            "one of them. The answer is not believed.")},          \
        [(first) + MG_DNS_WHY_NO_KEYS] = {"dns.bogus-no-keys", MG_SEVERITY_FAULT, "RFC 4035 §5.2", \
                                          N_("The zone above says that this zone is signed, but "  \
                                             "it shows no keys (DNSKEY): the "                     \
                                             "answer is not believed.")},                          \
        [(first) + MG_DNS_WHY_WRONG_DIGEST] = {"dns.bogus-digest", MG_SEVERITY_FAULT,              \
                                               "RFC 4035 §5.2",                                    \
                                               N_("None of the zone's keys has the digest that "   \
                                                  "the zone above, or the trust anchor, "          \
                                                  "names (DS): the answer is not believed.")},     \
        [(first) + MG_DNS_WHY_NO_DENIAL] = {"dns.bogus-no-denial", MG_SEVERITY_FAULT,              \
                                            "RFC 4035 §5.4",                                       \
                                            N_("The zone is signed, but no signed record (NSEC, "  \
                                               "NSEC3) proves that there is nothing "              \
                                               "here: the answer is not believed.")},              \
        [(first) + MG_DNS_WHY_WRONG_DENIAL] = {"dns.bogus-denial", MG_SEVERITY_FAULT,              \
                                               "RFC 4035 §5.4",                                    \
                                               N_("The NSEC or NSEC3 records are signed well, "    \
                                                  "but prove something else than what was "        \
                                                  "answered: the answer is not believed.")},       \
        [(first) + MG_DNS_WHY_UNREACHABLE] = {"dns.bogus-unreachable", MG_SEVERITY_WARN,           \
                                              "RFC 4035 §5.2",                                     \
                                              N_("The keys that are needed to check the answer "   \
                                                 "cannot be got: it is not believed.")},           \
        [(first) + MG_DNS_WHY_LIMIT] = {                                                           \
            "dns.bogus-limit", MG_SEVERITY_WARN, "RFC 4035 §5.3.3",                                \
            N_("To check this answer would cost too much: the resolver gives up, for this is how " \
               "validators are attacked.")}

G_END_DECLS
