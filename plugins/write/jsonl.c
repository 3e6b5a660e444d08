/* SPDX-License-Identifier: MIT */
/*
 * jsonl - writes each item as one line of JSON, and what is known of it beside its bytes:
 * of a dead letter, who gave it up and why.
 *
 * Lines are written as soon as a batch is there, into the file itself, and stay whatever
 * becomes of the run: dead letters are needed most where it failed.
 */
#include <stdlib.h>

#include <pphost/plugin.h>

#include "fault.h"
#include "json_line.h"
#include "output.h"

enum { ARG_PATH, ARG_APPEND, ARG_MKDIR };

/* Lines are written when so much of them is there, and at the end of each batch. */
enum { WRITE_BYTES = 256 << 10 };

struct jsonl {
    struct output output;
    struct json_line lines;
    const struct pph_letters *letters; /* NULL: the host knows nothing of them */
    /* The last letter of this batch, and where what is known of it lies in the lines; no bytes: there is none. */
    struct pph_letter last;
    size_t head_at, head_len;
};

static int open_stage(struct pph_ctx *ctx)
{
    const struct pph_value *args = ctx->args;
    struct output_options options = {.append = args[ARG_APPEND].i != 0,
                                     .mkdir = args[ARG_MKDIR].i != 0,
                                     .at_once = true};
    struct jsonl *jsonl = calloc(1, sizeof(*jsonl));

    if (!jsonl)
        return write_failf(ctx, "out of memory");
    int status = output_open(&jsonl->output, ctx, args[ARG_PATH].s, options);
    if (status != PPH_OK) {
        free(jsonl);
        return status;
    }
    jsonl->letters = ctx->host->ext(ctx, "letter/1");
    ctx->shared = jsonl;
    return PPH_OK;
}

/* Of one batch, whose strings live as long as it does: equal ones mostly are the same. */
static bool is_alike(const struct pph_letter *a, const struct pph_letter *b)
{
    return a->stage == b->stage && a->worker == b->worker && a->error == b->error &&
           a->attempt == b->attempt && a->origin == b->origin;
}

static void put_letter(struct jsonl *jsonl, const struct pph_letter *letter)
{
    struct json_line *line = &jsonl->lines;
    size_t at = line->len;

    if (jsonl->head_len > 0 && is_alike(letter, &jsonl->last)) {
        json_line_again(line, jsonl->head_at, jsonl->head_len);
        return;
    }
    json_line_text(line, "stage", letter->stage);
    json_line_number(line, "worker", letter->worker);
    json_line_text(line, "error", letter->error);
    json_line_number(line, "attempt", letter->attempt);
    if (letter->origin)
        json_line_text(line, "origin", letter->origin);
    jsonl->last = *letter;
    jsonl->head_at = at;
    jsonl->head_len = line->len - at;
}

static void put_item(struct pph_ctx *ctx, struct jsonl *jsonl,
                     const struct pph_item *item)
{
    struct json_line *line = &jsonl->lines;
    struct pph_letter letter = {.size = sizeof(letter)};

    json_line_begin(line);
    if (jsonl->letters && jsonl->letters->get(ctx, item, &letter))
        put_letter(jsonl, &letter);
    if (item->pos > 0)
        json_line_number(line, "pos", item->pos);
    if (letter.pos_unit)
        json_line_text(line, "unit", letter.pos_unit);
    if (item->key > 0)
        json_line_number(line, "key", item->key);
    json_line_bytes(line, item->data, item->len);
    json_line_end(line);
}

static int write_lines(struct pph_ctx *ctx, struct jsonl *jsonl)
{
    struct iovec iov = {.iov_base = jsonl->lines.data, .iov_len = jsonl->lines.len};

    if (jsonl->lines.failed)
        return write_failf(ctx, "out of memory");
    jsonl->lines.len = 0;
    jsonl->head_len = 0;
    return output_write(&jsonl->output, ctx, &iov, 1);
}

static int batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    struct jsonl *jsonl = ctx->shared;

    jsonl->head_len = 0;
    for (size_t k = 0; k < n; k++) {
        put_item(ctx, jsonl, &items[k]);
        if (jsonl->lines.len < WRITE_BYTES && !jsonl->lines.failed)
            continue;
        int status = write_lines(ctx, jsonl);
        if (status != PPH_OK)
            return status;
    }
    return write_lines(ctx, jsonl);
}

static int flush(struct pph_ctx *ctx, int why)
{
    struct jsonl *jsonl = ctx->shared;

    return why == PPH_FLUSH_END ? output_finish(&jsonl->output, ctx) : PPH_OK;
}

static void cancel(struct pph_ctx *ctx)
{
    struct jsonl *jsonl = ctx->shared;

    output_cancel(&jsonl->output);
}

static void close_stage(struct pph_ctx *ctx)
{
    struct jsonl *jsonl = ctx->shared;

    (void)output_close(&jsonl->output, ctx, true);
    json_line_fini(&jsonl->lines);
    free(jsonl);
    ctx->shared = NULL;
}

static const struct pph_param params[] = {
    {.name = "path",
     .doc =
         "The file to write, or - for standard output; it is written as items come, and "
         "stays whatever becomes of the run.",
     .example = "out/dead.jsonl",
     .type = PPH_PATH,
     .flags = PPH_REQUIRED | PPH_PRIMARY},
    {.name = "append",
     .doc = "Add to the file as it is, instead of beginning it anew.",
     .def = "false",
     .type = PPH_BOOL},
    {.name = "mkdir",
     .doc = "Make the directories above the file that are missing.",
     .def = "false",
     .type = PPH_BOOL},
    {0},
};

const struct pph_plugin pphost_plugin_v1 = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "jsonl",
    .version = "1.0",
    .doc = "Writes items as lines of JSON, dead letters with stage, error and attempt.",
    .params = params,
    .open = open_stage,
    .batch = batch,
    .flush = flush,
    .cancel = cancel,
    .close = close_stage,
};
