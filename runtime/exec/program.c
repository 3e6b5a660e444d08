/* SPDX-License-Identifier: MIT */
#include "exec/program.h"

#include "exec/stage.h"

void *program_adopted(struct pph_ctx *ctx, void (*release)(void *arg))
{
    const struct instance *i = instance_of(ctx);
    struct buf *buf;

    if (i->call != CALL_ITEMS || !i->in || i->in->n_bufs != 1 || i->next_item > 0)
        return NULL;
    buf = i->in->bufs[0];
    return buf->release == release && buf_is_unshared(buf) ? buf->arg : NULL;
}

void program_take_back(struct pph_ctx *ctx)
{
    struct instance *i = instance_of(ctx);
    struct buf *buf = i->in->bufs[0];

    PPH_ASSERT(buf->release);
    buf->release = NULL;
    chunk_account(buf->pool, i->memory.cache, -(int64_t)buf->len);
}
