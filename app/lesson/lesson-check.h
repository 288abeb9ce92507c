/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lesson-check.h - judging a lesson: what its words mean, and whether it can be done */
#pragma once

#include "lesson.h"

G_BEGIN_DECLS

/* By file, then by line. */
void mg_lesson_sort(GPtrArray *problems);

/* Do its fields, filters, rules, hosts, addresses, states, files and glossary words exist, in the
 * network it uses and among the plugins that are loaded? A line in `problems` each, as
 * mg_lesson_load(). Checks that are wrong are marked `broken`. Returns false if there was any. */
bool mg_lesson_judge(MgLesson *lesson, MgRegistry *registry, GPtrArray *problems);

/* The same against a network that was loaded already. */
bool mg_lesson_judge_in(MgLesson *lesson, MgRegistry *registry, const MgNetwork *network,
                        GPtrArray *problems);

/* Plays it, twice: every check fails before the solution and passes after it, what `run` waits for
 * comes, and both runs give the same trace. What depends on a mistake that was told before is not
 * told again. Returns false if there was any problem. */
bool mg_lesson_prove(const MgLesson *lesson, MgRegistry *registry, GPtrArray *problems);

G_END_DECLS
