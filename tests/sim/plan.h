/* SPDX-License-Identifier: MIT */
/*
 * What one seed asks for: a graph, how each stage of it behaves, and what happens to the run.
 *
 * What becomes of an item depends on the item and the stage alone, so what must come out can be told
 * beforehand; when and how (whether PPH_MORE is obeyed, who waits for how long) is a matter of the moment.
 */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "support/graph_kit.h"

enum {
    PLAN_STAGES_MAX = 8,
    PLAN_WORKERS_MAX = 4,
    PLAN_ITEMS_MAX = 64, /* of a source's worker */
    ANCESTORS = 1 + PLAN_STAGES_MAX * PLAN_WORKERS_MAX * PLAN_ITEMS_MAX,
    PLAN_LIMITS = 2,
    PLAN_PORTS = 2, /* at most, beside `.dead`: `out` and `alt` */
};

enum script_kind {
    SCRIPT_SOURCE,
    SCRIPT_PLANNED,
    SCRIPT_TASK,
    SCRIPT_EACH,
    SCRIPT_BATCH
};

/* Where a script says that its stage cannot go on. */
enum script_fatal {
    FATAL_NOWHERE,
    FATAL_OPEN,
    FATAL_START,
    FATAL_PLAN,
    FATAL_CALL,
    FATAL_FLUSH,
};

/* How a stage behaves.  Chances are in 256ths. */
struct script {
    unsigned stage; /* index in the plan */
    uint64_t seed;
    enum script_kind kind;
    unsigned workers;
    unsigned ports; /* that it emits to: 0 .. 2 */

    /* Sources. */
    unsigned items;   /* of each worker; SCRIPT_PLANNED: of all together */
    unsigned at_once; /* items in one emit */
    uint8_t flaky;    /* fails an item that is tried again */
    uint8_t idles;
    bool waits; /* for `cancel`, when it has emitted all */

    /* What becomes of an item. */
    unsigned outputs; /* at most */
    uint8_t bursts;   /* ... or many */
    uint8_t fails, forwards;
    unsigned sums; /* PPH_STATEFUL: outputs of each worker's flush */
    bool leaves;   /* each worker leaves a result */
    bool results;  /* it reads those of others, and nothing else */

    /* Manners. */
    uint8_t obeys;    /* PPH_MORE */
    uint8_t needless; /* says PPH_MORE of its own accord */
    uint8_t blocks;   /* waits between block_begin and block_end */
    uint8_t naps;     /* waits without saying so */
    uint8_t forgets;  /* block_end() */
    uint8_t moves;    /* sources: says host->origin() */
    uint8_t pauses;
    uint8_t wakes;      /* a source, which may sleep */
    bool whole;         /* emits its whole input array */
    bool names;         /* batch: fail() and go on, instead of returning */
    bool together;      /* emits all outputs of an item in one call */
    unsigned end_after; /* items of a worker, then PPH_END; 0: never */
    enum script_fatal fatal;
};

struct plan {
    uint64_t seed;
    struct kit_stage stages[PLAN_STAGES_MAX];
    struct script scripts[PLAN_STAGES_MAX];
    size_t n_stages;
    unsigned threads;         /* 0: --inline */
    unsigned n_signals;       /* 0 to 2 */
    unsigned signal_after[2]; /* pauses of another thread before each */
    unsigned n_wakes;         /* of sources, by that thread */
    bool start_fails;
    bool leaps;
    bool lies;  /* queues say that they are full when they are not */
    bool ticks; /* somebody looks at the run all the time */
    uint64_t memory_bytes, max_in_flight; /* 0: none */

    /* What stages[] points to. */
    char names[PLAN_STAGES_MAX][8];
    char from[PLAN_STAGES_MAX][64];
    struct pph_value args[PLAN_STAGES_MAX][1];
    struct pph_plugin plugins[PLAN_STAGES_MAX];
    unsigned reads[PLAN_STAGES_MAX]; /* bit = stage * PLAN_PORTS + port */
    bool reads_dead[PLAN_STAGES_MAX];
};

/* The plan of the seed. */
void plan_make(struct plan *plan, uint64_t seed);

/* Lines for whoever looks into a failure. */
void plan_describe(const struct plan *plan, struct text *t);

/* A number that follows from two others as if by chance. */
uint64_t plan_mix(uint64_t a, uint64_t b);

/* What becomes of the item `pos` in the stage. */
struct fate {
    bool fails;    /* ... after its outputs */
    bool forwards; /* it is the one output itself */
    unsigned n;    /* outputs */
};

struct fate script_fate(const struct script *s, uint64_t pos);

/* Output number `j` of an item: who it is, and where it goes. */
uint64_t script_output(const struct script *s, uint64_t pos, unsigned j);
unsigned script_port(const struct script *s, uint64_t output);

/* Its key, by which lanes are chosen; 0: none. */
uint64_t script_key(uint64_t output);

/* What it carries: a payload of its own (0: of no bytes), or that of the input. */
enum payload {
    PAYLOAD_INPUT,
    PAYLOAD_ALLOC,
    PAYLOAD_STACK,
    PAYLOAD_ADOPT,
    PAYLOAD_EMPTY
};

enum payload script_payload(uint64_t output);
uint32_t script_len(uint64_t output);

/*
 * Which item of a source this one comes of, in the end: below ANCESTORS; 0: of none, or of many.
 */
unsigned script_ancestor(uint64_t pos);

/* Item `k` of a source's worker; SCRIPT_PLANNED: of the source, with worker 0. */
uint64_t script_item(const struct script *s, unsigned worker, unsigned k);

#endif /* SIM_PLAN_H */
