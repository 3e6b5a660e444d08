/* SPDX-License-Identifier: MIT */
/*
 * A host for one stage in a unit test: drives a plugin as the real host would and keeps
 * what it did.
 *
 * It is strict where the real host is fast: input items lie in memory of exactly their
 * length, so that a sanitizer sees a read beyond; alloc() memory is watched for writes
 * behind its end; bytes sent twice as PPH_WRITABLE, calls at the wrong time and waits
 * that do not end are failures of the test.
 */
#ifndef SUPPORT_FAKE_HOST_H
#define SUPPORT_FAKE_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pphost/plugin.h>

/* An item that the stage emitted, by value. */
struct fake_item {
    char *data; /* a copy, with a NUL behind it */
    uint32_t len;
    uint16_t port, flags;
    uint64_t key, pos;
    const char *origin; /* what origin() was last called with; NULL: it was not yet */
    bool by_reference;  /* it lay in the input, alloc() or adopt() memory of the call */
};

struct fake_memory; /* a list of what payload may point into, during one call */

struct fake_host {
    struct pph_host host; /* first: the host of a ctx is the fake itself */
    struct pph_ctx ctx;
    const struct pph_plugin *plugin;
    struct pph_value *args;

    /* Set by the test, at any time; 0: never. */
    size_t more_every;  /* emit returns PPH_MORE when so many items came since it did */
    size_t stop_after;  /* emit returns PPH_STOP once so many items came in all */
    size_t alloc_fails; /* the n-th alloc() from now on returns NULL */
    bool stopping;      /* what stopping() says */
    bool discards;      /* do not keep what is emitted: for measuring */

    /* What the stage did. */
    struct fake_item *items;
    size_t n_items, capacity;
    uint64_t n_bytes; /* of payload emitted, all items together */
    size_t n_emits;   /* calls of emit */
    size_t n_repeats; /* repetitions of calls after PPH_MORE */
    size_t alloc_max; /* largest alloc() */
    char *failures;   /* messages of fail(), a line each; "": none */
    int fail_code;    /* of the last fail() */
    char *origin;
    uint64_t progress_done, progress_total;
    int progress_unit;

    /* Private. */
    bool in_call;
    int blocked; /* block_begin() without its block_end() */
    size_t since_more;
    struct fake_memory *memory;
    char **origins;
    size_t n_origins;
    char *spare; /* with `discards`: alloc() memory, used again for each call */
    size_t spare_size, spare_used;
};

/* The plugin that is linked into the test.  It is told that it has FAKE_WORKERS workers
 * (environment; default 1), of which this is the one that gets all there is to do. */
struct fake_host *fake_new(void);

/* NULL is allowed.  Stops and closes nothing: that is part of the test. */
void fake_free(struct fake_host *fake);

/* Sets an argument from text, read by the parameter's type ("64KiB", "true", "split"). */
void fake_set(struct fake_host *fake, const char *name, const char *text);
void fake_set_bytes(struct fake_host *fake, const char *name, const char *bytes,
                    size_t n);
void fake_set_list(struct fake_host *fake, const char *name, const char *const *texts,
                   size_t n);

/* Used by fake_new() and fake_free(): every argument at its default. */
void fake_args_init(struct fake_host *fake);
void fake_args_fini(struct fake_host *fake);

/* Each runs one callback (PPH_OK when the plugin has none). */
int fake_open(struct fake_host *fake);
int fake_start(struct fake_host *fake);
void fake_stop(struct fake_host *fake);
void fake_close(struct fake_host *fake);

/* open and start, which must succeed; stop and close. */
void fake_up(struct fake_host *fake);
void fake_down(struct fake_host *fake);

/* One call with its repetitions after PPH_MORE; what the last one returned. */
int fake_generate(struct fake_host *fake);

/* The same in two steps, for tests of several workers: the second one if the first
 * returned PPH_OK. */
int fake_plan(struct fake_host *fake);
int fake_generate_planned(struct fake_host *fake);

int fake_batch(struct fake_host *fake, const struct pph_item *items, size_t n);
int fake_flush(struct fake_host *fake, int why);

/* Calls of generate until one returns something else than PPH_OK; that. */
int fake_generate_all(struct fake_host *fake);

/* fake_batch() of strings, with pos from 1. */
int fake_batch_texts(struct fake_host *fake, const char *const *texts, size_t n);

/* All payload emitted, each item with `end` behind it; to be freed. */
char *fake_joined(const struct fake_host *fake, const char *end, size_t *ret_len);

/* Forgets what was emitted. */
void fake_forget(struct fake_host *fake);

#endif /* SUPPORT_FAKE_HOST_H */
