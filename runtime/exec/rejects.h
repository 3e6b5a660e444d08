/* SPDX-License-Identifier: MIT */
/*
 * `max_rejects:`: how many items a run may give up.  A number of items is judged at each of them.  A share is
 * judged when the run has ended; while it runs only now and then, once enough items are there to tell.
 */
#ifndef EXEC_REJECTS_H
#define EXEC_REJECTS_H

#include "exec/stage.h"

/* One more item was given up; stops the run when that is one too many.  [worker] */
void rejects_add(struct run *run);

/* While the run goes on: stops it when the share of rejects is too large by far.  [control] */
void rejects_look(struct run *run);

/* All threads have ended: the run has failed when too large a share was given up.  [control] */
void rejects_judge(struct run *run);

#endif /* EXEC_REJECTS_H */
