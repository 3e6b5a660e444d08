/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/machine_parts.h"
#include "sim/trace.h"

enum { LIE_ONE_IN = 8, REFUSE_ONE_IN = 4 };

struct machine machine;

static uint64_t next_random(void)
{
    uint64_t z = (machine.random += UINT64_C(0x9E3779B97F4A7C15));

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

unsigned machine_random(unsigned n)
{
    return (unsigned)(((next_random() >> 32) * n) >> 32);
}

struct sim_thread *machine_self(void)
{
    return machine.current;
}

const struct sim_thread *machine_thread_at(unsigned k)
{
    return k < machine.n_threads ? machine.threads[k] : NULL;
}

const struct machine_events *machine_events(void)
{
    return machine.options.events;
}

uint64_t machine_now_ns(void)
{
    return 1 + machine.extra_ns + machine.steps * machine.ns_per_step;
}

void machine_spend_ns(uint64_t ns)
{
    machine.extra_ns += ns;
}

void machine_progress(void)
{
    machine.progress_step = machine.steps;
}

unsigned machine_thread(void)
{
    return machine.current->id;
}

unsigned machine_cpus(void)
{
    return machine.cpus;
}

uint64_t machine_steps(void)
{
    return machine.steps;
}

bool machine_refused_thread(void)
{
    return machine.refused;
}

bool machine_lies(void)
{
    return machine.options.lies && !machine.judging && machine_random(LIE_ONE_IN) == 0;
}

bool machine_someone_naps(void)
{
    for (unsigned k = 0; k < machine.n_threads; k++) {
        if (machine.threads[k] && machine.threads[k]->state == SIM_NAPS)
            return true;
    }
    return false;
}

/* --- waiting ------------------------------------------------------------------------------- */

bool machine_wait(enum sim_state state, const void *waits_for, uint64_t deadline_ns)
{
    struct sim_thread *t = machine.current;

    t->state = state;
    t->waits_for = waits_for;
    t->deadline_ns = deadline_ns;
    t->timed_out = false;
    machine_turn(false);
    return !t->timed_out;
}

void machine_wake(enum sim_state state, const void *waits_for, unsigned count)
{
    for (; count > 0; count--) {
        struct sim_thread *chosen = NULL;
        unsigned seen = 0;

        for (unsigned k = 0; k < machine.n_threads; k++) {
            struct sim_thread *t = machine.threads[k];

            if (t && t->state == state && t->waits_for == waits_for &&
                machine_random(++seen) == 0)
                chosen = t;
        }
        if (!chosen)
            return;
        machine_ready(chosen, false);
        if (machine.by_priority && machine.current &&
            chosen->priority > machine.current->priority)
            machine.countdown = 1;
    }
}

void machine_nap(uint64_t ns)
{
    (void)machine_wait(SIM_NAPS, NULL, machine_now_ns() + ns);
}

void machine_yield(void)
{
    SIM_POINT("yield");
    if (machine.by_priority) {
        machine_sink_current();
        machine_turn(false);
    }
}

void machine_enter_plugin(void)
{
    if (!machine.current)
        return;
    if (machine.current->n_held > 0)
        machine_fail("plugin code is called with a lock held");
    machine.current->in_plugin++;
}

void machine_leave_plugin(void)
{
    if (machine.current)
        machine.current->in_plugin--;
}

void machine_pause(void)
{
    SIM_POINT("plugin");
}

/* --- threads ------------------------------------------------------------------------------- */

static void thread_body(void *arg)
{
    struct sim_thread *t = arg;

    machine_bury();
    (void)t->body(t->arg);
    t->state = SIM_ENDED;
    machine_wake(SIM_JOINS, t, 1);
    machine.n_alive--;
    if (machine.n_alive == 0) {
        machine.current = NULL;
        machine.gone = t;
        fiber_switch(t->fiber, machine.outside, 1);
    }
    machine_turn(true);
    abort(); /* nobody comes back here */
}

static struct sim_thread *add_thread(const char *name, void *(*body)(void *arg),
                                     void *arg)
{
    struct sim_thread *t = calloc(1, sizeof(*t));

    if (!t || machine.n_threads == SIM_THREADS_MAX)
        machine_fail("the simulator has no room for another thread");
    t->id = machine.n_threads;
    t->body = body;
    t->arg = arg;
    t->priority = CHANGES + 1 + (uint32_t)machine_random(1u << 20);
    (void)snprintf(t->name, sizeof(t->name), "%s", name);
    t->fiber = fiber_new(thread_body, t);
    machine.threads[machine.n_threads++] = t;
    machine.n_alive++;
    return t;
}

struct sim_thread *machine_spawn(const char *name, void *(*body)(void *arg), void *arg)
{
    if (machine.options.start_fails && machine_random(REFUSE_ONE_IN) == 0) {
        machine.refused = true;
        return NULL;
    }
    return add_thread(name, body, arg);
}

unsigned machine_start(const char *name, void *(*body)(void *arg), void *arg)
{
    return add_thread(name, body, arg)->id;
}

void machine_join(unsigned id)
{
    struct sim_thread *t = machine.threads[id];

    while (t->state != SIM_ENDED)
        (void)machine_wait(SIM_JOINS, t, 0);
    machine.threads[id] = NULL;
    free(t);
}

/* --- one run ------------------------------------------------------------------------------- */

void machine_run(const struct machine_options *options, void *(*body)(void *arg),
                 void *arg, struct machine_result *ret_result)
{
    struct fiber *outside = machine.outside ? machine.outside : fiber_here();

    machine = (struct machine){
        .options = *options, .random = options->seed, .outside = outside};
    machine.hash = UINT64_C(0xcbf29ce484222325);
    machine_decide();
    machine.current = add_thread("control", body, arg);
    machine_set_countdown();
    fiber_switch(machine.outside, machine.current->fiber, 0);
    machine_bury();
    for (unsigned k = 0; k < machine.n_threads; k++)
        free(machine.threads[k]);
    *ret_result = (struct machine_result){.steps = machine.steps,
                                          .turns = machine.turns,
                                          .settled = machine.settled,
                                          .hash = machine.hash};
}
