/* SPDX-License-Identifier: MIT */
/*
 * One run of a graph: open, start, run until every item is delivered (or it is stopped), stop,
 * close, and the account that must add up.
 *
 *     run_new -> run_execute (blocks; run_signal() from a signal handler) -> run_result -> run_free
 *
 * The thread that calls run_execute() is the control thread: it opens and closes stages, watches for
 * stalls and calls `tick`; it runs no stage unless `single_thread` is set.
 */
#ifndef EXEC_RUN_H
#define EXEC_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "exec/graph.h"

struct run;

enum {
    RUN_EXIT_STOPPED = 5,
    RUN_EXIT_FAILED = 1
}; /* codes of a process that gives up waiting */

enum run_end {
    RUN_DONE, /* every item was delivered, or filtered, skipped or dead-lettered as asked */
    RUN_DRAINED, /* sources were closed by a first signal, all that was read is delivered */
    RUN_FAILED,    /* an error stopped it (exit 1) */
    RUN_STOPPED,   /* a second signal stopped it: some items are unfinished (exit 5) */
    RUN_STALLED,   /* nothing could go on: a bug of the host (exit 70) */
    RUN_BAD_COUNT, /* the account does not add up: a bug of the host (exit 70) */
};

/* What one item or one stage went wrong with, folded: same stage, same message. */
struct run_failure {
    const struct graph_stage *stage; /* NULL: it was no stage's fault */
    const char *
        what; /* which call: "open", "start", "item", "flush", "stop", ...; "max_rejects" */
    const char *message;  /* the plugin's words, printable */
    const char *origin;   /* "access.log"; NULL: unknown */
    uint64_t pos;         /* in the origin, in the source's pos_unit; 0: unknown */
    const char *pos_unit; /* of the source; NULL: unknown */
    unsigned worker;
    /* of an item: which attempt was the last, of how many; 0: it was no item */
    unsigned attempt, attempts;
    uint32_t
        halved_from; /* found by running a batch of so many in halves; 0: it was not */
    uint32_t
        among;  /* any of so many, from that one on, is the culprit; 0: it is that one */
    bool fatal; /* it stopped the run */
    uint64_t count; /* how often; the rest is of the first time */
};

/* How the worker ended that a result is of. */
enum run_result_status {
    RUN_RESULT_OK,
    RUN_RESULT_FAILED,     /* the task failed, or what it left is no good */
    RUN_RESULT_UNFINISHED, /* the run stopped before the worker's end */
};

/* What one worker leaves behind. */
struct run_result {
    const struct graph_stage *stage;
    unsigned worker;
    enum run_result_status status;
    uint64_t busy_ns; /* time inside the plugin */
    const char *json; /* in one line, of json_len bytes; NULL: it left none */
    size_t json_len;
    const char *error; /* why it failed, printable; NULL: it did not */
    const char
        *raw; /* what it gave that is no JSON, of raw_len bytes; NULL: nothing such */
    size_t raw_len;
};

/*
 * The account of items.
 * read + split = delivered + dead + skipped + filtered + merged + dropped + unfinished
 */
struct run_account {
    uint64_t read, split, delivered, dead, skipped, filtered, merged, unfinished, dropped;
};

/* One stage as it is now, for progress, `top` and the summary.  Counters only ever grow. */
struct run_stage_view {
    const struct graph_stage *stage;
    uint64_t items_in, items_out, dead, skipped, dropped;
    uint64_t retried; /* items tried again, as often as that happened */
    uint64_t calls;
    uint64_t busy_ns;                  /* time inside the plugin, all workers together */
    uint64_t held_ns;                  /* time for which its `rate:` has held it back */
    uint64_t queue_items, queue_bytes; /* waiting in front of it now */
    unsigned running;                  /* workers inside a call now */
    bool finished;
};

struct run_view {
    uint64_t elapsed_ns;
    struct run_stage_view
        *stages; /* as in graph.stages; the caller's array of graph.n_stages */
    /* of all sources together; total 0: unknown */
    uint64_t progress_done, progress_total;
    int progress_unit; /* enum pph_unit */
    bool draining;
};

/* What the host has to say while running; `stage` may be NULL. */
typedef void run_log_cb(void *arg, int level, const struct graph_stage *stage,
                        const char *message);

struct run_options {
    bool single_thread; /* --inline: every stage on the control thread, in order */
    unsigned tick_ms;   /* how often `tick` is called; 0: never */
    void (*tick)(void *arg, struct run *run); /* [control] */
    run_log_cb *log;                          /* [any thread, one at a time] */
    int log_level; /* messages above it are not made: 3 error .. 7 debug */
    void *arg;     /* for all callbacks */
    /* warn when nothing has finished for so long while items wait; 0: 10 */
    unsigned stall_s;
    /*
     * `threads: auto`: how many CPUs the process may use now, and whether a quota limits their time; NULL:
     * as cpus_under("") says.  It is asked each `cpus_every_ms`; 0: 10,000.  [control]
     */
    unsigned (*cpus)(void *arg, bool *ret_quota);
    unsigned cpus_every_ms;
    /* after a stop: give up waiting for calls that do not return; 0: 5 */
    unsigned grace_s;
    /*
     * The process is not ours to end: when calls do not return in the grace time after a stop, this is told, once,
     * and the run goes on waiting for them.  NULL: the process ends.  [control]
     */
    void (*overdue)(void *arg, struct run *run);
    /* What plugins get from host->ext(): of the program that runs them; NULL: nothing.  [any thread] */
    const void *(*ext)(void *arg, const char *id);
};

/*
 * Makes the run ready: no plugin code runs yet.  Returns NULL and fills `err` when out of memory.
 * The graph must outlive it.
 */
struct run *run_new(const struct graph *graph, const struct run_options *options,
                    struct error *err);

/* Runs it to its end; once.  Blocks.  [control] */
enum run_end run_execute(struct run *run);

/*
 * The first call closes the sources and lets everything drain; the second stops as soon as running
 * calls return; the third ends the process at once, with code 5, whatever it is doing.  When a call of a
 * worker does not return within the grace time after the second, the process exits after naming the
 * stage.  A plugin that does not return to the control thread keeps it from looking at the time: that is
 * for who sends the signals to do (run_calls_under_way, run_exit_after_stop).  Returns how many there
 * were with this one.  [async-signal]
 */
unsigned run_signal(struct run *run);

/* As two signals at once; it never ends the process.  [any thread, async-signal] */
void run_stop(struct run *run);

enum { RUN_GRACE_S = 5 }; /* after a stop, unless the options say otherwise */

/* A call of a plugin that has not returned. */
struct run_call {
    const struct graph_stage *stage;
    const char
        *name; /* "open", "start", "cancel", "stop", "close"; NULL: one of the flow */
    unsigned worker;
    uint64_t since_ns; /* 0: not known */
};

/* Fills `calls` with up to `max` of those under way; returns how many.  [async-signal] */
size_t run_calls_under_way(const struct run *run, struct run_call *calls, size_t max);

/*
 * The call that the calling thread is in: what it has crashed in, say; of several in each other the
 * innermost.  False: it is in none.  [async-signal]
 */
bool run_call_here(const struct run *run, struct run_call *ret_call) PPH_NODISCARD;

/* What a process exits with that gives up waiting for them.  [async-signal] */
int run_exit_after_stop(const struct run *run);

/* Fills `view` with a snapshot; cheap.  [control] */
void run_view(const struct run *run, struct run_view *view);

/*
 * Whether no stage runs, is ready or waits for a time to pass; those for which `apart` (by index in the graph) is true are
 * not looked at.  *ret_moved is a number that changes whenever something is done.  Called now and then, it is at
 * rest when it is so and the number stays the same.  [control]
 */
bool run_is_at_rest(struct run *run, const bool *apart, uint64_t *ret_moved);

/* After run_execute().  Borrowed until run_free().  `account` of a run adds up unless RUN_BAD_COUNT. */
const struct run_account *run_account(const struct run *run);
size_t run_failures(const struct run *run, const struct run_failure **ret_failures);

/*
 * What the worker of that stage leaves behind, after run_execute().  False: nothing; a task leaves something in any
 * case, if only that it failed or was not finished.  Borrowed until run_free().  [control]
 */
bool run_result(const struct run *run, const struct graph_stage *stage, unsigned worker,
                struct run_result *ret_result) PPH_NODISCARD;

/* RUN_STALLED, RUN_BAD_COUNT: several lines on what does not fit, for the bug report; else "". */
const char *run_bug_report(const struct run *run);

/* NULL is allowed. */
void run_free(struct run *run);

#endif /* EXEC_RUN_H */
