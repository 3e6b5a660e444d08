/* SPDX-License-Identifier: MIT */
/*
 * The threads of a run: a pool of P slots for ordinary stages, threads of their own for stages that
 * may block, and who sleeps and who is woken.
 *
 * A thread that must wait inside a plugin's call gives its slot to a spare one, so P calls are always
 * able to go on.  See sleep-note in workers.c for why no wake-up is lost.
 */
#ifndef EXEC_WORKERS_H
#define EXEC_WORKERS_H

#include "base/error.h"
#include "exec/stage.h"

struct workers;

/* Prepares for `slots` threads of the pool; none runs yet.  NULL: no memory. */
struct workers *workers_new(struct run *run, unsigned slots);

/* Whether threads that find nothing look for a while before they sleep; they do not with one slot.  [control] */
void workers_spin(struct workers *ws, bool spin);

/*
 * From now on so many threads of the pool may work at once.  More are started, if they can be; too many
 * stop after the call that they are in.  Instances of stages stay as they are.  [control & started]
 */
void workers_resize(struct workers *ws, unsigned slots);

/* How many may work at once.  [any thread] */
unsigned workers_slots(const struct workers *ws);

/* All threads must have ended.  NULL is allowed. */
void workers_free(struct workers *ws);

/*
 * Starts the threads.  Those of stages with own threads call the plugin's `start` first and wait for
 * workers_go().  False: `err` is filled; threads that did start are ended by workers_join().
 * [control]
 */
bool workers_start(struct workers *ws, struct error *err);

/* Waits until every stage with own threads has started its instances; false: one failed.  [control] */
bool workers_wait_started(struct workers *ws);

/* Lets all threads run.  [control] */
void workers_go(struct workers *ws);

/* Wakes everyone to see that the run has ended or is cancelled.  [any thread] */
void workers_end(struct workers *ws);

/* How many threads have not ended yet.  [control] */
unsigned workers_alive(struct workers *ws);

/* Waits for all threads.  [control] */
void workers_join(struct workers *ws);

/* Something is ready: wakes one sleeping thread of the pool, if any.  [any thread, no locks held] */
void workers_notify(struct run *run);

/* This thread is about to wait inside a plugin's call, on behalf of `s`: its slot goes to another. */
void workers_release_slot(struct stage *s);
void workers_acquire_slot(struct stage *s);

/* Whether something is ready and no thread of the pool is free for it, as far as one can see.  [any thread] */
bool workers_are_short(const struct run *run);

/*
 * For an emitter that waits: whether no thread holds a slot, and none can be started either (it is
 * tried).  Always false for a stage with own threads.
 */
bool workers_is_alone(struct stage *s);

/*
 * --inline: a call of `s` has emitted more than its readers have room for; works on something
 * nearer the sinks, on top of that call's stack.  False: there is nothing to do.  Levels only
 * sink on the stack, so no instance is entered twice.  [control]
 */
bool workers_help(const struct stage *s);

/*
 * --inline: runs the whole pipeline on this thread until it ends or is cancelled.  `pause` is called
 * now and then, and with `wait` set when nothing is ready: then it may sleep.  [control]
 */
void workers_run_here(struct workers *ws, void (*pause)(struct run *run, bool wait));

#endif /* EXEC_WORKERS_H */
