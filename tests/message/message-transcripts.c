/* SPDX-License-Identifier: GPL-3.0-or-later */
/* message-transcripts.c - the transcripts of protocols/message */
#include "message.h"
#include "transcript.h"

int main(int argc, char **argv)
{
    return mg_transcript_main(argc, argv, &mg_message_builder, NULL);
}
