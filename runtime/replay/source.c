/* SPDX-License-Identifier: MIT */
/*
 * The second reading of the file: the source of the run.
 *
 * A batch has one origin, so it ends where something else is known of the next letter: another origin, or another number of
 * attempts.  What a letter's own stage counts goes on from there (flow/root.h).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "exec/host.h"
#include "replay/letter.h"
#include "replay/replay.h"

#define REPLAY_EXT "pphost.replay"

enum {
    CALL_BYTES = 4 << 20,      /* of the file that one call looks at, about */
    ATTEMPTS_MAX = 1000000000, /* more are not counted: so what is added to them fits */
};

const void *replay_ext(const struct replay *replay, const char *id)
{
    return strcmp(id, REPLAY_EXT) == 0 ? replay : NULL;
}

static int fatal(struct pph_ctx *ctx, const struct replay *r, const char *what)
{
    struct error err;

    error_set(&err, "'%s' %s", r->wanted.file, what);
    return ctx->host->fail(ctx, NULL, PPH_FATAL, err.text);
}

static int has_changed(struct pph_ctx *ctx, const struct replay *r)
{
    return fatal(ctx, r,
                 "was changed while it was replayed: some letters may not be sent");
}

/* Whether it is the very file that was checked. */
static bool is_unchanged(const struct replay *r)
{
    const struct stat *then = &r->status;
    struct stat now;

    return fstat(r->fd, &now) == 0 && now.st_dev == then->st_dev &&
           now.st_ino == then->st_ino && now.st_size == then->st_size &&
           now.st_mtim.tv_sec == then->st_mtim.tv_sec &&
           now.st_mtim.tv_nsec == then->st_mtim.tv_nsec;
}

static int open_stage(struct pph_ctx *ctx)
{
    struct replay *r = (struct replay *)(uintptr_t)ctx->host->ext(ctx, REPLAY_EXT);

    PPH_ASSERT(r != NULL && r->graph != NULL);
    ctx->shared = r;
    r->lines.fd = r->fd;
    return is_unchanged(r) ? PPH_OK : has_changed(ctx, r);
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* What is known of the letter holds for what is emitted from now on.  False: no memory. */
static bool tell_origin(struct pph_ctx *ctx, struct replay *r,
                        const struct replay_letter *letter)
{
    const struct graph_stage *stage = replay_stage(r->wanted.graph, letter->stage);
    struct replay_now now = {.stage = stage ? stage->name : NULL,
                             .unit = replay_unit(r, letter->unit),
                             .set = true};
    struct origin *origin;

    if (stage)
        now.attempt = letter->attempt < ATTEMPTS_MAX ? (uint32_t)letter->attempt
                                                     : (uint32_t)ATTEMPTS_MAX;

    if (r->now.set && r->now.stage == now.stage && r->now.unit == now.unit &&
        r->now.attempt == now.attempt && same_text(r->now.origin, letter->origin))
        return true;
    now.origin = letter->origin ? strdup(letter->origin) : NULL;
    origin = origin_new(letter->origin);
    if (!origin || (letter->origin && !now.origin)) {
        origin_unref(origin);
        free(now.origin);
        return false;
    }
    origin->stage = now.stage;
    origin->attempts = now.attempt;
    origin->pos_unit = now.unit;
    host_set_origin(ctx, origin);
    free(r->now.origin);
    r->now = now;
    return true;
}

/* The output that leads to the letter's stage; false: the check has not seen such a letter. */
static bool find_port(const struct replay *r, const struct replay_letter *letter,
                      uint16_t *ret_port)
{
    const char *name = r->wanted.into ? r->wanted.into : letter->stage;
    const struct graph_stage *target = replay_stage(r->wanted.graph, name);

    if (!target || r->port_of[target->index] == 0)
        return false;
    *ret_port = (uint16_t)(r->port_of[target->index] - 1);
    return true;
}

static int send(struct pph_ctx *ctx, struct replay *r, char *line, size_t len)
{
    struct replay_letter letter;
    struct replay_fault fault;
    struct pph_item item = {0};
    int rc;

    if (replay_line_is_blank(line, len))
        return PPH_OK;
    if (!replay_letter_read(line, len, &letter, &fault))
        return has_changed(ctx, r);
    if (!replay_picks(r, &letter))
        return PPH_OK;
    if (!find_port(r, &letter, &item.port))
        return has_changed(ctx, r);
    if (!tell_origin(ctx, r, &letter))
        return fatal(ctx, r, "cannot be replayed: out of memory");
    item.data = (char *)(uintptr_t)letter.data;
    item.len = (uint32_t)letter.len;
    item.key = letter.key;
    item.pos = letter.pos;
    rc = ctx->host->emit(ctx, &item, 1);
    r->sent += rc == PPH_OK || rc == PPH_MORE;
    return rc;
}

/* The end of the file, or of what can be read of it. */
static int end(struct pph_ctx *ctx, const struct replay *r, enum replay_line kind)
{
    struct error err;

    switch (kind) {
    case REPLAY_LINES_END:
        return is_unchanged(r) && r->sent == r->picked ? PPH_END : has_changed(ctx, r);
    case REPLAY_LINES_UNREAD:
        error_set_errno(&err, errno, "'%s' cannot be read", r->wanted.file);
        return ctx->host->fail(ctx, NULL, PPH_FATAL, err.text);
    case REPLAY_LINE_NO_MEMORY:
        return fatal(ctx, r, "cannot be replayed: out of memory");
    case REPLAY_LINE_NO_JSON:
    case REPLAY_LINE:
    case REPLAY_LINE_LAST:
        break;
    }
    return has_changed(ctx, r);
}

static int generate(struct pph_ctx *ctx)
{
    struct replay *r = ctx->shared;
    uint64_t done = replay_lines_done(&r->lines);
    uint64_t before = r->sent;
    int rc = PPH_OK;

    if (!is_unchanged(r)) /* soon told is less to be sorted out */
        return has_changed(ctx, r);
    while (rc == PPH_OK && r->sent - before < ctx->want &&
           replay_lines_done(&r->lines) - done < CALL_BYTES) {
        char *line;
        size_t len;
        enum replay_line kind = replay_lines_next(&r->lines, &line, &len);

        if (kind != REPLAY_LINE && kind != REPLAY_LINE_LAST)
            return end(ctx, r, kind);
        rc = send(ctx, r, line, len);
        if (rc == PPH_OK || rc == PPH_MORE)
            r->next_line = r->lines.line + 1;
    }
    ctx->host->progress(ctx, replay_lines_done(&r->lines), (uint64_t)r->status.st_size,
                        PPH_BYTES);
    return rc == PPH_MORE ? PPH_OK : rc;
}

const struct pph_plugin replay_plugin = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .name = "replay",
    .version = "",
    .doc = "Dead letters that are sent again.",
    .in = "*",
    .out = "*",
    .open = open_stage,
    .generate = generate,
};
