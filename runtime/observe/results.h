/* SPDX-License-Identifier: MIT */
/*
 * What workers left behind, for people and for programs.
 *
 *     STAGE  WORKER  STATUS  SECONDS  RESULT
 *     func1       0  ok        0.412  {"rows":31}
 *     func2       0  failed    0.103  table orders is locked
 */
#ifndef OBSERVE_RESULTS_H
#define OBSERVE_RESULTS_H

#include "base/text.h"
#include "exec/run.h"
#include "observe/mask.h"

enum { RESULTS_ROWS = 50 }; /* of the table that ends a summary */

/*
 * Sets *ret_result to the next result, by stages as in the file and by workers; *at is where to go on, from 0.
 * False: there is none any more.  [control, after the run]
 */
bool results_next(const struct run *run, const struct graph *graph, uint64_t *at,
                  struct run_result *ret_result) PPH_NODISCARD;

/*
 * Appends the members of a JSON object without its brackets: stage, worker, status, seconds, and, as far as there are,
 * result (the value itself), error, and text (or base64, if it is not UTF-8): what it gave that is no JSON.  Secrets
 * are masked.
 */
void results_members(const struct run_result *result, const struct mask *mask,
                     struct text *out);

/*
 * Appends the table of the first `most` results, and a line that says how many more there are; nothing when there are
 * none.  Long results are cut.
 */
void results_table(const struct run *run, const struct graph *graph,
                   const struct mask *mask, size_t most, struct text *out);

#endif /* OBSERVE_RESULTS_H */
