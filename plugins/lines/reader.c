/* SPDX-License-Identifier: MIT */
#include "reader.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    ALIGN = 64,       /* the kernel copies pages faster to a cache line's start */
    READ_UNIT = 4096, /* reads in whole pages keep the file offset on a page's start */
    CARRY_FIRST = 1 << 16, /* what a carry holds at least: most never grow */
    CARRY_KEPT = 1 << 22,  /* a carry that grew beyond goes back when its line is done */
};

/* What read_some() returns below 0, beside -errno. */
enum { NOTHING_YET = -10000, CANCELLED = -10001 };

int reader_init(struct reader *reader)
{
    reader->fd = -1;
    reader->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return reader->wake_fd < 0 ? errno : 0;
}

static void close_input(struct reader *reader)
{
    /* Standard input is the process's own, and read-only files have nothing to lose in
     * close. */
    if (reader->fd > STDIN_FILENO)
        (void)close(reader->fd);
    reader->fd = -1;
}

void reader_fini(struct reader *reader)
{
    close_input(reader);
    if (reader->wake_fd >= 0)
        (void)close(reader->wake_fd);
    reader->wake_fd = -1;
    free(reader->carry);
    reader->carry = NULL;
}

void reader_cancel(struct reader *reader)
{
    const uint64_t one = 1;

    /* The only failure is a counter that is full, and then the reader is awake anyway. */
    if (write(reader->wake_fd, &one, sizeof(one)) < 0)
        return;
}

int reader_go_on(struct reader *reader, struct pph_ctx *ctx, const struct input *input,
                 int fd)
{
    struct stat st;

    assert(reader->fd < 0);
    reader->input = input;
    reader->at_end = false;
    reader->discards = false;
    reader->carry_len = 0;
    reader->fd = fd;
    if (reader->fd < 0 || fstat(reader->fd, &st) != 0)
        return lines_fail_errno(ctx, input_name(input), errno);
    reader->regular = S_ISREG(st.st_mode);
    if (reader->regular) /* a hint: when it is not taken, reading is only slower */
        (void)posix_fadvise(reader->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return PPH_OK;
}

int reader_open(struct reader *reader, struct pph_ctx *ctx, const struct input *input)
{
    /* O_NONBLOCK: a FIFO opens before it has a writer; the wait for one can be
     * cancelled then. */
    int fd = input_is_stdin(input)
                 ? STDIN_FILENO
                 : (int)TEMP_FAILURE_RETRY(
                       open(input->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));

    return reader_go_on(reader, ctx, input, fd);
}

/* 0: there is something to read (or an end, or an error).  Waits only if asked to. */
static int await_input(struct reader *reader, struct pph_ctx *ctx, bool wait)
{
    struct pollfd fds[2] = {{.fd = reader->fd, .events = POLLIN},
                            {.fd = reader->wake_fd, .events = POLLIN}};
    int ready = poll(fds, 2, 0);

    if (ready == 0 && wait) {
        ctx->host->block_begin(ctx);
        do
            ready = poll(fds, 2, -1);
        while (ready < 0 && errno == EINTR);
        int error = errno;
        ctx->host->block_end(ctx);
        errno = error;
    }
    if (ready < 0 && errno != EINTR)
        return -errno;
    if (ready > 0 && fds[1].revents != 0)
        return CANCELLED;
    return ready > 0 && fds[0].revents != 0 ? 0 : NOTHING_YET;
}

/* As read(2), but -errno on failure.  `wait`: do not return NOTHING_YET. */
static ssize_t read_some(struct reader *reader, struct pph_ctx *ctx, char *to, size_t len,
                         bool wait)
{
    for (;;) {
        int ready = reader->regular ? 0 : await_input(reader, ctx, wait);
        if (ready == NOTHING_YET && wait)
            continue; /* a signal came between */
        if (ready != 0)
            return ready;

        ssize_t n = read(reader->fd, to, len);
        if (n >= 0) {
            reader->bytes += (uint64_t)n;
            reader->at_end = n == 0;
            return n;
        }
        if (errno == EAGAIN && !wait)
            return NOTHING_YET;
        if (errno != EINTR && errno != EAGAIN)
            return -errno;
    }
}

static enum read_status read_failed(struct reader *reader, struct pph_ctx *ctx,
                                    ssize_t rc)
{
    if (rc == CANCELLED)
        return READ_CANCELLED;
    (void)lines_fail_errno(ctx, input_name(reader->input), (int)-rc);
    return READ_FAILED;
}

static enum read_status out_of_memory(struct reader *reader, struct pph_ctx *ctx,
                                      size_t len)
{
    (void)lines_failf(ctx, "%s: no memory for %zu bytes of text",
                      input_name(reader->input), len);
    return READ_FAILED;
}

static bool carry_reserve(struct reader *reader, size_t capacity)
{
    if (capacity <= reader->carry_capacity)
        return true;
    char *carry = realloc(reader->carry, capacity);
    if (!carry)
        return false;
    reader->carry = carry;
    reader->carry_capacity = capacity;
    return true;
}

/* Makes text[0..len) the whole carry. */
static bool carry_set(struct reader *reader, const char *text, size_t len)
{
    if (len > 0 && !carry_reserve(reader, len > CARRY_FIRST ? len : CARRY_FIRST))
        return false;
    if (len > 0)
        memcpy(reader->carry, text, len);
    reader->carry_len = len;
    return true;
}

/* Takes the first `len` bytes out of the carry, into a block of their own. */
static enum read_status carry_take(struct reader *reader, struct pph_ctx *ctx, size_t len,
                                   enum piece piece, struct chunk *ret_chunk)
{
    char *block = ctx->host->alloc(ctx, len);
    if (!block)
        return out_of_memory(reader, ctx, len);

    memcpy(block, reader->carry, len);
    reader->carry_len -= len;
    memmove(reader->carry, reader->carry + len, reader->carry_len);
    if (reader->carry_capacity > CARRY_KEPT && reader->carry_len < CARRY_KEPT / 2) {
        char *carry = realloc(reader->carry, CARRY_KEPT / 2);
        if (carry) { /* else it stays as large as it was */
            reader->carry = carry;
            reader->carry_capacity = CARRY_KEPT / 2;
        }
    }
    *ret_chunk = (struct chunk){.at = block, .end = block + len, .piece = piece};
    return READ_CHUNK;
}

/* The carry holds more than max_line bytes and no newline. */
static enum read_status long_line(struct reader *reader, struct pph_ctx *ctx,
                                  struct chunk *ret_chunk)
{
    size_t max = reader->max_line;

    switch (reader->long_lines) {
    case LONG_SPLIT: /* something must stay, or the last piece could come out empty */
        return carry_take(reader, ctx, (reader->carry_len - 1) / max * max, PIECE_CUT,
                          ret_chunk);
    case LONG_TRUNCATE:
        reader->carry_len = max;
        reader->discards = true;
        return carry_take(reader, ctx, max, PIECE_TRUNCATED, ret_chunk);
    case LONG_FAIL:
    default:
        return READ_TOO_LONG;
    }
}

/* Gathers a line that is longer than a block is good for, in the carry. */
static enum read_status read_long(struct reader *reader, struct pph_ctx *ctx,
                                  struct chunk *ret_chunk)
{
    for (;;) {
        if (reader->carry_len > reader->max_line)
            return long_line(reader, ctx, ret_chunk);
        if (reader->carry_capacity - reader->carry_len < reader->block_size &&
            !carry_reserve(reader, 2 * reader->carry_capacity + reader->block_size))
            return out_of_memory(reader, ctx, reader->carry_len);

        char *fresh = reader->carry + reader->carry_len;
        ssize_t n = read_some(reader, ctx, fresh, reader->block_size, true);
        if (n < 0)
            return read_failed(reader, ctx, n);
        reader->carry_len += (size_t)n;
        if (reader->at_end)
            return carry_take(reader, ctx, reader->carry_len, PIECE_LINES, ret_chunk);

        const char *newline = memrchr(fresh, '\n', (size_t)n);
        if (newline)
            return carry_take(reader, ctx, (size_t)(newline + 1 - reader->carry),
                              PIECE_LINES, ret_chunk);
    }
}

/* Passes over the rest of a truncated line: moves *at behind its newline, or to `end`. */
static void discard(struct reader *reader, char **at, char *end)
{
    char *newline = memchr(*at, '\n', (size_t)(end - *at));

    *at = newline ? newline + 1 : end;
    reader->discards = !newline;
}

/*
 * Reads to `end` in a block that ends at `limit` until there is a newline and nothing
 * more without waiting, or no room, or no more.  *start moves when the rest of a
 * truncated line is passed over. Returns the end of what there is, NULL on failure with
 * its reason in *ret_rc.
 */
static char *read_block(struct reader *reader, struct pph_ctx *ctx, char **start,
                        char *end, const char *limit, ssize_t *ret_rc)
{
    bool has_line = false;

    while (limit - end >= READ_UNIT) {
        size_t room = (size_t)(limit - end) & ~(size_t)(READ_UNIT - 1);
        ssize_t n = read_some(reader, ctx, end, room, !has_line);
        if (n == NOTHING_YET || n == 0)
            break;
        if (n < 0) {
            *ret_rc = n;
            return NULL;
        }
        char *fresh = end;
        end += n;
        if (reader->discards) {
            fresh = *start;
            discard(reader, &fresh, end);
            *start = fresh;
            if (fresh == end)
                fresh = end = *start =
                    end - n; /* nothing was kept: the same room again */
        }
        has_line = has_line || memrchr(fresh, '\n', (size_t)(end - fresh)) != NULL;
    }
    return end;
}

enum read_status reader_next(struct reader *reader, struct pph_ctx *ctx,
                             struct chunk *ret_chunk)
{
    if (reader->at_end && reader->carry_len == 0) {
        close_input(reader);
        return READ_END;
    }
    if (reader->carry_len > reader->block_size / 2)
        return read_long(reader, ctx, ret_chunk);

    char *block = ctx->host->alloc(ctx, reader->block_size);
    if (!block)
        return out_of_memory(reader, ctx, reader->block_size);

    /* The carry ends where a cache line starts, and what is read follows it. */
    size_t head = (reader->carry_len + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    char *start = block + head - reader->carry_len;
    if (reader->carry_len > 0)
        memcpy(start, reader->carry, reader->carry_len);
    reader->carry_len = 0;

    ssize_t rc = 0;
    char *end =
        read_block(reader, ctx, &start, block + head, block + reader->block_size, &rc);
    if (!end)
        return read_failed(reader, ctx, rc);

    char *cut = end;
    if (!reader->at_end) {
        char *newline = memrchr(start, '\n', (size_t)(end - start));
        cut = newline ? newline + 1 : start;
        if (!carry_set(reader, cut, (size_t)(end - cut)))
            return out_of_memory(reader, ctx, (size_t)(end - cut));
    }
    if (cut == start) /* nothing whole yet: the end, or a line longer than the block */
        return reader_next(reader, ctx, ret_chunk);
    *ret_chunk = (struct chunk){.at = start, .end = cut, .piece = PIECE_LINES};
    return READ_CHUNK;
}
