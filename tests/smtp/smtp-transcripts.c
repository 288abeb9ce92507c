/* SPDX-License-Identifier: GPL-3.0-or-later */
/* smtp-transcripts.c - every engine of SMTP, as conversations */
#include "smtp.h"
#include "transcript.h"

int main(int argc, char **argv)
{
    return mg_transcript_main(argc, argv, &mg_smtp_server, &mg_smtp_server_tls, &mg_smtp_lmtp,
                              &mg_smtp_client, &mg_smtp_queue, &mg_smtp_submit, &mg_smtp_console,
                              &mg_smtp_console_submission, &mg_smtp_console_tls, &mg_smtp_by_hand,
                              &mg_smtp_probe, NULL);
}
