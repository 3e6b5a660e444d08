/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fault.h"
#include "place.h"

enum { UNIT = 64 << 10 }; /* of output_whole() */

enum {
    FIFO_RETRY_MS = 20
}; /* nothing tells that a FIFO has got a reader: one has to look */

static const char *shown(const struct output *output)
{
    return output->is_stdout ? "standard output" : output->path;
}

static int fail_write(struct output *output, struct pph_ctx *ctx, int error)
{
    output->broken = true;
    return write_fail_errno(ctx, "write", shown(output), error);
}

/*
 * A description of one's own can be non-blocking without the shell's terminal becoming
 * so.  Where there is none to be had (a socket), writes block, and cannot be cancelled.
 */
static int open_stdout(struct output *output, struct pph_ctx *ctx)
{
    struct stat st;

    output->is_stdout = true;
    output->fd = STDOUT_FILENO;
    if (fstat(STDOUT_FILENO, &st) != 0)
        return fail_write(output, ctx, errno);
    output->may_wait = !S_ISREG(st.st_mode);
    output->is_prompt = S_ISFIFO(st.st_mode) || isatty(STDOUT_FILENO) == 1;
    if (output->is_prompt) {
        int fd = (int)TEMP_FAILURE_RETRY(
            open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
        if (fd >= 0)
            output->fd = fd;
    }
    return PPH_OK;
}

/* An existing target that is no regular file: written as it is. */
static int open_special(struct output *output, struct pph_ctx *ctx, const struct stat *st)
{
    output->may_wait = true;
    if (S_ISFIFO(
            st->st_mode)) { /* opened at the first write, for that waits for a reader */
        output->is_prompt = true;
        if (faccessat(AT_FDCWD, output->path, W_OK, AT_EACCESS) != 0)
            return fail_write(output, ctx, errno);
        return PPH_OK;
    }
    int wait = S_ISCHR(st->st_mode) ? O_NONBLOCK : 0;
    output->fd = (int)TEMP_FAILURE_RETRY(
        open(output->path, O_WRONLY | O_CLOEXEC | O_NOCTTY | wait));
    if (output->fd < 0)
        return fail_write(output, ctx, errno);
    output->is_prompt = isatty(output->fd) == 1;
    return PPH_OK;
}

static int open_part(struct output *output, struct pph_ctx *ctx)
{
    output->fd = place_create_part(output->path, &output->part);
    if (output->fd >= 0) {
        reserve_init(&output->reserve, output->fd);
        return PPH_OK;
    }

    int error = errno;
    if (error == ENOENT) {
        output->broken = true;
        return write_failf(ctx,
                           "cannot write %s: its directory does not exist (mkdir: true "
                           "makes it)",
                           output->path);
    }
    return fail_write(output, ctx, error);
}

static int open_itself(struct output *output, struct pph_ctx *ctx)
{
    int how = output->options.append ? O_APPEND : O_TRUNC;

    output->fd = (int)TEMP_FAILURE_RETRY(
        open(output->path, O_WRONLY | how | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666));
    return output->fd < 0 ? fail_write(output, ctx, errno) : PPH_OK;
}

/* A link to a file stays a link: the file that it leads to is replaced. */
static int resolve(struct output *output, struct pph_ctx *ctx)
{
    char *real = realpath(output->path, NULL);
    if (!real)
        return fail_write(output, ctx, errno);

    free(output->path);
    output->path = real;
    return PPH_OK;
}

static int open_file(struct output *output, struct pph_ctx *ctx)
{
    struct stat st;
    int status = PPH_OK;

    if (stat(output->path, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return fail_write(output, ctx, EISDIR);
        if (!S_ISREG(st.st_mode))
            return open_special(output, ctx, &st);
        /* Renaming over a file asks only for rights to the directory; respect the
         * file's too. */
        if (faccessat(AT_FDCWD, output->path, W_OK, AT_EACCESS) != 0)
            return fail_write(output, ctx, errno);
        status = resolve(output, ctx);
    } else if (errno != ENOENT) {
        return fail_write(output, ctx, errno);
    } else if (lstat(output->path, &st) == 0) {
        output->broken = true;
        return write_failf(ctx,
                           "cannot write %s: it is a link to a file that does not exist",
                           output->path);
    } else if (output->path[strlen(output->path) - 1] == '/') {
        return fail_write(output, ctx, EISDIR);
    } else if (output->options.mkdir) {
        status = place_make_parents(ctx, output->path);
    }
    if (status != PPH_OK)
        return status;
    return output->options.append || output->options.at_once ? open_itself(output, ctx)
                                                             : open_part(output, ctx);
}

int output_open(struct output *output, struct pph_ctx *ctx, const char *path,
                struct output_options options)
{
    *output = (struct output){.options = options, .fd = -1, .wake_fd = -1};
    output->path = strdup(path);
    if (!output->path)
        return write_fail_errno(ctx, "write", path, ENOMEM);

    int status = PPH_OK;
    output->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (output->wake_fd < 0)
        status = fail_write(output, ctx, errno);
    if (status == PPH_OK && strcmp(path, "-") == 0)
        status = open_stdout(output, ctx);
    else if (status == PPH_OK && path[0] == '\0')
        status = write_failf(ctx, "path: names no file");
    else if (status == PPH_OK)
        status = open_file(output, ctx);
    if (status != PPH_OK)
        (void)output_close(output, ctx, false);
    return status;
}

/* Waits for `fd` (-1: for the time alone) or for a cancel.  PPH_OK: go on. */
static int await(struct output *output, struct pph_ctx *ctx, int fd, int timeout_ms)
{
    struct pollfd fds[2] = {{.fd = fd, .events = POLLOUT},
                            {.fd = output->wake_fd, .events = POLLIN}};

    ctx->host->block_begin(ctx);
    int ready = poll(fds, 2, timeout_ms);
    int error = errno;
    ctx->host->block_end(ctx);
    if (ready < 0 && error != EINTR)
        return fail_write(output, ctx, error);
    return ready > 0 && fds[1].revents != 0 ? PPH_STOP : PPH_OK;
}

/* Waits for a reader if need be. */
static int open_fifo(struct output *output, struct pph_ctx *ctx)
{
    for (;;) {
        output->fd = open(output->path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        if (output->fd >= 0)
            return PPH_OK;
        if (errno != ENXIO && errno != EINTR)
            return fail_write(output, ctx, errno);
        int status = await(output, ctx, -1, FIFO_RETRY_MS);
        if (status != PPH_OK)
            return status;
    }
}

/* Takes n bytes off the front of iov[0..*count). */
static struct iovec *advance(struct iovec *iov, int *count, size_t n)
{
    while (*count > 0 && n >= iov->iov_len) {
        n -= iov->iov_len;
        iov++;
        (*count)--;
    }
    if (*count > 0) {
        iov->iov_base = (char *)iov->iov_base + n;
        iov->iov_len -= n;
    }
    return iov;
}

size_t output_whole(const struct output *output, size_t len)
{
    size_t rest = (size_t)((output->written + len) % UNIT);

    return output->part && rest < len ? len - rest : len;
}

static void make_room(struct output *output, const struct iovec *iov, int n)
{
    uint64_t size = output->written;

    for (int i = 0; i < n; i++)
        size += iov[i].iov_len;
    reserve_ahead(&output->reserve, output->fd, size);
}

int output_write(struct output *output, struct pph_ctx *ctx, struct iovec *iov, int n)
{
    if (output->broken)
        return output->is_stdout ? PPH_END : PPH_FATAL;
    if (output->fd < 0) {
        int status = open_fifo(output, ctx);
        if (status != PPH_OK)
            return status;
    }
    /* What does not take O_NONBLOCK waits in writev() itself: lend the place for that. */
    bool blocks = output->may_wait && output->fd == STDOUT_FILENO;
    make_room(output, iov, n);
    for (iov = advance(iov, &n, 0); n > 0;) {
        if (blocks)
            ctx->host->block_begin(ctx);
        ssize_t written = writev(output->fd, iov, n);
        int error = errno;
        if (blocks)
            ctx->host->block_end(ctx);
        if (written >= 0) {
            output->written += (uint64_t)written;
            iov = advance(iov, &n, (size_t)written);
            continue;
        }
        if (error == EAGAIN) {
            int status = await(output, ctx, output->fd, -1);
            if (status != PPH_OK)
                return status;
        } else if (error == EPIPE && output->is_stdout) {
            output->broken = true;
            return PPH_END;
        } else if (error != EINTR) {
            return fail_write(output, ctx, error);
        }
    }
    return PPH_OK;
}

int output_sync(struct output *output, struct pph_ctx *ctx)
{
    if (output->may_wait || output->is_stdout || output->fd < 0)
        return PPH_OK;
    return (int)TEMP_FAILURE_RETRY(fsync(output->fd)) == 0
               ? PPH_OK
               : fail_write(output, ctx, errno);
}

int output_finish(struct output *output, struct pph_ctx *ctx)
{
    assert(!output->finished);
    if (output->broken)
        return output->is_stdout ? PPH_OK : PPH_FATAL;
    if (output->fd <
        0) { /* a FIFO that nothing was written to: let its reader see the end */
        int status = open_fifo(output, ctx);
        if (status != PPH_OK)
            return status;
    }
    reserve_end(&output->reserve, output->fd, output->written);
    if (output->options.fsync) {
        int status = output_sync(output, ctx);
        if (status != PPH_OK)
            return status;
    }
    int fd = output->fd;
    output->fd = -1;
    if (fd != STDOUT_FILENO && close(fd) != 0 && errno != EINTR)
        return fail_write(output, ctx, errno);
    output->finished = true;
    return PPH_OK;
}

static int give_name(struct output *output, struct pph_ctx *ctx)
{
    if (rename(output->part, output->path) != 0)
        return fail_write(output, ctx, errno);

    free(output->part);
    output->part = NULL;
    if (!output->options.fsync)
        return PPH_OK;
    int error = place_sync_parent(output->path);
    return error == 0 ? PPH_OK : fail_write(output, ctx, error);
}

int output_close(struct output *output, struct pph_ctx *ctx, bool keep)
{
    int status = PPH_OK;

    if (output->fd >= 0 && output->fd != STDOUT_FILENO)
        (void)close(output->fd); /* it was not finished: what it says does not matter */
    output->fd = -1;
    if (output->part && keep && output->finished)
        status = give_name(output, ctx);
    if (output->part && unlink(output->part) != 0 && status == PPH_OK)
        status = write_fail_errno(ctx, "remove", output->part, errno);
    if (output->wake_fd >= 0)
        (void)close(output->wake_fd);
    output->wake_fd = -1;
    free(output->part);
    free(output->path);
    output->part = output->path = NULL;
    return status;
}

void output_cancel(struct output *output)
{
    const uint64_t one = 1;

    /* The only failure is a counter that is full, and then the output is awake anyway. */
    if (write(output->wake_fd, &one, sizeof(one)) < 0)
        return;
}
