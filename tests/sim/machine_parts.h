/* SPDX-License-Identifier: MIT */
/* What machine.c and sync.c share: threads, and how they wait. */
#ifndef SIM_MACHINE_PARTS_H
#define SIM_MACHINE_PARTS_H

#include "sim/fiber.h"
#include "sim/machine.h"

enum { SIM_HELD_MAX = 4, SIM_THREADS_MAX = 512 };

enum sim_state {
    SIM_RUNNABLE,
    SIM_ON_MUTEX,
    SIM_ON_COND,
    SIM_ON_FUTEX,
    SIM_NAPS,
    SIM_JOINS,
    SIM_ENDED,
};

struct sim_thread {
    unsigned id;
    char name[16];
    struct fiber *fiber;
    enum sim_state state;
    const void *waits_for; /* lock, condition, word or thread */
    uint64_t deadline_ns;  /* 0: none */
    bool timed_out;
    unsigned in_plugin;
    uint32_t priority;
    uint64_t held_up_until;      /* step before which others go first */
    const struct sim_site *site; /* where it was last */
    const void *held[SIM_HELD_MAX];
    size_t n_held;
    void *(*body)(void *arg);
    void *arg;
};

enum { CHANGES = 3 /* of priorities in one run */ };

struct machine {
    struct machine_options options;
    uint64_t random;
    struct fiber *outside;
    struct sim_thread *threads[SIM_THREADS_MAX];
    unsigned n_threads, n_alive;
    struct sim_thread *current;
    struct sim_thread *gone; /* ended; its stack may be used again once we are off it */

    bool by_priority;
    bool fickle;   /* waits may end for no reason */
    unsigned trap; /* places at which threads are held up; 0: none */
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
};

/* The one there is. */
extern struct machine machine;

/* Decides from the seed how turns are given; before the first. */
void machine_decide(void);

/* Passes the turn on; comes back when it is this thread's again.  `ends`: it never is. */
void machine_turn(bool ends);
void machine_set_countdown(void);

/* Gives back the stack of the thread that ended last: we are on another by now. */
void machine_bury(void);

/* The wait of the thread is over. */
void machine_ready(struct sim_thread *t, bool timed_out);

/* The running thread goes behind all others, which keep their order. */
void machine_sink_current(void);

/* The one that runs; NULL outside of machine_run(). */
struct sim_thread *machine_self(void);

/* Waits as `state` says until machine_wake() or, unless it is 0, the deadline; false: the deadline. */
bool machine_wait(enum sim_state state, const void *waits_for, uint64_t deadline_ns);

/* Wakes up to `count` threads, of all that wait so for the object, any of them. */
void machine_wake(enum sim_state state, const void *waits_for, unsigned count);

/* A new thread; NULL: refused. */
struct sim_thread *machine_spawn(const char *name, void *(*body)(void *arg), void *arg);

/* Virtual time. */
uint64_t machine_now_ns(void);
void machine_spend_ns(uint64_t ns);

/* sim_point() at an operation on the object. */
void machine_point_on(const struct sim_site *site, const void *object);

#define MACHINE_POINT_ON(what, object)                                      \
    do {                                                                    \
        static const struct sim_site sim_here = {__FILE__, what, __LINE__}; \
                                                                            \
        machine_point_on(&sim_here, object);                                \
    } while (0)

/* Lets every other thread that can go on do so first. */
void machine_yield(void);

/* CPUs of this run: more than there are threads, or fewer. */
unsigned machine_cpus(void);

/* Whether a queue is to say, this time, that it is full. */
bool machine_lies(void);

/* Whether a wait may end for no reason, this time. */
bool machine_is_fickle(void);

const struct machine_events *machine_events(void);

/* Thread number k, or NULL: there is none, or it was joined. */
const struct sim_thread *machine_thread_at(unsigned k);

/* What the lock or word at this address is called. */
const char *machine_name_of(const void *address);

#endif /* SIM_MACHINE_PARTS_H */
