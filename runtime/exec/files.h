/* SPDX-License-Identifier: MIT */
/* Files that several stages name: what is written by one of them may be lost by another. */
#ifndef EXEC_FILES_H
#define EXEC_FILES_H

#include <stdbool.h>

#include "exec/graph.h"

/*
 * Whether both paths lead to one file, which is a regular one or not there yet: of devices and pipes there is no last
 * word.  Looks at the file system, opens nothing.  [control]
 */
bool files_are_same(const char *a, const char *b);

/* The file that the stage writes, going by its settings: the main one of a consumer.  NULL: none is known. */
const char *files_written(const struct graph_stage *stage);

/* Adds a warning for each file that two stages write (W301), or one reads and another writes (W302).  [control] */
void files_check(const struct graph *graph, struct diag_list *diags);

#endif /* EXEC_FILES_H */
