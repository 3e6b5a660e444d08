/* SPDX-License-Identifier: MIT */
#include "exec/send.h"

#include "exec/budget.h"
#include "exec/emit.h"
#include "exec/inbox.h"
#include "exec/lanes.h"
#include "exec/park.h"
#include "exec/policy.h"

/* What one reader gets of a batch, all at once or not at all. */
struct parcel {
    struct stage *reader;
    struct batch_list batches; /* one; for a keyed reader one per lane */
    uint32_t n;                /* items in all of them */
    enum ledger ledger;
    bool first, last; /* among the readers of the port */
    bool whole;       /* it is the batch itself */
};

/* Makes up the parcel for the reader whose turn it is.  False: no memory, which was reported. */
static bool pack(struct stage *s, const struct batch_memory *memory, struct batch *batch,
                 struct parcel *p)
{
    const struct port *port = &s->ports[batch->port];
    struct batch *copy;

    *p = (struct parcel){
        .reader = port->readers[batch->readers_done],
        .n = batch->n,
        .ledger = batch_ledger(batch),
        .first = batch->readers_done == 0,
        .last = batch->readers_done + 1u == port->n_readers,
    };
    copy = p->last ? batch : batch_clone(batch, memory);
    if (copy && !p->reader->lanes)
        batch_list_push(&p->batches, copy);
    else if (copy && !lanes_divide(p->reader, memory, copy, &p->batches))
        PPH_ASSERT(!p->batches.head);
    if (copy && copy != batch && p->batches.head != copy)
        batch_free(copy, memory); /* its parts go instead */
    if (!p->batches.head)
        policy_stage_failed(s, NULL, "emit", "out of memory");
    p->whole = p->batches.head == batch;
    return p->batches.head != NULL;
}

/* The parcel was not taken: the batch is as before. */
static void unpack(struct parcel *p, const struct batch_memory *memory)
{
    struct batch *part;

    while (!p->whole && (part = batch_list_pop(&p->batches)))
        batch_free(part, memory);
}

/*
 * The reader has taken the parcel, or dropped it, or wants nothing any more: then it counts as filtered.  True: that was the last
 * reader, and the batch is gone.
 */
static bool is_done(struct stage *s, const struct batch_memory *memory,
                    struct batch *batch, struct parcel *p, enum offer offer)
{
    struct batch *part;

    if (!p->first)
        stage_count(s, p->ledger, COUNT_SPLIT, p->n);
    if (offer == OFFER_CLOSED) {
        stage_count(s, p->ledger, COUNT_FILTERED, p->n);
        while ((part = batch_list_pop(&p->batches)))
            batch_free(part, memory);
        budget_look(s->run); /* the call that sent it may last */
    }
    if (!p->last)
        batch->readers_done++;
    else if (!p->whole)
        batch_free(batch, memory); /* its parts went instead */
    return p->last;
}

bool send_fits(const struct stage *s, const struct batch *batch)
{
    const struct stage *d = s->ports[batch->port].readers[batch->readers_done];

    return inbox_fits(d, batch->n, d->lanes ? lanes_cost(d, batch) : batch->cost);
}

/* Offers the batch to those readers that have not got it; true: it is gone, else still the caller's. */
static bool send_batch(struct stage *s, const struct batch_memory *memory,
                       struct batch *batch)
{
    struct parcel parcel;
    enum offer offer;

    PPH_ASSERT(s->ports[batch->port].n_readers > 0);
    do {
        if (!send_fits(s, batch) || !pack(s, memory, batch, &parcel))
            return false;
        offer = inbox_offer(parcel.reader, &parcel.batches);
        if (offer == OFFER_FULL) {
            unpack(&parcel, memory);
            return false;
        }
    } while (!is_done(s, memory, batch, &parcel, offer));
    return true;
}

bool send_batches(struct stage *s, const struct batch_memory *memory,
                  struct batch_list *list)
{
    struct batch *batch;

    while ((batch = batch_list_pop(list))) {
        if (!send_batch(s, memory, batch)) {
            batch_list_unpop(list, batch);
            return false;
        }
    }
    return true;
}

bool send_first_waiting(struct instance *i)
{
    struct stage *s = i->stage;
    struct batch *batch = batch_list_pop(&i->out);
    struct parcel parcel;
    enum offer offer;

    do {
        if (!pack(s, &i->memory, batch, &parcel)) {
            batch_list_unpop(&i->out, batch);
            return false;
        }
        offer = inbox_offer_or_park(parcel.reader, i, &parcel.batches);
        if (offer == OFFER_FULL) {
            park_instance(i);
            offer = i->park_sent ? OFFER_TAKEN : OFFER_CLOSED;
        }
        if (offer == OFFER_CLOSED && run_cancelled(s->run)) {
            unpack(&parcel, &i->memory);
            batch_list_unpop(&i->out, batch);
            return false;
        }
    } while (!is_done(s, &i->memory, batch, &parcel, offer));
    return true;
}
