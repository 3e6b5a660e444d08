/* SPDX-License-Identifier: MIT */
/* Who waits for whom, in words: for the report of a run that does not go on. */
#ifndef EXEC_CHAIN_H
#define EXEC_CHAIN_H

#include "base/text.h"
#include "exec/stage.h"

/*
 * Appends a clause for each stage that has not finished, sources first: that it is in a call and for how long, or
 * what it waits for: "lines waits for room in split (1,024 of 1,024 items); split has been in one call for 12 s".
 * Stages that have nothing to do are left out, unless all are like that.  [any thread, no locks held]
 */
void chain_describe(struct run *run, struct text *out);

/* Whether the instance waits inside emit, for room or for its turn.  [any thread, no locks held] */
bool chain_is_in_emit(struct stage *s, const struct instance *i);

#endif /* EXEC_CHAIN_H */
