/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dns-client.c - one question to one server, over datagrams */
#include "dns-client.h"

const MgSettingRow mg_dns_client_settings[] = {
    {"resolver", MG_SETTING_TEXT, NULL,
     N_("The address of the resolver that this host asks: `192.0.2.53` or `192.0.2.53:53`.")},
    {"resolver-timeout", MG_SETTING_TIME, "5s", N_("How long one question waits for its answer.")},
    {"resolver-tries", MG_SETTING_UINT, "3", N_("How often a question is asked.")},
    {0},
};

void mg_dns_client_init(MgDnsClient *client, const MgBirth *birth, const MgRule *rules)
{
    client->rules = rules;
    client->seed = birth->seed;
    client->timeout = mg_settings_get_time(birth->settings, "resolver-timeout", 5 * MG_SECONDS);
    client->tries_left =
        (unsigned)CLAMP(mg_settings_get_uint(birth->settings, "resolver-tries", 3), 1, 10);
}

bool mg_dns_client_set_server(MgDnsClient *client, const char *text)
{
    const char *colon = strrchr(text, ':'), *close = NULL;
    size_t len = strlen(text);
    uint64_t port = 53;
    if (text[0] == '[') {
        close = strchr(text, ']');
        if (close == NULL || (close[1] != '\0' && close[1] != ':'))
            return false;
        colon = close[1] == ':' ? close + 1 : NULL;
        text++;
        len = (size_t)(close - text);
    } else if (colon != NULL && strchr(text, ':') == colon) {
        len = (size_t)(colon - text);
    } else {
        colon = NULL;
    }
    if (colon != NULL) {
        char *end = NULL;
        port = g_ascii_strtoull(colon + 1, &end, 10);
        if (!g_ascii_isdigit(colon[1]) || *end != '\0' || port == 0 || port > UINT16_MAX)
            return false;
    }
    if (len == 0 || len >= sizeof client->address)
        return false;
    memcpy(client->address, text, len);
    client->address[len] = '\0';
    client->port = (uint16_t)port;
    return true;
}

void mg_dns_client_note(MgDnsClient *client, unsigned rule)
{
    mg_dns_events_note(&client->events, &client->rules[rule], (MgSpan){NULL, 0});
}

bool mg_dns_client_ask(MgDnsClient *client)
{
    MgDnsWriter writer;
    if (client->tries_left == 0)
        return false;
    client->tries_left--;
    client->id = (uint16_t)mg_random_next(&client->seed); /* RFC 5452 §4.3 */
    mg_dns_writer_init(&writer, client->query, sizeof client->query);
    mg_dns_write_header(&writer, client->id, MG_DNS_RD);
    mg_dns_write_question(&writer, mg_dns_name_span(&client->name), client->type, MG_DNS_IN);
    mg_dns_write_opt(&writer, MG_DNS_UDP_EDNS, 0, false);
    client->question = (MgDatagramQuestion){.address = client->address,
                                            .port = client->port,
                                            .payload = {client->query, writer.len},
                                            .timeout = client->timeout,
                                            .dissector = "dns"};
    client->ask = ++client->last_ask;
    mg_dns_events_add(&client->events,
                      (MgEvent){.kind = MG_EVENT_ASK,
                                .ask = {client->ask, MG_TOPIC_DATAGRAM, &client->question, 0}});
    return true;
}

static bool is_ours(const MgDnsClient *client, const MgDnsMessage *message)
{
    return (message->flags & MG_DNS_QR) != 0 && message->id == client->id &&
           message->counts[MG_DNS_QUESTION] == 1 && message->type == client->type &&
           message->class == MG_DNS_IN &&
           mg_dns_name_equal(mg_dns_name_span(&message->name), mg_dns_name_span(&client->name));
}

static MgDnsClientState ask_again(MgDnsClient *client, unsigned rule)
{
    mg_dns_client_note(client, rule);
    return mg_dns_client_ask(client) ? MG_DNS_CLIENT_ASKED : MG_DNS_CLIENT_GIVEN_UP;
}

MgDnsClientState mg_dns_client_take(MgDnsClient *client, const MgDatagramAnswer *datagram,
                                    MgDnsMessage *message)
{
    client->ask = 0;
    client->events.n = client->events.given = 0;
    if (datagram == NULL || datagram->reach == MG_REACH_UNREACHABLE ||
        datagram->reach == MG_REACH_BAD_ADDRESS) {
        mg_dns_client_note(client, MG_DNS_CLIENT_UNREACHABLE);
        return MG_DNS_CLIENT_GIVEN_UP;
    }
    if (datagram->reach != MG_REACH_OK)
        return ask_again(client, datagram->reach == MG_REACH_TIMEOUT ? MG_DNS_CLIENT_TIMEOUT
                                                                     : MG_DNS_CLIENT_UNREACHABLE);
    if (!mg_dns_message_open(message, datagram->payload) || !is_ours(client, message))
        return ask_again(client, MG_DNS_CLIENT_MISMATCH);
    return MG_DNS_CLIENT_ANSWERED;
}

void mg_dns_client_format(const MgDnsClient *client, GString *out)
{
    mg_dns_type_format(client->type, out);
    g_string_append_c(out, ' ');
    mg_dns_name_format(mg_dns_name_span(&client->name), out);
}
