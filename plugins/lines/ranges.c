/* SPDX-License-Identifier: MIT */
#include "ranges.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PROBE = 4096,     /* bytes looked at first for the end of a range ... */
    PROBE_MAX = 65536 /* ... and at most at once */
};

/* The one before is hardly ever so far behind that sleeping pays. */
enum { YIELDS = 50 };

struct ranges_file {
    int fd;
    size_t refs; /* ranges and `plan`; guarded by ranges.lock */
};

int ranges_init(struct ranges *ranges, const struct inputs *inputs, size_t max)
{
    *ranges = (struct ranges){.inputs = inputs, .max = max};
    ranges->probe = malloc(PROBE_MAX);
    if (!ranges->probe)
        return ENOMEM;
    int error = pthread_mutex_init(&ranges->lock, NULL);
    if (error == 0) {
        error = pthread_cond_init(&ranges->passed_on, NULL);
        if (error != 0)
            (void)pthread_mutex_destroy(&ranges->lock);
    }
    if (error != 0)
        free(ranges->probe);
    return error;
}

static void unref_file(struct ranges *ranges, struct ranges_file *file)
{
    (void)pthread_mutex_lock(&ranges->lock);
    bool last = --file->refs == 0;
    (void)pthread_mutex_unlock(&ranges->lock);
    if (!last)
        return;
    (void)close(file->fd); /* nothing was written: there is nothing to lose */
    free(file);
}

static void close_file(struct ranges *ranges)
{
    if (ranges->file)
        unref_file(ranges, ranges->file);
    ranges->file = NULL;
}

void ranges_fini(struct ranges *ranges)
{
    close_file(ranges);
    free(ranges->probe);
    (void)pthread_cond_destroy(&ranges->passed_on);
    (void)pthread_mutex_destroy(&ranges->lock);
}

static const struct input *present_input(const struct ranges *ranges)
{
    return &ranges->inputs->list[ranges->next - 1];
}

static enum ranges_status failed(struct pph_ctx *ctx, const struct input *input,
                                 int error)
{
    (void)lines_fail_errno(ctx, input_name(input), error);
    return RANGES_FAILED;
}

/* As pread(2) that is not interrupted, but -errno on failure, and short at the end only. */
static ssize_t read_at(int fd, char *to, size_t len, uint64_t at)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = pread(fd, to + done, len - done, (off_t)(at + done));
        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return -errno;
        done += n > 0 ? (size_t)n : 0;
    }
    return (ssize_t)done;
}

static enum ranges_status open_file(struct ranges *ranges, struct pph_ctx *ctx,
                                    const struct input *input)
{
    struct ranges_file *file = malloc(sizeof(*file));
    if (!file)
        return failed(ctx, input, ENOMEM);
    *file = (struct ranges_file){
        .fd = (int)TEMP_FAILURE_RETRY(
            open(input->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)),
        .refs = 1};
    if (file->fd < 0) {
        int error = errno;
        free(file);
        return failed(ctx, input, error);
    }
    /* A hint: when it is not taken, reading is only slower. */
    (void)posix_fadvise(file->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    ranges->file = file;
    ranges->next++;
    ranges->at = ranges->size = 0;
    return RANGES_NEXT;
}

/* RANGES_NEXT: the next input is open. */
static enum ranges_status open_next(struct ranges *ranges, struct pph_ctx *ctx)
{
    struct stat st;
    char byte;

    if (ranges->next == ranges->inputs->n)
        return RANGES_END;
    const struct input *input = &ranges->inputs->list[ranges->next];
    if (input_is_stdin(input)) /* others may go on where this leaves its offset */
        return RANGES_REST;
    /* Looked at before it is opened: opening is seen by the writer of a FIFO. */
    if (stat(input->path, &st) != 0)
        return failed(ctx, input, errno);
    if (!S_ISREG(st.st_mode))
        return RANGES_REST;
    enum ranges_status status = open_file(ranges, ctx, input);
    if (status != RANGES_NEXT || st.st_size > 0)
        return status;
    if (read_at(ranges->file->fd, &byte, 1, 0) == 0)
        return RANGES_NEXT; /* empty indeed */
    return RANGES_REST;     /* as in /proc: it has no size, but text */
}

/*
 * Finds the last newline of the file from `at` on and before `end`, and puts what is
 * behind it in *ret_end: 0 if there is none.  Returns 0 or an errno.
 */
static int find_last_line(struct ranges *ranges, uint64_t end, uint64_t *ret_end)
{
    size_t step = PROBE;

    *ret_end = 0;
    while (end > ranges->at) {
        size_t len = end - ranges->at < step ? (size_t)(end - ranges->at) : step;
        ssize_t n = read_at(ranges->file->fd, ranges->probe, len, end - len);
        if (n < 0)
            return (int)-n;
        const char *newline = memrchr(ranges->probe, '\n', (size_t)n);
        if (newline) {
            *ret_end = end - len + (uint64_t)(newline + 1 - ranges->probe);
            return 0;
        }
        end -= len;
        step = PROBE_MAX;
    }
    return 0;
}

/* Where the range that begins at `at` ends; RANGES_END: there is nothing more. */
static enum ranges_status find_end(struct ranges *ranges, struct pph_ctx *ctx,
                                   uint64_t *ret_end)
{
    struct stat st;

    if (ranges->size <= ranges->at + ranges->max) { /* it may have grown */
        if (fstat(ranges->file->fd, &st) != 0)
            return failed(ctx, present_input(ranges), errno);
        ranges->size = (uint64_t)st.st_size;
    }
    if (ranges->size <= ranges->at)
        return RANGES_END;
    if (ranges->size <= ranges->at + ranges->max) {
        *ret_end = ranges->size;
        return RANGES_NEXT;
    }
    int error = find_last_line(ranges, ranges->at + ranges->max, ret_end);
    if (error != 0)
        return failed(ctx, present_input(ranges), error);
    return *ret_end > 0 ? RANGES_NEXT : RANGES_REST;
}

enum ranges_status ranges_take(struct ranges *ranges, struct pph_ctx *ctx,
                               struct range *ret_range)
{
    enum ranges_status status;
    uint64_t end = 0;

    for (;;) {
        status = ranges->file ? RANGES_NEXT : open_next(ranges, ctx);
        if (status == RANGES_NEXT)
            status = find_end(ranges, ctx, &end);
        if (status != RANGES_END || !ranges->file)
            break;
        close_file(ranges);
    }
    if (status != RANGES_NEXT)
        return status;
    *ret_range = (struct range){.file = ranges->file,
                                .input = present_input(ranges),
                                .at = ranges->at,
                                .len = (size_t)(end - ranges->at),
                                .turn = ranges->given++,
                                .first = ranges->at == 0};
    (void)pthread_mutex_lock(&ranges->lock);
    ranges->file->refs++;
    (void)pthread_mutex_unlock(&ranges->lock);
    ranges->at = end;
    if (end == ranges->size) /* what it grows by from now on comes too late */
        close_file(ranges);
    return RANGES_NEXT;
}

ssize_t ranges_read(const struct range *range, char *to)
{
    return read_at(range->file->fd, to, range->len, range->at);
}

void ranges_release(struct ranges *ranges, struct range *range)
{
    if (range->file)
        unref_file(ranges, range->file);
    range->file = NULL;
}

/* With the lock, returns when `turn` has come. */
static void await_turn(struct ranges *ranges, struct pph_ctx *ctx, uint64_t turn)
{
    (void)pthread_mutex_lock(&ranges->lock);
    for (int i = 0; i < YIELDS && ranges->turn != turn; i++) {
        (void)pthread_mutex_unlock(&ranges->lock);
        (void)sched_yield();
        (void)pthread_mutex_lock(&ranges->lock);
    }
    if (ranges->turn == turn)
        return;
    (void)pthread_mutex_unlock(&ranges->lock);

    ctx->host->block_begin(ctx); /* its worker waits for the disk: let others have ours */
    (void)pthread_mutex_lock(&ranges->lock);
    while (ranges->turn != turn)
        (void)pthread_cond_wait(&ranges->passed_on, &ranges->lock);
    (void)pthread_mutex_unlock(&ranges->lock);
    ctx->host->block_end(ctx);

    (void)pthread_mutex_lock(&ranges->lock);
}

uint64_t ranges_count(struct ranges *ranges, struct pph_ctx *ctx,
                      const struct range *range, uint64_t lines)
{
    await_turn(ranges, ctx, range->turn);
    uint64_t line = range->first ? 1 : ranges->line;
    ranges->line = line + lines;
    ranges->turn++;
    (void)pthread_cond_broadcast(&ranges->passed_on);
    (void)pthread_mutex_unlock(&ranges->lock);
    return line;
}

int ranges_take_rest(struct ranges *ranges, struct pph_ctx *ctx,
                     const struct input **ret_input, int *ret_fd, uint64_t *ret_line)
{
    await_turn(ranges, ctx, ranges->given);
    *ret_line = ranges->at == 0 ? 1 : ranges->line;
    (void)pthread_mutex_unlock(&ranges->lock);
    *ret_input = NULL;
    if (!ranges->file)
        return PPH_OK;

    *ret_input = present_input(ranges);
    if (lseek(ranges->file->fd, (off_t)ranges->at, SEEK_SET) < 0)
        return lines_fail_errno(ctx, input_name(*ret_input), errno);
    *ret_fd = fcntl(ranges->file->fd, F_DUPFD_CLOEXEC, 0);
    if (*ret_fd < 0)
        return lines_fail_errno(ctx, input_name(*ret_input), errno);
    close_file(ranges);
    return PPH_OK;
}
