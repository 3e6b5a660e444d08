/* SPDX-License-Identifier: MIT */
/*
 * Each stage is looked at by itself, under its own lock and those of its readers, one at a time.  What is
 * told may so be a moment old in one stage and not in the next; of a run that stands still it is exact.
 */
#include "exec/chain.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/units.h"
#include "exec/budget.h"
#include "exec/limit.h"

enum { FIGURE_BYTES = 40 };

/* What the instances of a stage do that are inside an activation. */
struct calls {
    unsigned n;               /* in plugin code */
    uint64_t longest_ns;      /* of these */
    unsigned in_emit;         /* wait for room */
    const struct stage *full; /* ... there */
    unsigned for_turn;        /* wait until an older call is done */
    unsigned for_place;       /* wait until they may go on, by their stage's limit */
};

static const char *count_of(uint64_t n, char buffer[FIGURE_BYTES])
{
    return units_show_count(n, buffer, FIGURE_BYTES);
}

/* "1,024 of 1,024 items", or in bytes where they are nearer their bound. */
static void show_fill(struct stage *d, struct text *out)
{
    uint64_t items_max = d->graph->queue_items;
    uint64_t bytes_max = d->graph->queue_bytes;
    char is[FIGURE_BYTES];
    char most[FIGURE_BYTES];
    uint64_t items;
    uint64_t cost;

    mutex_lock(&d->lock);
    items = d->queue.items;
    cost = d->queue.cost;
    mutex_unlock(&d->lock);
    if ((double)cost / (double)bytes_max > (double)items / (double)items_max)
        text_printf(out, "%s of %s", units_show_size(cost, is, sizeof(is)),
                    units_show_size(bytes_max, most, sizeof(most)));
    else
        text_printf(out, "%s of %s items", count_of(items, is),
                    count_of(items_max, most));
}

/* The reader in whose line the instance stands; NULL: none. */
static struct stage *parked_at(const struct stage *s, const struct instance *i)
{
    for (size_t p = 0; p < s->graph->n_ports; p++) {
        for (size_t r = 0; r < s->ports[p].n_readers; r++) {
            struct stage *d = s->ports[p].readers[r];
            bool found = false;

            mutex_lock(&d->lock);
            for (const struct instance *at = d->park_head; at; at = at->park_next)
                found = found || at == i;
            mutex_unlock(&d->lock);
            if (found)
                return d;
        }
    }
    return NULL;
}

static bool waits_for_turn(struct stage *s, const struct instance *i)
{
    bool waits = false;

    mutex_lock(&s->lock);
    for (uint32_t t = 0; t < s->window; t++)
        waits = waits || s->slots[t].waiting == i;
    mutex_unlock(&s->lock);
    return waits;
}

bool chain_is_in_emit(struct stage *s, const struct instance *i)
{
    return parked_at(s, i) != NULL || waits_for_turn(s, i) || limit_is_waited_for(s, i);
}

static struct calls look_at_calls(struct stage *s)
{
    uint64_t now = clock_now_ns();
    struct calls calls = {0};

    for (unsigned w = 0; w < s->n_instances; w++) {
        const struct instance *i = &s->instances[w];
        uint64_t since = atomic_load_explicit(&i->since_ns, memory_order_relaxed);
        const struct stage *full;

        if (since == 0)
            continue;
        full = parked_at(s, i);
        if (full) {
            calls.in_emit++;
            calls.full = full;
        } else if (waits_for_turn(s, i)) {
            calls.for_turn++;
        } else if (limit_is_waited_for(s, i)) {
            calls.for_place++;
        } else {
            calls.n++;
            if (now > since && now - since > calls.longest_ns)
                calls.longest_ns = now - since;
        }
    }
    return calls;
}

/* The reader that will wake the stage when it has room; NULL: it waits for none. */
static struct stage *registered_at(const struct stage *s)
{
    for (size_t p = 0; p < s->graph->n_ports; p++) {
        for (size_t r = 0; r < s->ports[p].n_readers; r++) {
            struct stage *d = s->ports[p].readers[r];
            bool found;

            mutex_lock(&d->lock);
            found = d->waiters[s->id / 64] >> (s->id % 64) & 1;
            mutex_unlock(&d->lock);
            if (found)
                return d;
        }
    }
    return NULL;
}

static bool is_held_back(const struct stage *s)
{
    /* relaxed: for show */
    return atomic_load_explicit(&s->run->budget.waiting[s->id / 64],
                                memory_order_relaxed) >>
               (s->id % 64) &
           1;
}

static bool is_ready(const struct stage *s)
{
    return atomic_load_explicit(&s->run->ready[s->id / 64], memory_order_relaxed) >>
               (s->id % 64) &
           1;
}

/* By which budget, and how far it is spent. */
static void show_budget(const struct run *run, struct text *out)
{
    const struct budget *b = &run->budget;
    char is[FIGURE_BYTES];
    char most[FIGURE_BYTES];

    if (budget_reason(run) == BUDGET_IN_FLIGHT || b->bytes == 0)
        text_printf(out, "max_in_flight (%s of %s batches are under way)",
                    count_of(budget_in_flight(run), is), count_of(b->in_flight, most));
    else
        text_printf(out, "memory (%s of %s are in use)",
                    units_show_size(chunk_pool_used(run->pool), is, sizeof(is)),
                    units_show_size(b->bytes, most, sizeof(most)));
}

/* What a stage could go on with, had it what it waits for. */
struct standing {
    bool finished, sleeping;
    bool tries_again; /* a call waits until it is time for that */
    bool has_work;    /* or could make some */
    bool paced;       /* its rate holds it back */
    bool gathers;     /* it waits for more to come */
    uint64_t items;
};

static struct standing look_at_standing(struct stage *s)
{
    struct standing st;

    mutex_lock(&s->lock);
    st = (struct standing){
        .finished = s->phase == STAGE_FINISHED,
        .has_work = s->queue.n > 0 || s->n_held > 0 || s->phase == STAGE_FLUSHING ||
                    (s->graph->is_source && !s->source_done),
        .items = s->queue.items,
        .paced = s->pace.held_since_ns > 0,
        .gathers = s->graph->batch_wait_ns > 0 && s->wake_ns > 0,
    };
    for (const struct instance *i = s->free; i; i = i->next)
        st.sleeping = st.sleeping || i->not_before_ns > 0;
    for (const struct instance *i = s->held; i; i = i->next)
        st.tries_again =
            st.tries_again || (i->call == CALL_ITEMS && i->not_before_ns > 0);
    mutex_unlock(&s->lock);
    return st;
}

static void begin_clause(const struct stage *s, struct text *out)
{
    text_printf(out, "%s%s ", out->len > 0 ? "; " : "", s->graph->name);
}

/* "limit 'db' (4 of 4 calls run)" */
static void show_limit(struct stage *s, struct text *out)
{
    char is[FIGURE_BYTES];
    char most[FIGURE_BYTES];

    text_printf(out, "limit '%s' (%s of %s calls run)", s->graph->limit->name,
                count_of(limit_look(s).used, is), count_of(s->graph->limit->calls, most));
}

static void show_calls(const struct stage *s, const struct calls *calls, struct text *out)
{
    if (calls->n == 0)
        return;
    begin_clause(s, out);
    text_printf(out, "has been in one call for %.1f s",
                (double)calls->longest_ns / NS_PER_S);
    if (calls->n > 1)
        text_printf(out, " (and in %u others)", calls->n - 1);
}

static void show_emitters(struct stage *s, const struct calls *calls, struct text *out)
{
    if (calls->in_emit > 0) {
        begin_clause(s, out);
        text_printf(out, "waits in emit for room in %s (", calls->full->graph->name);
        show_fill(&s->run->stages[calls->full->id], out);
        text_str(out, ")");
    }
    if (calls->for_turn > 0) {
        begin_clause(s, out);
        text_str(out, "waits in emit until its oldest call is over (order: keep)");
    }
    if (calls->for_place > 0) {
        begin_clause(s, out);
        text_str(out, "waits in emit until it may go on, by ");
        show_limit(s, out);
    }
}

/* What the stage waits for that has no call under way; false: for nothing but input. */
static bool show_wait(struct stage *s, const struct standing *st, struct text *out)
{
    struct stage *full = st->has_work ? registered_at(s) : NULL;

    if (st->has_work && s->limit && limit_look(s).waited_for) {
        begin_clause(s, out);
        text_str(out, "is held back by ");
        show_limit(s, out);
    } else if (full) {
        begin_clause(s, out);
        text_printf(out, "waits for room in %s (", full->graph->name);
        show_fill(full, out);
        text_str(out, ")");
    } else if (is_held_back(s)) {
        begin_clause(s, out);
        text_str(out, "is held back by ");
        show_budget(s->run, out);
    } else if (st->paced) {
        begin_clause(s, out);
        text_printf(out, "is held back by its rate of %s", s->graph->rate.text);
    } else if (st->gathers) {
        begin_clause(s, out);
        text_str(out, "waits for more to come (batch: wait)");
    } else if (st->tries_again) {
        begin_clause(s, out);
        text_str(out, "waits until it tries a failed item again");
    } else if (st->sleeping) {
        begin_clause(s, out);
        text_str(out, "has nothing to give now");
    } else if (is_ready(s) && st->has_work) {
        begin_clause(s, out);
        text_str(out, "waits for a thread");
    } else if (st->has_work) {
        begin_clause(s, out);
        text_str(out, "waits for nothing that is known");
    } else {
        return false;
    }
    return true;
}

void chain_describe(struct run *run, struct text *out)
{
    size_t before = out->len;
    struct text chain = {0};

    for (size_t k = run->n_stages; k-- > 0;) { /* from the sources down */
        struct stage *s = &run->stages[k];
        struct standing st = look_at_standing(s);
        struct calls calls = look_at_calls(s);

        if (st.finished)
            continue;
        show_emitters(s, &calls, &chain);
        show_calls(s, &calls, &chain);
        if (calls.n + calls.in_emit + calls.for_turn + calls.for_place == 0)
            (void)show_wait(s, &st, &chain);
    }
    text_str(out, chain.len > 0 ? text_get(&chain) : "every stage waits for input");
    text_fini(&chain);
    PPH_ASSERT(out->failed || out->len > before);
}
