/* SPDX-License-Identifier: MIT */
/* A checked pipeline in its long form: every key of the host and every setting of each plugin. */
#ifndef CLI_SHOW_TEXT_H
#define CLI_SHOW_TEXT_H

#include <stdbool.h>

#include "base/text.h"
#include "exec/graph.h"

/*
 * Appends a pipeline description that does the same as the graph's: variables are expanded, defaults
 * written out, paths absolute.  With `explain`, each value is followed by a comment that says where it comes from.
 */
void show_text(const struct graph *graph, bool explain, struct text *out);

#endif /* CLI_SHOW_TEXT_H */
