/* SPDX-License-Identifier: MIT */
/* Pictures of a graph. */
#ifndef CLI_GRAPH_TEXT_H
#define CLI_GRAPH_TEXT_H

#include <stdbool.h>

#include "base/text.h"
#include "exec/graph.h"

/*
 * Appends boxes from the sources down.  A stage that is read by the next box alone has an arrow to it;
 * else its ports are listed with their readers.
 */
void graph_text(const struct graph *graph, bool ascii, struct text *out);

/* Appends a digraph in the language of Graphviz. */
void graph_dot(const struct graph *graph, struct text *out);

/* Appends a flowchart in the language of Mermaid. */
void graph_mermaid(const struct graph *graph, struct text *out);

#endif /* CLI_GRAPH_TEXT_H */
