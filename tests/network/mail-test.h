/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mail-test.h - what the tests of whole mail networks share: the network of TEST_NETWORK, weather
 * on its links, and things that happen at their time */
#pragma once

#include "world.h"

/* g_test_init() and the network, with its own script or without. */
void mail_test_init(int *argc, char ***argv, bool without_script);
/* g_test_run(), and all is freed. */
int mail_test_run(void);

void mail_set_loss(double loss); /* of every link, from the next world on */
/* (transfer full) */
MgWorld *mail_world(uint64_t seed);
/* Up to `at`, where somebody says `text`; `file` is what its words name. */
void mail_say(MgWorld *world, MgTime at, const char *text, GBytes *file); /* (nullable) */
void mail_run_to_end(MgWorld *world);
/* How many exchanges, inside TLS or not, hold this text; how many notes are of this rule. */
unsigned mail_n_with(MgWorld *world, const char *text, bool encrypted);
unsigned mail_n_notes(MgWorld *world, const char *rule);
