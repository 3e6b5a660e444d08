/* SPDX-License-Identifier: MIT */
/*
 * lines - reads text files and sends them down line by line, or in blocks of whole lines.
 *
 * reader.c makes blocks that end at a line's end, cut.c makes items that point into them;
 * here is what lies between: the files in turn, the policy for long lines, and going on
 * after PPH_MORE.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pphost/plugin.h>

#include "cut.h"
#include "inputs.h"
#include "reader.h"

enum { ARG_PATH, ARG_UNIT, ARG_MAX_LINE, ARG_LONG_LINES, ARG_CRLF };
enum { UNIT_LINE, UNIT_BLOCK };
enum { CRLF_KEEP, CRLF_STRIP };

/*
 * A block and what the host puts around it (its own header, 64 readable bytes) come to a
 * power of two, which is what allocators have on their shelves.
 */
enum { HOST_SLACK = 256 };
enum { LINE_BLOCK = (128 << 10) - HOST_SLACK, TEXT_BLOCK = (1 << 20) - HOST_SLACK };

enum {
    EMIT_MAX = 256
}; /* 8 KiB of items on the stack, still in L1 when the host copies them */

struct lines {
    /* Set by start(), never changed after. */
    const struct inputs *inputs;
    const struct cut_kernel *kernel;
    bool blocks; /* unit: block */

    struct reader reader;
    size_t next; /* index in inputs.list of the file to open when the present one ends */

    /* The chunk being cut: cut.at == cut.end when it is done.  Lives through the
     * repetitions of a call. */
    struct cut cut;
    enum piece piece;
};

static int open_stage(struct pph_ctx *ctx)
{
    struct inputs *inputs = calloc(1, sizeof(*inputs));
    if (!inputs)
        return lines_failf(ctx, "out of memory");

    int status = inputs_find(ctx, &ctx->args[ARG_PATH], inputs);
    if (status != PPH_OK) {
        inputs_free(inputs);
        free(inputs);
        return status;
    }
    ctx->shared = inputs;
    return PPH_OK;
}

static void close_stage(struct pph_ctx *ctx)
{
    inputs_free(ctx->shared);
    free(ctx->shared);
    ctx->shared = NULL;
}

static int start(struct pph_ctx *ctx)
{
    struct lines *lines = calloc(1, sizeof(*lines));
    if (!lines)
        return lines_failf(ctx, "out of memory");

    size_t max_line = (size_t)ctx->args[ARG_MAX_LINE].i;
    lines->inputs = ctx->shared;
    lines->kernel = cut_kernels()[0];
    lines->blocks = ctx->args[ARG_UNIT].i == UNIT_BLOCK;
    lines->cut.max_line = max_line;
    lines->cut.strip = ctx->args[ARG_CRLF].i == CRLF_STRIP;
    lines->reader.block_size = lines->blocks ? TEXT_BLOCK : LINE_BLOCK;
    /* Of blocks only a line that fills one alone is looked at. */
    lines->reader.max_line =
        lines->blocks && max_line < TEXT_BLOCK ? TEXT_BLOCK : max_line;
    lines->reader.long_lines = (enum long_lines)ctx->args[ARG_LONG_LINES].i;

    int error = reader_init(&lines->reader);
    if (error != 0) {
        free(lines);
        return lines_fail_errno(ctx, "eventfd", error);
    }
    ctx->local = lines;
    return PPH_OK;
}

static void stop(struct pph_ctx *ctx)
{
    struct lines *lines = ctx->local;

    reader_fini(&lines->reader);
    free(lines);
    ctx->local = NULL;
}

static void cancel(struct pph_ctx *ctx)
{
    struct lines *lines = ctx->local;

    reader_cancel(&lines->reader);
}

static int too_long(struct pph_ctx *ctx, const struct lines *lines)
{
    return lines_failf(
        ctx,
        "%s: line %" PRIu64 " is longer than max_line (%zu bytes); raise it, or "
        "set long_lines to split or truncate",
        input_name(lines->reader.input), lines->cut.line, lines->reader.max_line);
}

static int next_input(struct pph_ctx *ctx, struct lines *lines)
{
    if (lines->next == lines->inputs->n)
        return PPH_END;

    const struct input *input = &lines->inputs->list[lines->next++];
    int status = reader_open(&lines->reader, ctx, input);
    if (status != PPH_OK)
        return status;
    lines->cut.line = 1;
    return ctx->host->origin(ctx, input_name(input));
}

static void tell_progress(struct pph_ctx *ctx, const struct lines *lines)
{
    uint64_t done = lines->reader.bytes;
    uint64_t total = lines->inputs->bytes;

    if (total > 0 && total < done)
        total = done; /* a file grew */
    ctx->host->progress(ctx, done, total, PPH_BYTES);
}

/* Reads until there is a chunk to cut.  PPH_OK: there is one. */
static int next_chunk(struct pph_ctx *ctx, struct lines *lines)
{
    struct chunk chunk;

    for (;;) {
        if (lines->reader.fd < 0) {
            int status = next_input(ctx, lines);
            if (status != PPH_OK)
                return status;
        }
        switch (reader_next(&lines->reader, ctx, &chunk)) {
        case READ_CHUNK:
            lines->cut.at = chunk.at;
            lines->cut.end = chunk.end;
            lines->piece = chunk.piece;
            tell_progress(ctx, lines);
            return PPH_OK;
        case READ_END:
            break;
        case READ_CANCELLED:
            return ctx->host->stopping(ctx) ? PPH_STOP : PPH_END;
        case READ_TOO_LONG:
            return too_long(ctx, lines);
        case READ_FAILED:
            return PPH_FATAL;
        }
    }
}

/* Items of max_line bytes of a line of `len`, but for its last one; at least one. */
static size_t split_line(struct cut *cut, size_t len, struct pph_item *items)
{
    size_t n = 0;

    for (; len > cut->max_line && n < EMIT_MAX; len -= cut->max_line) {
        items[n++] = (struct pph_item){.data = cut->at,
                                       .len = (uint32_t)cut->max_line,
                                       .flags = PPH_WRITABLE,
                                       .pos = cut->line};
        cut->at += cut->max_line;
    }
    return n;
}

/* What the kernel leaves: a line that is too long, or one that no newline ends.
 * cut->at < cut->end. */
static int odd_line(struct pph_ctx *ctx, struct lines *lines, struct pph_item *items,
                    size_t *ret_n)
{
    struct cut *cut = &lines->cut;
    char *newline = memchr(cut->at, '\n', (size_t)(cut->end - cut->at));
    char *next = newline ? newline + 1 : cut->end;
    size_t len = (size_t)((newline ? newline : cut->end) - cut->at);

    if (len > cut->max_line) {
        if (lines->reader.long_lines == LONG_FAIL)
            return too_long(ctx, lines);
        if (lines->reader.long_lines == LONG_SPLIT) {
            *ret_n = split_line(cut, len, items);
            return PPH_OK;
        }
        len = cut->max_line;
    } else if (cut->strip && lines->piece == PIECE_LINES && len > 0 &&
               cut->at[len - 1] == '\r') {
        len--;
    }
    items[0] = (struct pph_item){
        .data = cut->at, .len = (uint32_t)len, .flags = PPH_WRITABLE, .pos = cut->line};
    cut->at = next;
    if (lines->piece != PIECE_CUT)
        cut->line++;
    *ret_n = 1;
    return PPH_OK;
}

static int emit_lines(struct pph_ctx *ctx, struct lines *lines)
{
    struct pph_item items[EMIT_MAX];
    struct cut *cut = &lines->cut;

    while (cut->at < cut->end) {
        size_t n = lines->kernel->lines(cut, items, EMIT_MAX);
        int status = n == 0 ? odd_line(ctx, lines, items, &n) : PPH_OK;
        if (status != PPH_OK)
            return status;
        status = ctx->host->emit(ctx, items, n);
        if (status == PPH_MORE && cut->at == cut->end)
            return PPH_OK; /* nothing is left of this block: the next one is a new call */
        if (status != PPH_OK)
            return status;
    }
    return PPH_OK;
}

/* Moves text[0..len) together over the \r that end its lines.  Returns the new length. */
static size_t strip_block(char *text, size_t len)
{
    char *end = text + len;
    char *to = memchr(text, '\r', len);

    if (!to)
        return len;
    for (char *from = to; from < end; from++) {
        if (*from != '\r' || (from + 1 < end && from[1] != '\n'))
            *to++ = *from;
    }
    return (size_t)(to - text);
}

static int emit_block(struct pph_ctx *ctx, struct lines *lines)
{
    struct cut *cut = &lines->cut;
    size_t len = (size_t)(cut->end - cut->at);
    struct pph_item item = {.data = cut->at, .flags = PPH_WRITABLE, .pos = cut->line};

    cut->line += lines->kernel->count(cut->at, len);
    if (lines->piece == PIECE_TRUNCATED)
        cut->line++;
    if (lines->piece == PIECE_LINES && cut->at[len - 1] == '\n')
        len--;
    if (cut->strip && lines->piece == PIECE_LINES)
        len = strip_block(cut->at, len);
    item.len = (uint32_t)len;
    cut->at = cut->end;

    int status = ctx->host->emit(ctx, &item, 1);
    return status == PPH_MORE ? PPH_OK : status;
}

static int generate(struct pph_ctx *ctx)
{
    struct lines *lines = ctx->local;

    if (lines->cut.at == lines->cut.end) {
        int status = next_chunk(ctx, lines);
        if (status != PPH_OK)
            return status;
    }
    return lines->blocks ? emit_block(ctx, lines) : emit_lines(ctx, lines);
}

static const struct pph_param params[] = {
    {.name = "path",
     .doc = "Files to read, one after another: names, patterns such as logs/*.txt (sorted"
            " by name), or - for standard input.",
     .example = "[intro.txt, chapters/*.txt]",
     .type = PPH_PATH,
     .flags = PPH_REQUIRED | PPH_LIST | PPH_PRIMARY},
    {.name = "unit",
     .doc = "What an item is: a line without its newline, or about 1 MiB of whole lines "
            "without the last newline.",
     .def = "line",
     .choices = "line|block",
     .type = PPH_ENUM},
    {.name = "max_line",
     .doc = "Longest line allowed, without its newline; in blocks, lines shorter than a "
            "block always are.",
     .def = "64MiB",
     .min = "1B",
     .max = "2GiB",
     .type = PPH_SIZE},
    {.name = "long_lines",
     .doc = "What to do with a longer line: stop with an error, send it in pieces of "
            "max_line bytes, or send its start only.",
     .def = "fail",
     .choices = "fail|split|truncate",
     .type = PPH_ENUM},
    {.name = "crlf",
     .doc = "Keep or remove a carriage return at the end of a line.",
     .def = "keep",
     .choices = "keep|strip",
     .type = PPH_ENUM},
    {0},
};

const struct pph_plugin pphost_plugin_v1 = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .name = "lines",
    .version = "1.0",
    .doc = "Reads text files, line by line or in blocks of whole lines.",
    .out = "text/plain",
    .pos_unit = "line",
    .params = params,
    .open = open_stage,
    .start = start,
    .generate = generate,
    .cancel = cancel,
    .stop = stop,
    .close = close_stage,
};
