/* SPDX-License-Identifier: MIT */
/*
 * The file that write fills: opened, written whole, and given its name only when all is
 * well.
 *
 * A regular file grows under a name of its own beside the final one ("." NAME "." six
 * letters ".part") and is renamed when the run has succeeded, so whoever looks sees the
 * old file or the new one, never half of it.  What is no regular file (a pipe, a
 * terminal, /dev/null) is written directly, and so is a file that is appended to, or
 * that others may read at once.
 */
#ifndef WRITE_OUTPUT_H
#define WRITE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include <pphost/plugin.h>

#include "reserve.h"

struct output_options {
    bool append;
    bool at_once; /* into the file itself, which is begun anew unless it is appended to */
    bool mkdir;
    bool fsync;
};

struct output {
    /* Set by output_open(), never changed after. */
    struct output_options options;
    char *path; /* where links lead to, or "-" */
    bool is_stdout;
    bool may_wait;  /* a write can wait for another program */
    bool is_prompt; /* someone reads along: do not hold back what a batch brought */
    int wake_fd;    /* eventfd: readable for good once the output is cancelled */

    char *part;    /* the name while it is written; NULL: it has no other */
    int fd;        /* -1: not open */
    bool broken;   /* a write has failed: nothing more is tried */
    bool finished; /* all is written and closed: it may have its name */

    uint64_t written; /* bytes, into the part file */
    struct reserve reserve;
};

/*
 * All return PPH_OK; PPH_FATAL after host->fail() with the file's name; PPH_STOP when
 * cancelled; or, for standard output, PPH_END when its reader has gone.
 */
int output_open(struct output *output, struct pph_ctx *ctx, const char *path,
                struct output_options options);

/*
 * How many of the `len` bytes that come next are best written now: into a part file up to
 * the end of a unit of 64 KiB, which spares the kernel pages that are filled in two goes;
 * else all.  Less than 64 KiB is left.
 */
size_t output_whole(const struct output *output, size_t len);

/* Writes all of iov[0..n); changes iov.  May wait, inside host->block_begin(). */
int output_write(struct output *output, struct pph_ctx *ctx, struct iovec *iov, int n);

/* Makes what was written durable. */
int output_sync(struct output *output, struct pph_ctx *ctx);

/* All is written: closes the file, and looks whether that went well. */
int output_finish(struct output *output, struct pph_ctx *ctx);

/* Gives a finished file its name, or with `keep` false removes it.  Frees everything. */
int output_close(struct output *output, struct pph_ctx *ctx, bool keep);

/* Ends a wait in output_write(), and all later ones.  Any thread. */
void output_cancel(struct output *output);

#endif /* WRITE_OUTPUT_H */
