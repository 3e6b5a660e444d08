/* SPDX-License-Identifier: MIT */
/*
 * The moving parts of a run: stages, their instances, and what guards each field.
 *
 * An *activation* is one instance of one stage working on one batch.  A stage is dispatched only when
 * every reader below it has room (the gate), so memory is bounded and, the graph being acyclic, something can
 * always go on.  The life of an activation, from top to bottom of this layer:
 *
 *     workers.c     a thread picks the ready stage nearest a sink; wakeup.c: or sleeps until there is one
 *     dispatch.c    under the stage's lock: is there work, is there room, which instance
 *     activation.c  the plugin's calls; items.c: of a batch, item by item or all at once
 *     emit.c        what it emits: builders, closed batches; waiting for room below
 *     send.c        closed batches into the queues of their readers
 *     limit.c       how many calls of some stages run at once
 *     park.c        waiting inside emit
 *     lanes.c       the queue of a stage that keeps order by key: a part for each worker
 *     order.c       tickets and the window of a parallel stage that keeps order
 *     dispatch.c    the instance goes back; is the stage finished
 *
 * Lock order: a stage's lock, then one of a stage nearer the sinks.  Nobody holds one across a plugin's call,
 * a futex call, or logging.  See docs/scheduler.md for all of this at length, docs/concurrency.md for locks and
 * atomic fields.
 */
#ifndef EXEC_STAGE_H
#define EXEC_STAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <pphost/plugin.h>

#include "base/sync.h"
#include "exec/graph.h"
#include "exec/run.h"
#include "flow/batch.h"
#include "flow/scope.h"

enum {
    STAGE_WORDS = STAGES_MAX / 64, /* of a bitmap of stages */

    /* What a call may have emitted that could not go down yet, before emit says PPH_MORE ... */
    OUT_SOFT_BATCHES = 4,
    OUT_SOFT_COST = 1 << 20,
    /* ... and before it makes the plugin wait, if it goes on all the same. */
    OUT_HARD_BATCHES = 8,
    OUT_HARD_COST = 2 << 20,

    /* What a call may have allocated before emit says PPH_MORE: it is kept until the call is over. */
    CALL_SOFT_COST = 4 << 20,
};

/* What a batch may be divided into because of failures; see parts-note in items_batch.c. */
enum { PARTS_MAX = 32 };

#define INSTANCE_MAGIC 0x70706931u

struct limit;
struct result;
struct run;
struct stage;

/* Items are counted apart in the ordinary flow and among dead letters and what comes of them. */
enum ledger { LEDGER_MAIN, LEDGER_DEAD, LEDGERS };

enum count {
    COUNT_IN,   /* items taken from the queue */
    COUNT_OUT,  /* items emitted, dead letters not among them */
    COUNT_DONE, /* inputs a call has finished with */
    COUNT_READ, /* emitted by a source */
    COUNT_SPLIT, /* more came out of a call than went in; one more for each further reader */
    COUNT_FILTERED, /* less came out of a call than went in; or no reader wanted it any more */
    COUNT_MERGED,     /* the same for a PPH_STATEFUL stage */
    COUNT_DELIVERED,  /* taken by a consumer */
    COUNT_DEAD,       /* given up and sent to `.dead` */
    COUNT_SKIPPED,    /* given up and dropped */
    COUNT_DROPPED,    /* there was no room, and the queue's rule is to drop */
    COUNT_UNFINISHED, /* left over by an early stop */
    COUNT_LEFT,       /* of these: inputs that a stage had taken */
    COUNT_RETRIED,    /* tried again: no matter of the account */
    COUNTS
};

enum call { CALL_NONE, CALL_GENERATE, CALL_ITEMS, CALL_FLUSH };

/* Items of a batch, one behind the other, that have failed equally often; see parts-note in items_batch.c. */
struct part {
    uint32_t n;
    uint32_t tries;         /* how often they have failed */
    uint32_t halved_from;   /* items of the batch that is run in halves; 0: it is not */
    uint64_t not_before_ns; /* when they are tried again; 0: at once */
};

/* A call at the last look of the watchdog. */
struct watched {
    uint64_t since_ns; /* when it began: which one it was; 0: none */
    uint64_t at_ns;    /* when that look was; 0: it was too young, or did not sleep */
    uint64_t busy_ns;  /* of its thread, by then */
};

/* What one instance is emitting on one port. */
struct outlet {
    struct batch *open; /* being filled; NULL: none */
    uint32_t target;    /* items at which it is closed */
    uint32_t payload;   /* bytes of payload at which it is */
    uint32_t hint;      /* items the last one held */
    struct buf *arena;  /* for payload that must be copied; NULL: none yet */
    size_t arena_used;
};

/* Who may stand in the line of a limit; guarded by the limit's lock, but for the first two.  See line-note in limit.c. */
struct limit_waiter {
    struct stage *stage; /* set by build.c: it is made ready when its turn comes */
    struct instance
        *instance; /* ... or this one's `go` is set; NULL: it is the stage's */
    struct limit_waiter *next; /* in the line */
    bool in_call;              /* it waits inside emit */
    bool waits;                /* it is in the line */
    bool granted;              /* a place is kept for it */
};

/*
 * One worker of a stage, as the plugin sees it.  While `running` it belongs to the thread that runs
 * it; else its stage's lock guards it.
 */
struct instance {
    struct pph_ctx ctx; /* first: what plugins are given */
    uint32_t magic;
    unsigned index;
    struct stage *stage;
    struct instance *next; /* in the stage's list of free or held instances */
    bool ended;            /* a source that said PPH_END */
    bool ended_seen;       /* ... and was counted */
    bool flushed;          /* the last flush was begun */
    /* own_threads: the stage's own_generation at the last look */
    uint32_t seen_generation;
    bool planned;  /* `plan` was called for this call */
    bool owes;     /* the call is over, but what it emitted has not all gone down */
    bool told;     /* emit has said PPH_MORE in this activation */
    bool entered;  /* sources: the budget has let this activation in */
    bool promised; /* ... and it has not made the batch yet that it has a place for */
    bool placed; /* it has a place of the stage's limit; changed under the limit's lock */
    struct limit_waiter
        place; /* while it waits for one: inside emit, or with own_threads */
    bool
        lined; /* own_threads: it stood in line, and was not told yet; under the stage's lock */
    /* a source that said PPH_IDLE; a held call with an item that is to be tried again */
    uint64_t not_before_ns;
    /* wake() was called; written by: anyone (release, R5); read by: dispatch (A5) */
    _Atomic uint32_t woken;
    uint64_t idle_ns;  /* how long it waited last */
    uint64_t drain_ns; /* sources: when this activation first emitted in a drain */
    uint64_t ticket;   /* ordered stages */
    uint64_t
        taken; /* input items claimed for this activation; 0: it goes on with old ones */
    uint64_t item_ns; /* about what one takes here; 0: not known yet */
    bool again;       /* generate said PPH_OK: there is more at once */
    /* of a source with `rate:`; pace.c: in this activation it may emit `allowed`, `charged` are paid for */
    bool paced, paying;
    uint64_t allowed, charged;
    uint64_t emitted_before; /* in its whole life, before this activation */
    uint32_t closed;         /* batches closed in this activation */
    uint32_t fill;  /* sources: calls between two looks at the clock; 0: none made yet */
    bool from_lane; /* keyed stages: the last batch came from its own lane */

    /* The call that is under way. */
    enum call call;
    bool planning;    /* inside `plan`: only alloc and adopt may be used */
    struct batch *in; /* CALL_ITEMS */
    /* stages that gather: `in` of a call that has items of several batches, for them; else NULL */
    struct batch *view;
    struct batch_list gathered; /* the batches that it shows whole */
    /* ... and batches that were taken with it: their calls follow in the same activation */
    struct batch_list in_next;
    uint32_t next_item;
    bool winding_up; /* inside `stop` or `close` */
    struct pph_item
        original;         /* `each`: the item as it came; in->items has the plugin's */
    bool item_left;       /* ... which it wants to see again */
    uint32_t tries;       /* how often the item that is worked on has failed before */
    uint32_t halved_from; /* `batch`: of that item, as in struct part */
    uint32_t
        among; /* `batch`: it may be any of so many, from that one on; 0: it is that one */
    struct part parts[PARTS_MAX]; /* `batch`: the first one last */
    uint32_t n_parts;
    /* `batch`, if the stage needs_originals: the items of `in` as they came; else NULL */
    struct pph_item *originals;
    bool has_originals; /* of this call: they are kept, and nobody writes to them */
    bool left;          /* `batch`: some are as the plugin left them */
    /* `each`: so many items at the front of `in`, forwarded, go on in that very batch when the call
     * ends.  Nothing was emitted since. */
    uint32_t kept;
    bool kept_cut; /* ... and some of them are slices of what came */
    bool
        acted; /* `each`: it has called emit, alloc, adopt or fail since this was cleared */
    enum ledger ledger;
    struct root *root;          /* what outputs descend from: the input's; NULL: none */
    uint64_t call_in, call_out; /* inputs finished, items emitted */
    struct scope scope;
    size_t scope_keep;      /* buffers that `plan` left in it */
    struct outlet *outlets; /* one per port */
    struct batch_list out;  /* closed, not yet gone down */
    struct batch_memory memory;

    /* What fail() was told in this call. */
    /* the call outside the flow that runs: "open", "start", ...; NULL: none.  written by: who makes the
     * call; read by: the same, control and signal handlers; relaxed: the words are constants */
    _Atomic(const char *) doing;
    char fail_text[512];
    bool failed;       /* something was said */
    bool failed_stage; /* ... of the stage, not of an item */
    bool failed_late;  /* ... in `stop` or `close` */
    bool refused;      /* alloc() has returned NULL, in this call or before */
    int fail_code;
    uint32_t fail_index;    /* in the array given to the plugin */
    uint64_t *failed_items; /* batch: items named; a bit for each that a call can have */
    size_t failed_words;
    uint32_t n_failed_items;

    struct origin *origin; /* sources: where items come from now */
    struct result *result; /* what it leaves behind; NULL: nothing; see results.c */
    bool result_failed;    /* ... and that something went wrong with it */

    /* 1: started, + 2 for each `cancel` under way; written by: whoever starts, stops or cancels (R4);
     * read by: the same (A4) */
    _Atomic uint32_t life;
    _Atomic uint32_t cancelled; /* `cancel` was called; written and read by: cancellers */

    /* Waiting inside emit: guarded by the lock of the stage waited for. */
    struct instance *park_next;
    struct batch_list *parcel;
    bool
        park_sent; /* the parcel was taken by the queue (else: it is the waiter's still) */
    /* ... and in the line of a limit.  written by: whoever ends the wait (release, R1); read by: the waiter (A1) */
    _Atomic uint32_t go;

    /* Progress of a source; written by: this worker; read by: control; relaxed: for show */
    _Atomic uint64_t progress_done, progress_total;
    _Atomic uint32_t progress_unit;
    /* When the call that runs now began, 0: none; written by: who makes the call; read by: control and
     * signal handlers; relaxed: for show */
    _Atomic uint64_t since_ns;
    /* On which thread (thread_id()); written by: who makes the call; read by: control and signal handlers; relaxed:
     * for show */
    _Atomic uint32_t thread;
    /* Between block_begin and block_end; written by: the worker; read by: the same, and control; relaxed: for show */
    _Atomic bool lent;
    struct watched watched; /* watchdog.c; control's */

    /* written by: this worker alone; read by: control; relaxed: sums */
    _Atomic uint64_t counts[LEDGERS][COUNTS];
    _Atomic uint64_t calls;
    _Atomic uint64_t busy_ns;
};

struct port {
    struct stage **readers;
    size_t n_readers;
    /* items per batch: half of what the narrowest reader's queue holds, or less if one says `batch:` */
    uint32_t target;
    uint32_t payload; /* bytes of payload at which a batch is closed */
};

/*
 * A finished or running call of an ordered stage, at ticket % window.  Guarded by the stage's lock, but for `out`
 * of a finished call at the head: while order_flushing is set it belongs to the thread that sends it.
 */
struct order_slot {
    struct batch_list out; /* what it emitted, when done */
    bool done;
    struct instance *waiting; /* it waits inside emit until it is at the head */
};

/* What `rate:` lets a source emit; see pace-note in pace.c.  Guarded by the stage's lock. */
struct pace {
    __uint128_t paid; /* when all is out that was emitted, in parts of a nanosecond */
    bool open;        /* the last call that asked was admitted */
    uint64_t held_ns; /* how long nobody could begin a call for it, ... */
    uint64_t held_since_ns; /* ... and since when that is so now; 0: it is not */
};

enum stage_phase { STAGE_OPEN, STAGE_FLUSHING, STAGE_FINISHED };

struct stage {
    /* Set by run_new(), never changed after. */
    const struct graph_stage *graph;
    const struct pph_plugin *desc;
    struct run *run;
    unsigned id; /* rank in the graph: nearest a sink first */
    struct port *ports;
    struct instance *instances;
    unsigned n_instances;
    struct instance *control; /* the one more that `open` and `close` see */
    bool opened;              /* written and read by control */
    bool told_to_block;       /* likewise: the watchdog has named it */
    bool own_threads;         /* ... one per instance, instead of the pool's */
    /* its calls may last for ever: what one has emitted does not wait for the next */
    bool may_wait;
    bool needs_originals;     /* what fails is tried again, or goes on as it came */
    uint32_t window;          /* ordered: tickets under way; else 0 */
    struct stage **producers; /* whoever feeds this stage */
    size_t n_producers;
    struct limit *limit;       /* NULL: none */
    struct limit_waiter place; /* the pool's: while it waits for one; see its struct */
    /* keyed: what waits for each instance, and last what any of them may take; else NULL; see lanes.c */
    struct batch_list *lanes PT_GUARDED_BY(lock);

    struct mutex lock;
    /* own_threads: waits for: own_generation moved on || the run has ended */
    struct cond can_run;

    uint32_t own_generation GUARDED_BY(lock);
    /* keyed stages: the sums of all lanes, and no batch */
    struct batch_list queue GUARDED_BY(lock);
    uint64_t queue_payload GUARDED_BY(lock); /* stages that gather: bytes in it */
    struct instance *park_head
        GUARDED_BY(lock); /* emitters that wait for room, first come first served */
    struct instance *park_tail GUARDED_BY(lock);
    uint64_t waiters[STAGE_WORDS] GUARDED_BY(
        lock); /* stages above to make ready when there is room */
    struct instance *free GUARDED_BY(lock);
    struct instance *
        held GUARDED_BY(lock);         /* owing PPH_MORE or output, oldest ticket first */
    unsigned running GUARDED_BY(lock); /* instances inside an activation */
    unsigned n_held GUARDED_BY(lock);
    unsigned open_in GUARDED_BY(lock); /* ports that may still send */
    unsigned next_flush GUARDED_BY(lock);
    unsigned n_ended GUARDED_BY(lock); /* sources: instances that said PPH_END */
    enum stage_phase phase GUARDED_BY(lock);
    bool planning GUARDED_BY(lock);
    bool source_done GUARDED_BY(lock);
    bool no_place GUARDED_BY(lock);  /* of its limit there was, at the last look */
    bool held_back GUARDED_BY(lock); /* sources: for the budget, at the last look */
    struct pace pace GUARDED_BY(lock);
    /* when control makes the stage ready; 0: it need not; and what it was told last */
    uint64_t wake_ns GUARDED_BY(lock);
    uint64_t told_ns GUARDED_BY(lock);
    uint64_t pushed GUARDED_BY(lock); /* items, ever */
    uint64_t popped GUARDED_BY(lock);
    uint64_t dropped GUARDED_BY(lock); /* from the queue, by a close or a stop */

    uint64_t next_ticket GUARDED_BY(lock);
    bool order_flushing GUARDED_BY(lock);
    struct order_slot *slots GUARDED_BY(lock);
    /* written by: the one flusher, under lock (release, R2); read by: the stage's running workers
     * without it (acquire, A2 in order_is_head()), so that a call streams as soon as it is first */
    _Atomic uint64_t head_ticket;

    /* Mirrors of the queue; written by: holders of lock; read by: gates above without it; relaxed:
     * a hint, looked at again under the lock before anyone waits */
    _Alignas(64) _Atomic uint64_t q_items;
    _Atomic uint64_t q_cost;
    _Atomic uint32_t q_batches;
    _Atomic uint32_t q_parked;
    _Atomic uint32_t closed; /* wants no more; likewise */

    /* what is no instance's own; written by: anyone; read by: control; relaxed: sums */
    _Alignas(64) _Atomic uint64_t counts[LEDGERS][COUNTS];
    _Atomic uint32_t
        missed; /* host functions it called that do not exist yet; likewise */
};

/* What sources may make; budget.c. */
struct budget {
    /* Set by run_new(), never changed after. */
    uint64_t bytes;     /* of `memory:`; 0: any */
    uint64_t in_flight; /* of `max_in_flight:`; 0: any */
    /* Calls of sources that have a place and have not made their batch; written by: sources; read by: the same; see
     * budget-note in budget.c */
    _Atomic uint64_t promised;
    /* bit = source that is held back; written by: the source, and whoever makes it ready; read by: every thread
     * between two activations; see budget-note */
    _Alignas(64) _Atomic uint64_t waiting[STAGE_WORDS];
    /* Counts calls of sources that begin or end; written by: sources; read by: the same, and whoever finds that
     * nothing else can go on; see exception-note in budget.c */
    _Atomic uint64_t turn;
    /* Which source may begin a call whatever the budget says, and when; written by: whoever found that nothing else
     * can go on; read by: sources; see exception-note */
    _Atomic uint64_t exception;
};

/* The run's state that the exec layer shares; run.c makes it. */
struct run {
    /* Set by run_new(), never changed after. */
    const struct graph *graph;
    struct run_options options;
    struct stage *stages; /* by rank */
    size_t n_stages;
    struct chunk_pool *pool;
    struct workers *workers;
    struct failures *failures;
    struct context *context;
    struct limit *limits;
    size_t n_limits;

    struct root_counts roots;

    /* These belong to control. */
    struct run_account account;
    char *bug;
    uint64_t start_ns, end_ns;
    uint64_t next_tick_ns, cancel_ns; /* control.c */
    bool said_overdue;                /* likewise */
    uint64_t next_watch_ns;           /* watchdog.c; control's */
    uint64_t next_cpus_ns;            /* control.c */
    struct watch *watch;              /* stall.c; control's */
    struct budget budget;

    struct mutex log_lock; /* one log line at a time */

    /* bit = stage worth a look; written by: anyone who makes a stage ready, and dispatch.c; read by:
     * workers; see sleep-note in wakeup.c */
    _Alignas(64) _Atomic uint64_t ready[STAGE_WORDS];
    /* Stop now.  Written by: anyone; read by: everyone; relaxed: seen soon enough, and again under
     * the lock by whoever is about to wait */
    _Alignas(64) _Atomic uint32_t cancel;
    /* Sources are closed.  Written by: control; read by: workers; relaxed: likewise */
    _Atomic uint32_t draining;
    /* Stages that have not finished; written by: whoever finishes one (R8, A8); read by: nobody else */
    _Atomic uint32_t live;
    /* live is 0; written by: whoever finished the last stage (R7); read by: everyone (A7) */
    _Atomic uint32_t ended;
    /* control's futex word: moves on when there is something to see; written by: anyone (R3); read
     * by: control (A3) */
    _Atomic uint32_t control;
    /* Items given up, dead letters' own not among them; written by: workers; read by: the same, and control;
     * relaxed: a sum */
    _Atomic uint64_t rejects;
    /* How often run_signal() was called; written by: signal handlers; read by: control; relaxed:
     * `control` is bumped after it */
    _Atomic uint32_t signals;
    /* An error stopped the run; written by: anyone; read by: control after the workers */
    _Atomic uint32_t fatal;
    /* Nothing could go on; written and read by: control */
    _Atomic uint32_t stalled;
};

static inline bool run_cancelled(const struct run *run)
{
    return atomic_load_explicit(&run->cancel, memory_order_relaxed) != 0;
}

static inline bool run_has_ended(const struct run *run)
{
    return atomic_load_explicit(&run->ended, memory_order_acquire) != 0; /* A7 */
}

/* The instance behind a plugin's ctx. */
struct instance *instance_of(struct pph_ctx *ctx);

static inline enum ledger batch_ledger(const struct batch *batch)
{
    return batch->dead ? LEDGER_DEAD : LEDGER_MAIN;
}

/* Counts what no running instance does: a copy for a further reader, a batch that is dropped. */
static inline void stage_count(struct stage *s, enum ledger ledger, enum count which,
                               uint64_t n)
{
    if (n > 0)
        atomic_fetch_add_explicit(&s->counts[ledger][which], n, memory_order_relaxed);
}

/* Adds to a counter that only this thread writes. */
static inline void count_own(_Atomic uint64_t *counter, uint64_t n)
{
    uint64_t sum = atomic_load_explicit(counter, memory_order_relaxed) + n;

    atomic_store_explicit(counter, sum, memory_order_relaxed);
}

/* Counts what an instance does.  [worker running it] */
static inline void instance_count(struct instance *i, enum ledger ledger,
                                  enum count which, uint64_t n)
{
    if (n > 0)
        count_own(&i->counts[ledger][which], n);
}

/* The sums over the stage and its instances.  [any thread] */
uint64_t stage_counted(const struct stage *s, enum ledger ledger, enum count which);
uint64_t stage_calls(const struct stage *s);
uint64_t stage_busy_ns(const struct stage *s);

#endif /* EXEC_STAGE_H */
