/* SPDX-License-Identifier: MIT */
/*
 * pphost/plugin.h - the whole plugin ABI, version 1.
 *
 * A plugin is one constant, `pphost_plugin_v1`, exported by a shared object:
 *
 *     #include <pphost/plugin.h>
 *     static int keep(struct pph_ctx *ctx, struct pph_item *it)
 *     {
 *         return it->len >= (uint64_t)ctx->args[0].i ? PPH_FORWARD : PPH_OK;
 *     }
 *     static const struct pph_param params[] = {
 *         { .name = "min", .type = PPH_INT, .def = "1", .min = "0", .doc = "Shortest item kept, in bytes." }, { 0 } };
 *     const struct pph_plugin pphost_plugin_v1 = {
 *         .size = sizeof(struct pph_plugin), .kind = PPH_PROCESSOR, .flags = PPH_PARALLEL,
 *         .name = "keep", .doc = "Drops short items.", .params = params, .each = keep };
 *
 * It links against nothing: the host arrives as a table of functions, so the same .so runs in the
 * pool, in an isolated process, under `pphost check` and in a unit test.
 *
 * HOW IT GROWS.  pph_plugin, pph_ctx and pph_host start with their size and only ever gain fields at
 * the end; who reads one treats what lies beyond its size as zero, and zero always means "as before".
 * pph_item, pph_param, pph_port, pph_metric and pph_value never change size; zero what is reserved.
 * Numbers and flags are never reused.  All else comes through ext().  Version 2, should it ever come,
 * is another symbol beside this one.  A plugin compiled once keeps loading.
 *
 * THREADS.  [control] one thread, nothing else of this stage running.  [worker] the calls of one ctx
 * never overlap and each sees what the last one wrote, but they may come from different threads: keep
 * state in ctx, not in thread-locals.  [any] from any thread, at any time between open and close.
 * A lock held across emit must be one that no other call takes, of any stage or worker: emit may wait for
 * them (an interpreter's lock: release it first).
 *
 * MEMORY.  Each side frees what it allocated.  Pointers given to a callback hold until it returns,
 * those in ctx or from context() until close.  The host copies every string and mark it is given.
 * Nothing may throw, longjmp or exit through this interface.
 *
 * A CALL is plan (if any), then generate, batch, each or flush, then its repetitions after PPH_MORE.
 */
#ifndef PPHOST_PLUGIN_H
#define PPHOST_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pph_host;
struct pph_hold; /* the host's, opaque */

/* What a callback or a host function returns.  Whatever was emitted before a failure stays emitted. */
enum pph_status {
    /* Done; an item not emitted is consumed.  generate: call again, with plan. */
    PPH_OK = 0,
    /* each: done, and emit the item itself, as it now stands. */
    PPH_FORWARD = 1,
    /* Out of room: repeat when there is some, without plan.  each: with the item as I left it;
     * batch: with items from ctx->done on, as I left them; generate and flush: on the same ctx.
     * emit: accepted, but the way down is full: best return PPH_MORE soon. */
    PPH_MORE = 2,
    /* generate: nothing now; call again after a while (at most 100 ms) or after wake(). */
    PPH_IDLE = 3,
    /* plan: nothing left to plan.  generate: nothing ever again from this worker.  each, batch:
     * this input is taken, and the stage wants no more. */
    PPH_END = 4,
    /* This item is bad; the stage's error policy decides. */
    PPH_FAIL = -1,
    /* This item may succeed if tried again. */
    PPH_RETRY = -2,
    /* This stage cannot go on; the pipeline stops. */
    PPH_FATAL = -3,
    /* The run is being stopped, or all who read this want no more; return it onward. */
    PPH_STOP = -4
};

/*
 * One item: 32 bytes, copied freely.  To forward an item, or any slice of one, copy the struct, move
 * data and len, and emit it: no byte of payload moves.  Copying carries key and pos along.
 * Which input an output comes from (for acks, dead letters, order) is the host's business.
 * Never read or write beyond len; what is longer than 4 GiB must travel in pieces.
 */
struct pph_item {
    /* Payload; write to it only if flags has PPH_WRITABLE; may be NULL if len is 0. */
    void *data;
    uint32_t len; /* bytes */
    /* Output port: 0 is `out`, then plugin->ports in order; always 0 in an input. */
    uint16_t port;
    /* PPH_WRITABLE: nobody else sees these bytes; set it on what you alloc, clear it if you emit any
     * of them twice, hold them or may still write to them.  Other bits stay as they came. */
    uint16_t flags;
    /* Items of equal key can be kept in order and sent to one worker; 0: none. */
    uint64_t key;
    /* Where in its origin the source item stands, in plugin->pos_unit, counted from 1; 0: unknown. */
    uint64_t pos;
};

enum { PPH_WRITABLE = 1u << 0 };

/* A parameter.  The host checks `with:` against these before anything runs, and prints them as help
 * and as JSON Schema.  Bounds and default are text, read just as the user's YAML is: "64KiB", "1.5s". */
enum pph_type {
    PPH_STRING,
    PPH_INT,
    PPH_FLOAT,
    PPH_BOOL,
    PPH_SIZE,
    PPH_TIME,
    PPH_ENUM,
    PPH_PATH,
    PPH_YAML
};

struct pph_param {
    const char *name;      /* NULL ends the array */
    const char *doc;       /* one sentence, ends with a full stop */
    const char *def;       /* default; NULL: none */
    const char *min, *max; /* inclusive; NULL: unbounded */
    const char *choices;   /* PPH_ENUM: "a|b|c" */
    const char
        *example;  /* as one would type it in YAML, with its quotes if it needs any */
    uint32_t type; /* enum pph_type */
    uint32_t flags;
    const void *reserved;
};

enum {
    PPH_REQUIRED = 1u << 0,
    PPH_LIST = 1u << 1,    /* a sequence of `type`; one scalar is a list of one */
    PPH_CONTEXT = 1u << 2, /* when absent from `with:`, from the pipeline's `context:` */
    PPH_SECRET = 1u << 3,  /* never printed */
    PPH_PRIMARY = 1u << 4, /* `with: value` means this parameter */
    PPH_ADVANCED = 1u << 5 /* left out of short help */
};

/* An argument.  Every member is always safe to read, whatever the type: s is never NULL. */
struct pph_value {
    /* The text; an absolute path; for PPH_YAML, the value as JSON. */
    const char *s;
    /* Integer, 0/1, bytes, nanoseconds, index into choices; a float's whole part. */
    int64_t i;
    double f;                     /* the same as a double; PPH_TIME in seconds */
    const struct pph_value *list; /* PPH_LIST: n values */
    uint32_t n;     /* else: bytes in s, which may hold NULs ("\0" as a separator) */
    uint32_t given; /* 0: this is the default */
};

/* An output beside port 0. */
struct pph_port {
    const char *name; /* NULL ends the array */
    const char *type; /* as in pph_plugin.out */
    const char *doc;
    const void *reserved;
};

/* A counter (kind 0), gauge (1) or histogram (2). */
struct pph_metric {
    const char *name; /* NULL ends the array */
    const char *unit, *doc;
    uint32_t kind, reserved;
};

/* What a callback is given: one per worker, one more for open and close. */
struct pph_ctx {
    uint32_t size;
    /* Which of how many; all are started, and the number stays. */
    uint32_t worker, workers;
    /* generate: about how many items to emit.  batch: never more than these. */
    uint32_t want;
    const struct pph_host *host;
    const struct pph_value *args; /* args[i] is the value of params[i] */
    const char *stage;            /* the stage's name in the pipeline */
    void *shared; /* yours: set it in open; every worker of the stage sees it */
    void *local;  /* yours: set it in start; this worker alone sees it */
    /* The position to go on from, or NULL: what this worker last gave to mark(); with plan, or one
     * worker, the stage's one position, which open sees too. */
    const void *resume;
    size_t resume_len;
    /* batch: 0 at each call; before PPH_MORE, PPH_FAIL or PPH_RETRY set how many items are finished:
     * items[done] is the one the return speaks of (fail() sets it). */
    size_t done;
};

/*
 * What the host does for you.  [worker] means inside a callback, one thread at a time: emit, alloc,
 * adopt and hold only inside a call, and in its plan only alloc and adopt.  [any] may be called from
 * anywhere, between open and close.
 */
struct pph_host {
    uint32_t size;
    uint32_t abi; /* minor version, for show; test `size` or ext() instead */

    /* [worker] Sends n items down; the array may be on your stack.  Payload from alloc(), adopt() or
     * an input item is passed on, anything else is copied: every pointer is safe.  PPH_OK, PPH_MORE,
     * PPH_STOP, or PPH_FATAL: no such port, or not inside a call.  Many in one array cost least.
     * Returns at once; only a plugin that goes on emitting after PPH_MORE may be made
     * to wait here. */
    int (*emit)(struct pph_ctx *, const struct pph_item *items, size_t n);

    /* [worker] Payload memory for items to emit in this call: 16-aligned, not zeroed, never freed by
     * you, followed by 64 readable bytes.  What you do not emit is reclaimed after the call.  NULL:
     * larger than the memory budget. */
    void *(*alloc)(struct pph_ctx *, size_t len);

    /* [worker] Lets items emitted in this call point into memory of yours; release(arg) is called
     * once, [any], when no item refers to it any more, or before adopt returns an error.  NULL: it
     * lives until close. */
    int (*adopt)(struct pph_ctx *, const void *data, size_t len,
                 void (*release)(void *arg), void *arg);

    /* [worker] Keeps the payload of all input of this call beyond it, and the input from counting as
     * done, until drop(), at the latest in stop.  One counter; once per batch is enough.  NULL: out
     * of memory.  Emitted in a later call, such payload is copied. */
    struct pph_hold *(*hold)(struct pph_ctx *);

    /* [any] Ends a hold: once for each. */
    void (*drop)(struct pph_hold *);

    /* [worker] Says what went wrong with the item, or with the stage if it is NULL.  Returns code, so
     * that `return ctx->host->fail(ctx, it, PPH_FAIL, "not UTF-8");` is one line.  In batch it also
     * sets ctx->done to `it`; a batch may instead go on and return PPH_OK: the items so named have
     * failed, the others are done. */
    int (*fail)(struct pph_ctx *, const struct pph_item *it, int code, const char *msg);

    /* [any] Level as in syslog, 3 error .. 7 debug. */
    void (*log)(struct pph_ctx *, int level, const char *msg);

    /* [any] Nonzero when a message of this level would be seen. */
    int (*log_enabled)(struct pph_ctx *, int level);

    /* [worker] Adds to, sets or observes metrics[metric]. */
    void (*count)(struct pph_ctx *, uint32_t metric, double v);

    /* [worker] One named result of this worker, as JSON; a later one of the same name replaces it.
     * name NULL: the one result, without names.  In start and in calls; at most 64 MiB for all of a
     * worker.  PPH_OK, PPH_FAIL: it is refused and the worker has failed, or PPH_FATAL. */
    int (*result)(struct pph_ctx *, const char *name, const char *json);

    /* [worker] generate: everything emitted so far brings the source to this position; call it last,
     * for what is emitted after it may come twice.  flush of consumers and PPH_STATEFUL: what I was
     * given is accounted for by what I emitted or wrote and by these bytes.  Stored with the next
     * checkpoint; see commit and resume. */
    int (*mark)(struct pph_ctx *, const void *pos, size_t len);

    /* [worker] generate, start: items this worker emits from now on come from here ("access.log",
     * "table users"); with item.pos it names the culprit in errors and dead letters. */
    int (*origin)(struct pph_ctx *, const char *name);

    /* [worker] generate: how much this worker has done, and how much there is for all of them, in
     * `unit` (enum pph_unit); total 0: unknown.  Feeds the progress display. */
    void (*progress)(struct pph_ctx *, uint64_t done, uint64_t total, int unit);

    /* [any] Nonzero: wind up; ask now and then in long loops. */
    int (*stopping)(struct pph_ctx *);

    /* [any] Ends PPH_IDLE early, the next one if it comes before. */
    void (*wake)(struct pph_ctx *);

    /* [worker] Around a wait inside a call: lends the thread's place to others; nothing else of the
     * host between the two. */
    void (*block_begin)(struct pph_ctx *);

    /* [worker] The wait is over. */
    void (*block_end)(struct pph_ctx *);

    /* [any] "db.user" in `context:`, scalars as text, the rest as JSON; NULL: absent. */
    const char *(*context)(struct pph_ctx *, const char *path);

    /* [any] "name/revision"; NULL: this host has it not. */
    const void *(*ext)(struct pph_ctx *, const char *id);
};

enum pph_unit { PPH_BYTES = 0, PPH_ITEMS = 1 };

/* A task has neither input nor output: its generate is called until PPH_END and it leaves a result.
 * PPH_FAIL and PPH_RETRY end this worker alone, PPH_FATAL the run. */
enum pph_kind { PPH_GENERATOR = 1, PPH_PROCESSOR = 2, PPH_CONSUMER = 3, PPH_TASK = 4 };

/* Promises and wishes; none set is the safe choice: one worker, no assumptions. */
enum {
    /* Any number of workers at once, each with its own ctx. */
    PPH_PARALLEL = 1u << 0,
    /* Wants every input item PPH_WRITABLE; one that is not arrives as a copy. */
    PPH_IN_PLACE = 1u << 1,
    /* May wait on I/O, sleep, or hold a lock across emit: gets threads of its own. */
    PPH_BLOCKING = 1u << 2,
    /* start to stop of one ctx from one thread; cancel still comes from another. */
    PPH_PINNED = 1u << 3,
    /* May see an item twice without harm: may be replayed without its asking. */
    PPH_IDEMPOTENT = 1u << 4,
    /* Wants flush when input pauses, too. */
    PPH_IDLE_FLUSH = 1u << 5,
    /* Keeps something of its inputs after the call: they count as done only when it has called
     * mark() in a later flush, or its flush(PPH_FLUSH_END) has returned. */
    PPH_STATEFUL = 1u << 6
};

/* PPH_FLUSH_END: the last input of the whole stage is eaten; once per worker; not if the run stops
 * early.  PPH_FLUSH_SYNC: emit or make durable what you can, mark() the rest; no other call of this
 * stage is under way. */
enum { PPH_FLUSH_END = 0, PPH_FLUSH_IDLE = 1, PPH_FLUSH_SYNC = 2 };

/* A stage type.  Only size, kind, name and one of generate, each, batch must be set. */
struct pph_plugin {
    uint32_t size; /* sizeof(struct pph_plugin) */
    uint32_t kind, flags, reserved;
    const struct pph_plugin *next; /* the next stage type in this .so, or NULL */
    const char *name, *version, *doc;
    /* Content types: "text/plain", "image/x"; NULL or "*": any; "text/" with a star: any text; out
     * "=": as in. */
    const char *in, *out;
    const char *pos_unit; /* generators: "line", "byte", "row"; what item.pos counts */
    const char *needs;    /* host extensions it cannot work without, blank-separated */
    const struct pph_param *params;
    const struct pph_port *ports;
    const struct pph_metric *metrics;

    /* [control] Once per stage, before its workers. */
    int (*open)(struct pph_ctx *);

    /* [worker] Once per worker. */
    int (*start)(struct pph_ctx *);

    /* [worker, one at a time per stage, in order] Optional, short, once before generate (n is 0) or
     * before batch or each see these items, on the same ctx, never for what is left of them: what
     * must happen in order when the rest runs in parallel: take the next block of the input, reserve
     * the place in the output.  PPH_OK, PPH_END (generators) or PPH_FATAL. */
    int (*plan)(struct pph_ctx *, const struct pph_item *items, size_t n);

    /* [worker] Emit about ctx->want items.  After PPH_OK it may be called again at once, for some 50 us,
     * before what it emitted goes down; not if it may wait: has cancel, or PPH_BLOCKING, PPH_PINNED. */
    int (*generate)(struct pph_ctx *);

    /* [worker] One item. */
    int (*each)(struct pph_ctx *, struct pph_item *it);

    /* [worker] Many; used instead of each. */
    int (*batch)(struct pph_ctx *, struct pph_item *items, size_t n);

    /* [worker] May emit; `why` is PPH_FLUSH_END and its like. */
    int (*flush)(struct pph_ctx *, int why);

    /* [worker] All up to this mark is done, durably. */
    void (*commit)(struct pph_ctx *, const void *pos, size_t len);

    /* [any] On each started ctx, even during a call: only unblock what blocks, for good; the rest
     * follows as usual. */
    void (*cancel)(struct pph_ctx *);

    /* [worker] Once per start that succeeded, whatever happened since. */
    void (*stop)(struct pph_ctx *);

    /* [control] Once per open that succeeded, after every stop and the last release. */
    void (*close)(struct pph_ctx *);

    /* [any] What later versions of the host may ask for; NULL: I have it not. */
    const void *(*ext)(const char *id);
};

/* "workers/1" of pph_plugin.ext: how many workers are of use, for a plugin that is PPH_PARALLEL with
 * some of its arguments only. */
struct pph_workers {
    uint32_t size;
    /* [control] Before open, with the arguments: the most that `workers: auto` makes; 0: as many as
     * there are threads. */
    uint32_t (*useful)(const struct pph_value *args);
};

/* What the host knows of an item that some stage gave up: it came from a `.dead` port. */
struct pph_letter {
    uint32_t size;   /* sizeof(struct pph_letter), set by who asks */
    uint32_t worker; /* of that stage */
    /* Which attempt was the last, from 1. */
    uint32_t attempt, reserved;
    const char *stage;    /* that gave it up */
    const char *error;    /* why, in its plugin's words */
    const char *origin;   /* where the item comes from; NULL: unknown */
    const char *pos_unit; /* what item.pos counts; NULL: unknown */
};

/* "letter/1" of host->ext. */
struct pph_letters {
    uint32_t size;
    /* [worker] Inside each and batch, of an input item of the call, whose flags must be as they came: nonzero, and *ret
     * is set, if it is a dead letter that this stage reads from a `.dead` port itself.  Its strings hold until the call
     * returns. */
    int (*get)(struct pph_ctx *, const struct pph_item *it, struct pph_letter *ret);
};

/* The one symbol a plugin exports. */
#if defined(__GNUC__)
__attribute__((visibility("default")))
#endif
extern const struct pph_plugin pphost_plugin_v1;

#ifdef __cplusplus
}
#endif
#endif /* PPHOST_PLUGIN_H */
