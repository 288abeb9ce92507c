/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transcript-letter.h - how the topic "letter.build" is written in transcripts */
#pragma once

#include "transcript.h"

extern const MgTopicAdapter mg_transcript_letter;
