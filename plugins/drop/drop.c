/* SPDX-License-Identifier: MIT */
/*
 * drop - takes every item and does nothing with it: the end of a pipeline that is
 * measured, or of an output that nobody wants.
 */
#include <pphost/plugin.h>

static int batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    (void)ctx;
    (void)items;
    (void)n;
    return PPH_OK;
}

const struct pph_plugin pphost_plugin_v1 = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .flags = PPH_PARALLEL | PPH_IDEMPOTENT,
    .name = "drop",
    .version = "1.0",
    .doc = "Takes every item and does nothing with it.",
    .batch = batch,
};
