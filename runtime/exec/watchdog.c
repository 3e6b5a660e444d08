/* SPDX-License-Identifier: MIT */
/*
 * While threads are free, or nothing is ready, a wait hurts nobody and nothing is looked at.  Else calls are looked at
 * each 10 ms: one that is the same at two looks, LONG_NS old, and whose thread sleeps at both and has neither run nor
 * stood in line for a CPU for most of the time between them, waits.  The time in line counts as running, so that
 * a busy machine is not taken for a plugin that waits.
 *
 * The thread's place is not lent to others here: the thread itself may come back from its wait at any
 * moment, and then both would hold it.
 */
#include "exec/watchdog.h"

#include "base/clock.h"
#include "exec/chain.h"
#include "exec/host.h"
#include "exec/workers.h"

enum {
    LOOK_NS = 10 * NS_PER_MS,
    LONG_NS = 20 * NS_PER_MS,
    WAITS_PART = 4, /* busy for less than so large a part of the time: it waits */
};

/* Whether the call of the instance waits; remembers what it sees for the next look.  */
static bool waits(struct instance *i, uint64_t now, uint64_t *ret_age_ns)
{
    uint64_t since = atomic_load_explicit(&i->since_ns, memory_order_relaxed);
    uint32_t thread = atomic_load_explicit(&i->thread, memory_order_relaxed);
    struct watched before = i->watched;
    uint64_t busy;

    i->watched = (struct watched){.since_ns = since};
    if (since == 0 || now < since + LOOK_NS || !thread_sleeps(thread, &busy))
        return false;
    i->watched.at_ns = now;
    i->watched.busy_ns = busy;
    *ret_age_ns = now - since;
    return before.since_ns == since && before.at_ns > 0 && now - since >= LONG_NS &&
           now - before.at_ns >= LOOK_NS / 2 &&
           WAITS_PART * (busy - before.busy_ns) < now - before.at_ns;
}

static void look_at(struct stage *s, uint64_t now)
{
    uint64_t age = 0;

    for (unsigned w = 0; w < s->n_instances; w++) {
        struct instance *i = &s->instances[w];

        if (!waits(i, now, &age) || chain_is_in_emit(s, i) ||
            atomic_load_explicit(&i->lent, memory_order_relaxed))
            continue;
        s->told_to_block = true;
        host_log(
            s->run, s, 4,
            "stall[R641]: stage '%s' has been in one call for %u ms, without computing, while others wait "
            "for its thread: its plugin should say PPH_BLOCKING, or put block_begin() and block_end() "
            "around its waits",
            s->graph->name, (unsigned)(age / NS_PER_MS));
        return;
    }
}

uint64_t watchdog_look(struct run *run)
{
    uint64_t now;

    if (run->options.single_thread || run_cancelled(run) || !workers_are_short(run))
        return UINT64_MAX;
    now = clock_now_ns();
    if (now < run->next_watch_ns)
        return run->next_watch_ns - now;
    run->next_watch_ns = now + LOOK_NS;
    for (size_t k = 0; k < run->n_stages; k++) {
        struct stage *s = &run->stages[k];

        if (!s->own_threads && !s->told_to_block)
            look_at(s, now);
    }
    return LOOK_NS;
}
