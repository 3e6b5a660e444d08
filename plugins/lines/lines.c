/* SPDX-License-Identifier: MIT */
/*
 * lines - reads text files and sends them down line by line, or in blocks of whole lines.
 *
 * ranges.c gives files out in blocks that several workers read at once; reader.c reads
 * what one worker must read alone; cut.c makes items that point into the blocks.  Here is
 * what lies between: who reads what, the policy for long lines, and going on after
 * PPH_MORE.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pphost/plugin.h>

#include "cut.h"
#include "inputs.h"
#include "ranges.h"
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

enum { ALIGN = 64 }; /* the kernel copies faster where both sides begin alike */

enum {
    EMIT_MAX = 256
}; /* 8 KiB of items on the stack, still in L1 when the host copies them */

/* What a worker does, by its last `plan`. */
enum role {
    ROLE_RANGE,   /* reads `range` */
    ROLE_ALONE,   /* reads all the rest, from now on */
    ROLE_RETIRED, /* nothing: another one reads all the rest */
};

/* What all workers share. */
struct shared {
    struct inputs inputs;
    struct ranges ranges;
    bool has_reader; /* one worker reads all the rest; only `plan` uses it */
};

/* One worker. */
struct lines {
    /* Set by start(), never changed after. */
    struct shared *shared;
    const struct cut_kernel *kernel;
    bool blocks; /* unit: block */

    enum role role;
    struct range range;         /* ROLE_RANGE: to be read by the next generate() */
    const struct input *origin; /* what the host was told last; NULL: nothing yet */
    uint64_t bytes;             /* read from ranges */

    struct reader reader; /* ROLE_ALONE */
    bool reads;           /* ... it has begun */
    size_t next; /* index in inputs.list of the file to open when the present one ends */

    /* The chunk being cut: cut.at == cut.end when it is done.  Lives through the
     * repetitions of a call. */
    struct cut cut;
    enum piece piece;
};

static void free_shared(struct shared *shared)
{
    inputs_free(&shared->inputs);
    free(shared);
}

static int open_stage(struct pph_ctx *ctx)
{
    struct shared *shared = calloc(1, sizeof(*shared));
    if (!shared)
        return lines_failf(ctx, "out of memory");

    int status = inputs_find(ctx, &ctx->args[ARG_PATH], &shared->inputs);
    if (status == PPH_OK) {
        int error = ranges_init(&shared->ranges, &shared->inputs, TEXT_BLOCK - ALIGN);
        if (error != 0)
            status = lines_fail_errno(ctx, "ranges", error);
    }
    if (status != PPH_OK) {
        free_shared(shared);
        return status;
    }
    ctx->shared = shared;
    return PPH_OK;
}

static void close_stage(struct pph_ctx *ctx)
{
    struct shared *shared = ctx->shared;

    ranges_fini(&shared->ranges);
    free_shared(shared);
    ctx->shared = NULL;
}

static int start(struct pph_ctx *ctx)
{
    struct lines *lines = calloc(1, sizeof(*lines));
    if (!lines)
        return lines_failf(ctx, "out of memory");

    size_t max_line = (size_t)ctx->args[ARG_MAX_LINE].i;
    lines->shared = ctx->shared;
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

    ranges_release(&lines->shared->ranges, &lines->range);
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
        input_name(lines->origin), lines->cut.line, lines->reader.max_line);
}

static int set_origin(struct pph_ctx *ctx, struct lines *lines, const struct input *input)
{
    if (lines->origin == input)
        return PPH_OK;
    lines->origin = input;
    return ctx->host->origin(ctx, input_name(input));
}

static int next_input(struct pph_ctx *ctx, struct lines *lines)
{
    if (lines->next == lines->shared->inputs.n)
        return PPH_END;

    const struct input *input = &lines->shared->inputs.list[lines->next++];
    int status = reader_open(&lines->reader, ctx, input);
    if (status != PPH_OK)
        return status;
    lines->cut.line = 1;
    return set_origin(ctx, lines, input);
}

static void tell_progress(struct pph_ctx *ctx, const struct lines *lines)
{
    uint64_t done = lines->bytes + lines->reader.bytes;
    uint64_t total = lines->shared->inputs.bytes;

    if (total > 0 && total < done)
        total = done; /* a file grew */
    ctx->host->progress(ctx, done, total, PPH_BYTES);
}

/* ROLE_ALONE: goes on where the ranges end. */
static int begin_reading(struct pph_ctx *ctx, struct lines *lines)
{
    struct ranges *ranges = &lines->shared->ranges;
    const struct input *input;
    int fd = -1;

    lines->reads = true;
    int status = ranges_take_rest(ranges, ctx, &input, &fd, &lines->cut.line);
    lines->next = ranges->next;
    if (status != PPH_OK || !input)
        return status;
    status = reader_go_on(&lines->reader, ctx, input, fd);
    return status == PPH_OK ? set_origin(ctx, lines, input) : status;
}

/* ROLE_ALONE: reads until there is a chunk to cut.  PPH_OK: there is one. */
static int next_chunk(struct pph_ctx *ctx, struct lines *lines)
{
    struct chunk chunk;

    for (;;) {
        int status = PPH_OK;
        if (!lines->reads)
            status = begin_reading(ctx, lines);
        if (status == PPH_OK && lines->reader.fd < 0)
            status = next_input(ctx, lines);
        if (status != PPH_OK)
            return status;
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

/* ROLE_RANGE: reads the range, and learns the number of its first line. */
static int read_range(struct pph_ctx *ctx, struct lines *lines)
{
    struct range *range = &lines->range;
    size_t pad = range->at % ALIGN;
    char *block = ctx->host->alloc(ctx, pad + range->len);
    ssize_t len = block ? ranges_read(range, block + pad) : 0;
    uint64_t n = len > 0 ? lines->kernel->count(block + pad, (size_t)len) : 0;
    uint64_t line = ranges_count(&lines->shared->ranges, ctx, range, n);

    ranges_release(&lines->shared->ranges, range);
    if (!block)
        return lines_failf(ctx, "%s: no memory for %zu bytes of text",
                           input_name(range->input), pad + range->len);
    if (len < 0)
        return lines_fail_errno(ctx, input_name(range->input), (int)-len);
    lines->cut.at = block + pad;
    lines->cut.end = block + pad + len;
    lines->cut.line = line;
    lines->piece = PIECE_LINES;
    lines->bytes += (uint64_t)len;
    tell_progress(ctx, lines);
    return set_origin(ctx, lines, range->input);
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
    size_t most = ctx->want > 0 && ctx->want < EMIT_MAX ? ctx->want : EMIT_MAX;

    while (cut->at < cut->end) {
        size_t n = lines->kernel->lines(cut, items, most);
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

    if (lines->role == ROLE_ALONE) /* else they were counted already */
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

/*
 * Lines are read by one worker: cutting them is little of the work there is with them, and
 * the items of another one would wait for their turn, which costs more than it brings.
 */
static uint32_t useful_workers(const struct pph_value *args)
{
    return args[ARG_UNIT].i == UNIT_BLOCK ? 0 : 1;
}

static const void *ext(const char *id)
{
    static const struct pph_workers workers = {.size = sizeof(workers),
                                               .useful = useful_workers};

    return strcmp(id, "workers/1") == 0 ? &workers : NULL;
}

/* Who reads what comes next. */
static int plan(struct pph_ctx *ctx, const struct pph_item *items, size_t n)
{
    struct lines *lines = ctx->local;
    struct shared *shared = lines->shared;
    enum ranges_status status = RANGES_REST;

    (void)items;
    (void)n;
    if (lines->role == ROLE_ALONE)
        return PPH_OK;
    if (shared->has_reader) {
        lines->role = ROLE_RETIRED;
        return PPH_OK;
    }
    if (lines->blocks && ctx->workers > 1)
        status = ranges_take(&shared->ranges, ctx, &lines->range);
    switch (status) {
    case RANGES_NEXT:
        lines->role = ROLE_RANGE;
        return PPH_OK;
    case RANGES_REST:
        lines->role = ROLE_ALONE;
        shared->has_reader = true;
        return PPH_OK;
    case RANGES_END:
        return PPH_END;
    case RANGES_FAILED:
        break;
    }
    return PPH_FATAL;
}

static int generate(struct pph_ctx *ctx)
{
    struct lines *lines = ctx->local;

    if (lines->role == ROLE_RETIRED)
        return PPH_END;
    if (lines->cut.at == lines->cut.end) {
        int status =
            lines->role == ROLE_ALONE ? next_chunk(ctx, lines) : read_range(ctx, lines);
        if (status != PPH_OK)
            return status;
        if (lines->cut.at == lines->cut.end)
            return PPH_OK; /* the file has shrunk: nothing was left of the range */
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
    .flags = PPH_PARALLEL,
    .name = "lines",
    .version = "1.0",
    .doc = "Reads text files, line by line or in blocks of whole lines.",
    .out = "text/plain",
    .pos_unit = "line",
    .params = params,
    .open = open_stage,
    .start = start,
    .plan = plan,
    .generate = generate,
    .cancel = cancel,
    .stop = stop,
    .close = close_stage,
    .ext = ext,
};
