/* SPDX-License-Identifier: MIT */
/*
 * Stages that behave as their script says, and what they saw.
 *
 * Beside its items each stage checks what it is promised: no two calls of one ctx at once, start before
 * and stop after all calls, plan by one at a time, a payload that nobody changes under its hands.
 */
#ifndef SIM_SCRIPT_H
#define SIM_SCRIPT_H

#include "sim/plan.h"

/* An item as a stage saw it: which one, and what its payload says (0: no bytes). */
struct seen {
    uint64_t pos, content;
    unsigned worker;
};

struct seen_list {
    struct seen *items;
    size_t n, cap;
};

/* What the stages of the run saw and did. */
struct world {
    const struct plan *plan;
    struct seen_list in[PLAN_STAGES_MAX];    /* inputs, as their calls began */
    struct seen_list given[PLAN_STAGES_MAX]; /* inputs, as `plan` was given them */
    struct seen_list made[PLAN_STAGES_MAX];  /* sources: what emit took */
    struct seen_list left,
        results; /* numbers that workers left, and that somebody read */
    uint64_t left_by_tasks;
    uint64_t finished[PLAN_STAGES_MAX]; /* inputs */
    uint64_t failed[PLAN_STAGES_MAX];   /* items said to be bad */
    bool fatal;                         /* something was said that stops the run */
    bool ended;                         /* a stage wanted no more */
    uint64_t adopted, released;         /* payloads lent to the host */
    unsigned calls[PLAN_LIMITS + 1];    /* that run now, of each limit */
};

extern struct world world;

/* Empties it for a run of the plan. */
void world_begin(const struct plan *plan);

/* Sets callbacks, name and size; `plans`: with `plan`. */
void script_fill(struct pph_plugin *plugin, const struct script *script, bool plans);

/* Calls wake() of any source, if one is there.  [any simulated thread] */
void script_wake_any(void);

/* The payload of an input says so, after what IN_PLACE stages do to it. */
uint64_t script_rewritten(uint64_t content);

/* Output `j` of a worker's flush. */
uint64_t script_sum(const struct script *s, unsigned worker, unsigned j);

#endif /* SIM_SCRIPT_H */
