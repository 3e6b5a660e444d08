/* SPDX-License-Identifier: MIT */
/*
 * parts-note: what is left of a batch is divided into parts, one behind the other: items that have failed equally often.
 * The plugin is given one part at a time.  i->parts holds them, the first one last; what lies behind all of them has
 * never failed.  There are no parts as long as nothing fails.
 *
 * - `batch` names the item that it failed on (by fail() or ctx->done): those before it are finished.  It is tried again,
 *   first of all, or given up; then those behind it follow.
 * - It goes on and names several: the others are finished.  The named ones are tried again together.
 * - It fails and names none: that speaks of all, so all are tried again.  When that was done for the last time, and a
 *   single item can be given up, the two halves are run one after the other, and so on down to the item.
 *
 * So an item is given again only if the plugin has not said that it is finished; what was emitted before a failure
 * stays emitted.  What is given again is as it came.
 */
#include <assert.h>
#include <string.h>

#include "exec/emit.h"
#include "exec/host.h"
#include "exec/items.h"
#include "exec/policy.h"

enum { PARTS_SPLIT_MAX = PARTS_MAX / 2 };

static_assert(1u << (PARTS_MAX - PARTS_SPLIT_MAX - 1) >= GATHER_MOST_ITEMS,
              "there is room for the halves of halves down to the item");

/* The part that is worked on. */
static struct part current(const struct instance *i)
{
    if (i->n_parts > 0)
        return i->parts[i->n_parts - 1];
    return (struct part){.n = i->in->n - i->next_item};
}

uint32_t items_shown(const struct instance *i)
{
    return i->stage->desc->batch ? current(i).n : 1;
}

/* The first `n` items of the part are over. */
static void advance(struct instance *i, uint32_t n)
{
    i->next_item += n;
    if (i->n_parts == 0)
        return;
    PPH_ASSERT(i->parts[i->n_parts - 1].n >= n);
    i->parts[i->n_parts - 1].n -= n;
    if (i->parts[i->n_parts - 1].n == 0)
        i->n_parts--;
}

/* Puts a part in front of all others; what has failed equally often needs no part of its own if it may be `joined`. */
static void push(struct instance *i, struct part part, bool joined)
{
    struct part *front = i->n_parts > 0 ? &i->parts[i->n_parts - 1] : NULL;

    if (part.n == 0)
        return;
    if (joined && front && front->tries == part.tries &&
        front->halved_from == part.halved_from) {
        front->n += part.n;
        if (front->not_before_ns < part.not_before_ns)
            front->not_before_ns = part.not_before_ns;
        return;
    }
    PPH_ASSERT(i->n_parts < PARTS_MAX);
    i->parts[i->n_parts++] = part;
}

/* The part that is worked on, of which something is left, becomes two. */
static void divide(struct instance *i, struct part first, struct part rest)
{
    PPH_ASSERT(first.n + rest.n == current(i).n);
    if (i->n_parts > 0)
        i->n_parts--;
    if (i->n_parts >= PARTS_SPLIT_MAX && first.tries != rest.tries) {
        /* in so many pieces that some may as well count as tried more often */
        if (first.tries < rest.tries)
            first.tries = rest.tries;
        if (first.not_before_ns < rest.not_before_ns)
            first.not_before_ns = rest.not_before_ns;
        first.n += rest.n;
        rest.n = 0;
    }
    push(i, rest, rest.tries > first.tries);
    push(i, first, false);
}

/* The next `n` items are as they came. */
static void restore(struct instance *i, uint32_t n)
{
    if (i->has_originals)
        memcpy(&i->in->items[i->next_item], &i->originals[i->next_item],
               n * sizeof(*i->originals));
    if (!i->left) /* nobody has copies that he made of them */
        scope_trim(&i->scope, &i->memory, i->scope_keep);
}

/* The item `k` of the part as it came. */
static const struct pph_item *original(const struct instance *i, uint32_t k)
{
    const struct pph_item *items = i->has_originals ? i->originals : i->in->items;

    return &items[i->next_item + k];
}

static bool is_named(const struct instance *i, uint32_t k)
{
    return i->failed_items[k / 64] >> (k % 64) & 1;
}

static void forget_names(struct instance *i)
{
    if (i->n_failed_items > 0)
        memset(i->failed_items, 0, i->failed_words * sizeof(*i->failed_items));
    i->n_failed_items = 0;
}

static uint32_t count_named(const struct instance *i, uint32_t n, uint32_t *ret_first)
{
    uint32_t named = 0;

    for (uint32_t k = n; i->n_failed_items > 0 && k-- > 0;) {
        if (is_named(i, k)) {
            *ret_first = k;
            named++;
        }
    }
    return named;
}

/* The next item is given up, or the run stops (false). */
static bool give_up(struct instance *i)
{
    struct part part = current(i);

    i->tries = part.tries;
    i->halved_from = part.halved_from;
    if (!policy_item_failed(i, original(i, 0)))
        return false;
    advance(i, 1);
    return true;
}

/* The first `n` items are over, and nothing is tried again: the named ones are given up.  False: the run stops. */
static bool all_over(struct instance *i, uint32_t n)
{
    bool go_on = true;

    for (uint32_t k = 0; go_on && k < n; k++) {
        if (i->n_failed_items > 0 && is_named(i, k)) {
            go_on = give_up(i);
        } else {
            i->call_in++;
            advance(i, 1);
        }
    }
    forget_names(i);
    return go_on;
}

/* Of the first `n` items the named ones go to the end, in their order and as they came. */
static void gather_named(struct instance *i, uint32_t n)
{
    struct pph_item *items = &i->in->items[i->next_item];
    struct pph_item *originals = &i->originals[i->next_item];
    uint32_t to = n;

    for (uint32_t k = n; k-- > 0;) {
        if (!is_named(i, k))
            continue;
        to--;
        originals[to] = originals[k];
        items[to] = originals[to];
    }
}

static void reverse(struct pph_item *items, uint32_t n)
{
    for (uint32_t k = 0; k < n / 2; k++) {
        struct pph_item item = items[k];

        items[k] = items[n - 1 - k];
        items[n - 1 - k] = item;
    }
}

/* The first `n` of the next items change places with the `rest` behind them. */
static void swap_parts(struct instance *i, uint32_t n, uint32_t rest)
{
    struct pph_item *both[] = {&i->in->items[i->next_item], &i->originals[i->next_item]};

    for (size_t k = 0; k < sizeof(both) / sizeof(*both); k++) {
        reverse(both[k], n);
        reverse(both[k] + n, rest);
        reverse(both[k], n + rest);
    }
}

/*
 * The first `n` items of the part are over but for the named ones, which are tried again or given up.  `left`: the
 * plugin goes on with those behind them first, as it has left them.
 */
static enum items_result part_over(struct instance *i, uint32_t n, bool left)
{
    struct part rest = current(i);
    struct part failed = rest;
    uint32_t first = 0;

    i->left = i->left || left;
    rest.n -= n;
    failed.n = count_named(i, n, &first);
    if (failed.n == 0) {
        forget_names(i);
        i->call_in += n;
        advance(i, n);
        return ITEMS_DONE;
    }
    i->tries = rest.tries;
    if (policy_tries_again(i, original(i, first), failed.n, &failed.not_before_ns)) {
        failed.tries++;
        gather_named(i, n);
        forget_names(i);
        i->call_in += n - failed.n;
        advance(i, n - failed.n);
        if (left && rest.n > 0) {
            swap_parts(i, failed.n, rest.n);
            divide(i, rest, failed);
        } else {
            divide(i, failed, rest);
        }
    } else {
        failed.n = 0;
        if (!all_over(i, n))
            return ITEMS_STOP;
    }
    if (!left)
        restore(i, failed.n + rest.n);
    return ITEMS_DONE;
}

/* `batch` failed and named no item. */
static enum items_result part_failed(struct instance *i)
{
    struct part part = current(i);
    struct part rest = part;

    i->tries = part.tries;
    if (policy_tries_again(i, original(i, 0), part.n, &part.not_before_ns)) {
        part.tries++;
        rest.n = 0;
    } else if (policy_gives_up(i)) {
        host_log(i->stage->run, i->stage, 7,
                 "a batch of %u items failed, and none was named: it is run in halves",
                 part.n);
        if (part.halved_from == 0)
            part.halved_from = part.n;
        part.not_before_ns = 0;
        rest = part;
        part.n /= 2;
        rest.n -= part.n;
    } else {
        i->among = part.n;
        if (policy_item_failed(i, original(i, 0)))
            PPH_UNREACHABLE("nothing is given up where nothing may be");
        return ITEMS_STOP;
    }
    restore(i, part.n + rest.n);
    divide(i, part, rest);
    return ITEMS_DONE;
}

/* `batch` wants the items from ctx->done on again. */
static enum items_result batch_more(struct instance *i, uint32_t n)
{
    size_t done = i->ctx.done;
    enum items_result result;

    if (done > n) {
        policy_misuse(i, "batch() left more items in ctx->done than it was given");
        return ITEMS_STOP;
    }
    result = part_over(i, (uint32_t)done, true);
    return result == ITEMS_DONE ? ITEMS_MORE : result;
}

/* `batch` failed, at the item ctx->done if it says so; those before it are finished. */
static enum items_result batch_failed(struct instance *i, uint32_t n)
{
    size_t done = i->ctx.done;

    if (done >= n) {
        policy_misuse(i, "batch() failed with ctx->done past its last item");
        return ITEMS_STOP;
    }
    if (done == 0 && n > 1 && i->n_failed_items == 0)
        return part_failed(i);
    if (!is_named(i, (uint32_t)done)) {
        i->failed_items[done / 64] |= UINT64_C(1) << (done % 64);
        i->n_failed_items++;
    }
    return part_over(i, (uint32_t)done + 1, false);
}

static enum items_result batch_returned(struct instance *i, uint32_t n, int rc)
{
    if (i->failed_stage && rc >= 0) { /* it named the stage, not an item */
        policy_bad_return(i, "batch", i->fail_code);
        return ITEMS_STOP;
    }
    switch (rc) {
    case PPH_OK:
        return part_over(i, n, false);
    case PPH_END: /* it wants no more, also none again */
        return all_over(i, n) ? ITEMS_ENOUGH : ITEMS_STOP;
    case PPH_MORE:
        return batch_more(i, n);
    case PPH_FAIL:
    case PPH_RETRY:
        return batch_failed(i, n);
    case PPH_STOP: /* nobody wants what it would emit: dispatch closes the stage */
        if (run_cancelled(i->stage->run))
            return ITEMS_STOP;
        return all_over(i, n) ? ITEMS_DONE : ITEMS_STOP;
    default:
        policy_bad_return(i, "batch", rc);
        return ITEMS_STOP;
    }
}

/* Whether the part waits to be tried again; then i->not_before_ns says until when. */
static bool part_waits(struct instance *i)
{
    if (i->n_parts == 0)
        return false;
    i->not_before_ns = i->parts[i->n_parts - 1].not_before_ns;
    return i->not_before_ns > 0 && policy_waits(i);
}

enum items_result items_batch(struct instance *i)
{
    const struct pph_plugin *desc = i->stage->desc;
    enum items_result result = ITEMS_DONE;

    items_keep_as_they_came(i);
    while (result == ITEMS_DONE && i->next_item < i->in->n) {
        struct pph_item *items = i->in->items + i->next_item;
        uint32_t n = current(i).n;

        if (run_cancelled(i->stage->run))
            return ITEMS_STOP;
        if (part_waits(i))
            return ITEMS_LATER;
        if (i->out.n > 0 && emit_is_full(i))
            return ITEMS_MORE;
        for (uint32_t k = 0; desc->flags & PPH_IN_PLACE && k < n; k++) {
            if (!items_make_writable(i, &items[k]))
                return ITEMS_STOP;
        }
        i->failed = false;
        i->failed_stage = false;
        i->ctx.done = 0;
        result = batch_returned(i, n, desc->batch(&i->ctx, items, n));
    }
    return result;
}
