/* SPDX-License-Identifier: MIT */
/*
 * Small stages for tests of running: they count, fail, overrun and misbehave on demand.  Parameters
 * stand in args as the tables in stages.c say; results go to `struct collected`.
 */
#ifndef EXEC_STAGES_H
#define EXEC_STAGES_H

#include <stdatomic.h>
#include <stdbool.h>

#include <pphost/plugin.h>

/* What `collect` has seen, in the order seen; reset by the test. */
struct collected {
    _Atomic uint64_t n;    /* items */
    _Atomic uint64_t sum;  /* of their numbers */
    _Atomic bool in_order; /* each number not smaller than the one before */
    uint64_t last;
};

extern struct collected collected;
void collected_reset(void);

/* Emits 64-bit numbers 1 .. args[0].i with key number % 8, args[1].i per emit call; ignores PPH_MORE if args[2].i. */
extern const struct pph_plugin numbers;
/* The same with `plan` and any number of workers: number ranges in order. */
extern const struct pph_plugin planned_numbers;
/* Passes on by `each`; by `batch`, whole; by `batch`, item by item. */
extern const struct pph_plugin forward_each, forward_batch, forward_items;
/* Emits each item args[0].i times; resumable with PPH_MORE / deaf to it. */
extern const struct pph_plugin repeat, repeat_deaf;
/* Passes on items whose number args[0].i divides. */
extern const struct pph_plugin divisible;
/* Fails on items whose number args[0].i divides: by `each`, and naming them in `batch`. */
extern const struct pph_plugin fail_each, fail_batch;
/* Counts; takes part in `collected`. */
extern const struct pph_plugin collect, collect_parallel, collect_blocking;
/* Takes args[0].i items and wants no more. */
extern const struct pph_plugin take;
/* Emits the sum of its input, per worker, at the end. */
extern const struct pph_plugin sum_up;

#endif /* EXEC_STAGES_H */
