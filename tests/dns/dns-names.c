/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-names.c - what our server says is named as tshark names it; broken messages as far as they go
 *
 * One zone has every type that is taken apart. Each query and each reply goes into a capture file,
 * and each field that Wireshark has, too, must have the same values there. */
#include <gio/gio.h>
#include <glib/gstdio.h>

#include "dns-fields.h"
#include "dns-world.h"
#include "tree.h"

static const char zone[] =
    "$TTL 3600\n$ORIGIN example.net.\n"
    "@ SOA ns hostmaster 5 7200 900 1209600 300\n@ NS ns\nns A 192.0.2.1\nns AAAA 2001:db8::1\n"
    "@ MX 10 mx\nmx A 192.0.2.25\n@ TXT \"v=spf1 mx -all\" \"second\"\n@ SPF \"v=spf1 -all\"\n"
    "www CNAME ns\nold DNAME new\n25 PTR mx\n_imaps._tcp SRV 0 1 993 mx\n"
    "hinfo HINFO \"PDP-11\" \"UNIX\"\ncaa CAA 128 issue \"ca.example.net\"\n"
    "naptr NAPTR 10 20 \"S\" \"SIP+D2U\" \"!x!y!\" _sip._udp\n"
    "ds DS 12345 8 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
    "key DNSKEY 257 3 13 aGVsbG8gd29ybGQh\nssh SSHFP 4 2 00112233445566778899aabbccddeeff\n"
    "tlsa TLSA 3 1 1 00112233445566778899aabbccddeeff\n"
    "sig RRSIG A 13 3 3600 20260401000000 20260301000000 12345 @ aGVsbG8gd29ybGQh\n"
    "svc HTTPS 1 . alpn=h2 port=53\nnsec NSEC ns A MX RRSIG\nunknown TYPE65280 \\# 3 abcdef\nsub "
    "NS ns.sub\nns.sub A 192.0.2.9\n"
    "md MD mx\nmf MF mx\nmb MB mx\nmg MG mx\nmr MR mx\nminfo MINFO hostmaster ns\n"
    "wks WKS 192.0.2.1 tcp smtp domain\nrp RP hostmaster hinfo\nafsdb AFSDB 1 ns\nx25 X25 "
    "\"311061700956\"\nisdn ISDN \"150862028003217\" \"004\"\nrt RT 2 ns\n"
    "nsap NSAP 0x47000580005a0000000001e133ffffff00016100\n"
    "oldsig SIG A 13 3 3600 20260401000000 20260301000000 12345 @ aGVsbG8gd29ybGQh\n"
    "oldkey KEY 256 3 13 aGVsbG8gd29ybGQh\npx PX 10 net2 net2.x400\n"
    "gpos GPOS -32.6882 116.8652 10.0\nloc LOC 42 21 54 N 71 06 18 W -24m 30m\n"
    "place TYPE29 \\# 16 01000000000000000000000000000000\nkx KX 1 ns\n"
    "cert CERT 1 12345 13 aGVsbG8gd29ybGQh\ndhcid DHCID aGVsbG8gd29ybGQh\n"
    "hash A 192.0.2.1\nhash NSEC3 1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s A MX RRSIG\n"
    "param NSEC3PARAM 1 0 12 aabbccdd\nplain NSEC3PARAM 1 0 0 -\n"
    "smime SMIMEA 3 1 1 00112233445566778899aabbccddeeff\ntalink TALINK . ns\n"
    "cds CDS 12345 8 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\n"
    "cdnskey CDNSKEY 257 3 13 aGVsbG8gd29ybGQh\npgp OPENPGPKEY aGVsbG8gd29ybGQh\n"
    "csync CSYNC 66 3 A NS AAAA\nzonemd ZONEMD 5 1 1 "
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff00112233445566778899aabbccddee"
    "ff\nnid NID 10 0014:4fff:ff20:ee64\nl32 L32 10 192.0.2.8\nl64 L64 10 2001:db8:1140:1000\n"
    "lp LP 10 ns\neui48 EUI48 00-00-5e-00-53-2a\neui64 EUI64 00-00-5e-ef-10-00-00-2a\n"
    "uri URI 10 1 \"https://www.example.net/\"\n";

static const struct {
    const char *name, *type, *summary, *caption;
} rows[] = {
    {"example.net", "MX", "MX example.net = 10 mx.example.net", "This host takes its mail."},
    {"example.net", "TXT", "TXT example.net = \"v=spf1 mx -all\" \"second\"", "This is its text."},
    {"example.net", "SPF", NULL, NULL},
    {"example.net", "SOA", NULL, "This is how the zone is kept."},
    {"example.net", "NS", NULL, NULL},
    {"ns.example.net", "A", "A ns.example.net = 192.0.2.1", "This is its address."},
    {"ns.example.net", "AAAA", "AAAA ns.example.net = 2001:db8::1", NULL},
    {"www.example.net", "A", "A www.example.net = ns.example.net, 192.0.2.1", NULL},
    {"x.old.example.net", "CNAME", NULL, NULL},
    {"25.example.net", "PTR", NULL, NULL},
    {"_imaps._tcp.example.net", "SRV", NULL, NULL},
    {"hinfo.example.net", "HINFO", NULL, NULL},
    {"caa.example.net", "CAA", NULL, NULL},
    {"naptr.example.net", "NAPTR", NULL, NULL},
    {"ds.example.net", "DS", NULL, NULL},
    {"key.example.net", "DNSKEY", NULL, NULL},
    {"ssh.example.net", "SSHFP", NULL, NULL},
    {"tlsa.example.net", "TLSA", NULL, NULL},
    {"sig.example.net", "RRSIG", NULL, NULL},
    {"nsec.example.net", "NSEC", NULL, NULL},
    {"unknown.example.net", "TYPE65280", NULL, NULL},
    {"svc.example.net", "HTTPS", NULL, NULL},
    {"md.example.net", "MD", NULL, NULL},
    {"mf.example.net", "MF", NULL, NULL},
    {"mb.example.net", "MB", NULL, NULL},
    {"mg.example.net", "MG", NULL, NULL},
    {"mr.example.net", "MR", NULL, NULL},
    {"minfo.example.net", "MINFO", NULL, NULL},
    {"wks.example.net", "WKS", NULL, NULL},
    {"rp.example.net", "RP", NULL, NULL},
    {"afsdb.example.net", "AFSDB", NULL, NULL},
    {"x25.example.net", "X25", NULL, NULL},
    {"isdn.example.net", "ISDN", NULL, NULL},
    {"rt.example.net", "RT", NULL, NULL},
    {"nsap.example.net", "NSAP", NULL, NULL},
    {"oldsig.example.net", "SIG", NULL, NULL},
    {"oldkey.example.net", "KEY", NULL, NULL},
    {"px.example.net", "PX", NULL, NULL},
    {"gpos.example.net", "GPOS", NULL, NULL},
    {"loc.example.net", "LOC", NULL, NULL},
    {"place.example.net", "LOC", NULL, NULL},
    {"kx.example.net", "KX", NULL, NULL},
    {"cert.example.net", "CERT", NULL, NULL},
    {"dhcid.example.net", "DHCID", NULL, NULL},
    {"hash.example.net", "NSEC3", NULL, NULL},
    {"param.example.net", "NSEC3PARAM", NULL, NULL},
    {"plain.example.net", "NSEC3PARAM", NULL, NULL},
    {"smime.example.net", "SMIMEA", NULL, NULL},
    {"talink.example.net", "TALINK", NULL, NULL},
    {"cds.example.net", "CDS", NULL, NULL},
    {"cdnskey.example.net", "CDNSKEY", NULL, NULL},
    {"pgp.example.net", "OPENPGPKEY", NULL, NULL},
    {"csync.example.net", "CSYNC", NULL, NULL},
    {"zonemd.example.net", "ZONEMD", NULL, NULL},
    {"nid.example.net", "NID", NULL, NULL},
    {"l32.example.net", "L32", NULL, NULL},
    {"l64.example.net", "L64", NULL, NULL},
    {"lp.example.net", "LP", NULL, NULL},
    {"eui48.example.net", "EUI48", NULL, NULL},
    {"eui64.example.net", "EUI64", NULL, NULL},
    {"uri.example.net", "URI", NULL, NULL},
    {"no.example.net", "A", "NXDOMAIN A no.example.net", "There is no such name."},
    {"mx.example.net", "MX", "MX mx.example.net: no such record",
     "The name exists, but there is no such record."},
    {"host.sub.example.net", "A", "→ ask ns.sub.example.net (sub.example.net)",
     "I do not know, but these name servers do. Ask them."},
    {"example.org", "A", "REFUSED A example.org", "I do not answer this."},
    {".", "NS", "REFUSED NS .", NULL},
};

static GByteArray *capture; /* pcap, raw IP */
static GPtrArray *units;    /* GByteArray */

static void put_unit(const uint8_t *data, size_t len, bool reply)
{
    static const uint8_t addresses[2][4] = {{192, 0, 2, 10}, {192, 0, 2, 53}};
    uint8_t head[16 + 28] = {0};
    uint32_t size = (uint32_t)(28 + len), seconds = units->len;
    memcpy(head, &seconds, 4);
    memcpy(head + 8, &size, 4);
    memcpy(head + 12, &size, 4);
    head[16] = 0x45;
    mg_dns_put_u16(head + 18, (uint16_t)size);
    head[24] = 64;
    head[25] = 17;
    memcpy(head + 28, addresses[reply], 4);
    memcpy(head + 32, addresses[!reply], 4);
    mg_dns_put_u16(head + 36, reply ? 53 : 40000);
    mg_dns_put_u16(head + 38, reply ? 40000 : 53);
    mg_dns_put_u16(head + 40, (uint16_t)(8 + len));
    g_byte_array_append(capture, head, sizeof head);
    g_byte_array_append(capture, data, (guint)len);
    GByteArray *unit = g_byte_array_new();
    g_byte_array_append(unit, data, (guint)len);
    g_ptr_array_add(units, unit);
}

static void *open_zone(void)
{
    const MgSetting row = {.key = "zones", .value = zone, .len = strlen(zone), .path = "test"};
    const MgSettings settings = {&row, 1};
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    void *shared = mg_dns_server.setup(&settings, problems);
    for (guint i = 0; i < problems->len; i++)
        g_error("%s", (char *)g_ptr_array_index(problems, i));
    return shared;
}

static MgTree *look(MgSpan span, uint16_t tag, GString *summary)
{
    MgTree *tree = mg_tree_new();
    g_autoptr(GBytes) bytes = g_bytes_new(span.data, span.len);
    mg_tree_begin(tree, &mg_dns_dissector, "Exchange", bytes);
    mg_dns_dissector.dissect(tag, MG_FROM_CLIENT, span, tree);
    if (summary != NULL)
        mg_dns_dissector.summarize(tag, MG_FROM_CLIENT, span, summary);
    return tree;
}

static void make_units(void)
{
    static const uint32_t head[] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 101};
    void *shared = open_zone();
    capture = g_byte_array_new();
    units = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    g_byte_array_append(capture, (const uint8_t *)head, sizeof head);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        uint8_t query[600];
        size_t len = world_query(query, (uint16_t)(0x1000 + i), rows[i].name, rows[i].type,
                                 i % 2 == 0 ? MG_DNS_RD : 0, i % 3 == 0 ? 1232 : 0);
        if (i % 3 == 0 && i % 2 == 0) { /* with options */
            static const uint8_t options[] = {
                0, 8,  0, 7,  0, 1, 24,  0,   192, 0, 2,                            /* a network */
                0, 10, 0, 16, 1, 2, 3,   4,   5,   6, 7, 8, 1, 0, 0, 0, 5, 6, 7, 8, /* a cookie */
                0, 12, 0, 2,  0, 0,                                                 /* padding */
                0, 15, 0, 5,  0, 3, 'o', 'l', 'd'};
            static const uint8_t other[] = {0, 8,    0,    9,    0, 2,  33, 0, 0x20,
                                            1, 0x0d, 0xb8, 0x80, 0, 99, 0,  1, 7};
            bool four = i % 4 == 0; /* … or an IPv6 network, and an option that nobody knows */
            size_t size = four ? sizeof options : sizeof other;
            memcpy(query + len, four ? options : other, size);
            query[len - 1] = (uint8_t)size;
            len += size;
        }
        g_autoptr(GByteArray) reply = world_serve(&mg_dns_server, shared, (MgSpan){query, len});
        put_unit(query, len, false);
        put_unit(reply->data, reply->len, true);
    }
    mg_dns_server.teardown(shared);
}

static void free_units(void)
{
    g_byte_array_unref(capture);
    g_ptr_array_unref(units);
}

static void test_words(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    make_units();
    for (guint i = 0; i < units->len; i++) {
        const GByteArray *unit = g_ptr_array_index(units, i);
        g_autoptr(GString) summary = g_string_new(NULL);
        g_autoptr(MgTree) tree = look((MgSpan){unit->data, unit->len}, 0, summary);
        for (MgNode n = 1; n < mg_tree_n_nodes(tree); n++) {
            g_hash_table_add(seen, (void *)mg_tree_node(tree, n)->field->id);
            g_assert_null(mg_tree_node(tree, n)->note);
        }
        g_assert_nonnull(mg_tree_caption(tree));
        if (i % 2 == 0) {
            g_autofree char *wanted =
                g_strdup_printf("? %s %s", rows[i / 2].type, rows[i / 2].name);
            g_assert_cmpstr(summary->str, ==, wanted);
            continue;
        }
        if (rows[i / 2].summary != NULL)
            g_assert_cmpstr(summary->str, ==, rows[i / 2].summary);
        if (rows[i / 2].caption != NULL)
            g_assert_cmpstr(mg_tree_caption(tree), ==, rows[i / 2].caption);
    }
    /* A stream, and octets that are left over. */
    GByteArray *unit = g_ptr_array_index(units, 0);
    uint8_t length[2] = {0, (uint8_t)(unit->len + 1)};
    g_byte_array_prepend(unit, length, 2);
    g_byte_array_append(unit, length, 1);
    g_autoptr(MgTree) tree = look((MgSpan){unit->data, unit->len}, 1, NULL);
    for (MgNode n = 1; n < mg_tree_n_nodes(tree); n++)
        g_hash_table_add(seen, (void *)mg_tree_node(tree, n)->field->id);
    for (size_t i = 0; i < mg_dns_dissector.n_fields; i++)
        if (!g_hash_table_contains(seen, mg_dns_dissector.fields[i].id))
            g_error("%s appears nowhere", mg_dns_dissector.fields[i].id);
    free_units();
}

/* ---- beside tshark ---- */

/* The field's values in the unit, with "|" between. */
static char *our_values(const MgTree *tree, const MgField *field)
{
    GString *all = g_string_new(NULL);
    for (MgNode n = 1; n < mg_tree_n_nodes(tree); n++) {
        uint64_t number = 0;
        if (mg_tree_node(tree, n)->field != field)
            continue;
        if (all->len > 0)
            g_string_append_c(all, '|');
        if ((field->type == MG_FIELD_UINT || field->type == MG_FIELD_BOOL) &&
            mg_tree_number(tree, n, &number)) {
            g_string_append_printf(all, "%" G_GUINT64_FORMAT, number);
            continue;
        }
        g_autofree char *value = mg_tree_value(tree, n);
        g_string_append(all, value);
    }
    return g_string_free(all, FALSE);
}

/* tshark writes some numbers in hexadecimal and truths as words. */
static char *their_values(const char *text, const MgField *field)
{
    if (field->type != MG_FIELD_UINT && field->type != MG_FIELD_BOOL)
        return g_strdup(strcmp(text, "<MISSING>") == 0 ? "" : text); /* no octets at all */
    g_auto(GStrv) values = g_strsplit(text, "|", -1);
    for (size_t i = 0; values[i] != NULL; i++) {
        uint64_t number =
            g_ascii_strcasecmp(values[i], "True") == 0 ? 1 : g_ascii_strtoull(values[i], NULL, 0);
        g_free(values[i]);
        values[i] = g_strdup_printf("%" G_GUINT64_FORMAT, number);
    }
    return text[0] != '\0' ? g_strjoinv("|", values) : g_strdup("");
}

/* Ours alone, or said in another form, as times are. */
static bool is_ours_alone(const MgField *field)
{
    static const char *const ids[] = {"dns.section.",
                                      "dns.record",
                                      "dns.question",
                                      "dns.nsec.types",
                                      "dns.nsec3.types",
                                      "dns.csync.type_bitmap",
                                      "dns.wks.bits",
                                      "dns.loc.size",
                                      "dns.loc.horizontal_precision",
                                      "dns.loc.vertical_precision",
                                      "dns.loc.latitude",
                                      "dns.loc.longitude",
                                      "dns.loc.altitude",
                                      "dns.talink.",
                                      "dns.uri.",
                                      "dns.openpgpkey",
                                      "dns.eui48",
                                      "dns.eui64",
                                      "dns.rrsig.signature_expiration",
                                      "dns.rrsig.signature_inception",
                                      "dns.extraneous",
                                      "dns.opt",
                                      "dns.svcb.svcparam",
                                      "dns.svcb.svcparam.value",
                                      "dns.opt.padding",
                                      "dns.length",
                                      "dns.caa.value",
                                      "dns.resp.class",
                                      "dns.data"};
    for (size_t i = 0; i < G_N_ELEMENTS(ids); i++)
        if (strcmp(field->id, ids[i]) == 0 ||
            (g_str_has_suffix(ids[i], ".") && g_str_has_prefix(field->id, ids[i])))
            return true;
    return false;
}

/* Wireshark cuts the owner of SRV into pieces, counts the types in bitmaps as records', and does
 * not know SMIMEA. */
static bool is_otherwise(const char *type, const char *id)
{
    static const char *const pairs[][2] = {{"SRV", "dns.resp.name"},
                                           {"NSEC", "dns.resp.type"},
                                           {"NSEC3", "dns.resp.type"},
                                           {"CSYNC", "dns.resp.type"},
                                           {"SMIMEA", "dns.tlsa."}};
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++)
        if (strcmp(type, pairs[i][0]) == 0 && g_str_has_prefix(id, pairs[i][1]))
            return true;
    return false;
}

static char *run_tshark(const char *program, GPtrArray *fields)
{
    g_autofree char *path = NULL;
    g_autoptr(GPtrArray) args = g_ptr_array_new();
    char *output = NULL;
    int fd = g_file_open_tmp(NULL, &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_close(fd, NULL);
    g_assert_true(g_file_set_contents(path, (const char *)capture->data, capture->len, NULL));
    const char *const first[] = {program, "-r",           path, "-T",          "fields",
                                 "-E",    "occurrence=a", "-E", "aggregator=|"};
    for (size_t i = 0; i < G_N_ELEMENTS(first); i++)
        g_ptr_array_add(args, (char *)first[i]);
    for (guint i = 0; i < fields->len; i++) {
        g_ptr_array_add(args, (char *)"-e");
        g_ptr_array_add(args, (char *)((const MgField *)g_ptr_array_index(fields, i))->id);
    }
    g_ptr_array_add(args, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GSubprocess) process = g_subprocess_newv(
        (const char *const *)args->pdata,
        G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_SILENCE, &error);
    g_assert_no_error(error);
    g_assert_true(g_subprocess_communicate_utf8(process, NULL, NULL, &output, NULL, &error));
    g_assert_no_error(error);
    g_unlink(path);
    return output;
}

static void test_tshark(void)
{
    g_autofree char *program = g_find_program_in_path("tshark");
    if (program == NULL) {
        g_test_skip("tshark is not installed");
        return;
    }
    make_units();
    g_autoptr(GPtrArray) fields = g_ptr_array_new();
    for (size_t i = 0; i < mg_dns_dissector.n_fields; i++)
        if (!is_ours_alone(&mg_dns_dissector.fields[i]))
            g_ptr_array_add(fields, (void *)&mg_dns_dissector.fields[i]);
    g_autofree char *output = run_tshark(program, fields);
    g_auto(GStrv) lines = g_strsplit(output, "\n", -1);
    unsigned same = 0, different = 0;
    g_assert_cmpuint(g_strv_length(lines), >=, units->len);
    for (guint i = 0; i < units->len; i++) {
        const GByteArray *unit = g_ptr_array_index(units, i);
        g_autoptr(MgTree) tree = look((MgSpan){unit->data, unit->len}, 0, NULL);
        g_auto(GStrv) values = g_strsplit(lines[i], "\t", -1);
        g_assert_cmpuint(g_strv_length(values), ==, fields->len);
        for (guint f = 0; f < fields->len; f++) {
            const MgField *field = g_ptr_array_index(fields, f);
            if (is_otherwise(rows[i / 2].type, field->id))
                continue;
            g_autofree char *ours = our_values(tree, field);
            g_autofree char *theirs = their_values(values[f], field);
            if (strcmp(ours, theirs) == 0) {
                same += ours[0] != '\0';
                continue;
            }
            different++;
            g_test_message("%u %s: ours %s, tshark's %s", i, field->id, ours, theirs);
        }
    }
    g_test_message("%u values are the same, %u are not", same, different);
    g_assert_cmpuint(different, ==, 0);
    g_assert_cmpuint(same, >, 3000);
    free_units();
}

/* ---- broken messages ---- */

static void test_broken(void)
{
    static const uint8_t loop[] = {0x12, 0x34, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1,
                                   0,    1,    0xc0, 0x11, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0};
    g_autoptr(MgTree) tree = look((MgSpan){loop, sizeof loop}, 0, NULL);
    bool pointer = false;
    for (MgNode n = 1; n < mg_tree_n_nodes(tree); n++) {
        const MgRule *note = mg_tree_node(tree, n)->note;
        pointer = pointer || (note != NULL && strcmp(note->id, "dns.bad-pointer") == 0);
    }
    g_assert_true(pointer);
    g_assert_cmpuint(mg_tree_find(tree, "dns.qry.type", 1), !=, 0);
    /* Cut anywhere, a message is named up to there, and something says that it is broken. */
    make_units();
    for (guint i = 0; i < units->len; i++) {
        const GByteArray *unit = g_ptr_array_index(units, i);
        for (guint len = 1; len < unit->len; len++) {
            g_autofree uint8_t *copy = g_memdup2(unit->data, len);
            g_autoptr(GString) summary = g_string_new(NULL);
            g_autoptr(MgTree) part = look((MgSpan){copy, len}, 0, summary);
            unsigned notes = 0;
            for (MgNode n = 1; n < mg_tree_n_nodes(part); n++)
                notes += mg_tree_node(part, n)->note != NULL;
            g_assert_cmpuint(notes, >, 0);
            g_assert_cmpuint(summary->len, >, 0);
        }
    }
    free_units();
}

static void test_cut(void)
{
    static const uint8_t two[] = {0, 12, 1, 2, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                                  0, 12, 1, 2, 0,    0, 0, 0, 0, 0, 0, 0, 0, 0};
    g_autofree void *state = g_malloc0(mg_dns_dissector.state_size);
    MgUnit unit;
    for (size_t len = 1; len < 14; len++)
        g_assert_false(
            mg_dns_dissector.cut(state, MG_FROM_SERVER, (MgSpan){two, len}, false, &unit));
    g_assert_true(mg_dns_dissector.cut(state, MG_FROM_SERVER, (MgSpan){two, 28}, false, &unit));
    g_assert_cmpuint(unit.len, ==, 14);
    g_assert_cmpint(unit.kind, ==, MG_UNIT_ANSWER);
    g_assert_true(mg_dns_dissector.cut(state, MG_FROM_SERVER, (MgSpan){two + 14, 14}, true, &unit));
    g_assert_cmpint(unit.kind, ==, MG_UNIT_QUERY);
    g_assert_cmpint(unit.tag, ==, 1);
    memset(state, 0, mg_dns_dissector.state_size);
    g_assert_true(mg_dns_dissector.cut(state, MG_FROM_CLIENT, (MgSpan){two + 2, 12}, true, &unit));
    g_assert_cmpint(unit.tag, ==, 0);
    g_assert_cmpuint(unit.len, ==, 12);
}

static void test_explained(void)
{
    for (size_t i = 0; i < mg_dns_dissector.n_fields; i++) {
        const MgField *field = &mg_dns_dissector.fields[i];
        g_assert_nonnull(field->id);
        g_assert_true(g_str_has_prefix(field->id, "dns."));
        g_assert_nonnull(field->label);
        g_assert_nonnull(field->about);
        g_assert_nonnull(field->source);
        for (const MgName *name = field->names; name != NULL && name->name != NULL; name++) {
            g_assert_nonnull(name->about);
            g_assert_nonnull(name->source);
        }
    }
    const MgEngineKind *const kinds[] = {&mg_dns_server, &mg_dns_server_tcp, &mg_dns_resolver,
                                         &mg_dns_stub};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        for (const MgRule *rule = kinds[i]->rules; rule->id != NULL; rule++)
            g_assert_nonnull(rule->text);
        for (const MgSettingRow *row = kinds[i]->settings; row->key != NULL; row++)
            g_assert_nonnull(row->about);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dns/names/words", test_words);
    g_test_add_func("/dns/names/tshark", test_tshark);
    g_test_add_func("/dns/names/broken", test_broken);
    g_test_add_func("/dns/names/cut", test_cut);
    g_test_add_func("/dns/names/explained", test_explained);
    return g_test_run();
}
