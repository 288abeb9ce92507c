/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-result.h - what a check says of a run; for lesson-play.c */
#pragma once

#include "lesson-private.h"
#include "session.h"

G_BEGIN_DECLS

typedef struct {
    MgSession *session;
    uint32_t since, until; /* records: after the one, up to the other */
    MgTime began;          /* of the step */
    MgLanguage language;
} MgLook;

typedef struct {
    bool passed;
    uint32_t proof; /* 0 none */
    char *missing;  /* (nullable) owned */
} MgVerdictOf;

/* Judges `n` checks in order. `out` has room for them; free what is in it with
 * mg_verdict_of_clear(). A broken check does not pass. */
void mg_checks_look(const MgLook *look, MgCheck *const *checks, size_t n, MgVerdictOf *out);
void mg_verdict_of_clear(MgVerdictOf *verdict);

G_END_DECLS
