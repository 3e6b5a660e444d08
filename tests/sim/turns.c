/* SPDX-License-Identifier: MIT */
/* Whose turn it is: by chance or by priority, and what else happens between two turns. */
#include "sim/machine_parts.h"
#include "sim/trace.h"

enum {
    FAIR_STEPS = 3000,  /* that one thread may go on for when others could */
    FICKLE_ONE_IN = 50, /* waits end for no reason, in runs where they do */
    LEAP_ONE_IN = 100,  /* turns at which a wait times out early, in runs where they do */
    TRAPS = 64,         /* kinds of places, of which one holds threads up */
    TRAP_STEPS = 300,   /* ... for so long at most */
};

bool machine_is_fickle(void)
{
    return machine.fickle && machine_random(FICKLE_ONE_IN) == 0;
}

static bool can_run(const struct sim_thread *t)
{
    return t && t->state == SIM_RUNNABLE && !(machine.settling && t->in_plugin);
}

void machine_ready(struct sim_thread *t, bool timed_out)
{
    t->state = SIM_RUNNABLE;
    t->timed_out = timed_out;
    t->waits_for = NULL;
    t->deadline_ns = 0;
}

/* The wait with the nearest deadline times out now, whatever the time.  False: there is none. */
static bool leap(void)
{
    struct sim_thread *first = NULL;

    for (unsigned k = 0; k < machine.n_threads; k++) {
        struct sim_thread *t = machine.threads[k];

        if (t && t->state != SIM_RUNNABLE && t->deadline_ns > 0 &&
            (!first || t->deadline_ns < first->deadline_ns))
            first = t;
    }
    if (!first)
        return false;
    if (first->deadline_ns > machine_now_ns())
        machine.extra_ns += first->deadline_ns - machine_now_ns();
    machine_ready(first, true);
    return true;
}

static void fire_due(void)
{
    uint64_t now = machine_now_ns();

    for (unsigned k = 0; k < machine.n_threads; k++) {
        struct sim_thread *t = machine.threads[k];

        if (t && t->state != SIM_RUNNABLE && t->deadline_ns > 0 && t->deadline_ns <= now)
            machine_ready(t, true);
    }
}

/* A wait on a futex or a condition ends for no reason. */
static void disturb_someone(void)
{
    struct sim_thread *t = machine.threads[machine_random(machine.n_threads)];

    if (t && (t->state == SIM_ON_FUTEX || t->state == SIM_ON_COND))
        machine_ready(t, false);
}

/* NULL: nobody can go on.  `all`: also those that are held up. */
static struct sim_thread *choose(bool all)
{
    struct sim_thread *best = NULL;
    unsigned seen = 0;

    for (unsigned k = 0; k < machine.n_threads; k++) {
        struct sim_thread *t = machine.threads[k];

        if (!can_run(t) || (!all && t->held_up_until > machine.steps))
            continue;
        seen++;
        if (machine.by_priority ? (!best || t->priority > best->priority)
                                : machine_random(seen) == 0)
            best = t;
    }
    return best;
}

/* The next to go on; time passes until there is one. */
static struct sim_thread *next_thread(void)
{
    if (machine.fickle && !machine.settling && machine_random(FICKLE_ONE_IN) == 0)
        disturb_someone();
    if (machine.options.leaps && !machine.settling && machine_random(LEAP_ONE_IN) == 0)
        (void)leap();
    fire_due();
    for (;;) {
        struct sim_thread *t = choose(false);

        t = t ? t : choose(true);
        if (t)
            return t;
        machine.judging = true;
        machine.options.events->settled(!machine.settling);
        machine.judging = false;
        machine.settled++;
        if (machine.settling) {
            machine.settling = false;
            machine.settle_at =
                machine.steps + 1 + machine_random(2 * machine.settle_mean);
            continue;
        }
        if (!leap())
            machine_fail("deadlock: nobody can go on, and nobody waits for time to pass");
        if (machine.steps - machine.progress_step > MACHINE_PROGRESS_STEPS)
            machine_fail("livelock: nothing has moved for %u points",
                         MACHINE_PROGRESS_STEPS);
        machine.steps++; /* of time that passes */
    }
}

void machine_sink_current(void)
{
    machine.current->priority = 0;
    for (unsigned k = 0; k < machine.n_threads; k++) {
        if (machine.threads[k] && machine.threads[k] != machine.current)
            machine.threads[k]->priority++;
    }
}

/* By priority: the one that runs may have come to a change, or has had more than its share. */
static void change_priorities(void)
{
    while (machine.n_changed < CHANGES &&
           machine.steps >= machine.change_at[machine.n_changed]) {
        machine.current->priority = CHANGES - machine.n_changed;
        machine.n_changed++;
    }
    if (machine.steps - machine.turn_step >= FAIR_STEPS) {
        machine.turn_step = machine.steps;
        machine_sink_current();
    }
}

void machine_set_countdown(void)
{
    uint64_t until = machine.mean == 1 ? 1 : 1 + machine_random(2 * machine.mean);

    if (machine.by_priority) {
        until = FAIR_STEPS;
        if (machine.n_changed < CHANGES &&
            machine.change_at[machine.n_changed] - machine.steps < until)
            until = machine.change_at[machine.n_changed] - machine.steps;
        if (machine.fickle || machine.options.leaps)
            until = until < 100 ? until : 100;
    }
    if (!machine.settling && machine.settle_at > machine.steps &&
        machine.settle_at - machine.steps < until)
        until = machine.settle_at - machine.steps;
    machine.countdown = until > 0 ? until : 1;
}

void machine_bury(void)
{
    if (machine.gone) {
        fiber_free(machine.gone->fiber);
        machine.gone->fiber = NULL;
        machine.gone = NULL;
    }
}

void machine_turn(bool ends)
{
    struct sim_thread *from = machine.current;
    struct sim_thread *to;

    if (machine.steps > MACHINE_STEPS_MAX ||
        machine.steps - machine.progress_step > MACHINE_PROGRESS_STEPS)
        machine_fail("livelock: nothing has moved for %llu points",
                     (unsigned long long)(machine.steps - machine.progress_step));
    if (!machine.settling && machine.steps >= machine.settle_at)
        machine.settling = true;
    if (machine.by_priority && !ends)
        change_priorities();
    to = next_thread();
    machine.turns++;
    machine.hash =
        (machine.hash ^ (machine.steps * 64 + to->id)) * UINT64_C(0x100000001b3);
    machine_set_countdown();
    if (to == from)
        return;
    machine.turn_step = machine.steps;
    machine.current = to;
    if (ends)
        machine.gone = from;
    fiber_switch(from->fiber, to->fiber, ends);
    machine_bury();
}

/* Whether threads are held up at this place, in this run, this time. */
static bool is_trap(const struct sim_site *site)
{
    unsigned place = (unsigned)site->line * 131 + (unsigned char)site->what[0];

    return place % TRAPS == machine.trap && machine_random(2) == 0;
}

void sim_point(const struct sim_site *site)
{
    machine_point_on(site, NULL);
}

void machine_point_on(const struct sim_site *site, const void *object)
{
    if (!machine.current)
        return;
    if (machine.judging)
        machine_fail("an oracle calls the scheduler");
    machine.current->site = site;
    machine.steps++;
    if (machine.trap > 0 && machine.current->held_up_until < machine.steps &&
        is_trap(site)) {
        machine.current->held_up_until = machine.steps + machine_random(TRAP_STEPS);
        machine.countdown = 1;
    }
    if (machine.options.trace)
        trace_point(machine.steps, machine.current->id, site,
                    object ? machine_name_of(object) : "");
    if (--machine.countdown == 0)
        machine_turn(false);
}

void machine_decide(void)
{
    static const unsigned means[] = {1, 1, 2, 4, 16, 64};
    static const unsigned paces[] = {1, 10, 100};
    static const unsigned settles[] = {60, 200, 800};
    static const unsigned lengths[] = {500, 2000, 8000, 30000};
    unsigned length = lengths[machine_random(4)];

    machine.by_priority = machine_random(2) == 0;
    machine.fickle = machine_random(3) == 0;
    machine.trap = machine_random(4) == 0 ? 0 : machine_random(TRAPS);
    machine.mean = means[machine_random(6)];
    machine.ns_per_step = paces[machine_random(3)];
    for (unsigned k = 0; k < CHANGES; k++) {
        uint64_t at = 1 + machine_random(length);
        unsigned slot = k;

        for (; slot > 0 && machine.change_at[slot - 1] > at; slot--)
            machine.change_at[slot] = machine.change_at[slot - 1];
        machine.change_at[slot] = at;
    }
    machine.settle_mean = settles[machine_random(3)];
    machine.settle_at = 1 + machine_random(2 * machine.settle_mean);
    machine.cpus = 1 + machine_random(16);
}
