/* SPDX-License-Identifier: MIT */
/*
 * Which stage can do what next: the gate, claiming an instance, giving it back, end of stream.
 *
 * Everything that decides stands under the stage's lock.  A stage is *ready* when looking at it may be
 * worthwhile; the bit is cleared only under its lock after it was seen that nothing can be done, and
 * before the stage registers with those it waits for, so that no wake-up is lost.
 */
#ifndef EXEC_DISPATCH_H
#define EXEC_DISPATCH_H

#include "exec/stage.h"

enum work {
    WORK_NONE,     /* nothing to do here now */
    WORK_ACTIVATE, /* run the instance: activation_run(), then stage_complete() */
    WORK_SEND,     /* an ordered stage can send what finished calls left: order_send() */
};

/*
 * Looks for work in the stage; on WORK_ACTIVATE *ret_instance is claimed and ready to run.
 * `only`: the one instance that may be claimed (a thread of a stage with own threads); NULL: any.
 * [worker]
 */
enum work stage_dispatch(struct stage *s, struct instance *only,
                         struct instance **ret_instance) EXCLUDES(s->lock);

/* How an activation ended. */
enum outcome {
    OUTCOME_DONE,  /* the call is over */
    OUTCOME_HELD,  /* to be continued: PPH_MORE, or output that has not gone down */
    OUTCOME_LATER, /* likewise, but not before i->not_before_ns */
    OUTCOME_IDLE,  /* a source that has nothing now */
    OUTCOME_STOP, /* the run was cancelled in the middle: left as it is for the account */
};

/*
 * The activation is over.  True: `may_go_on` is set and the instance has begun its next call already,
 * to be run at once; else it was given back.  [worker]
 */
bool stage_complete(struct stage *s, struct instance *i, enum outcome outcome,
                    bool may_go_on) EXCLUDES(s->lock);

#endif /* EXEC_DISPATCH_H */
