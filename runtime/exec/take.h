/* SPDX-License-Identifier: MIT */
/* What a call takes out of the queue in front of its stage. */
#ifndef EXEC_TAKE_H
#define EXEC_TAKE_H

#include "exec/ready.h"
#include "exec/stage.h"

/*
 * The instance begins a call with what waits for it, which is at least one batch; where items are cheap with some more,
 * whose calls follow.  Those that wait for room are collected in `wakes`.
 */
void take_input_locked(struct stage *s, struct instance *i, struct wakes *wakes)
    REQUIRES(s->lock);

#endif /* EXEC_TAKE_H */
