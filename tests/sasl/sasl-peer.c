/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sasl-peer.c - one end of a login on standard input and output, for peers.py
 *
 *      sasl-peer server MECHANISM USER PASSWORD [EXPORTER]
 *      sasl-peer client MECHANISM USER PASSWORD [EXPORTER]
 *
 * A line in is the other end's ("-": none yet, "DONE": the server is content); a line out is "S
 * LINE", "D NAME" or "F RULE". EXPORTER is text; all is taken to be inside TLS. */
#include <stdio.h>

#include "sasl.h"

static bool read_line(char *line, size_t size)
{
    if (fgets(line, (int)size, stdin) == NULL)
        return false;
    line[strcspn(line, "\r\n")] = '\0';
    return true;
}

static int end(MgSaslStep step, const char *name, MgSaslFault fault)
{
    if (step == MG_SASL_DONE)
        printf("D %s\n", name);
    else
        printf("F %s\n", fault < MG_SASL_N_FAULTS ? mg_sasl_rules[fault].id : "nothing came");
    return 0;
}

static int serve(char **words, MgSaslChannel channel)
{
    static char line[MG_SASL_LINE_MAX + 8];
    MgSaslPolicy policy = {.seed = 5, .host = "mail.example.net", .time = 1, .channel = channel};
    g_autoptr(MgSaslServer) server = mg_sasl_server_new(&policy);
    bool first = true;
    MgSaslStep step = MG_SASL_SEND;
    while (step == MG_SASL_SEND && read_line(line, sizeof line)) {
        MgSpan span = mg_span_from_string(line);
        step = first ? mg_sasl_server_start(server, mg_span_from_string(words[0]),
                                            strcmp(line, "-") != 0 ? &span : NULL)
                     : mg_sasl_server_step(server, span);
        first = false;
        if (step == MG_SASL_ASK)
            step = mg_sasl_server_credentials(
                server, strcmp(mg_sasl_server_user(server), words[1]) == 0 ? words[2] : NULL);
        if (step == MG_SASL_SEND)
            printf("S %s\n", mg_sasl_server_line(server));
        fflush(stdout);
    }
    return end(step, mg_sasl_server_name(server), mg_sasl_server_fault(server));
}

static int log_in(char **words, MgSaslChannel channel)
{
    static char line[MG_SASL_LINE_MAX + 8];
    MgSaslIdentity identity = {
        .user = words[1], .password = words[2], .seed = 6, .channel = channel};
    g_autoptr(MgSaslClient) client = mg_sasl_client_new(&identity);
    MgSaslMechanism mechanism;
    if (!mg_sasl_find(mg_span_from_string(words[0]), &mechanism))
        return 2;
    MgSaslStep step = mg_sasl_client_start(client, mechanism);
    while (step == MG_SASL_SEND && read_line(line, sizeof line)) {
        if (strcmp(line, "-") == 0) {
            const char *initial = mg_sasl_client_initial(client, SIZE_MAX);
            printf("S %s\n", initial != NULL ? initial : "-");
        } else if (strcmp(line, "DONE") == 0) {
            step = mg_sasl_client_succeeded(client);
        } else {
            step = mg_sasl_client_step(client, mg_span_from_string(line));
            if (step == MG_SASL_SEND)
                printf("S %s\n", mg_sasl_client_line(client));
        }
        fflush(stdout);
    }
    return end(step, words[1], mg_sasl_client_fault(client));
}

int main(int argc, char **argv)
{
    if (argc < 5)
        return 2;
    MgSaslChannel channel = {.tls = true, .certificate = argv[3]};
    if (argc > 5)
        channel.exporter = mg_span_from_string(argv[5]);
    return strcmp(argv[1], "server") == 0 ? serve(argv + 2, channel) : log_in(argv + 2, channel);
}
