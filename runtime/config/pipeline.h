/* SPDX-License-Identifier: MIT */
/*
 * The typed pipeline description: what the user's file says, before any plugin is loaded.
 *
 * pipeline_load() reads the text, parses it, applies --set, expands ${...}, and types every key that
 * belongs to the host.  `with:` stays a tree: it belongs to the plugin (plugin/params.h).
 * The format's rules: docs/pipeline-format.md.
 */
#ifndef CONFIG_PIPELINE_H
#define CONFIG_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "config/diag.h"
#include "config/yaml.h"

struct secret; /* config/expand.h */

enum order { ORDER_KEEP, ORDER_ANY, ORDER_BY_KEY };
/* What comes when the queue is full: it waits, it is dropped, or the oldest in the queue are. */
enum queue_full { QUEUE_BLOCK, QUEUE_DROP_NEW, QUEUE_DROP_OLD };
enum on_error { ON_ERROR_STOP, ON_ERROR_SKIP, ON_ERROR_DEAD };

/* `max_rejects:`: how many items may be given up (dead or skipped) in a run that still ends well. */
enum rejects_kind {
    REJECTS_UNSET, /* any number, but the exit code tells */
    REJECTS_COUNT,
    REJECTS_SHARE,
};

struct rejects_limit {
    enum rejects_kind kind;
    uint64_t n; /* items; of a share: millionths of all items */
};

enum {
    REJECTS_TEXT_MAX = 32, /* bytes of a limit as it is written */
    RETRY_TIMES_MAX = 1000,
    RETRY_TEXT_MAX = 128, /* bytes of it as it is written */

    QUEUE_ITEMS_DEFAULT = 1024,
    QUEUE_BYTES_DEFAULT = 32 * 1000 * 1000,
    QUEUE_ITEMS_MAX = 1 << 24,
    BATCH_MOST_ITEMS = 1024,     /* of any batch: flow/batch.h */
    BATCH_MOST_BYTES = 64 << 10, /* ... of several items */
    GATHER_MOST_ITEMS = 1 << 15, /* of a call of a stage that waits for them */
    STAGES_MAX = 256,
    WORKERS_MAX = 1024, /* of one stage */
    THREADS_MAX = 1024, /* of the pool */
    LIMITS_MAX = 256,
    LIMIT_CALLS_MAX = 1000000,
    MEMORY_MIN = 1000 * 1000,
};

#define MEMORY_MAX (UINT64_C(1) << 50)

/* One entry of `from:`, as written: "words", "kind.image", ".dead". */
struct from_ref {
    const char *stage; /* NULL: every stage (`.dead`) */
    const char *port;  /* NULL: the stage's own output */
    const char
        *scope; /* what names begin with in this pipeline: "" or "clean/"; NULL is "" */
    const struct source *source;
    struct mark at; /* the whole entry */
};

/* `retry:` of `on_error:`. */
struct retry {
    unsigned times;                      /* after the first time; 0: never */
    uint64_t backoff_ns, backoff_max_ns; /* waiting before the first, and at most */
};

/* `rate:`: so many items in so many nanoseconds. */
struct rate {
    uint64_t items, per_ns; /* items 0: there is none */
    const char *text;       /* as it was written */
};

/* One of `limits:`: so many calls of all stages that name it run at the same time. */
struct limit_desc {
    const char *name; /* of one in a pipeline that is a stage: "clean/db" */
    unsigned calls;
    const struct yaml_node *key, *node;
    bool included; /* it is in an included file, which may be for other pipelines, too */
};

struct stage_desc {
    const char *
        name; /* given, or the plugin's name, numbered if needed; unique.  Of a stage in a
                         pipeline that is one stage: "clean/split" */
    bool name_given;
    const char *use; /* "split", "text:split", "./split.so", "./text.so:split" */
    const struct yaml_node *use_node;
    const struct yaml_node *with; /* expanded; NULL: not given */
    const struct yaml_node *node; /* the stage's mapping: place of the stage as a whole */
    const struct source *source;  /* the file that the stage is in */
    struct mark at;               /* there: of the name if given, else of `use`'s value */
    const struct sub_desc
        *sub; /* the pipeline that it is in; NULL: the one that is run */
    const struct yaml_node *context; /* what it sees, in a sub; NULL: the pipeline's */

    bool from_given; /* else: the stage above */
    struct from_ref *from;
    size_t n_from;

    /* What `defaults:` says where the stage says nothing: then the node is in there. */
    unsigned workers;                     /* 0: auto */
    const struct yaml_node *workers_node; /* NULL: not given */
    enum order order;
    const struct yaml_node *order_node; /* NULL: not given */
    enum on_error on_error; /* what becomes of an item that was tried for the last time */
    struct retry retry;
    const struct yaml_node *on_error_node; /* NULL: not given */
    uint64_t queue_items, queue_bytes;
    enum queue_full queue_full;
    /* The most that a call of the stage gets; 0: auto; and how long it waits for so much */
    uint32_t batch_items;
    uint64_t batch_bytes, batch_wait_ns;
    const struct yaml_node *batch_items_node, *batch_bytes_node,
        *batch_wait_node; /* NULL: not given */
    struct rate rate;
    const struct yaml_node *rate_node;  /* NULL: not given */
    const struct limit_desc *limit;     /* in pipeline.limits; NULL: none */
    const struct yaml_node *limit_node; /* NULL: not given */
    /* Which value each bound is from; NULL: not given. */
    const struct yaml_node *queue_items_node, *queue_bytes_node, *queue_full_node;
};

/*
 * A stage that is a whole pipeline: `use: ./sub.yaml`.  Its stages stand among the others, where the
 * stage is in the list, one behind the other.  The first of them, if it has no `from:`, reads what
 * the stage reads.
 */
struct sub_desc {
    struct stage_desc as; /* the stage in the pipeline around it: name, from and places */
    const char *scope;    /* what names in it begin with: "clean/" */
    size_t first, n;      /* its stages in pipeline.stages; at least one */
};

struct pipeline {
    struct arena *arena;         /* owns everything here, except the diagnostics */
    const struct source *source; /* the file */
    const char *name;            /* `name:`, or the file's name without its ending */
    const char
        *dir; /* absolute directory of the file (of the run, for "-" and one-liners) */
    const struct yaml_node *root;    /* the whole tree, expanded */
    const struct yaml_node *context; /* `context:`; NULL: not given */
    const struct secret *secrets;    /* what ${file:...} held; NULL: nothing */
    struct stage_desc *stages; /* those of all subs too, each where the sub stands */
    size_t n_stages;
    struct limit_desc *limits; /* those of all subs too, as far as they are their own */
    size_t n_limits;
    struct sub_desc **subs; /* an outer one before those in it */
    size_t n_subs;
    unsigned threads;       /* 0: auto */
    uint64_t memory_bytes;  /* of payload and batches before sources wait; 0: auto */
    uint64_t max_in_flight; /* batches of sources under way at once; 0: unlimited */
    struct rejects_limit max_rejects;
};

/* What the command line adds, or the program that pphost is part of. */
struct pipeline_input {
    const char *text; /* the description itself, of `text_len` bytes; NULL: read `file` */
    size_t text_len;
    const char *dir; /* of a text: where relative names are looked up; NULL: here */
    /* Of a text: what messages call it.  Else a path, "-" for standard input, a directory that holds
     * pipeline.yaml, or a one-liner such as 'lines a.txt ! split ! write -' (it holds " ! ") */
    const char *file;
    const char *const
        *vars; /* "name=value", NULL-terminated, over those of `vars:`; may be NULL */
    const char *const *
        sets; /* --set: "threads=2", "split.workers=4", "lines.with.path=x"; may be NULL */
};

enum pipeline_status {
    PIPELINE_OK = 0,   /* loaded; there may be warnings */
    PIPELINE_BAD = -1, /* errors were added to the list (exit 78) */
    PIPELINE_UNREAD =
        -2, /* the file is not there or cannot be read; likewise (exit 66) */
};

/*
 * Loads a description.  On PIPELINE_OK *ret_pipeline is set and the caller frees it with
 * pipeline_free(), after the diagnostics have been shown, which refer to its text.  On
 * PIPELINE_BAD *ret_pipeline may be set too (what could be understood, so that plugins can be checked as well) or NULL; the caller
 * frees it likewise.  Blocks while it reads the file.  [control]
 */
enum pipeline_status pipeline_load(const struct pipeline_input *input,
                                   struct diag_list *diags,
                                   struct pipeline **ret_pipeline);

/*
 * Whether the stage has the key itself: what it does not have may come from `defaults:`, and then
 * holds only as far as the stage can have it.
 */
bool stage_says(const struct stage_desc *stage, const char *key);

/* Reads a size as `memory:` wants it, from MEMORY_MIN to MEMORY_MAX; false: it is none. */
bool budget_is_size(const char *text, uint64_t *ret_bytes);

/* Reads a limit as `max_rejects:` wants it, "100" or "0.5%"; false: it is none, and *ret_limit is as before. */
bool rejects_limit_read(const char *text, struct rejects_limit *ret_limit);

/* Writes a limit that is set as a user would, "100" or "0.5%", into `buffer` and returns it. */
const char *rejects_limit_show(const struct rejects_limit *limit,
                               char buffer[REJECTS_TEXT_MAX]);

/* Writes a retry that is given in its long form, "{times: 3, backoff: 100ms..5s}", into `buffer` and returns it. */
const char *retry_show(const struct retry *retry, char buffer[RETRY_TEXT_MAX]);

/* NULL is allowed. */
void pipeline_free(struct pipeline *pipeline);

#endif /* CONFIG_PIPELINE_H */
