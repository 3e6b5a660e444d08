/* SPDX-License-Identifier: MIT */
#include "exec/stall.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/units.h"
#include "exec/budget.h"
#include "exec/chain.h"
#include "exec/host.h"
#include "exec/instance.h"
#include "exec/limit.h"
#include "exec/policy.h"

enum {
    STALL_DEFAULT_S = 10,
    LOOK_NS = 100 * NS_PER_MS, /* between two looks */
    BUSY_SHOWN = 64,           /* calls that are named at one time */
    QUIET_LOOKS = 5, /* looks in a row that find nothing running before that is a bug */
};

struct watch {
    uint64_t next_ns;    /* when to look again */
    uint64_t calls;      /* of all stages at the last look */
    uint64_t changed_ns; /* when that last moved */
    unsigned quiet;      /* looks in a row that found nothing running and nothing ready */
    bool warned;         /* since it last moved */
    bool healed;         /* likewise */
};

struct watch *watch_new(void)
{
    struct watch *watch = calloc(1, sizeof(*watch));

    if (watch)
        watch->changed_ns = clock_now_ns();
    return watch;
}

void watch_free(struct watch *watch)
{
    free(watch);
}

/* What a stage looks like now. */
struct look {
    unsigned running, held;
    uint64_t items;
    bool finished, sleeping;
    bool paused; /* by its own description, until a time that is known */
};

/* A thread of the stage that was told to look, and has not yet. */
static bool is_on_its_way_locked(const struct stage *s, const struct instance *i)
    REQUIRES(s->lock);
static bool is_on_its_way_locked(const struct stage *s, const struct instance *i)
{
    if (i->lined)
        return atomic_load_explicit(&i->go, memory_order_relaxed) != 0; /* for show */
    return i->seen_generation != s->own_generation;
}

static struct look look_at(struct stage *s)
{
    struct look look;

    mutex_lock(&s->lock);
    look = (struct look){
        .running = s->running + (s->order_flushing ? 1 : 0),
        .held = s->n_held,
        .items = s->queue.items,
        .finished = s->phase == STAGE_FINISHED,
        .sleeping = s->wake_ns > 0 && s->phase == STAGE_OPEN,
        .paused = s->wake_ns > 0 && s->phase == STAGE_OPEN && s->running == 0,
    };
    for (const struct instance *i = s->free; i; i = i->next)
        look.sleeping = look.sleeping || i->not_before_ns > 0;
    for (const struct instance *i = s->held; i; i = i->next)
        look.sleeping = look.sleeping || (i->call == CALL_ITEMS && i->not_before_ns > 0);
    for (unsigned w = 0; s->own_threads && w < s->n_instances;
         w++) /* woken, not yet here */
        look.sleeping = look.sleeping || is_on_its_way_locked(s, &s->instances[w]);
    mutex_unlock(&s->lock);
    return look;
}

void watch_show(struct run *run, struct text *out)
{
    for (size_t k = 0; k < run->n_stages; k++) {
        struct stage *s = &run->stages[k];

        mutex_lock(&s->lock);
        text_printf(
            out,
            "  %s: %u running, %u held, %" PRIu64 " of %" PRIu64 " items (%" PRIu64
            " bytes) waiting%s, %u open inputs, tickets %" PRIu64 "..%" PRIu64
            ", phase %d\n",
            s->graph->name, s->running, s->n_held, s->queue.items, s->graph->queue_items,
            s->queue.cost, s->park_head ? ", emitters wait" : "", s->open_in,
            atomic_load_explicit(&s->head_ticket, memory_order_relaxed), s->next_ticket,
            (int)s->phase);
        mutex_unlock(&s->lock);
        if (s->limit)
            text_printf(out, "    limit %s: %u of %u%s\n", s->graph->limit->name,
                        limit_look(s).used, s->graph->limit->calls,
                        limit_look(s).waited_for ? ", waits" : "");
    }
}

/* Nothing can go on any more, and that is no plugin's doing. */
static void give_up(struct run *run)
{
    struct text state = {0};

    text_str(&state, "nothing runs and nothing is ready, but the run has not ended: ");
    chain_describe(run, &state);
    text_str(&state, "\n");
    watch_show(run, &state);
    free(run->bug);
    run->bug = state.data; /* NULL when out of memory */
    atomic_store_explicit(&run->stalled, 1, memory_order_relaxed);
    policy_cancel(run);
}

/* A source that was held back and forgotten is a bug too, but the run can go on.  False: none is. */
static bool heal(struct run *run)
{
    if (!budget_is_awaited(run))
        return false;
    host_log(
        run, NULL, 4,
        "stall[R642]: a source was held back by 'memory' or 'max_in_flight' though it could go on; this is a "
        "fault of pphost, and the run goes on: please report it");
    budget_look(run);
    return true;
}

/* Adds what the instance is in, if it is in anything. */
static size_t add_calls(const struct instance *i, struct run_call *calls, size_t max)
{
    uint64_t since = atomic_load_explicit(&i->since_ns, memory_order_relaxed);
    struct run_call call = {.stage = i->stage->graph, .worker = i->index};
    size_t n = 0;

    if (since > 0 && n < max) {
        calls[n] = call;
        calls[n].since_ns = since;
        calls[n++].name = atomic_load_explicit(&i->doing, memory_order_relaxed);
    }
    if (instance_is_cancelling(i) && n < max) {
        calls[n] = call;
        calls[n++].name = "cancel";
    }
    return n;
}

size_t run_calls_under_way(const struct run *run, struct run_call *calls, size_t max)
{
    size_t n = 0;

    for (size_t k = 0; k < run->n_stages; k++) {
        const struct stage *s = &run->stages[k];

        for (unsigned w = 0; w < s->n_instances; w++)
            n += add_calls(&s->instances[w], calls + n, max - n);
        n += add_calls(s->control, calls + n, max - n);
    }
    return n;
}

/* Whether the thread is in a call of the instance. */
static bool is_in_call(const struct instance *i, uint32_t thread)
{
    return atomic_load_explicit(&i->since_ns, memory_order_relaxed) > 0 &&
           atomic_load_explicit(&i->thread, memory_order_relaxed) == thread;
}

static void tell_call(const struct instance *i, const char *name,
                      struct run_call *ret_call)
{
    *ret_call = (struct run_call){
        .stage = i->stage->graph,
        .name = name,
        .worker = i->index,
        .since_ns = atomic_load_explicit(&i->since_ns, memory_order_relaxed)};
}

bool run_call_here(const struct run *run, struct run_call *ret_call)
{
    const struct instance *cancelling = instance_cancelling_here();
    uint32_t thread = thread_id();
    struct run_call call;
    bool found = cancelling != NULL;

    if (cancelling)
        tell_call(cancelling, "cancel", ret_call);
    for (size_t k = 0; !cancelling && k < run->n_stages; k++) {
        const struct stage *s = &run->stages[k];

        for (unsigned w = 0; w <= s->n_instances; w++) {
            const struct instance *i = w < s->n_instances ? &s->instances[w] : s->control;

            if (!is_in_call(i, thread))
                continue;
            tell_call(i, atomic_load_explicit(&i->doing, memory_order_relaxed), &call);
            if (!found || call.since_ns >= ret_call->since_ns) /* the innermost one */
                *ret_call = call;
            found = true;
        }
    }
    return found;
}

void watch_name_busy(struct run *run, int level, const char *why)
{
    struct run_call calls[BUSY_SHOWN];
    size_t n = run_calls_under_way(run, calls, BUSY_SHOWN);
    uint64_t now = clock_now_ns();

    for (size_t k = 0; k < n; k++) {
        uint64_t since = calls[k].since_ns > 0 ? calls[k].since_ns : now;

        host_log(run, &run->stages[calls[k].stage->rank], level,
                 "%s: worker %u has been in %s for %.1f s", why, calls[k].worker,
                 calls[k].name ? calls[k].name : "one call",
                 (double)(now > since ? now - since : 0) / NS_PER_S);
    }
}

/* Says who holds everybody up: stages in a call, and those above that wait for room. */
static void warn(struct run *run, uint64_t seconds, uint64_t waiting)
{
    struct text chain = {0};
    char count[32];

    chain_describe(run, &chain);
    host_log(run, NULL, 4,
             "stall[R640]: nothing has finished for %" PRIu64
             " s while %s items wait: %s",
             seconds, units_show_count(waiting, count, sizeof(count)), text_get(&chain));
    text_fini(&chain);
}

/* Whether the stage runs, may run, or will without anybody's doing. */
static bool is_busy(struct run *run, const struct stage *s, const struct look *look)
{
    return look->running > 0 || look->sleeping ||
           atomic_load_explicit(&run->ready[s->id / 64], memory_order_relaxed) &
               (UINT64_C(1) << s->id % 64);
}

bool run_is_at_rest(struct run *run, const bool *apart, uint64_t *ret_moved)
{
    bool busy = run_cancelled(run) || run_has_ended(run);
    uint64_t moved = 0;

    for (size_t k = 0; k < run->n_stages; k++) {
        struct stage *s = &run->stages[k];

        moved += stage_counted(s, LEDGER_MAIN, COUNT_OUT) +
                 stage_counted(s, LEDGER_MAIN, COUNT_IN) +
                 stage_counted(s, LEDGER_DEAD, COUNT_IN);
        if (!apart[s->graph->index]) {
            struct look look = look_at(s);

            moved += stage_calls(s);
            busy = busy || is_busy(run, s, &look);
        }
    }
    *ret_moved = moved;
    return !busy;
}

void watch_look(struct run *run)
{
    struct watch *w = run->watch;
    uint64_t now = clock_now_ns();
    unsigned seconds = run->options.stall_s ? run->options.stall_s : STALL_DEFAULT_S;
    uint64_t calls = 0;
    bool busy = false;
    bool waits = false;
    uint64_t waiting = 0;

    if (now < w->next_ns || run_cancelled(run))
        return;
    w->next_ns = now + LOOK_NS;
    for (size_t k = 0; k < run->n_stages; k++) {
        struct stage *s = &run->stages[k];
        struct look look = look_at(s);

        calls += stage_calls(s);
        busy = busy || look.running > 0 || look.sleeping ||
               atomic_load_explicit(&run->ready[s->id / 64], memory_order_relaxed) != 0;
        if (look.paused)
            continue;
        waits = waits || look.items > 0 || look.held > 0;
        waiting += look.items;
    }
    if (calls != w->calls) {
        *w = (struct watch){.next_ns = w->next_ns, .calls = calls, .changed_ns = now};
        return;
    }
    w->quiet = busy ? 0 : w->quiet + 1;
    if (w->quiet >= QUIET_LOOKS && !run_has_ended(run)) {
        if (w->healed || !heal(run))
            give_up(run);
        w->healed = true;
        w->quiet = 0;
    } else if (busy && waits && !w->warned &&
               now - w->changed_ns >= seconds * (uint64_t)NS_PER_S) {
        w->warned = true;
        warn(run, (now - w->changed_ns) / NS_PER_S, waiting);
    }
}
