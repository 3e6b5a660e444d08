/* SPDX-License-Identifier: MIT */
/*
 * `rate:` of a source: holds it back, and drops nothing.
 *
 * In any stretch of time the source emits no more than its rate allows in that time and 10 ms, and one item; all of
 * its workers together.  What a call emits beyond what it was allowed is paid for by what comes after it.  See
 * pace-note in pace.c.
 */
#ifndef EXEC_PACE_H
#define EXEC_PACE_H

#include "exec/stage.h"

/*
 * Whether a call may begin at `now_ns`; else *ret_at_ns is when to ask again, if nothing is emitted or given back until
 * then.  [any thread]
 */
bool pace_asks(struct pace *pace, const struct rate *rate, uint64_t now_ns,
               uint64_t *ret_at_ns) PPH_NODISCARD;

/* Takes all items that may be emitted at `now_ns`; returns how many, which may be none.  [any thread] */
uint64_t pace_takes(struct pace *pace, const struct rate *rate,
                    uint64_t now_ns) PPH_NODISCARD;

/* Of `taken` items so many were emitted by `now_ns`, which may be more.  [any thread] */
void pace_settles(struct pace *pace, const struct rate *rate, uint64_t taken,
                  uint64_t emitted, uint64_t now_ns);

static inline bool stage_is_paced(const struct stage *s)
{
    return s->graph->rate.items > 0;
}

/*
 * Whether a call of the source may begin, or go on, now; always true without `rate:` and in a drain.  Else it is noted
 * in s->wake_ns when to ask again.
 */
bool pace_admits_locked(struct stage *s) REQUIRES(s->lock);

/* The instance was claimed: if that was for a call of a source, so many items as may be emitted now are its own. */
void pace_begin_locked(struct stage *s, struct instance *i) REQUIRES(s->lock);

/* Its activation is over: what it has emitted is charged instead. */
void pace_end_locked(struct stage *s, struct instance *i) REQUIRES(s->lock);

/* How long the rate has held the stage back so far, in nanoseconds. */
uint64_t pace_held_ns_locked(const struct stage *s) REQUIRES(s->lock);

/* Items that the instance has emitted in calls of this activation.  [worker running it] */
static inline uint64_t pace_emitted(const struct instance *i)
{
    uint64_t ended =
        atomic_load_explicit(&i->counts[LEDGER_MAIN][COUNT_READ], memory_order_relaxed);

    return ended + i->call_out - i->emitted_before;
}

/* Whether it has emitted all that it may in this activation.  [worker running it] */
static inline bool pace_is_spent(const struct instance *i)
{
    return i->paced && i->call == CALL_GENERATE && pace_emitted(i) >= i->allowed;
}

#endif /* EXEC_PACE_H */
