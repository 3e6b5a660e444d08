/* SPDX-License-Identifier: MIT */
/* The facts of a checked graph: what `pphost check` tells about a pipeline that is fine. */
#ifndef CLI_FACTS_H
#define CLI_FACTS_H

#include <stdint.h>

#include "base/text.h"
#include "exec/graph.h"

/* Appends a table of the stages and the sums under it. */
void facts_show(const struct graph *graph, struct text *out);

/* Appends ,"name":..,"threads":..,"memory_bytes":..,"stages":[..],"edges":[..] */
void facts_json(const struct graph *graph, struct text *out);

/* Appends who the stage reads from: "lines, kind.image", or "-" for a source. */
void facts_readers(const struct graph *graph, const struct graph_stage *stage,
                   struct text *out);

enum { FACTS_SIZE_MAX = 32 };

/*
 * Writes the size into `buffer` as a pipeline may hold it: exact, in the largest unit that leaves no rest ("32MB",
 * "64KiB"), and returns it.
 */
const char *facts_size(uint64_t bytes, char buffer[FACTS_SIZE_MAX]);

/* What the stage's queue does when it is full, as a pipeline says it. */
const char *facts_full(const struct graph_stage *stage);

/* How many pairs of port and reader there are. */
size_t facts_edges(const struct graph *graph);

#endif /* CLI_FACTS_H */
