/* SPDX-License-Identifier: MIT */
/*
 * The machine that simulated threads run on: one at a time, taking turns where the seed says, in a
 * time of its own.
 *
 * Each atomic operation, lock, wait and wake is a point at which the turn may pass on.  Who goes on is
 * chosen from the seed, in one of two ways: any thread that can, with equal chances; or always the one of highest
 * priority, where priorities are random and change at three random points (which finds bugs that take
 * a certain few switches sooner).  Time passes a little at each point and leaps when nobody can go on.
 *
 * Now and then the machine *settles*: threads go on until each waits or stands inside plugin code.
 * Nobody is then half-way through something of the host, so what must hold between operations can be
 * looked at exactly.
 */
#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim/site.h"

enum { MACHINE_STEPS_MAX = 20 * 1000 * 1000, MACHINE_PROGRESS_STEPS = 200 * 1000 };

struct machine_events {
    /* The calling thread has just let go of the lock. */
    void (*unlocked)(const void *mutex);
    /* Everybody waits or stands in plugin code.  `stuck`: nobody can go on before time passes. */
    void (*settled)(bool stuck);
    /* A lock is taken while others are held. */
    void (*locking)(const void *mutex, const void *const *held, size_t n_held);
    /* What the lock or word at this address is called; NULL: unknown. */
    const char *(*name_of)(const void *address);
};

struct machine_options {
    uint64_t seed;
    const struct machine_events *events;
    bool trace;       /* tell trace.c every point */
    bool start_fails; /* starting a thread may fail, now and then */
    bool lies;        /* queues may say that they are full when they are not */
    bool leaps;       /* waits may time out although others could go on */
};

/* What one run of the machine was. */
struct machine_result {
    uint64_t steps, turns, settled;
    uint64_t hash; /* of every decision: equal runs have equal ones */
};

/* Runs body(arg) as the first thread, until all threads have ended. */
void machine_run(const struct machine_options *options, void *(*body)(void *arg),
                 void *arg, struct machine_result *ret_result);

/* Starts one more thread, which is never refused; returns its id, for machine_join(). */
unsigned machine_start(const char *name, void *(*body)(void *arg), void *arg);

/* Waits for the end of the thread and forgets it.  [any simulated thread] */
void machine_join(unsigned id);

/* Something has moved on: the schedule is not stuck in a loop.  [any simulated thread] */
void machine_progress(void);

/* Inside plugin code a thread holds nothing of the host.  These nest.  [any simulated thread] */
void machine_enter_plugin(void);
void machine_leave_plugin(void);

/* A point of plugin code.  [any simulated thread, in plugin code] */
void machine_pause(void);

/* Lets virtual time pass.  [any simulated thread] */
void machine_nap(uint64_t ns);

/* 0 .. n - 1, from the seed; also decides what no thread of the run may see as random. */
unsigned machine_random(unsigned n);

/* Whether any start of a thread has been refused so far. */
bool machine_refused_thread(void);

/* Which thread this is. */
unsigned machine_thread(void);

/* Points so far. */
uint64_t machine_steps(void);

/* How many threads whose name begins so neither wait for anything but a nap nor have ended. */
unsigned machine_awake(const char *prefix);

/* Whether anybody sleeps in machine_nap(). */
bool machine_someone_naps(void);

/* Says on stderr where each thread is and what it waits for. */
void machine_describe(void);

/* The schedule has shown a bug: says what, with all there is to know, and ends the process. */
_Noreturn void machine_fail(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif /* SIM_MACHINE_H */
