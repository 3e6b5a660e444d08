/* SPDX-License-Identifier: MIT */
/* The smallest plugin that loads: four fields.  Copies of its file are damaged by the tests. */
#include <pphost/plugin.h>

static int each(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)ctx;
    (void)it;
    return PPH_OK;
}

const struct pph_plugin pphost_plugin_v1 = {.size = sizeof(struct pph_plugin),
                                            .kind = PPH_CONSUMER,
                                            .name = "plain",
                                            .each = each};
