/* SPDX-License-Identifier: MIT */
#ifndef EXEC_PARK_H
#define EXEC_PARK_H

#include "exec/stage.h"

/*
 * Waits inside emit until i->go is set, which was cleared before the instance stood in the line that it waits in.  Its
 * thread's slot goes to another meanwhile, and so does the call's place of its stage's limit; when it comes back the
 * call has a place again, unless the run is cancelled.  Blocks.  [worker running the instance, no locks held]
 */
void park_instance(struct instance *i);

#endif /* EXEC_PARK_H */
