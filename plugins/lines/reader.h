/* SPDX-License-Identifier: MIT */
/*
 * Reads one input after another into blocks that end at a line's end.
 *
 * A block is memory of the host, good for one call.  What follows its last newline is
 * kept in memory of the reader (a carry, half a line as a rule) and put in front of the
 * next block, so that text is read once, in place.  Lines that outgrow half a block are
 * gathered in the carry itself and copied out when they are whole, which is the one copy
 * they cost.
 */
#ifndef LINES_READER_H
#define LINES_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pphost/plugin.h>

#include "inputs.h"

/* As in the parameter's list of choices. */
enum long_lines { LONG_FAIL, LONG_SPLIT, LONG_TRUNCATE };

struct reader {
    /* Set by reader_init(), never changed after. */
    size_t block_size; /* bytes asked from the host for a block */
    size_t max_line;   /* a line that is longer leaves in the way of `long_lines` */
    enum long_lines long_lines;
    int wake_fd; /* eventfd: readable for good once the reader is cancelled */

    /* The input being read. */
    const struct input *input;
    int fd;         /* -1: none is open */
    bool regular;   /* reading it never waits for another program */
    bool at_end;    /* read(2) has returned 0 */
    bool discards;  /* the rest of a truncated line is being passed over */
    uint64_t bytes; /* read so far, of all inputs */

    char *carry; /* what comes before the next byte read: no newline in it */
    size_t carry_len, carry_capacity;
};

enum piece {
    PIECE_LINES, /* whole lines; the last one ends with a newline or with the file */
    PIECE_CUT, /* the start of a line that is too long; the next chunk goes on with it */
    PIECE_TRUNCATED, /* the start of a line that is too long; its rest is passed over */
};

/* A stretch of text in a block of the host. */
struct chunk {
    char *at, *end;
    enum piece piece;
};

enum read_status {
    READ_CHUNK,     /* *ret_chunk is set and not empty */
    READ_END,       /* the input has ended and is closed */
    READ_CANCELLED, /* reader_cancel() was called */
    READ_TOO_LONG,  /* LONG_FAIL: the line that comes next is longer than max_line */
    READ_FAILED,    /* said so through host->fail() */
};

/* Takes what the caller set in the first part; returns 0 or an errno. */
int reader_init(struct reader *reader);

/* Closes what is open. */
void reader_fini(struct reader *reader);

/* Opens `input`, which must outlive its reading.  Returns PPH_OK, or PPH_FATAL after
 * host->fail(). */
int reader_open(struct reader *reader, struct pph_ctx *ctx, const struct input *input);

/* The same with an open descriptor, which is the reader's from now on, even on failure:
 * reads on from where it stands. */
int reader_go_on(struct reader *reader, struct pph_ctx *ctx, const struct input *input,
                 int fd);

/* Reads on in the open input.  May wait, inside host->block_begin(), when it is not a
 * regular file; delivers what has arrived, without waiting for a full block. */
enum read_status reader_next(struct reader *reader, struct pph_ctx *ctx,
                             struct chunk *ret_chunk);

/* Ends a wait in reader_next(), and all later ones.  Any thread. */
void reader_cancel(struct reader *reader);

#endif /* LINES_READER_H */
