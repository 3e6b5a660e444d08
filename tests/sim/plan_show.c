/* SPDX-License-Identifier: MIT */
/* A plan in words. */
#include "sim/plan.h"

static void describe_stage(const struct plan *plan, size_t k, struct text *t)
{
    static const char *const policies[] = {
        [ON_ERROR_STOP] = "stop", [ON_ERROR_SKIP] = "skip", [ON_ERROR_DEAD] = "dead"};
    static const char *const orders[] = {
        [ORDER_KEEP] = "in order", [ORDER_ANY] = "any order", [ORDER_BY_KEY] = "by key"};
    static const char *const kinds[] = {[SCRIPT_SOURCE] = "source",
                                        [SCRIPT_PLANNED] = "planned source",
                                        [SCRIPT_TASK] = "task",
                                        [SCRIPT_EACH] = "each",
                                        [SCRIPT_BATCH] = "batch"};
    static const char *const fulls[] = {[QUEUE_BLOCK] = "waits",
                                        [QUEUE_DROP_NEW] = "drops the new",
                                        [QUEUE_DROP_OLD] = "drops the old"};
    const struct kit_stage *s = &plan->stages[k];
    const struct script *script = &plan->scripts[k];

    text_printf(
        t,
        "  %s <- %s: %s x %u, %s, queue %llu items %llu bytes, on error %s, flags %#x%s%s, limit %u of %u calls\n"
        "     when full it %s, batches of %u items, %u bytes%s%s\n",
        s->name, s->from ? s->from : "-", kinds[script->kind], s->workers,
        orders[s->order], (unsigned long long)s->queue_items,
        (unsigned long long)s->queue_bytes, policies[s->on_error], s->plugin->flags,
        s->plugin->plan ? ", plan" : "", script->fatal ? ", fatal" : "", s->limit,
        s->limit_calls, fulls[s->queue_full], s->batch_items, (unsigned)s->batch_bytes,
        script->leaves ? ", leaves results" : "",
        script->results ? ", reads results" : "");
    if (s->batch_wait_ns > 0)
        text_printf(t, "     waits %llu ns for %u items or %llu bytes (0: any)\n",
                    (unsigned long long)s->batch_wait_ns, s->batch_items,
                    (unsigned long long)s->batch_bytes);
    if (s->rate.items > 0)
        text_printf(t, "     %llu items in %llu ns\n", (unsigned long long)s->rate.items,
                    (unsigned long long)s->rate.per_ns);
    text_printf(
        t,
        "     items %u, at once %u, outputs %u, bursts %u, fails %u, forwards %u, sums %u; obeys %u, "
        "needless %u, blocks %u, naps %u, pauses %u, idles %u, wakes %u%s%s%s; ends after %u\n",
        script->items, script->at_once, script->outputs, script->bursts, script->fails,
        script->forwards, script->sums, script->obeys, script->needless, script->blocks,
        script->naps, script->pauses, script->idles, script->wakes,
        script->whole ? ", whole" : "", script->names ? ", names" : "",
        script->together ? ", together" : "", script->end_after);
}

void plan_describe(const struct plan *plan, struct text *t)
{
    text_printf(t, "  %u threads%s%s%s%s, %u signals after %u and %u pauses, %u wakes\n",
                plan->threads, plan->start_fails ? ", some cannot be started" : "",
                plan->leaps ? ", time leaps" : "", plan->lies ? ", queues lie" : "",
                plan->ticks ? ", ticks" : "", plan->n_signals, plan->signal_after[0],
                plan->signal_after[1], plan->n_wakes);
    text_printf(t, "  memory %llu bytes, %llu batches in flight (0: any)\n",
                (unsigned long long)plan->memory_bytes,
                (unsigned long long)plan->max_in_flight);
    for (size_t k = 0; k < plan->n_stages; k++)
        describe_stage(plan, k, t);
}
