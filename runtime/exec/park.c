/* SPDX-License-Identifier: MIT */
/* A thread that waits inside a plugin's call, for room below or for its turn. */
#include "exec/park.h"

#include "base/clock.h"
#include "exec/limit.h"
#include "exec/policy.h"
#include "exec/workers.h"

enum {
    /* Who waits looks now and then whether any thread is left to end that. */
    ALONE_LOOK_NS = 100 * NS_PER_MS,
    ALONE_LOOKS = 20,
};

static void sleep_until_told(struct instance *i)
{
    unsigned alone = 0;

    while (!atomic_load_explicit(&i->go, memory_order_acquire)) { /* A1 */
        futex_wait(&i->go, 0, ALONE_LOOK_NS);
        alone = workers_is_alone(i->stage) ? alone + 1 : 0;
        if (alone == ALONE_LOOKS)
            policy_stage_failed(
                i->stage, i, "threads",
                "no thread can be started to make room for what it emits");
    }
}

void park_instance(struct instance *i)
{
    limit_step_out(i);
    workers_release_slot(i->stage);
    sleep_until_told(i);
    if (!limit_asks_again(i)) {
        sleep_until_told(i);
        limit_step_in(i);
    }
    workers_acquire_slot(i->stage);
}
