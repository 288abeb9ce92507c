/* SPDX-License-Identifier: GPL-3.0-or-later */
/* transcript-folders.h - how the topic "folders" is written in transcripts */
#pragma once

#include "transcript.h"

extern const MgTopicAdapter mg_transcript_folders;
