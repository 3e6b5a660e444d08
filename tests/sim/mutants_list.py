# SPDX-License-Identifier: MIT
"""The bugs that mutants.py puts into the scheduler: (text as it is, text as it would be wrong)."""
from typing import NamedTuple


class Mutant(NamedTuple):
    name: str
    what: str
    file: str
    changes: list


MUTANTS = [
    Mutant("clear-after-register", "the ready bit is cleared after room was asked for", "exec/dispatch.c", [(
        "    stage_clear_ready_locked(s);\n    register_waiter_locked(s, blocked, wakes);\n    budget_wait_locked(s, wakes);\n    return WORK_NONE;",
        "    register_waiter_locked(s, blocked, wakes);\n    stage_clear_ready_locked(s);\n    return WORK_NONE;")]),
    Mutant("no-recheck", "room is not looked at again when it is asked for", "exec/dispatch.c", [(
        "                stage_set_ready_locked(s);\n                wakes->notify = true;\n", "")]),
    Mutant("low-water-lost", "those who wait for room are woken only when the queue was full", "exec/inbox.c", [(
        "    if (is_low_locked(s)) {", "    if (is_low_locked(s) && s->queue.n > 0) {")]),
    Mutant("low-water-never", "a queue of one item never wakes who waits for room", "exec/inbox.c", [(
        "2 * s->queue.items <= s->graph->queue_items &&", "2 * s->queue.items + 1 <= s->graph->queue_items / 2 &&")]),
    Mutant("notify-push", "nobody is woken for what was pushed", "exec/inbox.c", [(
        "    if (offer == OFFER_TAKEN)\n        workers_notify(s->run);\n", "")]),
    Mutant("notify-ready", "nobody is woken for a stage made ready", "exec/ready.c", [(
        "    mutex_unlock(&s->lock);\n    workers_notify(s->run);", "    mutex_unlock(&s->lock);")]),
    Mutant("budget-unnoted", "a source that the budget holds back does not say so", "exec/budget.c", [(
        "    if (!s->held_back)\n        return;", "    if (s)\n        return;")]),
    Mutant("budget-unlooked", "nobody looks after sources that the budget holds back", "exec/budget.c", [(
        "    if (!budget_is_awaited(run))\n        return;\n    turn", "    if (run)\n        return;\n    turn")]),
    Mutant("budget-strict", "no source may exceed the budget, though nothing else can go on", "exec/budget.c", [(
        "            make_exception(run, turn);\n            return;", "            return;")]),
    Mutant("pace-untold", "control is not told until when a rate holds a source back", "exec/dispatch.c", [(
        "    wakes->control = s->wake_ns != s->told_ns && s->wake_ns > 0;\n", "")]),
    Mutant("pace-unwoken", "nobody wakes a source when its rate lets it go on", "exec/control.c", [(
        "        due = stage_is_due_locked(s, now, &wait) || due;\n",
        "        (void)stage_is_due_locked(s, now, &wait);\n")]),
    Mutant("pace-unpaid", "what a source emits too much is not paid for", "exec/pace.c", [(
        "    pace->paid += (__uint128_t)emitted * rate->per_ns;\n",
        "    pace->paid += (__uint128_t)(emitted < taken ? emitted : taken) * rate->per_ns;\n")]),
    Mutant("pace-planned", "a source with a rate plans several calls at once", "exec/dispatch.c", [(
        "    if (stage_is_paced(s) && s->desc->plan && s->running + s->n_held > 0)", "    if (s->id > 1000)")]),
    Mutant("gather-unhurried", "a source that a budget holds back does not end the gathering below", "exec/budget.c", [(
        "    take_hurry(s->run, wakes);\n", "")]),
    Mutant("gather-unready", "a stage that finds no room does not end the gathering there", "exec/dispatch.c", [(
        "                stage_set_ready_locked(d);\n                wakes->notify = true;\n", "")]),
    Mutant("gather-untold", "control is not told for how long a stage gathers when its call goes on with the next", "exec/dispatch.c", [(
        "    tell_time_locked(s, &wakes);\n    mutex_unlock", "    mutex_unlock")]),
    Mutant("gather-undrained", "a drain does not end the gathering", "exec/control.c", [(
        " ||\n            stage_gathers(s)) /* which", ") /* which")]),
    Mutant("gather-part-lost", "the rest of a batch of which a call took a part is lost", "exec/take.c", [(
        "    memmove(batch->items, batch->items + n, batch->n * sizeof(*batch->items));\n", "")]),
    Mutant("notify-end-of-input", "nobody is woken when a stage's input has ended", "exec/dispatch.c", [(
        "    } else {\n        workers_notify(run);\n    }", "    }")]),
    Mutant("sleep-no-recheck", "a thread does not look again before it sleeps", "exec/wakeup.c", [(
        "    if ((any_ready(run) || run_is_over(run)) &&", "    if (run_is_over(run) &&")]),
    Mutant("park-dropped", "a parked emitter's batch is taken, but it is not told", "exec/inbox.c", [(
        "        waiter->park_sent = true;\n        waiter->park_next = wakes->parked;\n        wakes->parked = waiter;\n",
        "        waiter->park_sent = true;\n")]),
    Mutant("park-unready", "a parked emitter's batch is taken for a lane whose worker is not told", "exec/inbox.c", [(
        "    if (more) /* it may be for a lane whose worker has looked already */\n        stage_set_ready_locked(s);\n", "    (void)more;\n")]),
    Mutant("park-overtaken", "an offer goes into the queue before those who wait in line", "exec/inbox.c", [(
        "    } else if (!s->park_head && fits_locked(s, parcel)) {\n        append_locked(s, parcel);\n        mirror_locked(s);",
        "    } else if (fits_locked(s, parcel)) {\n        append_locked(s, parcel);\n        mirror_locked(s);")]),
    Mutant("park-keeps-slot", "a parked emitter keeps its slot", "exec/park.c", [(
        "    workers_release_slot(i->stage);\n    sleep", "    sleep"), (
        "    workers_acquire_slot(i->stage);\n}", "}")]),
    Mutant("end-while-running", "a stage ends while its last call runs", "exec/dispatch.c", [(
        "s->phase == STAGE_FINISHED || s->running > 0 || s->n_held > 0", "s->phase == STAGE_FINISHED || s->n_held > 0")]),
    Mutant("end-while-held", "a stage ends while a call is held", "exec/dispatch.c", [(
        "s->phase == STAGE_FINISHED || s->running > 0 || s->n_held > 0", "s->phase == STAGE_FINISHED || s->running > 0")]),
    Mutant("end-unsent", "a stage ends before its finished calls are sent", "exec/dispatch.c", [(
        "        (s->window > 0 && !order_is_idle_locked(s)) || run_cancelled", "        run_cancelled")]),
    Mutant("end-lost", "the end of input does not make the reader ready", "exec/dispatch.c", [(
        "            if (--d->open_in == 0)\n                stage_set_ready_locked(d);", "            --d->open_in;")]),
    Mutant("flushing-stuck", "the one who sends for others does not say that it is done", "exec/order.c", [(
        "        if (!slot->done || run_cancelled(s->run)) {\n            s->order_flushing = false;",
        "        if (!slot->done || run_cancelled(s->run)) {")]),
    Mutant("flushing-unready", "the one who sends for others meets a full queue and tells nobody", "exec/order.c", [(
        "            s->order_flushing = false;\n            stage_set_ready_locked(s); /* dispatch registers with the full queue */",
        "            s->order_flushing = false;")]),
    Mutant("two-flushers", "two threads send for others at once", "exec/order.c", [(
        "    send = order_is_head(s, i) && !s->order_flushing;", "    send = order_is_head(s, i);")]),
    Mutant("head-not-woken", "a call that waits to be the oldest is not told", "exec/order.c", [(
        "        slot->waiting->park_next = wakes->parked;\n        wakes->parked = slot->waiting;\n        slot->waiting = NULL;\n    }\n    stage_set_ready_locked(",
        "        slot->waiting = NULL;\n    }\n    stage_set_ready_locked(")]),
    Mutant("window-off", "one ticket more than the window has places", "exec/order.c", [(
        "    return s->next_ticket - head_of(s) < s->window;", "    return s->next_ticket - head_of(s) <= s->window;")]),
    Mutant("order-lost", "a held call goes on before the older ones", "exec/emit.c", [(
        "    return i->stage->window == 0 || order_is_head(i->stage, i);",
        "    return i->stage->window == 0 || order_is_head(i->stage, i) || i->told;")]),
    Mutant("plan-race", "a second call is planned while the first is", "exec/dispatch.c", [(
        "    if (s->planning || (s->window > 0", "    if ((s->window > 0")]),
    Mutant("plan-unready", "the end of plan does not make the stage ready", "exec/activation.c", [(
        "    if (others)\n        stage_set_ready_locked(s);\n", "")]),
    Mutant("root-leaked", "a clone takes one reference too many", "flow/batch.c", [(
        "    for (uint32_t i = 0; i < batch->n; i++) {\n        batch->items[i].flags &= (uint16_t)~PPH_WRITABLE;",
        "    (void)root_ref(batch->root);\n    for (uint32_t i = 0; i < batch->n; i++) {\n        batch->items[i].flags &= (uint16_t)~PPH_WRITABLE;")]),
    Mutant("clone-writable", "two readers may both write to what they share", "flow/batch.c", [(
        "        batch->items[i].flags &= (uint16_t)~PPH_WRITABLE;\n", "")]),
    Mutant("over-bound", "a queue takes one item too many", "exec/inbox.c", [(
        "(s->queue.items + parcel->items <= s->graph->queue_items &&",
        "(s->queue.items + parcel->items <= s->graph->queue_items + 1 &&")]),
    Mutant("bytes-forgotten", "a queue looks at items only, not at bytes", "exec/inbox.c", [(
        "<= s->graph->queue_items &&\n            s->queue.cost + parcel->cost <= s->graph->queue_bytes);",
        "<= s->graph->queue_items);")]),
    Mutant("mirror-forgotten", "dropping a queue leaves its mirrors as they were", "exec/inbox.c", [(
        "        s->queue_payload = 0;\n    }\n    mirror_locked(s);", "        s->queue_payload = 0;\n    }")]),
    Mutant("drop-forgets-parked", "a stop does not end the waits of emitters", "exec/inbox.c", [(
        "        i->park_sent = false;\n        wakes->parked = i;", "        i->park_sent = false;")]),
    Mutant("stop-before-park", "a stop between the look and the wait is not seen", "exec/inbox.c", [(
        "    if (atomic_load_explicit(&s->closed, memory_order_relaxed) || run_cancelled(s->run)) {",
        "    if (atomic_load_explicit(&s->closed, memory_order_relaxed)) {")]),
    Mutant("unread-unlocked", "whether anybody reads is looked at before the lock is taken", "exec/dispatch.c", [(
        "    bool unread;\n\n    mutex_lock(&s->lock);", "    bool unread = stage_is_unread(s);\n\n    mutex_lock(&s->lock);"), (
        "    unread = stage_is_unread(s);\n", "")]),
    Mutant("cancel-after-stop", "stop does not wait for a cancel that runs", "exec/instance.c", [(
        "    while ((life = atomic_load_explicit(&i->life, memory_order_acquire)) != 0) /* A4 */\n        futex_wait(&i->life, life, 0);\n", "")]),
    Mutant("wake-lost", "wake() does not make the source ready", "exec/host.c", [(
        "    atomic_store_explicit(&i->woken, 1, memory_order_release); /* R5 */\n    stage_make_ready(s);",
        "    atomic_store_explicit(&i->woken, 1, memory_order_release); /* R5 */")]),
    Mutant("spare-lost", "a slot given up goes to a spare that is not woken", "exec/workers.c", [(
        "        ws->tokens++;\n        cond_signal(&ws->spare);", "        ws->tokens++;")]),
    Mutant("held-unready", "a call that is held does not make its stage ready", "exec/dispatch.c", [(
        "    if (s->held || (s->window > 0 && order_waiting_locked(s)) ||", "    if ((s->window > 0 && order_waiting_locked(s)) ||")]),
    Mutant("taken-forgotten", "batches taken together: the end of the stage's wishes forgets the later ones", "exec/activation.c", [(
        "            rest = batch->n;\n            ledger = batch_ledger(batch);\n            batch_free(batch, &i->memory);",
        "            rest = 0;\n            batch_free(batch, &i->memory);")]),
    Mutant("roots-mixed", "batches taken together: what is built of one goes on with the next", "exec/activation.c", [(
        "(open->root != in->root || open->dead != in->dead)", "(open->dead != in->dead)")]),
    Mutant("lane-other", "items of a lane go to whoever is free", "exec/lanes.c", [(
        "    return s->lanes[own_is_next_locked(s, i) ? i->index : lane_of_anybody(s)].head;",
        "    for (unsigned l = 0; l < s->n_instances; l++) {\n        if (s->lanes[l].head)\n            return s->lanes[l].head;\n    }\n    return s->lanes[lane_of_anybody(s)].head;")]),
    Mutant("lane-torn", "the parts of a batch get into the lanes in the wrong order", "exec/lanes.c", [(
        "    for (uint32_t k = batch->n; k-- > 0;)\n        index[--start[lane[k]]] = (uint16_t)k;",
        "    for (uint32_t k = 0; k < batch->n; k++)\n        index[--start[lane[k]]] = (uint16_t)k;")]),
    Mutant("search-before-idle", "a thread that gives up searching says so before it says that it sleeps", "exec/wakeup.c", [(
        "    atomic_fetch_or_explicit(word, bit, memory_order_seq_cst); /* see sleep-note */\n    (void)stop_search(w);\n    if ((any_ready(run) ||",
        "    bool found = any_ready(run);\n    atomic_fetch_or_explicit(word, bit, memory_order_seq_cst);\n    (void)stop_search(w);\n    if ((found ||")]),
    Mutant("search-no-chain", "the last searcher that finds work wakes nobody", "exec/wakeup.c", [(
        "    if (stop_search(w))\n        workers_notify(w->workers->run);", "    (void)stop_search(w);")]),
    Mutant("search-spare", "a thread that gives its slot up goes on being counted as searching", "exec/workers.c", [(
        "            worker_stops_searching(\n                w); /* a wake-up for a slot holder may have come here */\n", "")]),
    Mutant("search-late", "a woken thread is counted as searching only when it runs, and counted out", "exec/wakeup.c", [(
        "                atomic_fetch_add_explicit(&ws->searching, 1,\n                                          memory_order_seq_cst); /* see sleep-note */\n", "")]),
    Mutant("flush-silent", "all workers could flush, and only one is told", "exec/dispatch.c", [(
        "    else if (flushes) /* all its workers can, side by side */\n        workers_notify(s->run);\n", "")]),
    Mutant("budget-place-lost", "a call that made no batch keeps its place", "exec/budget.c", [(
        "void budget_leave(struct instance *i)\n{\n    give_place_back(i);", "void budget_leave(struct instance *i)\n{")]),
    Mutant("limit-over", "one place more than a limit has", "exec/limit.c", [(
        "    if (!w->granted && l->used == l->graph->calls)\n        return false;",
        "    if (!w->granted && l->used > l->graph->calls)\n        return false;"), (
        "    PPH_ASSERT(l->used <= l->graph->calls);\n", ""), ("    PPH_ASSERT(l->used == l->graph->calls && !w->granted);\n", "")]),
    Mutant("limit-kept", "a call keeps its place while it waits inside emit", "exec/park.c", [(
        "    limit_step_out(i);\n", ""), ("    if (!limit_asks_again(i)) {", "    if (false) {")]),
    Mutant("limit-none-again", "a call goes on behind emit without a place", "exec/park.c", [(
        "    if (!limit_asks_again(i)) {", "    if (false) {")]),
    Mutant("limit-untold", "a place is kept for a stage that is not told", "exec/limit.c", [(
        "        stage_bit_set(wakes->stages, w->stage->id);\n        return;", "        return;")]),
    Mutant("limit-not-passed-on", "a stage that has nothing to do keeps the place that was kept for it", "exec/limit.c", [(
        "    if (w->granted) {\n        w->granted = false;\n        give_back_locked(l, wakes);\n    }", "    (void)w;\n    (void)wakes;")]),
    Mutant("limit-leaked", "a source that the budget holds back keeps its place", "exec/dispatch.c", [(
        "        return true;\n    limit_leave_locked(s, i, wakes);\n    return false;", "        return true;\n    (void)wakes;\n    return false;")]),
    Mutant("limit-no-line", "a stage that finds no place does not stand in line", "exec/limit.c", [(
        "        i->lined = only != NULL;\n        line_up_locked(l, w);\n", "        (void)w;\n")]),
    Mutant("limit-overtaken", "a place given back is free, and not for the first in line", "exec/limit.c", [(
        "    if (w) {\n        w->granted = true;\n        end_wait(w, wakes);\n    } else {\n        l->used--;\n    }",
        "    if (w && w->instance) {\n        w->granted = true;\n        end_wait(w, wakes);\n        return;\n    }\n    if (w)\n        end_wait(w, wakes);\n    l->used--;"), (
        "    PPH_ASSERT(l->used == l->graph->calls && !w->granted);\n", "")]),
    Mutant("limit-forgotten-grant", "a stage that goes on at once forgets the place that is kept for it", "exec/limit.c", [(
        "        goes_on = !own->granted && (!l->first ||", "        goes_on = (!l->first ||")]),
    Mutant("limit-stop", "a stop does not end waits for a place", "exec/workers.c", [(
        "    limits_release_waiting(run);\n", "")]),
    Mutant("drop-miscounted", "what a queue drops counts as filtered", "exec/inbox.c", [(
        "        free_counted(s, &dropped, COUNT_DROPPED);", "        free_counted(s, &dropped, COUNT_FILTERED);")]),
    Mutant("drop-old-lost", "the oldest batch is dropped, and freed, but not counted as gone from the queue", "exec/inbox.c", [(
        "        s->dropped += batch->n;\n        take_note", "        take_note")]),
    Mutant("drop-newest", "of an offer that does not fit the queue keeps the last, and drops what came before", "exec/inbox.c", [(
        "        batch_list_move(ret_old, parcel);\n        return OFFER_DROPPED;",
        "        batch_list_move(ret_old, &s->queue);\n        append_locked(s, parcel);\n        mirror_locked(s);\n        return OFFER_DROPPED;")]),
    Mutant("batch-over", "batches are as large as the queue of the reader allows, whatever it wants", "exec/build.c", [(
        "        if (reader->batch_items > 0 && reader->batch_items < target)\n            target = reader->batch_items;\n", "")]),
    Mutant("result-forgotten", "a stage without flush ends before its results are sent", "exec/dispatch.c", [(
        "        if (s->desc->flush || stage_result_is_read(s)) {", "        if (s->desc->flush) {")]),
    Mutant("limit-thread-untold", "a thread of a stage that stands in line is not told", "exec/limit.c", [(
        "    w->instance->park_next = wakes->parked; /* it stands in no other line now */\n    wakes->parked = w->instance;",
        "    if (!w->in_call)\n        return;\n    w->instance->park_next = wakes->parked;\n    wakes->parked = w->instance;")]),
]
