/* SPDX-License-Identifier: MIT */
#include "exec/instance.h"

#include <limits.h>

#include "base/clock.h"
#include "exec/policy.h"

enum { LIFE_STARTED = 1, LIFE_CANCEL = 2 };

/* Whose `cancel` this thread is in; NULL: nobody's. */
static _Thread_local const struct instance *cancelling_here;

const struct instance *instance_cancelling_here(void)
{
    return cancelling_here;
}

void instance_mark(struct instance *i, const char *call)
{
    atomic_store_explicit(&i->thread, thread_id(), memory_order_relaxed);
    atomic_store_explicit(&i->doing, call, memory_order_relaxed);
    atomic_store_explicit(&i->since_ns, call ? clock_now_ns() : 0, memory_order_relaxed);
}

bool instance_start(struct instance *i)
{
    struct stage *s = i->stage;
    int rc;

    instance_mark(i, "start");
    rc = s->desc->start ? s->desc->start(&i->ctx) : PPH_OK;
    instance_mark(i, NULL);
    i->failed_late = false;
    if (rc != PPH_OK) {
        policy_bad_return(i, "start", rc);
        return false;
    }
    atomic_fetch_or_explicit(&i->life, LIFE_STARTED, memory_order_acq_rel); /* R4, A4 */
    return true;
}

void instance_stop(struct instance *i)
{
    struct stage *s = i->stage;
    uint32_t life;

    /* R4, A4: a cancel that runs now ends first, none begins after */
    life = atomic_fetch_and_explicit(&i->life, ~(uint32_t)LIFE_STARTED,
                                     memory_order_acq_rel);
    if (!(life & LIFE_STARTED))
        return;
    while ((life = atomic_load_explicit(&i->life, memory_order_acquire)) != 0) /* A4 */
        futex_wait(&i->life, life, 0);
    i->failed = false;
    i->failed_stage = false;
    i->failed_late = false;
    instance_mark(i, "stop");
    if (s->desc->stop)
        s->desc->stop(&i->ctx);
    instance_mark(i, NULL);
}

bool instance_is_cancelling(const struct instance *i)
{
    /* relaxed: only told to people */
    return atomic_load_explicit(&i->life, memory_order_relaxed) >= LIFE_CANCEL;
}

void stage_cancel_calls(struct stage *s)
{
    for (unsigned w = 0; s->desc->cancel && w < s->n_instances; w++) {
        struct instance *i = &s->instances[w];
        /* R4, A4: `stop` waits for us from here on */
        uint32_t life =
            atomic_fetch_add_explicit(&i->life, LIFE_CANCEL, memory_order_acq_rel);

        /* relaxed: it leads to no other data, and only one may win */
        if (life & LIFE_STARTED &&
            !atomic_exchange_explicit(&i->cancelled, 1, memory_order_relaxed)) {
            const struct instance *outer = cancelling_here;

            cancelling_here = i;
            s->desc->cancel(&i->ctx);
            cancelling_here = outer;
        }
        atomic_fetch_sub_explicit(&i->life, LIFE_CANCEL, memory_order_release); /* R4 */
        futex_wake(&i->life, INT_MAX);
    }
}
