/* SPDX-License-Identifier: MIT */
#include "sim/plan.h"

#include <stdio.h>
#include <string.h>

#include "sim/script.h"

enum { LOAD_MAX = 250 };

/* 0 .. n - 1 */
static unsigned below(uint64_t *random, unsigned n)
{
    *random = plan_mix(*random, 1);
    return (unsigned)(((*random >> 32) * n) >> 32);
}

static bool one_in(uint64_t *random, unsigned n)
{
    return below(random, n) == 0;
}

/* A chance that is none, small or large. */
static uint8_t some_chance(uint64_t *random)
{
    switch (below(random, 4)) {
    case 0:
        return (uint8_t)below(random, 16);
    case 1:
        return (uint8_t)below(random, 128);
    default:
        return 0;
    }
}

/* --- the graph ------------------------------------------------------------------------------ */

/* Adds a stage without input; returns its index. */
static size_t add(struct plan *plan, uint64_t *random, char letter, uint32_t kind,
                  enum script_kind script_kind)
{
    size_t k = plan->n_stages++;
    struct script *script = &plan->scripts[k];

    (void)snprintf(plan->names[k], sizeof(plan->names[k]), "%c%zu", letter, k);
    plan->args[k][0] = (struct pph_value){.s = "", .i = (int64_t)(uintptr_t)script};
    plan->stages[k] = (struct kit_stage){.name = plan->names[k],
                                         .plugin = &plan->plugins[k],
                                         .from = plan->from[k],
                                         .args = plan->args[k],
                                         .workers = 1};
    *script = (struct script){.stage = (unsigned)k,
                              .seed = plan_mix(*random, k),
                              .kind = script_kind,
                              .workers = 1,
                              .at_once = 1 + below(random, 4)};
    plan->plugins[k].kind = kind;
    if (kind == PPH_GENERATOR || kind == PPH_PROCESSOR)
        script->ports = one_in(random, 6) ? 2 : 1;
    return k;
}

static void set_workers(struct plan *plan, size_t k, unsigned workers)
{
    plan->stages[k].workers = workers;
    plan->scripts[k].workers = workers;
}

static void read_from(struct plan *plan, size_t reader, unsigned output)
{
    char *from = plan->from[reader];
    size_t len = strlen(from);
    size_t producer = output / PLAN_PORTS;

    if (plan->reads[reader] >> output & 1)
        return;
    plan->reads[reader] |= 1u << output;
    (void)snprintf(from + len, sizeof(plan->from[0]) - len, "%c%zu%s ",
                   plan->names[producer][0], producer, output % PLAN_PORTS ? ".alt" : "");
}

static unsigned random_output(const struct plan *plan, uint64_t *random, size_t above)
{
    size_t producer = below(random, (unsigned)above);
    unsigned ports = plan->scripts[producer].ports;

    while (ports == 0) { /* a task */
        producer = below(random, (unsigned)above);
        ports = plan->scripts[producer].ports;
    }
    return (unsigned)producer * PLAN_PORTS + below(random, ports);
}

/* Manners of any stage. */
static void set_manners(struct script *s, uint64_t *random)
{
    s->obeys = one_in(random, 3) ? 0 : (uint8_t)below(random, 256);
    s->needless = one_in(random, 4) ? some_chance(random) : 0;
    s->blocks = one_in(random, 3) ? some_chance(random) : 0;
    s->naps = one_in(random, 6) ? some_chance(random) : 0;
    s->moves = one_in(random, 4) ? some_chance(random) : 0;
    s->pauses = some_chance(random);
    s->wakes = one_in(random, 4) ? some_chance(random) : 0;
    s->together = one_in(random, 3);
    s->names = one_in(random, 2);
}

static void set_queue(struct kit_stage *s, uint64_t *random)
{
    static const uint64_t bytes[] = {0, 0, 0, 1, 100000, 300000};

    if (one_in(random, 16)) /* the default: batches grow large */
        return;
    s->queue_items = 1 + below(random, one_in(random, 4) ? 12 : 3);
    s->queue_bytes = bytes[below(random, 6)];
}

static void add_source(struct plan *plan, uint64_t *random)
{
    bool planned = one_in(random, 3);
    size_t k =
        add(plan, random, 's', PPH_GENERATOR, planned ? SCRIPT_PLANNED : SCRIPT_SOURCE);
    struct script *script = &plan->scripts[k];

    plan->stages[k].from = NULL;
    script->items = below(random, one_in(random, 4) ? 30 : 12);
    script->idles = one_in(random, 3) ? some_chance(random) : 0;
    if (planned || one_in(random, 4)) {
        set_workers(plan, k, 1 + below(random, 3));
        plan->stages[k].order = one_in(random, 2) ? ORDER_ANY : ORDER_KEEP;
    }
    set_manners(script, random);
}

static void add_task(struct plan *plan, uint64_t *random)
{
    size_t k = add(plan, random, 't', PPH_TASK, SCRIPT_TASK);

    plan->stages[k].from = NULL;
    plan->scripts[k].items = below(random, 6);
    plan->scripts[k].idles = some_chance(random);
    set_workers(plan, k, 1 + below(random, 2));
    set_manners(&plan->scripts[k], random);
}

static enum script_kind each_or_batch(uint64_t *random)
{
    return one_in(random, 2) ? SCRIPT_EACH : SCRIPT_BATCH;
}

static void set_failing(struct plan *plan, size_t k, uint64_t *random)
{
    static const enum on_error policies[] = {ON_ERROR_STOP, ON_ERROR_SKIP, ON_ERROR_SKIP,
                                             ON_ERROR_DEAD, ON_ERROR_DEAD, ON_ERROR_DEAD};

    if (!one_in(random, 4))
        return;
    plan->stages[k].on_error = policies[below(random, 6)];
    plan->scripts[k].fails = (uint8_t)below(random, 128);
    if (plan->scripts[k].kind == SCRIPT_EACH && one_in(random, 2)) {
        uint64_t wait = below(random, 3) * 1000000;

        plan->scripts[k].flaky = (uint8_t)below(random, 128);
        plan->stages[k].retry =
            (struct retry){1 + (unsigned)below(random, 2), wait, 2 * wait};
    }
}

static void add_processor(struct plan *plan, uint64_t *random)
{
    size_t above = plan->n_stages;
    size_t k = add(plan, random, 'p', PPH_PROCESSOR, each_or_batch(random));
    struct script *script = &plan->scripts[k];

    set_workers(plan, k, 1 + below(random, PLAN_WORKERS_MAX));
    plan->stages[k].order = one_in(random, 3) ? ORDER_ANY : ORDER_KEEP;
    set_queue(&plan->stages[k], random);
    script->outputs = 1 + below(random, 3);
    script->forwards = one_in(random, 2) ? (uint8_t)below(random, 256) : 0;
    script->bursts = one_in(random, 4) ? some_chance(random) : 0;
    script->sums = one_in(random, 10) ? 1 + below(random, 3) : 0;
    set_failing(plan, k, random);
    if (one_in(random, 12))
        script->end_after = 1 + below(random, 10);
    script->whole = script->kind == SCRIPT_BATCH && script->fails == 0 &&
                    script->sums == 0 && one_in(random, 3);
    set_manners(script, random);
    for (unsigned n = 1 + below(random, 2); n > 0; n--)
        read_from(plan, k, random_output(plan, random, above));
}

/* Consumers of something each; the last one reads whatever nobody else does. */
static void add_consumers(struct plan *plan, uint64_t *random)
{
    size_t above = plan->n_stages;
    unsigned read = 0;
    size_t k = 0;

    for (unsigned n = 1 + one_in(random, 3); n > 0; n--) {
        k = add(plan, random, 'c', PPH_CONSUMER, each_or_batch(random));
        set_workers(plan, k, one_in(random, 2) ? 1 : 1 + below(random, 3));
        set_queue(&plan->stages[k], random);
        set_manners(&plan->scripts[k], random);
        set_failing(plan, k, random);
        if (one_in(random, 5))
            plan->scripts[k].end_after = 1 + below(random, 10);
        read_from(plan, k, random_output(plan, random, above));
    }
    for (size_t reader = 0; reader < plan->n_stages; reader++)
        read |= plan->reads[reader];
    for (size_t producer = 0; producer < above; producer++) {
        for (unsigned port = 0; port < plan->scripts[producer].ports; port++) {
            unsigned output = (unsigned)producer * PLAN_PORTS + port;

            if (!(read >> output & 1))
                read_from(plan, k, output);
        }
    }
}

static void add_dead_reader(struct plan *plan, uint64_t *random)
{
    bool dead = false;
    size_t k;

    for (k = 0; k < plan->n_stages; k++)
        dead = dead || plan->stages[k].on_error == ON_ERROR_DEAD;
    if (!dead)
        return;
    k = add(plan, random, 'd', PPH_CONSUMER, each_or_batch(random));
    plan->stages[k].from = ".dead";
    plan->reads_dead[k] = true;
    set_workers(plan, k, 1 + below(random, 2));
    set_queue(&plan->stages[k], random);
    set_manners(&plan->scripts[k], random);
}

/* All at once: nobody obeys, items burst, queues are as small as they get. */
static void crowd(struct plan *plan, uint64_t *random)
{
    for (size_t k = 0; k < plan->n_stages; k++) {
        struct script *script = &plan->scripts[k];

        script->obeys = 0;
        script->whole = false;
        script->forwards /= 4;
        script->together = script->together && one_in(random, 4);
        script->at_once = 1;
        if (script->kind >= SCRIPT_EACH) {
            script->bursts = (uint8_t)(64 + below(random, 128));
            plan->stages[k].queue_items = 1 + below(random, 2);
        }
    }
}

/* Items that all stages together are given, about. */
static double load_of(const struct plan *plan)
{
    double out[PLAN_STAGES_MAX] = {0};
    double sum = 0;

    for (size_t k = 0; k < plan->n_stages; k++) {
        const struct script *s = &plan->scripts[k];
        double burst = s->bursts / 256.0;
        double in = 0;

        for (size_t from = 0; from < k; from++) {
            if (plan->reads[k] >> (from * PLAN_PORTS) & 3)
                in += out[from];
        }
        out[k] = in * (burst * 15.5 + (1 - burst) * s->outputs / 2.0);
        if (s->kind <= SCRIPT_PLANNED)
            out[k] = s->items * (s->kind == SCRIPT_PLANNED ? 1 : s->workers);
        sum += in;
    }
    return sum;
}

/* Sources that wait for `cancel` when they have emitted all: somebody must send a signal. */
static void let_wait(struct plan *plan, uint64_t *random)
{
    if (plan->n_signals == 0 || plan->threads == 0)
        return; /* nobody would tell them */
    for (size_t k = 0; k < plan->n_stages; k++) {
        if (plan->scripts[k].kind == SCRIPT_SOURCE)
            plan->scripts[k].waits = one_in(random, 4);
    }
}

/* A schedule should take a millisecond at most. */
static void bound_load(struct plan *plan)
{
    while (load_of(plan) > LOAD_MAX) {
        for (size_t k = 0; k < plan->n_stages; k++) {
            struct script *script = &plan->scripts[k];

            script->items -= (script->items + 3) / 4;
            script->bursts = (uint8_t)(script->bursts - script->bursts / 4);
        }
    }
}

/* Flags and callbacks, when everything else is known. */
static void make_plugin(struct plan *plan, size_t k, uint64_t *random)
{
    struct pph_plugin *plugin = &plan->plugins[k];
    struct script *script = &plan->scripts[k];
    bool emits = script->ports > 0;
    bool plans;

    if (script->workers > 1)
        plugin->flags |= PPH_PARALLEL;
    if (one_in(random, 4))
        plugin->flags |= one_in(random, 4) ? PPH_PINNED : PPH_BLOCKING;
    if (emits && script->kind >= SCRIPT_EACH && one_in(random, 6))
        plugin->flags |= PPH_IN_PLACE;
    if (script->sums > 0)
        plugin->flags |= PPH_STATEFUL;
    if (script->kind >= SCRIPT_EACH && script->workers > 1 && one_in(random, 3))
        plan->stages[k].order = ORDER_BY_KEY;
    plans = script->kind >= SCRIPT_EACH && plan->stages[k].order != ORDER_BY_KEY &&
            one_in(random, 6);
    script_fill(plugin, script, plans);
    if (!script->waits && !one_in(random, 3))
        plugin->cancel = NULL; /* then the host knows that its calls do not wait */
    if (one_in(random, 150))
        script->fatal = FATAL_OPEN + below(random, FATAL_FLUSH - FATAL_OPEN + 1);
}

/*
 * What came later has random numbers of its own: the rest of a seed's graph does not depend on it.
 * Queues that drop, and bounds of what a call is given.
 */
static void set_drops_and_batches(struct plan *plan)
{
    uint64_t random = plan_mix(plan->seed, 0x64726f70);
    bool drops = one_in(&random, 3);
    bool caps = one_in(&random, 3);

    for (size_t k = 0; k < plan->n_stages; k++) {
        struct kit_stage *s = &plan->stages[k];
        bool lanes = s->order == ORDER_BY_KEY && s->workers > 1;

        if (plan->scripts[k].kind < SCRIPT_EACH)
            continue;
        if (drops && one_in(&random, 3))
            s->queue_full = lanes || one_in(&random, 2) ? QUEUE_DROP_NEW : QUEUE_DROP_OLD;
        if (caps && one_in(&random, 2))
            s->batch_items = 1 + below(&random, 4);
        if (caps && one_in(&random, 3))
            s->batch_bytes = 1 + below(&random, 100);
    }
}

/* Some leave results, which somebody reads, if there is room for one more stage. */
static void set_results(struct plan *plan)
{
    uint64_t random = plan_mix(plan->seed, 0x72657375);
    size_t k;

    if (plan->n_stages == PLAN_STAGES_MAX || !one_in(&random, 4))
        return;
    for (k = 0; k < plan->n_stages; k++) {
        if (plan->scripts[k].kind >= SCRIPT_EACH)
            plan->scripts[k].leaves = one_in(&random, 2);
    }
    k = add(plan, &random, 'r', PPH_CONSUMER, SCRIPT_EACH);
    plan->stages[k].from = ".result";
    plan->scripts[k].results = true;
    set_workers(plan, k, 1 + below(&random, 2));
    set_queue(&plan->stages[k], &random);
    set_manners(&plan->scripts[k], &random);
}

/* The budgets have random numbers of their own: the graph of a seed does not depend on them. */
static void set_budgets(struct plan *plan)
{
    uint64_t random = plan_mix(plan->seed, 0x62756467);

    if (one_in(
            &random,
            3)) /* from less than one buffer on, but no less than the largest alloc() */
        plan->memory_bytes = (uint64_t)(32 << 10) << below(&random, 7);
    if (one_in(&random, 3))
        plan->max_in_flight = 1 + below(&random, 4);
}

/* Likewise: one or two limits, each for some of the stages. */
static void set_limits(struct plan *plan)
{
    uint64_t random = plan_mix(plan->seed, 0x6c696d);
    unsigned n = one_in(&random, 2) ? 1 + one_in(&random, 3) : 0;
    unsigned calls[PLAN_LIMITS + 1] = {0, 1 + below(&random, 3), 1 + below(&random, 3)};
    unsigned most = 1 + below(&random, 4); /* in how many of five stages */

    for (size_t k = 0; n > 0 && k < plan->n_stages; k++) {
        unsigned limit = below(&random, 5) <= most ? 1 + below(&random, n) : 0;

        plan->stages[k].limit = limit;
        plan->stages[k].limit_calls = calls[limit];
    }
}

/* Likewise: from as fast as a source can be to so slow that everybody sleeps in between. */
static void set_rates(struct plan *plan)
{
    static const uint64_t item_ns[] = {100, 20000, 1000000, 12000000};
    uint64_t random = plan_mix(plan->seed, 0x72617465);

    for (size_t k = 0; k < plan->n_stages; k++) {
        if (plan->scripts[k].kind <= SCRIPT_PLANNED && one_in(&random, 4))
            plan->stages[k].rate =
                (struct rate){1 + below(&random, 3), item_ns[below(&random, 4)], "rate"};
    }
}

/* Likewise: from so short that it is over at once to so long that everybody waits for it. */
static void set_gathering(struct plan *plan)
{
    static const uint64_t wait_ns[] = {1000, 100000, 2000000, 20000000};
    uint64_t random = plan_mix(plan->seed, 0x67617468);

    for (size_t k = 0; k < plan->n_stages; k++) {
        struct kit_stage *s = &plan->stages[k];
        bool keyed = s->order == ORDER_BY_KEY && s->workers > 1;

        if (plan->scripts[k].kind < SCRIPT_EACH || keyed || !one_in(&random, 4))
            continue;
        s->batch_wait_ns = wait_ns[below(&random, 4)];
        s->batch_items = 0; /* no more than the queue can hold */
        s->batch_bytes = 0;
        if (!one_in(&random, 4))
            s->batch_items =
                1 + below(&random, s->queue_items ? (unsigned)s->queue_items : 40);
        if (s->batch_items == 0 || one_in(&random, 3))
            s->batch_bytes = 1 + below(&random, 400);
    }
}

void plan_make(struct plan *plan, uint64_t seed)
{
    uint64_t random = plan_mix(seed, 0x706c616e);
    bool crowded;

    *plan = (struct plan){.seed = seed};
    for (unsigned n = 1 + one_in(&random, 4); n > 0; n--)
        add_source(plan, &random);
    for (unsigned n = below(&random, 4); n > 0; n--)
        add_processor(plan, &random);
    add_consumers(plan, &random);
    add_dead_reader(plan, &random);
    if (plan->n_stages < PLAN_STAGES_MAX && one_in(&random, 20))
        add_task(plan, &random);
    crowded = one_in(&random, 6);
    if (crowded)
        crowd(plan, &random);
    bound_load(plan);
    set_results(plan);
    plan->threads = one_in(&random, 16) ? 0 : 1 + below(&random, 4);
    plan->n_signals = one_in(&random, crowded ? 2 : 3) ? 1 + !one_in(&random, 3) : 0;
    plan->signal_after[0] = below(&random, 1u << below(&random, 11));
    plan->signal_after[1] =
        one_in(&random, 2) ? 0 : below(&random, 1u << below(&random, 11));
    let_wait(plan, &random);
    for (size_t k = 0; k < plan->n_stages; k++)
        make_plugin(plan, k, &random);
    plan->n_wakes = one_in(&random, 3) ? below(&random, 5) : 0;
    plan->start_fails = one_in(&random, 30);
    plan->leaps = one_in(&random, 8);
    plan->ticks = one_in(&random, 4);
    plan->lies = one_in(&random, 8);
    set_budgets(plan);
    set_drops_and_batches(plan);
    set_limits(plan);
    set_rates(plan);
    set_gathering(plan);
}
