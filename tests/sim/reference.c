/* SPDX-License-Identifier: MIT */
#include "sim/reference.h"

#include <stdlib.h>
#include <string.h>

enum { PORT_DEAD = PLAN_PORTS };

static void list_add(struct expected_list *list, struct expected item)
{
    if (list->n == list->cap) {
        list->cap = list->cap ? 2 * list->cap : 64;
        list->items = reallocarray(list->items, list->cap, sizeof(*list->items));
        if (!list->items)
            abort();
    }
    item.place = list->n;
    list->items[list->n++] = item;
}

/*
 * Gives the item to whoever reads that port of the stage.  What leaves by one port stays in the order of
 * the item's strand; other ports and other stages have their own.
 */
static void send(struct reference *r, const struct plan *plan, size_t from, unsigned port,
                 struct expected item)
{
    item.strand = plan_mix(item.strand ^ plan->scripts[from].seed, port);
    for (size_t k = from + 1; k < plan->n_stages; k++) {
        bool reads = port == PORT_DEAD ? plan->reads_dead[k]
                                       : plan->reads[k] >> (from * PLAN_PORTS + port) & 1;

        if (reads)
            list_add(&r->in[k], item);
    }
}

static uint64_t content_of(uint64_t output, uint64_t input)
{
    switch (script_payload(output)) {
    case PAYLOAD_EMPTY:
        return 0;
    case PAYLOAD_INPUT:
        return input;
    default:
        return output;
    }
}

static bool keeps_order(const struct plan *plan, size_t k)
{
    return plan->scripts[k].workers == 1 ||
           (plan->stages[k].order == ORDER_KEEP && plan->scripts[k].ports > 0);
}

/* The order in which the outputs of the item leave: that of its strand, of its key in it, or its own. */
static uint64_t strand_below(const struct plan *plan, size_t k, const struct expected *in)
{
    const struct script *s = &plan->scripts[k];
    uint64_t key = script_key(in->pos);

    if (keeps_order(plan, k))
        return in->strand;
    if (plan->stages[k].order == ORDER_BY_KEY && key != 0 && s->kind >= SCRIPT_EACH)
        return plan_mix(in->strand, key);
    return plan_mix(in->strand, in->pos);
}

/* One item of a source; `strand`: of those that leave in this order. */
static void emit_item(struct reference *r, const struct plan *plan, size_t k,
                      uint64_t pos, uint64_t strand)
{
    const struct script *s = &plan->scripts[k];
    struct expected item = {
        .pos = pos, .content = content_of(pos, pos), .strand = strand};

    send(r, plan, k, script_port(s, pos), item);
}

static void emit_all(struct reference *r, const struct plan *plan, size_t k)
{
    const struct script *s = &plan->scripts[k];
    bool planned = s->kind == SCRIPT_PLANNED;

    for (unsigned w = 0; w < (planned ? 1 : s->workers); w++) {
        for (unsigned i = 0; i < s->items; i++)
            emit_item(r, plan, k, script_item(s, w, i),
                      planned && !keeps_order(plan, k) ? i : w);
    }
}

/* What emit took of a source, in the order of the source. */
static void emit_made(struct reference *r, const struct plan *plan, size_t k)
{
    const struct script *s = &plan->scripts[k];
    bool planned = s->kind == SCRIPT_PLANNED;

    for (unsigned w = 0; w < (planned ? 1 : s->workers); w++) {
        for (unsigned i = 0; i < s->items; i++) {
            uint64_t pos = script_item(s, w, i);

            for (size_t n = 0; n < world.made[k].n; n++) {
                if (world.made[k].items[n].pos == pos)
                    emit_item(r, plan, k, pos, planned && !keeps_order(plan, k) ? i : w);
            }
        }
    }
}

static void pass(struct reference *r, const struct plan *plan, size_t k,
                 const struct expected *in)
{
    const struct script *s = &plan->scripts[k];
    struct fate fate = script_fate(s, in->pos);
    bool in_place = (plan->plugins[k].flags & PPH_IN_PLACE) != 0;
    uint64_t strand = strand_below(plan, k, in);

    for (unsigned j = 0; j < fate.n; j++) {
        struct expected out = {.pos = script_output(s, in->pos, j), .strand = strand};

        if (fate.forwards)
            out.content = in_place ? script_rewritten(in->content) : in->content;
        else
            out.content = content_of(out.pos, in->content);
        send(r, plan, k, script_port(s, out.pos), out);
    }
    if (fate.fails) {
        r->failed[k]++;
        if (plan->stages[k].on_error == ON_ERROR_DEAD) {
            struct expected letter = *in;

            letter.strand = strand;
            send(r, plan, k, PORT_DEAD, letter);
        }
    }
}

static void flush(struct reference *r, const struct plan *plan, size_t k)
{
    const struct script *s = &plan->scripts[k];

    for (unsigned w = 0; w < s->workers; w++) {
        for (unsigned j = 0; j < s->sums; j++) {
            struct expected out = {.pos = script_sum(s, w, j)};

            out.content = content_of(out.pos, out.pos);
            out.strand = w;
            send(r, plan, k, script_port(s, out.pos), out);
        }
    }
}

static int by_pos(const void *a, const void *b)
{
    const struct expected *x = a;
    const struct expected *y = b;

    if (x->pos != y->pos)
        return x->pos < y->pos ? -1 : 1;
    return (x->content > y->content) - (x->content < y->content);
}

static int seen_by_pos(const void *a, const void *b)
{
    const struct seen *x = a;
    const struct seen *y = b;

    if (x->pos != y->pos)
        return x->pos < y->pos ? -1 : 1;
    return (x->content > y->content) - (x->content < y->content);
}

/* Inputs of the stage that it saw, of those that it should have been given. */
static void keep_seen(struct expected_list *expected, const struct seen_list *seen)
{
    struct seen *sorted = calloc(seen->n + 1, sizeof(*sorted));
    size_t kept = 0;
    size_t s = 0;

    if (!sorted)
        abort();
    if (seen->n > 0)
        memcpy(sorted, seen->items, seen->n * sizeof(*sorted));
    qsort(sorted, seen->n, sizeof(*sorted), seen_by_pos);
    if (expected->n > 1)
        qsort(expected->items, expected->n, sizeof(*expected->items), by_pos);
    for (size_t e = 0; e < expected->n && s < seen->n; e++) {
        const struct expected *item = &expected->items[e];

        if (item->pos == sorted[s].pos && item->content == sorted[s].content) {
            expected->items[kept++] = *item;
            s++;
        }
    }
    expected->n = kept;
    free(sorted);
}

/* `seen`: as it went on from what stages saw. */
static void make(struct reference *r, const struct plan *plan, bool whole, bool seen)
{
    for (size_t k = 0; k < PLAN_STAGES_MAX; k++) {
        r->in[k].n = 0;
        r->failed[k] = 0;
        r->lost[k] = 0;
    }
    for (size_t k = 0; k < plan->n_stages; k++) {
        enum script_kind kind = plan->scripts[k].kind;

        if (kind == SCRIPT_TASK)
            continue;
        if (kind <= SCRIPT_PLANNED && whole)
            emit_all(r, plan, k);
        else if (kind <= SCRIPT_PLANNED)
            emit_made(r, plan, k);
        if (seen) {
            size_t sent = r->in[k].n;

            keep_seen(&r->in[k], &world.in[k]);
            r->lost[k] = sent - r->in[k].n;
        }
        for (size_t i = 0; i < r->in[k].n; i++) {
            struct expected in = r->in[k].items[i];

            pass(r, plan, k, &in);
        }
        flush(r, plan, k);
    }
}

void reference_make(struct reference *r, const struct plan *plan, bool whole)
{
    make(r, plan, whole, false);
}

void reference_follow(struct reference *r, const struct plan *plan, bool whole)
{
    make(r, plan, whole, true);
}
