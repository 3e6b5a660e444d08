/* SPDX-License-Identifier: MIT */
/*
 * What a run has to say when it is over: what went wrong, the account of items, and where the time went.
 *
 *     done in 47.3 s, drained
 *       read 18,644 = delivered 18,641 + dead 3
 *
 * The account's terms that are zero are left out; the rule behind it: docs/architecture.md.
 */
#ifndef OBSERVE_REPORT_H
#define OBSERVE_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "exec/run.h"
#include "observe/mask.h"
#include "observe/progress.h"

/* All that the report is made of; borrowed. */
struct report {
    const struct graph *graph;
    enum run_end end;
    int exit_code;
    const struct run_account *account;
    const struct run_view *view; /* after the end */
    const struct run_failure *failures;
    size_t n_failures;
    const struct progress *progress; /* for queues' fill; NULL: not sampled */
    int64_t unix_ms;                 /* time of day, for JSON lines */
    const struct mask *mask;         /* what must not be said; NULL: nothing */
    bool colour;
};

enum report_which { REPORT_ALL, REPORT_ERRORS_ONLY };

/* Appends the failures, those that stopped the run last, a blank line after each. */
void report_failures(const struct report *report, enum report_which which,
                     struct text *out);

/* Appends the closing lines and the table of stages. */
void report_summary(const struct report *report, struct text *out);

/* Appends what a fault of the host itself looks like: `bug` is run_bug_report()'s. */
void report_bug(const char *bug, struct text *out);

/* Appends "read 18,644 = delivered 18,641 + dead 3" without a newline. */
void report_account(const struct run_account *account, struct text *out);

/* Appends one JSON object per failure, then one for the summary, each on a line of its own. */
void report_json(const struct report *report, enum report_which which, struct text *out);

/* Where the time of the whole run went. */
struct report_limit {
    const struct graph_stage *stage; /* that took most of it; NULL: nothing ran */
    double share;                    /* of the time it could have run, 0..1 */
    double pool_share;               /* of the pool's threads, all its stages together */
    double of_pool;                  /* that stage's part of the pool's busy time */
};

struct report_limit report_limit(const struct report *report);

/*
 * The source that its `rate:` has held back for most of the time, and for which share of it, 0..1; NULL: there is none
 * that it was half the time.
 */
const struct graph_stage *report_held(const struct report *report, double *ret_share);

/* Busy time per worker over the time of the run, 0..1. */
double report_busy(const struct report *report, size_t stage_index);

/* "R601", or the code of the one failure that has another. */
const char *report_code(const struct run_failure *failure);

/* "done", "drained", "failed", "stopped", "stalled", "miscounted". */
const char *report_end_name(enum run_end end);

#endif /* OBSERVE_REPORT_H */
