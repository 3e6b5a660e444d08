/* SPDX-License-Identifier: MIT */
#include "exec/lanes.h"

/* The lane of those that have no key: the one behind all instances'. */
static uint16_t lane_of_anybody(const struct stage *s)
{
    return (uint16_t)s->n_instances;
}

/* Keys may be small numbers or addresses: every bit of them counts (the finalizer of MurmurHash3). */
static uint64_t mix(uint64_t key)
{
    key = (key ^ (key >> 33)) * UINT64_C(0xFF51AFD7ED558CCD);
    key = (key ^ (key >> 33)) * UINT64_C(0xC4CEB9FE1A85EC53);
    return key ^ (key >> 33);
}

static uint16_t lane_of(const struct stage *s, uint64_t key)
{
    if (key == 0)
        return lane_of_anybody(s);
    return (uint16_t)(((mix(key) >> 32) * s->n_instances) >> 32); /* below n_instances */
}

/*
 * Sorts the indices of the items by lane and leaves those of one lane in their order.  start[l] is where lane
 * l begins, start[n_lanes] the end.
 */
static void sort_by_lane(const struct batch *batch, const uint16_t *lane, uint16_t *start,
                         unsigned n_lanes, uint16_t *index)
{
    uint16_t sum = 0;

    for (unsigned l = 0; l <= n_lanes; l++)
        start[l] = 0;
    for (uint32_t k = 0; k < batch->n; k++)
        start[lane[k]]++;
    for (unsigned l = 0; l <= n_lanes; l++) { /* the end of each lane, for now */
        sum = (uint16_t)(sum + start[l]);
        start[l] = sum;
    }
    for (uint32_t k = batch->n; k-- > 0;)
        index[--start[lane[k]]] = (uint16_t)k;
}

static bool add_part(const struct batch_memory *memory, const struct batch *batch,
                     const uint16_t *index, uint32_t n, unsigned lane,
                     struct batch_list *parts)
{
    struct batch *part = batch_pick(batch, memory, index, n);

    if (!part)
        return false;
    part->lane = (uint16_t)lane;
    batch_compact(part, memory);
    batch_list_push(parts, part);
    return true;
}

/* The items go to more than one lane. */
static bool divide(const struct stage *s, const struct batch_memory *memory,
                   const struct batch *batch, const uint16_t *lane,
                   struct batch_list *parts)
{
    uint16_t start[WORKERS_MAX + 2];
    uint16_t index[BATCH_ITEMS_MAX];
    unsigned n_lanes = s->n_instances + 1;
    struct batch *part;

    sort_by_lane(batch, lane, start, n_lanes, index);
    for (unsigned l = 0; l < n_lanes; l++) {
        uint32_t n = (uint32_t)start[l + 1] - start[l];

        if (n > 0 && !add_part(memory, batch, index + start[l], n, l, parts)) {
            while ((part = batch_list_pop(parts)))
                batch_free(part, memory);
            return false;
        }
    }
    return true;
}

bool lanes_divide(const struct stage *s, const struct batch_memory *memory,
                  struct batch *batch, struct batch_list *parts)
{
    uint16_t lane[BATCH_ITEMS_MAX];
    bool one = true;

    PPH_ASSERT(batch->n > 0 && batch->n <= BATCH_ITEMS_MAX);
    for (uint32_t k = 0; k < batch->n; k++) {
        lane[k] = lane_of(s, batch->items[k].key);
        one = one && lane[k] == lane[0];
    }
    if (!one)
        return divide(s, memory, batch, lane, parts);
    batch->lane = lane[0];
    batch_list_push(parts, batch);
    return true;
}

uint64_t lanes_cost(const struct stage *s, const struct batch *batch)
{
    uint32_t n_lanes = s->n_instances + 1;

    return batch_cost_divided(batch, batch->n < n_lanes ? batch->n : n_lanes);
}

void lanes_push_locked(struct stage *s, struct batch_list *parts)
{
    struct batch *part;

    s->queue.n += parts->n;
    s->queue.items += parts->items;
    s->queue.cost += parts->cost;
    while ((part = batch_list_pop(parts))) {
        PPH_ASSERT(part->lane <= s->n_instances);
        batch_list_push(&s->lanes[part->lane], part);
    }
}

/* Whether the instance's own lane comes next.  In turn: one that is never empty starves nobody. */
static bool own_is_next_locked(const struct stage *s, const struct instance *i)
    REQUIRES(s->lock);
static bool own_is_next_locked(const struct stage *s, const struct instance *i)
{
    return s->lanes[i->index].n > 0 &&
           (s->lanes[lane_of_anybody(s)].n == 0 || !i->from_lane);
}

const struct batch *lanes_peek_locked(const struct stage *s, const struct instance *i)
{
    return s->lanes[own_is_next_locked(s, i) ? i->index : lane_of_anybody(s)].head;
}

struct batch *lanes_pop_locked(struct stage *s, struct instance *i)
{
    struct batch *batch;

    i->from_lane = own_is_next_locked(s, i);
    batch = batch_list_pop(&s->lanes[i->from_lane ? i->index : lane_of_anybody(s)]);
    s->queue.n--;
    s->queue.items -= batch->n;
    s->queue.cost -= batch->cost;
    return batch;
}

void lanes_take_all_locked(struct stage *s, struct batch_list *ret_batches)
{
    for (unsigned l = 0; l <= s->n_instances; l++)
        batch_list_move(ret_batches, &s->lanes[l]);
    PPH_ASSERT(ret_batches->items == s->queue.items);
    s->queue = (struct batch_list){0};
}
