/* SPDX-License-Identifier: MIT */
/*
 * print - shows items on standard output, for people to look at.
 *
 * Whatever is in an item, it comes out as one line that leaves the terminal as it was.
 * What a batch brought is shown when the batch is done; to write data for programs there
 * is `write`.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <pphost/plugin.h>

#include "format.h"

enum { ARG_FORMAT, ARG_RAW, ARG_LIMIT };

/* Once poll() says that a pipe takes something, so much of it goes in without waiting. */
enum { BUFFER = PIPE_BUF };

struct print {
    struct format format;
    bool raw;
    uint64_t left; /* items still to be shown */
    int wake_fd;   /* eventfd: readable for good once it is cancelled */
    bool gone;     /* the reader has gone */
    size_t len;
    char buffer[BUFFER];
};

static int open_stage(struct pph_ctx *ctx)
{
    const struct pph_value *args = ctx->args;
    struct print *print = calloc(1, sizeof(*print));
    if (!print)
        return ctx->host->fail(ctx, NULL, PPH_FATAL, "out of memory");

    const char *fault =
        format_parse(&print->format, args[ARG_FORMAT].s, args[ARG_FORMAT].n);
    print->wake_fd = fault ? -1 : eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!fault && print->wake_fd < 0)
        fault = "cannot be read: no file descriptor is left";
    if (fault) {
        char message[128] = "format ";
        strncat(message, fault, sizeof(message) - strlen(message) - 1);
        free(print);
        return ctx->host->fail(ctx, NULL, PPH_FATAL, message);
    }
    print->raw = args[ARG_RAW].i != 0;
    print->left = args[ARG_LIMIT].given ? (uint64_t)args[ARG_LIMIT].i : UINT64_MAX;
    ctx->shared = print;
    return PPH_OK;
}

static void close_stage(struct pph_ctx *ctx)
{
    struct print *print = ctx->shared;

    (void)close(print->wake_fd);
    free(print);
    ctx->shared = NULL;
}

static void cancel(struct pph_ctx *ctx)
{
    struct print *print = ctx->shared;
    const uint64_t one = 1;

    /* The only failure is a counter that is full, and then it is awake anyway. */
    if (write(print->wake_fd, &one, sizeof(one)) < 0)
        return;
}

/* PPH_OK: standard output takes something. */
static int await(struct pph_ctx *ctx, struct print *print)
{
    struct pollfd fds[2] = {{.fd = STDOUT_FILENO, .events = POLLOUT},
                            {.fd = print->wake_fd, .events = POLLIN}};
    int ready = poll(fds, 2, 0);

    if (ready == 0) {
        ctx->host->block_begin(ctx);
        do
            ready = poll(fds, 2, -1);
        while (ready < 0 && errno == EINTR);
        ctx->host->block_end(ctx);
    }
    return ready > 0 && fds[0].revents == 0 ? PPH_STOP : PPH_OK;
}

/* Writes the buffer out.  PPH_OK, PPH_STOP, PPH_FATAL, or PPH_END when the reader has
 * gone. */
static int write_out(struct pph_ctx *ctx, struct print *print)
{
    size_t done = 0;

    while (done < print->len && !print->gone) {
        int status = await(ctx, print);
        if (status != PPH_OK)
            return status;
        ssize_t n = write(STDOUT_FILENO, print->buffer + done, print->len - done);
        if (n >= 0) {
            done += (size_t)n;
        } else if (errno == EPIPE) {
            print->gone = true;
        } else if (errno != EINTR && errno != EAGAIN) {
            char text[128];
            char message[192] = "cannot write standard output: ";
            strncat(message, strerror_r(errno, text, sizeof(text)),
                    sizeof(message) - strlen(message) - 1);
            return ctx->host->fail(ctx, NULL, PPH_FATAL, message);
        }
    }
    print->len = 0;
    return print->gone ? PPH_END : PPH_OK;
}

static int show(struct pph_ctx *ctx, struct print *print, const struct pph_item *item)
{
    struct format_place place = {0};

    for (;;) {
        print->len += format_put(&print->format, item, print->raw, &place,
                                 print->buffer + print->len, BUFFER - print->len);
        if (place.part > print->format.n)
            return PPH_OK;
        int status = write_out(ctx, print);
        if (status != PPH_OK)
            return status;
    }
}

static int batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    struct print *print = ctx->shared;

    for (size_t i = 0; i < n && print->left > 0; i++, print->left--) {
        int status = show(ctx, print, &items[i]);
        if (status != PPH_OK)
            return status;
    }
    int status = write_out(ctx, print);
    return status == PPH_OK && print->left == 0 ? PPH_END : status;
}

static const struct pph_param params[] = {
    {.name = "format",
     .doc = "What to print of an item: {} is the item, {pos} its place in its origin, "
            "{len} its length, {key} its key.",
     .def = "{}",
     .example = "\"{pos}: {}\"",
     .type = PPH_STRING,
     .flags = PPH_PRIMARY},
    {.name = "raw",
     .doc =
         "Print items byte for byte; else control characters and what is not UTF-8 are "
         "printed as \\n or \\x1b.",
     .def = "false",
     .type = PPH_BOOL},
    {.name = "limit",
     .doc = "Stop after so many items; without it all are printed.",
     .min = "0",
     .example = "10",
     .type = PPH_INT},
    {0},
};

const struct pph_plugin pphost_plugin_v1 = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "print",
    .version = "1.0",
    .doc = "Prints items on standard output, one per line, for people to look at.",
    .params = params,
    .open = open_stage,
    .batch = batch,
    .cancel = cancel,
    .close = close_stage,
};
