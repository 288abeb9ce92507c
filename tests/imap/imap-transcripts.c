/* SPDX-License-Identifier: GPL-3.0-or-later */
/* imap-transcripts.c - the server's end of IMAP, as conversations */
#include "imap.h"
#include "transcript.h"

int main(int argc, char **argv)
{
    return mg_transcript_main(argc, argv, &mg_imap_server, &mg_imap_server_tls, NULL);
}
