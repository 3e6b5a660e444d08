/* SPDX-License-Identifier: MIT */
#include "stress/graphs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exec/stages.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static int count_start(struct pph_ctx *ctx)
{
    ctx->local = calloc(1, sizeof(uint64_t));
    return ctx->local ? PPH_OK : PPH_FATAL;
}

static void count_stop(struct pph_ctx *ctx)
{
    free(ctx->local);
}

static int each_enough(struct pph_ctx *ctx, struct pph_item *it)
{
    uint64_t *taken = ctx->local;

    (void)it;
    return ++*taken == (uint64_t)ctx->args[0].i ? PPH_END : PPH_OK;
}

/* Wants no more after args[0].i items; not in `collected`. */
static const struct pph_plugin enough = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "enough",
    .start = count_start,
    .each = each_enough,
    .stop = count_stop,
};

struct graph_closed graph_closed;

/* What a stage is told at its end: whether what it has made is to be kept. */
static void note_close(struct pph_ctx *ctx)
{
    bool stopping = ctx->host->stopping(ctx) != 0;

    atomic_fetch_add(stopping ? &graph_closed.stopping : &graph_closed.kept, 1);
}

static const struct pph_plugin *const processors[] = {
    &forward_each, &forward_batch, &forward_items, &repeat, &repeat_deaf,
    &divisible,    &fail_each,     &fail_batch,    &sum_up,
};

static const struct pph_plugin *const consumers[] = {
    &collect_parallel,
    &collect_parallel,
    &collect_blocking,
    &enough,
};

/* The next random number (splitmix64). */
static uint64_t next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));

    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* 0 .. n - 1 */
static unsigned below(uint64_t *state, unsigned n)
{
    return (unsigned)(next(state) % n);
}

/* Adds a stage without input; returns its index.  The plugin is the plan's own copy. */
static size_t add(struct graph_plan *plan, char letter, const struct pph_plugin *plugin,
                  unsigned argument)
{
    size_t k = plan->n_stages++;

    (void)snprintf(plan->names[k], sizeof(plan->names[k]), "%c%zu", letter, k);
    for (size_t a = 0; a < COUNT(plan->args[k]); a++)
        plan->args[k][a].s = "";
    plan->args[k][0].i = argument;
    plan->kinds[k] = plugin;
    plan->plugins[k] = *plugin;        /* flags may be added */
    if (plugin->kind != PPH_GENERATOR) /* those are told of a drain too */
        plan->plugins[k].close = note_close;
    plan->stages[k] = (struct kit_stage){.name = plan->names[k],
                                         .plugin = &plan->plugins[k],
                                         .from = plan->from[k],
                                         .args = plan->args[k]};
    return k;
}

static void read_from(struct graph_plan *plan, size_t reader, size_t producer)
{
    char *from = plan->from[reader];
    size_t len = strlen(from);

    if (plan->reads[reader] >> producer & 1)
        return;
    plan->reads[reader] |= 1u << producer;
    (void)snprintf(from + len, sizeof(plan->from[0]) - len, "%c%zu ",
                   plan->names[producer][0], producer);
}

static void add_source(struct graph_plan *plan, uint64_t *random)
{
    bool planned = below(random, 3) == 0;
    size_t k = add(plan, 'g', planned ? &planned_numbers : &numbers,
                   below(random, GRAPH_NUMBERS_MAX + 1));
    struct kit_stage *s = &plan->stages[k];

    s->from = NULL;
    plan->args[k][1].i = 1 + below(random, 100); /* items per emit */
    plan->args[k][2].i = below(random, 3) == 0;  /* deaf */
    if (planned) {
        s->workers = 1 + below(random, 4);
        s->order = below(random, 2) ? ORDER_ANY : ORDER_KEEP;
    }
}

static enum on_error random_policy(uint64_t *random)
{
    unsigned k = below(random, 8);

    if (k == 0)
        return ON_ERROR_STOP;
    return k < 5 ? ON_ERROR_SKIP : ON_ERROR_DEAD;
}

static bool fails(const struct pph_plugin *kind)
{
    return kind == &fail_each || kind == &fail_batch;
}

static void add_processor(struct graph_plan *plan, uint64_t *random)
{
    size_t above = plan->n_stages;
    const struct pph_plugin *kind = processors[below(random, COUNT(processors))];
    bool repeats = kind == &repeat || kind == &repeat_deaf;
    size_t k = add(plan, 'p', kind, 1 + below(random, repeats ? 6 : 40));
    struct kit_stage *s = &plan->stages[k];

    s->workers = 1 + below(random, 4);
    s->order = (enum order)below(random, ORDER_BY_KEY + 1);
    s->queue_items = below(random, 4) == 0 ? 1 : 1 + below(random, 64);
    s->queue_bytes = below(random, 3) == 0 ? 100000 : 0;
    if (fails(kind))
        s->on_error = random_policy(random);
    if (below(random, 5) == 0)
        plan->plugins[k].flags |= PPH_BLOCKING;
    if (below(random, 6) == 0)
        plan->plugins[k].flags |= PPH_IN_PLACE;
    for (unsigned n = 1 + below(random, 2); n > 0; n--)
        read_from(plan, k, below(random, (unsigned)above));
}

static size_t add_consumer(struct graph_plan *plan, uint64_t *random)
{
    const struct pph_plugin *kind = consumers[below(random, COUNT(consumers))];
    size_t k = add(plan, 'c', kind, 1 + below(random, 3000));
    struct kit_stage *s = &plan->stages[k];

    s->workers = kind == &enough ? 1 : 1 + below(random, 3);
    s->order = below(random, 2) ? ORDER_BY_KEY : ORDER_KEEP;
    s->queue_items = below(random, 3) == 0 ? 1 : 1 + below(random, 64);
    return k;
}

/* Consumers of something each; the last one reads whatever nobody else does. */
static void add_consumers(struct graph_plan *plan, uint64_t *random)
{
    size_t above = plan->n_stages;
    unsigned read = 0;
    size_t k = 0;

    for (unsigned n = 1 + below(random, 2); n > 0; n--) {
        k = add_consumer(plan, random);
        read_from(plan, k, below(random, (unsigned)above));
    }
    for (size_t reader = 0; reader < plan->n_stages; reader++)
        read |= plan->reads[reader];
    for (size_t producer = 0; producer < above; producer++) {
        if (!(read >> producer & 1))
            read_from(plan, k, producer);
    }
}

static void add_dead_reader(struct graph_plan *plan, uint64_t *random)
{
    bool dead = false;
    size_t k;

    for (k = 0; k < plan->n_stages; k++)
        dead = dead || plan->stages[k].on_error == ON_ERROR_DEAD;
    if (!dead)
        return;
    k = add(plan, 'd', &collect_parallel, 0);
    plan->stages[k].from = ".dead";
    plan->stages[k].workers = 1 + below(random, 2);
    plan->stages[k].queue_items = 1 + below(random, 20);
}

/* How often each number leaves a stage, and what leaves beside: sums, which are not looked at. */
struct flow {
    uint64_t times[GRAPH_NUMBERS_MAX + 1];
    uint64_t n_sums, sum_of_sums;
};

/* Counts what a collecting stage sees of it. */
static void collect_flow(struct graph_plan *plan, const struct flow *in)
{
    plan->n += in->n_sums;
    plan->sum += in->sum_of_sums;
    for (uint64_t i = 1; i <= GRAPH_NUMBERS_MAX; i++) {
        plan->n += in->times[i];
        plan->sum += i * in->times[i];
    }
}

/* One number, that came so often, through a processor: how often it goes on. */
static uint64_t pass(struct graph_plan *plan, size_t k, uint64_t number, uint64_t times)
{
    const struct kit_stage *s = &plan->stages[k];
    const struct pph_plugin *kind = plan->kinds[k];
    uint64_t argument = (uint64_t)plan->args[k][0].i;
    bool divides = number % argument == 0;

    if (kind == &repeat || kind == &repeat_deaf)
        return argument * times;
    if (kind == &divisible)
        return divides ? times : 0;
    if (!fails(kind) || !divides)
        return times;
    if (s->on_error == ON_ERROR_STOP && times > 0)
        plan->must_fail = true;
    if (s->on_error == ON_ERROR_DEAD) {
        plan->n += times;
        plan->sum += number * times;
    }
    return 0;
}

static void pass_all(struct graph_plan *plan, size_t k, const struct flow *in,
                     struct flow *out)
{
    bool sums = plan->kinds[k] == &sum_up;

    if (in->n_sums > 0)
        plan->exact = false; /* what becomes of them depends on how work was shared */
    out->n_sums = sums ? plan->stages[k].workers : 0;
    for (uint64_t i = 1; i <= GRAPH_NUMBERS_MAX; i++) {
        if (sums)
            out->sum_of_sums += i * in->times[i];
        else
            out->times[i] = pass(plan, k, i, in->times[i]);
    }
}

/* Adds up what the stages that `k` reads send to it. */
static void gather(const struct graph_plan *plan, const struct flow *flows, size_t k,
                   struct flow *ret_in)
{
    *ret_in = (struct flow){0};
    for (size_t from = 0; from < k; from++) {
        if (!(plan->reads[k] >> from & 1))
            continue;
        ret_in->n_sums += flows[from].n_sums;
        ret_in->sum_of_sums += flows[from].sum_of_sums;
        for (size_t i = 1; i <= GRAPH_NUMBERS_MAX; i++)
            ret_in->times[i] += flows[from].times[i];
    }
}

/* The model: what comes out when nothing ends the run early. */
static void foresee(struct graph_plan *plan)
{
    struct flow *flows = calloc(GRAPH_STAGES_MAX, sizeof(*flows));
    struct flow in;
    bool early = false;

    if (!flows)
        abort();
    plan->exact = true;
    for (size_t k = 0; k < plan->n_stages; k++) {
        gather(plan, flows, k, &in);
        if (plan->kinds[k]->kind == PPH_GENERATOR) {
            for (size_t i = 1; i <= (size_t)plan->args[k][0].i; i++)
                flows[k].times[i] = 1;
        } else if (plan->kinds[k]->kind == PPH_PROCESSOR) {
            pass_all(plan, k, &in, &flows[k]);
        } else if (plan->kinds[k] == &enough) {
            early = true;
        } else {
            collect_flow(plan, &in);
        }
        if (fails(plan->kinds[k]) && plan->stages[k].on_error == ON_ERROR_STOP)
            plan->may_fail = true;
    }
    plan->exact = plan->exact && !early;
    plan->must_fail = plan->must_fail && plan->exact;
    free(flows);
}

/* With random numbers of its own: what else a seed is does not depend on them. */
static void set_limits(struct graph_plan *plan, uint64_t seed)
{
    uint64_t random = ~seed;
    bool any = below(&random, 2) == 0;
    unsigned calls = 1 + below(&random, 3);

    for (size_t k = 0; any && k < plan->n_stages; k++) {
        if (below(&random, 3) > 0) {
            plan->stages[k].limit = 1;
            plan->stages[k].limit_calls = calls;
        }
    }
}

struct graph_plan *graph_plan_new(uint64_t seed)
{
    struct graph_plan *plan = calloc(1, sizeof(*plan));
    uint64_t random = seed;

    if (!plan)
        abort();
    for (unsigned n = 1 + below(&random, 2); n > 0; n--)
        add_source(plan, &random);
    for (unsigned n = below(&random, 4); n > 0; n--)
        add_processor(plan, &random);
    add_consumers(plan, &random);
    add_dead_reader(plan, &random);
    plan->threads = below(&random, 9);
    plan->n_signals = below(&random, 2) ? 0 : below(&random, 3);
    for (size_t k = 0; k < COUNT(plan->signal_after); k++)
        plan->signal_after[k] = below(&random, 1u << below(&random, 13));
    set_limits(plan, seed);
    foresee(plan);
    return plan;
}

void graph_plan_free(struct graph_plan *plan)
{
    free(plan);
}

static void describe_stage(const struct graph_plan *plan, size_t k, struct text *t)
{
    static const char *const policies[] = {
        [ON_ERROR_STOP] = "stop", [ON_ERROR_SKIP] = "skip", [ON_ERROR_DEAD] = "dead"};
    static const char *const orders[] = {
        [ORDER_KEEP] = "in order", [ORDER_ANY] = "any order", [ORDER_BY_KEY] = "by key"};
    const struct kit_stage *s = &plan->stages[k];

    text_printf(
        t,
        "  %s <- %s: %s(%d, %d, %d) x %u, %s, queue %llu, on error %s, flags %u, limit %u\n",
        s->name, s->from ? s->from : "", s->plugin->name, (int)s->args[0].i,
        (int)s->args[1].i, (int)s->args[2].i, s->workers ? s->workers : 1,
        orders[s->order], (unsigned long long)s->queue_items, policies[s->on_error],
        s->plugin->flags, s->limit_calls);
}

void graph_plan_describe(const struct graph_plan *plan, struct text *t)
{
    text_printf(t, "  %u threads, %u signals after %u and %u yields\n", plan->threads,
                plan->n_signals, plan->signal_after[0], plan->signal_after[1]);
    for (size_t k = 0; k < plan->n_stages; k++)
        describe_stage(plan, k, t);
}
