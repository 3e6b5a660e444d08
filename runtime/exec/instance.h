/* SPDX-License-Identifier: MIT */
/*
 * An instance's life beside its calls: `start`, `cancel`, `stop`.
 *
 * `cancel` may come from any thread at any time, but only between `start` and `stop`, and once; `stop` waits for one that is under way.
 */
#ifndef EXEC_INSTANCE_H
#define EXEC_INSTANCE_H

#include "exec/stage.h"

/*
 * Says that the instance is inside `call`, a constant: "open", "start", "stop" or "close"; NULL: no
 * more.  For what fail() is told there, and for whoever asks why nothing goes on.  [worker, or control]
 */
void instance_mark(struct instance *i, const char *call);

/* Calls `start`; false: it failed, which was recorded and stops the run.  [worker, or control] */
bool instance_start(struct instance *i);

/* Calls `stop` if the instance was started.  [worker, or control after the workers] */
void instance_stop(struct instance *i);

/* The instance whose `cancel` the calling thread is in; NULL: it is in none.  [async-signal] */
const struct instance *instance_cancelling_here(void);

/* Whether `cancel` of it is under way.  [async-signal] */
bool instance_is_cancelling(const struct instance *i);

/* Calls `cancel` of every started instance of the stage that has not had it.  [any thread] */
void stage_cancel_calls(struct stage *s);

#endif /* EXEC_INSTANCE_H */
