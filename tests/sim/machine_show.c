/* SPDX-License-Identifier: MIT */
/* Where the threads of the machine are. */
#include <stdio.h>
#include <string.h>

#include "sim/machine_parts.h"

const char *machine_name_of(const void *address)
{
    const char *name = machine_events()->name_of(address);

    return name ? name : "a lock or word of its own";
}

unsigned machine_awake(const char *prefix)
{
    unsigned awake = 0;

    for (unsigned k = 0; k < SIM_THREADS_MAX; k++) {
        const struct sim_thread *t = machine_thread_at(k);

        awake += t && strncmp(t->name, prefix, strlen(prefix)) == 0 &&
                 (t->state == SIM_RUNNABLE || t->state == SIM_NAPS);
    }
    return awake;
}

static void describe_thread(const struct sim_thread *t)
{
    static const char *const states[] = {[SIM_RUNNABLE] = "can go on",
                                         [SIM_ON_MUTEX] = "waits for the lock",
                                         [SIM_ON_COND] = "waits for the condition",
                                         [SIM_ON_FUTEX] = "sleeps on",
                                         [SIM_NAPS] = "naps",
                                         [SIM_JOINS] = "waits for the end of a thread",
                                         [SIM_ENDED] = "has ended"};

    (void)fprintf(
        stderr, "  %s%u %s: %s %s%s%s", t == machine_self() ? "*" : " ", t->id, t->name,
        states[t->state],
        t->waits_for && t->state != SIM_JOINS ? machine_name_of(t->waits_for) : "",
        t->deadline_ns ? ", for a time" : "", t->in_plugin ? ", in plugin code" : "");
    if (t->site)
        (void)fprintf(stderr, "; last at %s:%d (%s)", t->site->file, t->site->line,
                      t->site->what);
    for (size_t k = 0; k < t->n_held; k++)
        (void)fprintf(stderr, "; holds %s", machine_name_of(t->held[k]));
    (void)fprintf(stderr, "\n");
}

void machine_describe(void)
{
    (void)fprintf(stderr, "threads after %llu points, at %llu ns:\n",
                  (unsigned long long)machine_steps(),
                  (unsigned long long)machine_now_ns());
    for (unsigned k = 0; k < SIM_THREADS_MAX; k++) {
        if (machine_thread_at(k))
            describe_thread(machine_thread_at(k));
    }
}
