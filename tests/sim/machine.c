/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/machine_parts.h"
#include "sim/trace.h"

enum {
    CHANGES = 3,        /* of priorities in one run */
    FAIR_STEPS = 3000,  /* that one thread may go on for when others could */
    SETTLE_STEPS = 400, /* between two looks at everything, about */
    FICKLE_ONE_IN = 50, /* waits end for no reason, in runs where they do */
    LEAP_ONE_IN = 100,  /* turns at which a wait times out early, in runs where they do */
    REFUSE_ONE_IN = 4,  /* threads that cannot be started, in runs where they cannot */
};

static struct machine {
    struct machine_options options;
    uint64_t random;
    struct fiber *outside;
    struct sim_thread *threads[SIM_THREADS_MAX];
    unsigned n_threads, n_alive;
    struct sim_thread *current;
    struct sim_thread *gone; /* ended; its stack may be used again once we are off it */

    bool by_priority;
    bool fickle;   /* waits may end for no reason */
    unsigned mean; /* steps between two turns, when by chance */
    uint64_t change_at[CHANGES];
    unsigned n_changed;

    uint64_t steps, turns, settled, hash;
    uint64_t countdown; /* steps until the next turn */
    uint64_t turn_step; /* when the running thread got its turn */
    uint64_t progress_step;
    uint64_t settle_at;
    unsigned settle_mean; /* steps between two looks at everything */
    bool settling, judging;
    bool refused;
    uint64_t ns_per_step, extra_ns;
    unsigned cpus;
} m;

static uint64_t next_random(void)
{
    uint64_t z = (m.random += UINT64_C(0x9E3779B97F4A7C15));

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
    return m.current;
}

const struct sim_thread *machine_thread_at(unsigned k)
{
    return k < m.n_threads ? m.threads[k] : NULL;
}

const struct machine_events *machine_events(void)
{
    return m.options.events;
}

uint64_t machine_now_ns(void)
{
    return 1 + m.extra_ns + m.steps * m.ns_per_step;
}

void machine_spend_ns(uint64_t ns)
{
    m.extra_ns += ns;
}

void machine_progress(void)
{
    m.progress_step = m.steps;
}

unsigned machine_thread(void)
{
    return m.current->id;
}

unsigned machine_cpus(void)
{
    return m.cpus;
}

uint64_t machine_steps(void)
{
    return m.steps;
}

bool machine_refused_thread(void)
{
    return m.refused;
}

bool machine_is_fickle(void)
{
    return m.fickle && machine_random(FICKLE_ONE_IN) == 0;
}

bool machine_someone_naps(void)
{
    for (unsigned k = 0; k < m.n_threads; k++) {
        if (m.threads[k] && m.threads[k]->state == SIM_NAPS)
            return true;
    }
    return false;
}

/* --- who goes on --------------------------------------------------------------------------- */

static bool can_run(const struct sim_thread *t)
{
    return t && t->state == SIM_RUNNABLE && !(m.settling && t->in_plugin);
}

static void ready(struct sim_thread *t, bool timed_out)
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

    for (unsigned k = 0; k < m.n_threads; k++) {
        struct sim_thread *t = m.threads[k];

        if (t && t->state != SIM_RUNNABLE && t->deadline_ns > 0 &&
            (!first || t->deadline_ns < first->deadline_ns))
            first = t;
    }
    if (!first)
        return false;
    if (first->deadline_ns > machine_now_ns())
        m.extra_ns += first->deadline_ns - machine_now_ns();
    ready(first, true);
    return true;
}

static void fire_due(void)
{
    uint64_t now = machine_now_ns();

    for (unsigned k = 0; k < m.n_threads; k++) {
        struct sim_thread *t = m.threads[k];

        if (t && t->state != SIM_RUNNABLE && t->deadline_ns > 0 && t->deadline_ns <= now)
            ready(t, true);
    }
}

/* A wait on a futex or a condition ends for no reason. */
static void disturb_someone(void)
{
    struct sim_thread *t = m.threads[machine_random(m.n_threads)];

    if (t && (t->state == SIM_ON_FUTEX || t->state == SIM_ON_COND))
        ready(t, false);
}

static struct sim_thread *choose(void)
{
    struct sim_thread *best = NULL;
    unsigned seen = 0;

    for (unsigned k = 0; k < m.n_threads; k++) {
        struct sim_thread *t = m.threads[k];

        if (!can_run(t))
            continue;
        seen++;
        if (m.by_priority ? (!best || t->priority > best->priority)
                          : machine_random(seen) == 0)
            best = t;
    }
    return best;
}

/* The next to go on; time passes until there is one. */
static struct sim_thread *next_thread(void)
{
    if (m.fickle && !m.settling && machine_random(FICKLE_ONE_IN) == 0)
        disturb_someone();
    if (m.options.leaps && !m.settling && machine_random(LEAP_ONE_IN) == 0)
        (void)leap();
    fire_due();
    for (;;) {
        struct sim_thread *t = choose();

        if (t)
            return t;
        m.judging = true;
        m.options.events->settled(!m.settling);
        m.judging = false;
        m.settled++;
        if (m.settling) {
            m.settling = false;
            m.settle_at = m.steps + 1 + machine_random(2 * m.settle_mean);
            continue;
        }
        if (!leap())
            machine_fail("deadlock: nobody can go on, and nobody waits for time to pass");
        if (m.steps - m.progress_step > MACHINE_PROGRESS_STEPS)
            machine_fail("livelock: nothing has moved for %u points",
                         MACHINE_PROGRESS_STEPS);
        m.steps++; /* of time that passes */
    }
}

/* The running thread goes behind all others, which keep their order. */
static void sink_current(void)
{
    m.current->priority = 0;
    for (unsigned k = 0; k < m.n_threads; k++) {
        if (m.threads[k] && m.threads[k] != m.current)
            m.threads[k]->priority++;
    }
}

/* By priority: the one that runs may have come to a change, or has had more than its share. */
static void change_priorities(void)
{
    while (m.n_changed < CHANGES && m.steps >= m.change_at[m.n_changed]) {
        m.current->priority = CHANGES - m.n_changed;
        m.n_changed++;
    }
    if (m.steps - m.turn_step >= FAIR_STEPS) {
        m.turn_step = m.steps;
        sink_current();
    }
}

static void set_countdown(void)
{
    uint64_t until = m.mean == 1 ? 1 : 1 + machine_random(2 * m.mean);

    if (m.by_priority) {
        until = FAIR_STEPS;
        if (m.n_changed < CHANGES && m.change_at[m.n_changed] - m.steps < until)
            until = m.change_at[m.n_changed] - m.steps;
        if (m.fickle || m.options.leaps)
            until = until < 100 ? until : 100;
    }
    if (!m.settling && m.settle_at > m.steps && m.settle_at - m.steps < until)
        until = m.settle_at - m.steps;
    m.countdown = until > 0 ? until : 1;
}

/* Gives back the stack of the thread that ended last: we are on another by now. */
static void bury(void)
{
    if (m.gone) {
        fiber_free(m.gone->fiber);
        m.gone->fiber = NULL;
        m.gone = NULL;
    }
}

/* Passes the turn on; comes back when it is this thread's again. */
static void turn(bool ends)
{
    struct sim_thread *from = m.current;
    struct sim_thread *to;

    if (m.steps > MACHINE_STEPS_MAX || m.steps - m.progress_step > MACHINE_PROGRESS_STEPS)
        machine_fail("livelock: nothing has moved for %llu points",
                     (unsigned long long)(m.steps - m.progress_step));
    if (!m.settling && m.steps >= m.settle_at)
        m.settling = true;
    if (m.by_priority && !ends)
        change_priorities();
    to = next_thread();
    m.turns++;
    m.hash = (m.hash ^ (m.steps * 64 + to->id)) * UINT64_C(0x100000001b3);
    set_countdown();
    if (to == from)
        return;
    m.turn_step = m.steps;
    m.current = to;
    if (ends)
        m.gone = from;
    fiber_switch(from->fiber, to->fiber, ends);
    bury();
}

void sim_point(const struct sim_site *site)
{
    machine_point_on(site, NULL);
}

void machine_point_on(const struct sim_site *site, const void *object)
{
    if (!m.current)
        return;
    if (m.judging)
        machine_fail("an oracle calls the scheduler");
    m.current->site = site;
    m.steps++;
    if (m.options.trace)
        trace_point(m.steps, m.current->id, site, object ? machine_name_of(object) : "");
    if (--m.countdown == 0)
        turn(false);
}

/* --- waiting ------------------------------------------------------------------------------- */

bool machine_wait(enum sim_state state, const void *waits_for, uint64_t deadline_ns)
{
    struct sim_thread *t = m.current;

    t->state = state;
    t->waits_for = waits_for;
    t->deadline_ns = deadline_ns;
    t->timed_out = false;
    turn(false);
    return !t->timed_out;
}

void machine_wake(enum sim_state state, const void *waits_for, unsigned count)
{
    for (; count > 0; count--) {
        struct sim_thread *chosen = NULL;
        unsigned seen = 0;

        for (unsigned k = 0; k < m.n_threads; k++) {
            struct sim_thread *t = m.threads[k];

            if (t && t->state == state && t->waits_for == waits_for &&
                machine_random(++seen) == 0)
                chosen = t;
        }
        if (!chosen)
            return;
        ready(chosen, false);
        if (m.by_priority && m.current && chosen->priority > m.current->priority)
            m.countdown = 1;
    }
}

void machine_nap(uint64_t ns)
{
    (void)machine_wait(SIM_NAPS, NULL, machine_now_ns() + ns);
}

void machine_yield(void)
{
    SIM_POINT("yield");
    if (m.by_priority) {
        sink_current();
        turn(false);
    }
}

void machine_enter_plugin(void)
{
    if (!m.current)
        return;
    if (m.current->n_held > 0)
        machine_fail("plugin code is called with a lock held");
    m.current->in_plugin++;
}

void machine_leave_plugin(void)
{
    if (m.current)
        m.current->in_plugin--;
}

void machine_pause(void)
{
    SIM_POINT("plugin");
}

/* --- threads ------------------------------------------------------------------------------- */

static void thread_body(void *arg)
{
    struct sim_thread *t = arg;

    bury();
    (void)t->body(t->arg);
    t->state = SIM_ENDED;
    machine_wake(SIM_JOINS, t, 1);
    m.n_alive--;
    if (m.n_alive == 0) {
        m.current = NULL;
        m.gone = t;
        fiber_switch(t->fiber, m.outside, 1);
    }
    turn(true);
    abort(); /* nobody comes back here */
}

static struct sim_thread *add_thread(const char *name, void *(*body)(void *arg),
                                     void *arg)
{
    struct sim_thread *t = calloc(1, sizeof(*t));

    if (!t || m.n_threads == SIM_THREADS_MAX)
        machine_fail("the simulator has no room for another thread");
    t->id = m.n_threads;
    t->body = body;
    t->arg = arg;
    t->priority = CHANGES + 1 + (uint32_t)machine_random(1u << 20);
    (void)snprintf(t->name, sizeof(t->name), "%s", name);
    t->fiber = fiber_new(thread_body, t);
    m.threads[m.n_threads++] = t;
    m.n_alive++;
    return t;
}

struct sim_thread *machine_spawn(const char *name, void *(*body)(void *arg), void *arg)
{
    if (m.options.start_fails && machine_random(REFUSE_ONE_IN) == 0) {
        m.refused = true;
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
    struct sim_thread *t = m.threads[id];

    while (t->state != SIM_ENDED)
        (void)machine_wait(SIM_JOINS, t, 0);
    m.threads[id] = NULL;
    free(t);
}

/* --- one run ------------------------------------------------------------------------------- */

static void decide_how(void)
{
    static const unsigned means[] = {1, 1, 2, 4, 16, 64};
    static const unsigned paces[] = {1, 10, 100};
    static const unsigned settles[] = {60, 200, 800};
    static const unsigned lengths[] = {500, 2000, 8000, 30000};
    unsigned length = lengths[machine_random(4)];

    m.by_priority = machine_random(2) == 0;
    m.fickle = machine_random(3) == 0;
    m.mean = means[machine_random(6)];
    m.ns_per_step = paces[machine_random(3)];
    for (unsigned k = 0; k < CHANGES; k++) {
        uint64_t at = 1 + machine_random(length);
        unsigned slot = k;

        for (; slot > 0 && m.change_at[slot - 1] > at; slot--)
            m.change_at[slot] = m.change_at[slot - 1];
        m.change_at[slot] = at;
    }
    m.settle_mean = settles[machine_random(3)];
    m.settle_at = 1 + machine_random(SETTLE_STEPS);
    m.cpus = 1 + machine_random(16);
}

void machine_run(const struct machine_options *options, void *(*body)(void *arg),
                 void *arg, struct machine_result *ret_result)
{
    struct fiber *outside = m.outside ? m.outside : fiber_here();

    m = (struct machine){
        .options = *options, .random = options->seed, .outside = outside};
    m.hash = UINT64_C(0xcbf29ce484222325);
    decide_how();
    m.current = add_thread("control", body, arg);
    set_countdown();
    fiber_switch(m.outside, m.current->fiber, 0);
    bury();
    for (unsigned k = 0; k < m.n_threads; k++)
        free(m.threads[k]);
    *ret_result = (struct machine_result){
        .steps = m.steps, .turns = m.turns, .settled = m.settled, .hash = m.hash};
}
