/* SPDX-License-Identifier: MIT */
/*
 * Fibers: stacks that one thread of the system switches between.
 *
 * They start as ucontexts.  After that a switch is a jump, because swapcontext() asks the kernel for the signal
 * mask each time; with the address sanitizer it is swapcontext() all the same, and the sanitizer is told.
 */
#ifndef SIM_FIBER_H
#define SIM_FIBER_H

struct fiber;

/* What the calling thread runs on already: to switch back to.  Ends the process when out of memory. */
struct fiber *fiber_here(void);

/*
 * A fiber that will call body(arg) when it is switched to.  The body never returns: the last thing
 * it does is switch away.  Ends the process when out of memory.
 */
struct fiber *fiber_new(void (*body)(void *arg), void *arg);

/* The fiber is not the one that runs.  Its stack is kept for the next one. */
void fiber_free(struct fiber *fiber);

/* Leaves `from`, which runs, and goes on where `to` was left.  `last`: `from` is never gone back to. */
void fiber_switch(struct fiber *from, struct fiber *to, int last);

#endif /* SIM_FIBER_H */
