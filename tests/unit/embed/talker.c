/* SPDX-License-Identifier: MIT */
/* A source without items, which says so. */
#include <pphost/plugin.h>

static int generate(struct pph_ctx *ctx)
{
    ctx->host->log(ctx, 6, "nothing to say");
    return PPH_END;
}

const struct pph_plugin pphost_plugin_v1 = {.size = sizeof(struct pph_plugin),
                                            .kind = PPH_GENERATOR,
                                            .name = "talker",
                                            .doc = "Talks.",
                                            .generate = generate};
