/* SPDX-License-Identifier: MIT */
/*
 * write - writes items to a file, a pipe or standard output, each with a delimiter behind
 * it.
 *
 * Short items are gathered and written a quarter of a MiB at a time; long ones are handed
 * to the kernel where they lie.  The file has its final name only when the whole run went
 * well: output.h.  When the reader of standard output goes away, it wants no
 * more and the run ends.
 */
#include <stdlib.h>
#include <string.h>

#include <pphost/plugin.h>

#include "fault.h"
#include "gather.h"
#include "output.h"

enum { ARG_PATH, ARG_DELIMITER, ARG_APPEND, ARG_MKDIR, ARG_FSYNC };
enum { FSYNC_NONE, FSYNC_CLOSE };

/* The last bytes are slack, so that when nothing more fits there are 256 KiB to write. */
enum { BUFFER = (256 << 10) + 1024, DELIM_MAX = 4096 };

struct writer {
    struct output output;
    struct gather gather;
    gather_fn *gather_items;
    char *buffer;
};

static int open_stage(struct pph_ctx *ctx)
{
    const struct pph_value *args = ctx->args;
    struct output_options options = {.append = args[ARG_APPEND].i != 0,
                                     .mkdir = args[ARG_MKDIR].i != 0,
                                     .fsync = args[ARG_FSYNC].i == FSYNC_CLOSE};

    if (args[ARG_DELIMITER].n > DELIM_MAX)
        return write_failf(ctx, "delimiter: longer than %d bytes", DELIM_MAX);
    struct writer *writer = calloc(1, sizeof(*writer));
    if (!writer)
        return write_failf(ctx, "out of memory");
    writer->buffer = malloc(BUFFER);
    if (!writer->buffer) {
        free(writer);
        return write_failf(ctx, "out of memory");
    }

    int status = output_open(&writer->output, ctx, args[ARG_PATH].s, options);
    if (status != PPH_OK) {
        free(writer->buffer);
        free(writer);
        return status;
    }
    gather_set_delim(&writer->gather, args[ARG_DELIMITER].s, args[ARG_DELIMITER].n);
    writer->gather.to = writer->buffer;
    writer->gather.end = writer->buffer + BUFFER;
    writer->gather_items = gather_best();
    ctx->shared = writer;
    return PPH_OK;
}

/* Writes all that is in the buffer. */
static int write_out(struct pph_ctx *ctx, struct writer *writer)
{
    struct iovec iov = {.iov_base = writer->buffer,
                        .iov_len = (size_t)(writer->gather.to - writer->buffer)};

    writer->gather.to = writer->buffer;
    return output_write(&writer->output, ctx, &iov, 1);
}

/*
 * Writes the buffer, and `large` behind it unless that is NULL, but for a rest that is
 * better written with what comes next: it begins the buffer then.
 */
static int write_most(struct pph_ctx *ctx, struct writer *writer,
                      const struct pph_item *large)
{
    size_t buffered = (size_t)(writer->gather.to - writer->buffer);
    size_t len = buffered + (large ? large->len : 0);
    size_t now = output_whole(&writer->output, len);
    const char *rest =
        large ? (const char *)large->data + (now - buffered) : writer->buffer + now;
    struct iovec iov[2] = {
        {.iov_base = writer->buffer, .iov_len = large ? buffered : now},
    };

    if (large) /* longer than any rest, so all of the buffer is written */
        iov[1] = (struct iovec){.iov_base = large->data, .iov_len = now - buffered};
    int status = output_write(&writer->output, ctx, iov, large ? 2 : 1);
    memmove(writer->buffer, rest, len - now);
    writer->gather.to = writer->buffer + (len - now);
    return status;
}

static int batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    struct writer *writer = ctx->shared;
    size_t i = 0;

    while (i < n) {
        i += writer->gather_items(&writer->gather, items + i, n - i);
        if (i == n)
            break;
        const struct pph_item *large = items[i].len >= GATHER_LARGE ? &items[i] : NULL;
        int status = write_most(ctx, writer, large);
        if (status != PPH_OK)
            return status;
        if (large) { /* its delimiter follows in the buffer */
            struct pph_item nothing = {0};
            (void)writer->gather_items(&writer->gather, &nothing, 1);
            i++;
        }
    }
    return writer->output.is_prompt ? write_out(ctx, writer) : PPH_OK;
}

static int flush(struct pph_ctx *ctx, int why)
{
    struct writer *writer = ctx->shared;
    int status = write_out(ctx, writer);

    if (status == PPH_END && why == PPH_FLUSH_END)
        status = PPH_OK; /* the reader has gone, and this was all there was for it */
    if (status != PPH_OK)
        return status;
    if (why == PPH_FLUSH_END)
        return output_finish(&writer->output, ctx);
    return why == PPH_FLUSH_SYNC ? output_sync(&writer->output, ctx) : PPH_OK;
}

static void cancel(struct pph_ctx *ctx)
{
    struct writer *writer = ctx->shared;

    output_cancel(&writer->output);
}

static void close_stage(struct pph_ctx *ctx)
{
    struct writer *writer = ctx->shared;

    /* What goes wrong here is told by fail(): there is nothing to return it with. */
    (void)output_close(&writer->output, ctx, !ctx->host->stopping(ctx));
    free(writer->buffer);
    free(writer);
    ctx->shared = NULL;
}

static const struct pph_param params[] = {
    {.name = "path",
     .doc = "The file to write, or - for standard output; it appears when the run has "
            "succeeded, and replaces one of that name.",
     .example = "out/words.txt",
     .type = PPH_PATH,
     .flags = PPH_REQUIRED | PPH_PRIMARY},
    {.name = "delimiter",
     .doc = "What follows each item; may be empty, or \"\\0\".",
     .def = "\n",
     .type = PPH_STRING},
    {.name = "append",
     .doc = "Add to the file as it is, at once, instead of replacing it at the end.",
     .def = "false",
     .type = PPH_BOOL},
    {.name = "mkdir",
     .doc = "Make the directories above the file that are missing.",
     .def = "false",
     .type = PPH_BOOL},
    {.name = "fsync",
     .doc = "Leave it to the system when the data reaches the disk, or wait for it before"
            " the file gets its name.",
     .def = "none",
     .choices = "none|close",
     .type = PPH_ENUM},
    {0},
};

const struct pph_plugin pphost_plugin_v1 = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_STATEFUL | PPH_IDLE_FLUSH,
    .name = "write",
    .version = "1.0",
    .doc = "Writes items to a file or standard output, each with a delimiter behind it.",
    .params = params,
    .open = open_stage,
    .batch = batch,
    .flush = flush,
    .cancel = cancel,
    .close = close_stage,
};
