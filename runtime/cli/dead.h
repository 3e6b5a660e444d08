/* SPDX-License-Identifier: MIT */
/* Where the dead letters of a run are that 'pphost replay' can send again. */
#ifndef CLI_DEAD_H
#define CLI_DEAD_H

#include "base/text.h"
#include "exec/run.h"

/* Appends a line for each file that has some; nothing when there are none, or they are kept in another form. */
void dead_show(const struct graph *graph, const struct run_view *view, struct text *out);

#endif /* CLI_DEAD_H */
