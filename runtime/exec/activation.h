/* SPDX-License-Identifier: MIT */
/*
 * One activation: the plugin's call and its repetitions after PPH_MORE, until the call is over, the way
 * down is full, or the run is cancelled.
 */
#ifndef EXEC_ACTIVATION_H
#define EXEC_ACTIVATION_H

#include "exec/dispatch.h"

/*
 * Runs the instance that stage_dispatch() claimed, on this thread, with its cache of chunks.  The
 * caller passes the result on to stage_complete().  *now_ns: the time, read a moment ago (0: not
 * known); set to that of the end.  [worker]
 */
enum outcome activation_run(struct instance *i, struct chunk_cache *cache,
                            uint64_t *now_ns);

/* Leaves the call that a cancel interrupted: counts what it did, frees what it held.  [control, after the run] */
void activation_abandon(struct instance *i);

#endif /* EXEC_ACTIVATION_H */
