/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-replay-config.c - the head of a scenario: KEY: VALUE, in the words of Deckard and of Unbound
 *
 * A row says what becomes of a key. One without a row is passed over, and said to be.
 */
#include "dns-replay.h"

#include "dns-anchors.h"
#include "dns-record.h"

char *mg_dns_address_plain(const char *text)
{
    uint8_t octets[16];
    g_autofree char *address = g_strndup(text, strcspn(text, "@")); /* "192.0.2.1@53" */
    size_t len = mg_dns_address_parse(address, octets);
    if (len == 0)
        return NULL;
    GString *plain = g_string_new(NULL);
    mg_dns_address_format((MgSpan){octets, len}, plain);
    return g_string_free(plain, FALSE);
}

bool mg_dns_replay_number(const char *text, uint64_t max, uint64_t *out)
{
    char *end = NULL;
    *out = g_ascii_strtoull(text, &end, 10);
    return g_ascii_isdigit(text[0]) && *end == '\0' && *out <= max;
}

G_GNUC_PRINTF(3, 4)
static void say(const MgDnsReplayPlace *place, GPtrArray *list, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    g_autofree char *text = g_strdup_vprintf(format, values);
    va_end(values);
    g_ptr_array_add(list, g_strdup_printf("%s:%u: %s", place->path, place->line, text));
}

typedef struct {
    MgDnsScenario *scenario;
    const MgDnsReplayPlace *place;
    const char *key, *setting;
} Config;

static void read_root(const Config *config, const char *value)
{
    const char *zone = config->scenario->zone;
    char *address = mg_dns_address_plain(value);
    if (address == NULL)
        say(config->place, config->place->problems, "\"%s\" is no IP address", value);
    else if (zone != NULL && strcmp(zone, ".") != 0)
        say(config->place, config->place->problems,
            "%s of %s: only the root's servers can be said here", config->key, zone);
    else
        g_ptr_array_add(config->scenario->roots, g_steal_pointer(&address));
    g_free(address);
}

static void read_anchor(const Config *config, const char *value)
{
    const MgSetting row = {.key = "trust-anchor", .value = value, .len = strlen(value)};
    const MgSettings rows = {&row, 1};
    g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
    MgDnsAnchors *anchors = mg_dns_anchors_new();
    if (mg_dns_anchors_read(anchors, &rows, row.key, problems))
        g_string_append_printf(config->scenario->anchors, "%s\n", value);
    else
        say(config->place, config->place->problems, "%s",
            (const char *)g_ptr_array_index(problems, 0));
    mg_dns_anchors_free(anchors);
}

static void read_insecure(const Config *config, const char *value)
{
    MgDnsName name;
    if (mg_dns_name_parse(mg_span_from_string(value), NULL, &name) == NULL)
        g_string_append_printf(config->scenario->insecure, "%s;", value);
    else
        say(config->place, config->place->problems, "\"%s\" is no domain name", value);
}

/* "20150915132320", or seconds since 1970; Unbound's -1 is no date. */
static void read_date(const Config *config, const char *value)
{
    uint64_t n = 0;
    bool good = mg_dns_replay_number(value, 99991231235959, &n);
    g_autoptr(GDateTime) date = NULL;
    if (good && strlen(value) == 14)
        date = g_date_time_new_utc((int)(n / 10000000000), (int)(n / 100000000 % 100),
                                   (int)(n / 1000000 % 100), (int)(n / 10000 % 100),
                                   (int)(n / 100 % 100), (double)(n % 100));
    if (date != NULL)
        config->scenario->epoch = g_date_time_to_unix(date);
    else if (good && n <= UINT32_MAX)
        config->scenario->epoch = (int64_t)n;
    else if (strcmp(value, "-1") != 0)
        say(config->place, config->place->problems, "\"%s\" is no date like 20150915132320", value);
}

static void read_setting(const Config *config, const char *value)
{
    g_hash_table_insert(config->scenario->config, g_strdup(config->setting), g_strdup(value));
}

/* "do not", where our setting says "do". */
static void read_contrary(const Config *config, const char *value)
{
    bool off = g_ascii_strcasecmp(value, "off") == 0 || g_ascii_strcasecmp(value, "no") == 0;
    read_setting(config, off ? "yes" : "no");
}

static void begin_zone(const Config *config, const char *value)
{
    g_clear_pointer(&config->scenario->zone, g_free);
}

static void read_zone(const Config *config, const char *value)
{
    begin_zone(config, value);
    config->scenario->zone = g_strdup(value);
}

static void pass_over(const Config *config, const char *value)
{
}

static void read_feature(const Config *config, const char *value);

static const struct {
    const char *key;
    void (*read)(const Config *config, const char *value);
    const char *setting;
} rows[] = {
    {"stub-addr", read_root, NULL},
    {"forward-addr", read_root, NULL},
    {"trust-anchor", read_anchor, NULL},
    {"domain-insecure", read_insecure, NULL},
    {"val-override-date", read_date, NULL},
    {"val-override-timestamp", read_date, NULL},
    {"query-minimization", read_setting, "qname-minimisation"},
    {"qname-minimisation", read_setting, "qname-minimisation"},
    {"harden-glue", read_setting, "harden-glue"},
    {"do-ip6", read_setting, "ipv6"},
    {"min_ttl", read_setting, "cache-ttl-min"},
    {"cache-min-ttl", read_setting, "cache-ttl-min"},
    {"max_ttl", read_setting, "cache-ttl-max"},
    {"cache-max-ttl", read_setting, "cache-ttl-max"},
    {"cache-max-negative-ttl", read_setting, "cache-negative-max"},
    {"do-not-query-localhost", read_contrary, "query-loopback"},
    {"features", read_feature, NULL},
    {"server", begin_zone, NULL},
    {"stub-zone", begin_zone, NULL},
    {"forward-zone", begin_zone, NULL},
    {"name", read_zone, NULL},
    /* Of these, our resolver has one way only, and the answers do not depend on it. */
    {"force-ipv6", pass_over, NULL},
    {"target-fetch-policy", pass_over, NULL},
    {"harden-referral-path", pass_over, NULL},
    {"fake-sha1", pass_over, NULL},
    {"fake-dsa", pass_over, NULL},
    {"trust-anchor-signaling", pass_over, NULL},
    {"module-config", pass_over, NULL},
    {"access-control", pass_over, NULL},
    {"outbound-msg-retry", pass_over, NULL},
    {"stub-prime", pass_over, NULL},
    {"log-queries", pass_over, NULL},
    {"verbosity", pass_over, NULL},
};

static void read_row(Config *config, const char *value)
{
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (strcmp(rows[i].key, config->key) == 0) {
            config->setting = rows[i].setting;
            rows[i].read(config, value);
            return;
        }
    say(config->place, config->scenario->notes, "\"%s\" is not known, and passed over",
        config->key);
}

/* "min_ttl = 300" */
static void read_feature(const Config *config, const char *value)
{
    g_auto(GStrv) parts = g_strsplit(value, "=", 2);
    if (parts[0] == NULL)
        return;
    Config feature = {config->scenario, config->place, g_strstrip(parts[0]), NULL};
    if (strcmp(feature.key, "features") != 0)
        read_row(&feature, parts[1] != NULL ? g_strstrip(parts[1]) : "");
}

void mg_dns_replay_config(MgDnsScenario *scenario, const char *line, const MgDnsReplayPlace *place)
{
    size_t len = 0;
    for (bool quoted = false; line[len] != '\0' && (quoted || strchr(";#", line[len]) == NULL);
         len++)
        quoted ^= line[len] == '"';
    g_autofree char *text = g_strndup(line, len);
    char *value = strchr(text, ':');
    if (value == NULL) {
        if (g_strstrip(text)[0] != '\0')
            say(place, scenario->notes, "\"%s\" is not known, and passed over", text);
        return;
    }
    *value++ = '\0';
    g_strstrip(text);
    g_strstrip(value);
    len = strlen(value);
    if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
        value[len - 1] = '\0';
        value++;
    }
    Config config = {scenario, place, text, NULL};
    read_row(&config, value);
}
