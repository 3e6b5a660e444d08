/* SPDX-License-Identifier: MIT */
/*
 * pphost/pphost.h - pphost as a library: a program of yours runs a pipeline, puts items in at one end
 * and takes them out at the other.
 *
 *     struct pph_error *err = NULL;
 *     struct pph_pipeline *p = pph_load("words.yaml", NULL, &err);
 *     if (!p || !pph_start(p, &err))
 *         die(pph_error_text(err));
 *
 *     struct pph_input *in = pph_input_open(p, NULL, &err);      the stage  - use: push
 *     struct pph_output *out = pph_output_open(p, NULL, &err);   the stage  - use: pull
 *     pph_push(in, items, n, PPH_FOREVER, NULL, &err);           from any number of threads
 *     pph_input_close(in);                                       no more will come
 *     while (pph_pull(out, 0, PPH_FOREVER, &got, &err) == PPH_PULL_ITEMS) {
 *         use(got->items, got->n);
 *         pph_items_free(got);
 *     }
 *     pph_wait(p, PPH_FOREVER, &err);                            how it ended
 *
 * Link with -lpphost, by `pkg-config libpphost` or find_package(pphost) and pphost::pphost.  The guide, with a
 * whole program: docs/embedding.md.
 *
 * THE LIBRARY installs no signal handler, blocks no signal in your threads, prints nothing, never ends the
 * process and changes no locale, directory or environment.  Its threads have all signals blocked.  Any number of
 * pipelines may be loaded and run in one process at one time; plugins stay loaded until the process ends.
 *
 * THREADS.  Every function may be called from any thread, and all of one object at the same time from
 * several, but for the functions that free it: nothing may use what was freed.  Handles of ends (pph_input,
 * pph_output) outlive the pipeline: it may be freed while other threads push and pull, which then get
 * PPH_PUSH_CLOSED and PPH_PULL_FAILED.  Callbacks come from threads of the library and may call nothing
 * here but functions that say so.
 *
 * TIME.  `timeout_ms` is how long a call may wait: 0 not at all, PPH_FOREVER (any negative number) without limit.
 *
 * ERRORS.  Where a function takes `ret_error`, which may be NULL, it sets *ret_error to a new error that the
 * caller frees with pph_error_free() when it does not do what it was asked to, and leaves it alone
 * otherwise.  The text is what `pphost` prints for the same fault.
 *
 * HOW IT GROWS.  Structs that you fill start with their size and only gain fields at the end.
 */
#ifndef PPHOST_PPHOST_H
#define PPHOST_PPHOST_H

#include <stddef.h>
#include <stdint.h>

#include <pphost/plugin.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define PPH_API __attribute__((visibility("default")))
#else
#define PPH_API
#endif

struct pph_pipeline;
struct pph_input;
struct pph_output;
struct pph_error;

/* As a timeout: without limit. */
enum { PPH_FOREVER = -1 };

/* "0.1.0": of the library that is linked now.  A constant. */
PPH_API const char *pph_version(void);

/* ---- errors ---- */

/*
 * What went wrong, as `pphost` prints it, in one or more lines, each with a newline at its end.  Never NULL, also for a
 * NULL error ("").  Lives as long as the error.
 */
PPH_API const char *pph_error_text(const struct pph_error *error);

/* The code of the first error in the text: "E104", "R601", "A703" (docs/errors.md); "" for NULL. */
PPH_API const char *pph_error_code(const struct pph_error *error);

/* NULL is allowed. */
PPH_API void pph_error_free(struct pph_error *error);

/* ---- loading ---- */

/* How to load and run a pipeline.  Set size to sizeof(struct pph_options), the rest to zero or a wish. */
struct pph_options {
    size_t size;
    /* Of a text: what messages call it; NULL: "text". */
    const char *name;
    /* Of a text: where ./plugin.so and ${file:x} are looked for; NULL: the working directory. */
    const char *dir;
    /* "name=value" over those of `vars:`, ended by NULL; may be NULL. */
    const char *const *vars;
    /* As --set: "split.workers=4", ended by NULL; may be NULL. */
    const char *const *sets;
    /* Over `threads:`; 0: not given. */
    unsigned threads;
    /* The highest level that `log` is called for, as in syslog: 3 errors .. 7 debug; 0: 6. */
    int log_level;
    /* Over `memory:`; 0: not given. */
    uint64_t memory_bytes;
    /*
     * What plugins and the run have to say while it is under way; NULL: nobody listens.  `stage` is the name of
     * the stage that says it, or NULL; both strings hold until it returns.  From any thread, one call at a time for
     * one pipeline; it may not call functions that wait, load or free.
     */
    void (*log)(void *arg, int level, const char *stage, const char *message);
    void *log_arg;
};

/*
 * Loads and checks a pipeline: all that `pphost check` does.  `file` is a path, a directory that holds pipeline.yaml,
 * or a one-liner such as 'push ! split ! pull'.  Plugins are found as by `pphost`, and those that came with the
 * library relative to it.  NULL with an error that tells of all faults, warnings among them.  The caller frees the
 * pipeline with pph_free().  `options` may be NULL.  Blocks while files are read.
 */
PPH_API struct pph_pipeline *pph_load(const char *file, const struct pph_options *options,
                                      struct pph_error **ret_error);

/* The same from a description in memory, `len` bytes of YAML, which are not needed after the call. */
PPH_API struct pph_pipeline *pph_load_text(const char *text, size_t len,
                                           const struct pph_options *options,
                                           struct pph_error **ret_error);

/* The warnings of the description, as `pphost check` prints them; "" when there are none.  Lives as long
 * as the pipeline. */
PPH_API const char *pph_warnings(const struct pph_pipeline *pipeline);

/*
 * Ends the run if there is one, as pph_cancel() does, waits until its calls have returned, and frees the
 * pipeline.  Calls that do not return within 5 s are not waited for: what they use is freed when they
 * do.  Other threads may be pushing and pulling, and may be inside pph_wait().  No input need be closed: what was pushed
 * and is not delivered by then is lost, and counts as unread or unfinished; what was delivered, outputs
 * that are open still give.  To lose nothing, close the inputs or pph_drain(), and pull until PPH_PULL_CLOSED.
 * NULL is allowed.
 */
PPH_API void pph_free(struct pph_pipeline *pipeline);

/* ---- running ---- */

/* How a run stands, or ended. */
enum pph_run_state {
    /* Every item was delivered, or filtered, skipped or dead-lettered as asked. */
    PPH_RUN_DONE = 0,
    /* It is still under way: the time was over. */
    PPH_RUN_GOES_ON = 1,
    /* pph_drain() has closed sources; all they had read is delivered. */
    PPH_RUN_DRAINED = 2,
    /* pph_cancel() or pph_free() stopped it: some items are not finished. */
    PPH_RUN_STOPPED = 3,
    /* An error stopped it, or it never began: the error says which. */
    PPH_RUN_FAILED = -1
};

/*
 * Starts the run on threads of the library; a pipeline runs once.  Returns 1, or 0 with an error: it was started before
 * (A704), or there is no memory or no thread for it.  What goes wrong later is pph_wait()'s.
 */
PPH_API int pph_start(struct pph_pipeline *pipeline, struct pph_error **ret_error);

/*
 * Waits for the end of the run and says how it ended, as often as it is asked.  The error, for all but
 * PPH_RUN_DONE and PPH_RUN_DRAINED, is what `pphost run -q` would print; for PPH_RUN_GOES_ON it says what the run
 * waits for, when that is an end of the program's; for PPH_RUN_FAILED also that it was not started (A705), or that the wait is
 * without limit and could not end (A706: see pph_pull()).
 */
PPH_API enum pph_run_state pph_wait(struct pph_pipeline *pipeline, int64_t timeout_ms,
                                    struct pph_error **ret_error);

/* pph_start(), then pph_wait() without limit: for pipelines without `push` and `pull`, or whose ends
 * other threads serve. */
PPH_API enum pph_run_state pph_run(struct pph_pipeline *pipeline,
                                   struct pph_error **ret_error);

/*
 * Closes all inputs, and the sources among the stages; all that was pushed and read is delivered, for which
 * somebody must go on pulling.  Returns at once.
 */
PPH_API void pph_drain(struct pph_pipeline *pipeline);

/* Stops the run as soon as running calls return; what is on its way is not finished.  Returns at once. */
PPH_API void pph_cancel(struct pph_pipeline *pipeline);

/*
 * The account of items.  After the end of a run
 *     read + split = delivered + dead + skipped + filtered + merged + dropped + unfinished
 * and  pushed = (what the push stages read) + unread.
 */
struct pph_account {
    size_t size; /* set it to sizeof(struct pph_account) before the call */
    uint64_t read, split, delivered, dead, skipped, filtered, merged, unfinished;
    uint64_t pushed;   /* items that pph_push() took */
    uint64_t unread;   /* of these: the run ended before a stage saw them */
    uint64_t pulled;   /* items that pph_pull() gave */
    uint64_t unpulled; /* delivered to a pull stage and not pulled so far */
    uint64_t dropped;  /* by queues that drop what they have no room for */
};

/* Fills `account`; before the end of the run its first line is all zero. */
PPH_API void pph_get_account(struct pph_pipeline *pipeline, struct pph_account *account);

/* What `pphost run` prints at the end: failures, account, table of stages.  "" before the end.  Lives as long
 * as the pipeline. */
PPH_API const char *pph_summary(struct pph_pipeline *pipeline);

/* ---- pushing ---- */

/*
 * Opens the input of the stage `stage`, which says `use: push`; NULL: of the only one there is.  Each handle is one
 * producer: the stage's input ends when every handle that was opened has been closed, and none can be opened after
 * that.  So open all that you need before the first is closed; a handle may be used by any number of
 * threads.  Before or after pph_start().  NULL with an error: no such stage (A701), several (A702), closed (A703), no memory.
 * The caller frees it with pph_input_free().
 */
PPH_API struct pph_input *pph_input_open(struct pph_pipeline *pipeline, const char *stage,
                                         struct pph_error **ret_error);

enum pph_push_answer {
    /* All n items were taken. */
    PPH_PUSH_TAKEN = 0,
    /* There was not enough room in time: the first *ret_taken items were taken, the others not.  No error is set. */
    PPH_PUSH_FULL = 1,
    /* Nothing is taken any more, of these items only the first *ret_taken: this handle was closed, the pipeline
     * was drained, stopped or freed, the run has ended, or no stage wants more.  The error says which (A703). */
    PPH_PUSH_CLOSED = 2,
    /* As PPH_PUSH_FULL, for another reason: an item that cannot be (A707), no memory, or a wait that could not
     * end (A706). */
    PPH_PUSH_FAILED = -1
};

/*
 * Puts n items in, in their order, those of one call together as far as they fit.  Of each item data, len, key and
 * pos count; the payload is copied, so it is the caller's again after the call.  How much may wait is
 * what `queue:` of the stage says (1,024 items and 32 MB when it says nothing); a larger item is taken when nothing
 * else waits.  `ret_taken` may be NULL.
 */
PPH_API enum pph_push_answer pph_push(struct pph_input *input,
                                      const struct pph_item *items, size_t n,
                                      int64_t timeout_ms, size_t *ret_taken,
                                      struct pph_error **ret_error);

/*
 * Puts in n items of `len` bytes each, which lie one behind the other in `array`: numbers, structs.  Otherwise as
 * pph_push() of items that have neither key nor pos, which it need not be given.  `array` may be NULL if there
 * are no bytes.
 */
PPH_API enum pph_push_answer pph_push_array(struct pph_input *input, const void *array,
                                            size_t n, uint32_t len, int64_t timeout_ms,
                                            size_t *ret_taken,
                                            struct pph_error **ret_error);

/* Nothing will be pushed by this handle any more; what was pushed is delivered.  Again: no effect. */
PPH_API void pph_input_close(struct pph_input *input);

/* Closes the handle if that was not done, and frees it.  NULL is allowed. */
PPH_API void pph_input_free(struct pph_input *input);

/* ---- pulling ---- */

/*
 * Opens the output of the stage `stage`, which says `use: pull`; NULL: of the only one there is.  Several handles of
 * one stage share its items: each item is given to one of them.  When every handle that was opened
 * has been freed, the stage wants no more, and what works only for it ends.  Otherwise as pph_input_open().
 */
PPH_API struct pph_output *pph_output_open(struct pph_pipeline *pipeline,
                                           const char *stage,
                                           struct pph_error **ret_error);

/* Items that were pulled; one block of memory, payload and all. */
struct pph_items {
    struct pph_item *items; /* data is never NULL; the payload may be written to */
    size_t n;               /* at least 1 */
};

enum pph_pull_answer {
    /* *ret_items is set. */
    PPH_PULL_ITEMS = 0,
    /* There was none in time; there may be some later.  No error is set. */
    PPH_PULL_EMPTY = 1,
    /* The stage has ended, and all its items were pulled.  No error is set. */
    PPH_PULL_CLOSED = 2,
    /* There will be none, because the run failed, was stopped or freed before its end: the error is that of
     * pph_wait().  What had been delivered before was given out first.  Or: no memory, or a wait that could not
     * end (A706); then nothing is lost. */
    PPH_PULL_FAILED = -1
};

/*
 * Takes at most `max` items out, 0 being as many as lie in one batch, in their order.  The caller frees them with
 * pph_items_free(), in any thread, also after the pipeline was freed.  How much may wait to be pulled is
 * what `queue:` of the stage says, once more; then the stages above wait.
 *
 * A wait without limit that nothing can end is answered with A706 in about a second: when every thread of the program is in
 * such a wait and all pipelines wait for the program.  The text says for what: an input that was not closed, an
 * output that nobody pulls from.  Where the program has other threads that do not wait, this cannot be known.
 */
PPH_API enum pph_pull_answer pph_pull(struct pph_output *output, size_t max,
                                      int64_t timeout_ms, struct pph_items **ret_items,
                                      struct pph_error **ret_error);

/* NULL is allowed. */
PPH_API void pph_items_free(struct pph_items *items);

/* Items of one size that were pulled, one behind the other; one block of memory. */
struct pph_array {
    void *
        data; /* never NULL; as aligned as malloc()'s for items of the size of their type; may be written to */
    size_t n; /* items, at least 1 */
    uint32_t len; /* bytes of each */
};

/*
 * Takes items that have `len` bytes each, which is not 0, as an array; their keys and positions are not seen.  Otherwise
 * as pph_pull(), and freed with pph_array_free().  When the next item has another length, it stays where it
 * is, and the answer is PPH_PULL_FAILED with A711: pph_pull() gives it.
 */
PPH_API enum pph_pull_answer pph_pull_array(struct pph_output *output, uint32_t len,
                                            size_t max, int64_t timeout_ms,
                                            struct pph_array **ret_array,
                                            struct pph_error **ret_error);

/* NULL is allowed. */
PPH_API void pph_array_free(struct pph_array *array);

/* Frees the handle.  NULL is allowed. */
PPH_API void pph_output_free(struct pph_output *output);

#ifdef __cplusplus
}
#endif
#endif /* PPHOST_PPHOST_H */
