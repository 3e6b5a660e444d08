/* SPDX-License-Identifier: MIT */
/*
 * What happens when something fails: the item's policy (stop, skip, dead), the stage's end, and the
 * list of failures that the report shows.
 */
#ifndef EXEC_POLICY_H
#define EXEC_POLICY_H

#include "exec/stage.h"

struct failures;

/* Returns NULL when out of memory. */
struct failures *failures_new(void);
void failures_free(struct failures *failures); /* NULL is allowed */

/* All failures so far, folded by stage and message, the first one first.  [control, after the run] */
size_t failures_get(const struct failures *failures,
                    const struct run_failure **ret_failures);

/*
 * Whether the item, or this one and those behind it, `n` together, is to be tried again; it has failed i->tries times
 * before.  *ret_at_ns is when, 0: at once.  Says so in the log.  [worker running the instance]
 */
bool policy_tries_again(struct instance *i, const struct pph_item *item, uint32_t n,
                        uint64_t *ret_at_ns);

/* Whether it is too early for i->not_before_ns: never in a drain.  [worker, or control] */
bool policy_waits(const struct instance *i);

/* Whether single items can be given up here; else each failure stops the run.  [worker running the instance] */
bool policy_gives_up(const struct instance *i);

/*
 * The input item failed (fail() was told why, or not) for the last time.  True: it was skipped or sent to `.dead`, go
 * on with the next.  False: the run stops.  [worker running the instance]
 */
bool policy_item_failed(struct instance *i, const struct pph_item *item) PPH_NODISCARD;

/* The stage cannot go on: records why and stops the run.  `i` may be NULL.  [any thread] */
void policy_stage_failed(struct stage *s, struct instance *i, const char *what,
                         const char *message);

/* The run cannot go on, through no stage's fault: records why and stops it.  [any thread] */
void policy_run_failed(struct run *run, const char *what, const char *message);

/*
 * What the worker was to leave behind has failed: records why, and the run goes on to its end, so that the others'
 * results are not lost.  It has failed then, as by an error.  [worker running the instance]
 */
void policy_worker_failed(struct instance *i, const char *what, const char *message);

/* The same of a task that returned a failure, with what it said of it. */
void policy_task_failed(struct instance *i);

/* Records what fail() was told before it is told more, in `open`, `start`, `stop` or `close`. */
void policy_also_failed(struct instance *i);

/* The plugin's call returned `rc`, which is a failure or nonsense there: the run stops. */
void policy_bad_return(struct instance *i, const char *call, int rc);

/* The plugin broke a rule of the ABI: the run stops.  [worker running the instance] */
void policy_misuse(struct instance *i, const char *message);

/* Stops the run: calls return, nothing new starts.  [any thread] */
void policy_cancel(struct run *run);

#endif /* EXEC_POLICY_H */
