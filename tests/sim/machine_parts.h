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
    const struct sim_site *site; /* where it was last */
    const void *held[SIM_HELD_MAX];
    size_t n_held;
    void *(*body)(void *arg);
    void *arg;
};

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

/* Whether a wait may end for no reason, this time. */
bool machine_is_fickle(void);

const struct machine_events *machine_events(void);

/* Thread number k, or NULL: there is none, or it was joined. */
const struct sim_thread *machine_thread_at(unsigned k);

/* What the lock or word at this address is called. */
const char *machine_name_of(const void *address);

#endif /* SIM_MACHINE_PARTS_H */
