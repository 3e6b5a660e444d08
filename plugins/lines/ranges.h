/* SPDX-License-Identifier: MIT */
/*
 * Gives out large files in ranges of whole lines, which several workers read at once.
 *
 * `plan` takes the next range: it looks for a newline in the few KiB before the place
 * where a block is full, so ranges follow each other without a gap and no line lies in
 * two of them.  Which number its first line has is known only when all lines before it
 * are counted: each worker counts those of its range and passes the number on to the next
 * one, in the order of the ranges.
 *
 * What cannot be read that way (a pipe, a line longer than a block) is left to one worker
 * which reads all the rest alone: reader.h.
 */
#ifndef LINES_RANGES_H
#define LINES_RANGES_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <pphost/plugin.h>

#include "inputs.h"

struct ranges_file; /* an open file and how many ranges of it are being read */

/* Bytes of a file that begin where a line does and end behind a newline, or with it. */
struct range {
    struct ranges_file *file; /* NULL: there is none */
    const struct input *input;
    uint64_t at; /* offset in the file */
    size_t len;
    uint64_t turn; /* how many ranges were given out before it */
    bool first;    /* of its file: lines are numbered from 1 */
};

struct ranges {
    /* Set by ranges_init(), never changed after. */
    const struct inputs *inputs;
    size_t max; /* bytes in a range */

    /* Only `plan` and whoever reads the rest alone use these. */
    size_t next; /* index in inputs of the file to open next */
    struct ranges_file *file;
    uint64_t at, size; /* in `file`: where the next range begins; what fstat() said */
    uint64_t given;    /* ranges */
    char *probe;

    pthread_mutex_t lock;
    pthread_cond_t passed_on;
    /* Guarded by lock: the range that may take the number, and the number. */
    uint64_t turn, line;
};

enum ranges_status {
    RANGES_NEXT,   /* *ret_range is set; ranges_release() it */
    RANGES_REST,   /* what comes next is to be read by one worker alone */
    RANGES_END,    /* all is given out */
    RANGES_FAILED, /* said so through host->fail() */
};

/* A range is `max` bytes or less.  `inputs` must outlive it.  Returns 0 or an errno. */
int ranges_init(struct ranges *ranges, const struct inputs *inputs, size_t max);

/* After the last ranges_release(). */
void ranges_fini(struct ranges *ranges);

/* The next range.  In `plan`. */
enum ranges_status ranges_take(struct ranges *ranges, struct pph_ctx *ctx,
                               struct range *ret_range);

/* Reads the range into memory of at least len bytes.  Returns how much was there, less
 * than len when the file has shrunk; or -errno. */
ssize_t ranges_read(const struct range *range, char *to);

void ranges_release(struct ranges *ranges, struct range *range);

/*
 * Waits until all ranges before it are counted, and says that this one has `lines` lines.
 * Returns the number of its first line.  To be called once for each range, whatever
 * became of it, or those that follow wait for ever.
 */
uint64_t ranges_count(struct ranges *ranges, struct pph_ctx *ctx,
                      const struct range *range, uint64_t lines);

/*
 * After RANGES_REST, by the worker that reads it: the number of the line that comes next,
 * in *ret_input the file it is in (NULL: the next one, which was not opened yet) and in
 * *ret_fd a descriptor of its own, which stands where it is to be read on.  Waits as
 * ranges_count() does.  Returns PPH_OK, or PPH_FATAL after host->fail().
 */
int ranges_take_rest(struct ranges *ranges, struct pph_ctx *ctx,
                     const struct input **ret_input, int *ret_fd, uint64_t *ret_line);

#endif /* LINES_RANGES_H */
