/* SPDX-License-Identifier: MIT */
/*
 * Stages that give items a key, and stages that watch how items of one key come: one at a time, always to the
 * same worker, in order.  What they saw is in `seen`.
 */
#ifndef EXEC_KEY_STAGES_H
#define EXEC_KEY_STAGES_H

#include <stdatomic.h>
#include <stdint.h>

#include <pphost/plugin.h>

enum { KEYS = 64, KEY_PRODUCERS = 2, KEY_TABLES = 2 };

/* Of one key in one table. */
struct key_seen {
    _Atomic uint32_t busy;                /* an item of it is being looked at */
    _Atomic uint32_t owner;               /* worker + 1 that had the last; 0: none yet */
    _Atomic uint64_t last[KEY_PRODUCERS]; /* the largest number */
};

/* Written by all watching stages, read by the test when the run is over. */
struct keys_seen {
    struct key_seen keys[KEY_TABLES][KEYS + 1];
    _Atomic uint64_t items[KEY_TABLES];
    _Atomic uint64_t at_once; /* items whose key was busy with another */
    _Atomic uint64_t strayed; /* items that another worker had the last of */
    _Atomic uint64_t
        disordered;        /* items that came after a larger number of their producer */
    _Atomic uint64_t over; /* looks at a queue that held more items than it may */
    _Atomic uint32_t workers; /* bit = worker that has had an item of table 0 */
    _Atomic uint64_t
        counted[KEYS + 1];    /* by `tally`: what its one item of that key said */
    _Atomic uint64_t tallies; /* items that `tally` made */
};

extern struct keys_seen seen;

/* Also says how many workers of a `meet` must meet. */
void keys_reset(uint32_t meeting);

/* Gives key number % args[0].i + args[1].i (at most KEYS) to each number; pos becomes args[2].i, the producer. */
extern const struct pph_plugin give_keys;
/* Watches table args[0].i: consumes; with threads of its own; passes on, item by item or as a whole. */
extern const struct pph_plugin watch, watch_blocking, watch_each, watch_whole;
/* Watches table 1 for order and workers alone: behind a keyed stage, whose workers it has not. */
extern const struct pph_plugin watch_after;
/* Emits each number args[0].i times larger and the numbers before it, with key number % args[1].i + 1; deaf to PPH_MORE. */
extern const struct pph_plugin burst;
/* Counts the items of each key in its worker's memory, and says at the end how many there were. */
extern const struct pph_plugin tally;
/* Notes what `tally` says. */
extern const struct pph_plugin note_tally;
/* The first item of each worker waits until every worker has one. */
extern const struct pph_plugin meet;
/* Wants no more after args[0].i items of all its workers. */
extern const struct pph_plugin enough_keys;

#endif /* EXEC_KEY_STAGES_H */
