/* SPDX-License-Identifier: MIT */
/*
 * What each stage must have been given, told from what the sources emitted and the plan alone.
 *
 * Items that came out of one another in order form *strands*: whatever keeps order must let them
 * arrive in that order.
 */
#ifndef SIM_REFERENCE_H
#define SIM_REFERENCE_H

#include "sim/script.h"

struct expected {
    uint64_t pos, content;
    uint64_t strand; /* its order among others is known where this is equal */
    uint64_t place;  /* in the strand */
};

struct expected_list {
    struct expected *items;
    size_t n, cap;
};

struct reference {
    struct expected_list in[PLAN_STAGES_MAX]; /* input of each stage */
    uint64_t failed[PLAN_STAGES_MAX];         /* inputs that it says are bad */
    uint64_t lost[PLAN_STAGES_MAX]; /* reference_follow(): inputs it has not seen */
};

/* As reference_make(), but what follows from inputs that a stage has not seen is left out. */
void reference_follow(struct reference *r, const struct plan *plan, bool whole);

/*
 * `whole`: the sources are taken to emit all that they have; else what world.made says they did.
 * Reuses the memory of earlier calls.
 */
void reference_make(struct reference *r, const struct plan *plan, bool whole);

#endif /* SIM_REFERENCE_H */
