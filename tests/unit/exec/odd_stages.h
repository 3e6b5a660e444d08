/* SPDX-License-Identifier: MIT */
/*
 * Stages that break a rule of the plugin interface, or go where few go.  What they meet on the way
 * stands in `struct odd`; where one waits, it is for a word of that struct or for host->stopping().
 */
#ifndef EXEC_ODD_STAGES_H
#define EXEC_ODD_STAGES_H

#include <stdatomic.h>
#include <stdbool.h>

#include <pphost/plugin.h>

struct odd {
    _Atomic bool busy;       /* a call of the stage in question runs, or has run */
    _Atomic bool signalled;  /* set by the test: run_signal() was called */
    _Atomic bool cancelled;  /* blocked_source was told to unblock */
    _Atomic bool stopped;    /* `stop` was called */
    _Atomic bool cancel_ran; /* `cancel` was called */
    _Atomic bool bad_cancel; /* ... at or after the time of `stop` */
    _Atomic uint64_t wakes;  /* calls of wake() by the thread of waker */
    _Atomic uint64_t calls;
    _Atomic uint32_t met; /* calls that ran side by side */
};

extern struct odd odd;
void odd_reset(void);

/* Counts items in `collected` and does not look at them. */
extern const struct pph_plugin swallow;
/* Emits four empty items at once. */
extern const struct pph_plugin empty_items;
/* Gives each item of a batch a new number, 7, in memory of its own and emits the array whole. */
extern const struct pph_plugin rewrite;
/* Emit their whole input and then: a fatal failure; a named one before; wait for the stop. */
extern const struct pph_plugin move_then_fatal, name_then_move, move_then_stop;
/* Emits its whole input, then as many items of its own, resumable with PPH_MORE. */
extern const struct pph_plugin move_then_more;
/* Names in fail() a copy of each tenth item. */
extern const struct pph_plugin fail_copy;
/* Each failure in words of its own; the 100th is fatal: "the disk is full". */
extern const struct pph_plugin complain;
/* Fails on every item, in words; its third `plan` fails without a word. */
extern const struct pph_plugin plan_fails;
/* Consumers: ends a block that it did not begin; begins one in `open`; emits. */
extern const struct pph_plugin block_ender, block_opener, emitter;
/* Endless sources: idle, and `cancel` calls alloc(); `cancel` that takes long. */
extern const struct pph_plugin cancel_allocs, cancel_dawdles;
/* Its `stop` fails, and `cancel` looks at what `stop` freed: on the pool; on threads of its own. */
extern const struct pph_plugin stop_fails, stop_fails_own;
/* Ten numbers; in its `close` a thread of the plugin's own calls wake() again and again. */
extern const struct pph_plugin waker;
/* Emits until there is no room, for ever; `odd.calls` of that were made in a drain. */
extern const struct pph_plugin gusher;
/* Waits for `odd.signalled`, then counts its input, slower than gusher emits. */
extern const struct pph_plugin late_reader;
/* Emits 1, 2 .. 5, one per call, with threads of its own. */
extern const struct pph_plugin five;
/* Of `five`: emits a large item for each of 1, 2 and 3, at once; more than may wait for 4 and 5; deaf. */
extern const struct pph_plugin crowder;
/* Counts, but takes nothing more until crowder has begun with both 4 and 5. */
extern const struct pph_plugin crowded;
/* Emits 20 items and then waits until it is cancelled. */
extern const struct pph_plugin blocked_source;
/* A task of 4 workers with `plan`, each call of which waits until all 4 have met. */
extern const struct pph_plugin meeting;

#endif /* EXEC_ODD_STAGES_H */
