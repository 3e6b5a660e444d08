/* SPDX-License-Identifier: MIT */
/*
 * plain_split - puts one word on each line of a block of text: what somebody writes who has read
 * nothing but the header, in plain C, without SIMD.  An item is a block of whole lines.
 *
 * The loop is that of tok_scalar in ../peers/tok_kernel.h, which oneTBB runs in the same table.
 */
#include <pphost/plugin.h>

/* Every byte is written; whether the place moves on depends on it, so there is no branch to miss. */
static size_t split(const unsigned char *in, size_t n, unsigned char *out)
{
    static const unsigned char is_space[256] = {
        ['\t'] = 1, ['\n'] = 1, ['\v'] = 1, ['\f'] = 1, ['\r'] = 1, [' '] = 1};
    size_t length = 0;
    unsigned after_space = 1;

    for (size_t k = 0; k < n; k++) {
        unsigned char c = in[k];
        unsigned space = is_space[c];
        out[length] = space ? '\n' : c;
        length += !(space & after_space);
        after_space = space;
    }
    return length > 0 && after_space ? length - 1
                                     : length; /* the consumer ends the line */
}

static int each(struct pph_ctx *ctx, struct pph_item *it)
{
    struct pph_item words = *it;

    words.data = ctx->host->alloc(ctx, (size_t)it->len + 1);
    if (!words.data)
        return ctx->host->fail(ctx, it, PPH_FATAL, "out of memory");
    words.len = (uint32_t)split(it->data, it->len, words.data);
    words.flags = PPH_WRITABLE;
    if (words.len == 0)
        return PPH_OK;
    int rc = ctx->host->emit(ctx, &words, 1);
    return rc == PPH_MORE ? PPH_OK : rc;
}

const struct pph_plugin pphost_plugin_v1 = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "plain_split",
    .doc = "Puts one word on each line.",
    .in = "text/plain",
    .out = "text/plain",
    .each = each,
};
