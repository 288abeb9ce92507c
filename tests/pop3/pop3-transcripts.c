/* SPDX-License-Identifier: GPL-3.0-or-later */
/* pop3-transcripts.c - both ends of POP3, as conversations */
#include "pop3.h"
#include "transcript.h"

int main(int argc, char **argv)
{
    return mg_transcript_main(argc, argv, &mg_pop3_server, &mg_pop3_server_tls, &mg_pop3_client,
                              &mg_pop3_client_tls, &mg_pop3_console, &mg_pop3_console_tls,
                              &mg_pop3_by_hand, NULL);
}
