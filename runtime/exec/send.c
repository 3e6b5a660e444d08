/* SPDX-License-Identifier: MIT */
#include "exec/send.h"

#include "exec/emit.h"
#include "exec/inbox.h"
#include "exec/policy.h"

/* The copy of the batch that goes to the next reader: the last one gets the batch itself. */
static struct batch *copy_for_reader(struct stage *s, const struct batch_memory *memory,
                                     struct batch *batch)
{
    struct batch *copy = batch;

    if (batch->readers_done + 1u < s->ports[batch->port].n_readers)
        copy = batch_clone(batch, memory);
    if (!copy)
        policy_stage_failed(s, NULL, "emit", "out of memory");
    return copy;
}

/* The reader wants nothing any more: what was meant for it counts as filtered. */
static void drop_unwanted(struct stage *s, const struct batch_memory *memory,
                          struct batch *copy)
{
    stage_count(s, batch_ledger(copy), COUNT_FILTERED, copy->n);
    batch_free(copy, memory);
}

/* Offers the batch to those readers that have not got it; true: it is gone, else still the caller's. */
static bool send_batch(struct stage *s, const struct batch_memory *memory,
                       struct batch *batch)
{
    const struct port *port = &s->ports[batch->port];
    enum ledger ledger = batch_ledger(batch);
    uint32_t n = batch->n;

    PPH_ASSERT(port->n_readers > 0);
    for (;;) {
        unsigned which = batch->readers_done;
        struct stage *d = port->readers[which];
        struct batch *copy;
        enum offer offer;

        if (!inbox_fits(d, n, batch->cost))
            return false;
        copy = copy_for_reader(s, memory, batch);
        if (!copy)
            return false;
        offer = inbox_offer(d, copy);
        if (offer == OFFER_FULL) {
            if (copy != batch)
                batch_free(copy, memory);
            return false;
        }
        if (which > 0)
            stage_count(s, ledger, COUNT_SPLIT, n);
        if (offer == OFFER_CLOSED)
            drop_unwanted(s, memory, copy);
        if (copy == batch)
            return true; /* it is gone: not to be looked into */
        batch->readers_done++;
    }
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
    const struct port *port = &s->ports[batch->port];
    enum ledger ledger = batch_ledger(batch);
    uint32_t n = batch->n;
    bool gone = false;

    while (!gone) {
        unsigned which = batch->readers_done;
        struct batch *copy = copy_for_reader(s, &i->memory, batch);
        enum offer offer;

        if (!copy) {
            batch_list_unpop(&i->out, batch);
            return false;
        }
        offer = inbox_offer_or_park(port->readers[which], i, copy);
        if (offer == OFFER_FULL) {
            emit_sleep(i);
            offer = i->park_sent ? OFFER_TAKEN : OFFER_CLOSED;
        }
        if (offer == OFFER_CLOSED && run_cancelled(s->run)) {
            if (copy != batch)
                batch_free(copy, &i->memory);
            batch_list_unpop(&i->out, batch);
            return false;
        }
        if (which > 0)
            stage_count(s, ledger, COUNT_SPLIT, n);
        if (offer == OFFER_CLOSED)
            drop_unwanted(s, &i->memory, copy);
        gone = copy == batch; /* then it is not to be looked into */
        if (!gone)
            batch->readers_done++;
    }
    return true;
}
