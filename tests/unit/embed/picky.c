/* SPDX-License-Identifier: MIT */
/* Passes everything on but the item "bad". */
#include <string.h>

#include <pphost/plugin.h>

static int each(struct pph_ctx *ctx, struct pph_item *it)
{
    if (it->len == 3 && memcmp(it->data, "bad", 3) == 0)
        return ctx->host->fail(ctx, it, PPH_FAIL, "this one is bad");
    return PPH_FORWARD;
}

const struct pph_plugin pphost_plugin_v1 = {.size = sizeof(struct pph_plugin),
                                            .kind = PPH_PROCESSOR,
                                            .name = "picky",
                                            .doc = "Dislikes an item.",
                                            .each = each};
