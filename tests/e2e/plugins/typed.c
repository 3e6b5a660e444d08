/* SPDX-License-Identifier: MIT */
/* Stages that say what they take and give: `typed` takes pictures, `reader` texts, `painter` makes both. */
#include <pphost/plugin.h>

static int pass(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)ctx;
    (void)it;
    return PPH_FORWARD;
}

static int nothing(struct pph_ctx *ctx)
{
    (void)ctx;
    return PPH_END;
}

static const struct pph_port ports[] = {
    {.name = "words", .type = "text/x-words", .doc = "What is written on them."}, {0}};

static const struct pph_plugin reader = {.size = sizeof(struct pph_plugin),
                                         .kind = PPH_PROCESSOR,
                                         .name = "reader",
                                         .doc = "Takes any text.",
                                         .in = "text/*",
                                         .out = "=",
                                         .each = pass};

static const struct pph_plugin painter = {.size = sizeof(struct pph_plugin),
                                          .kind = PPH_GENERATOR,
                                          .next = &reader,
                                          .name = "painter",
                                          .doc = "Makes no pictures.",
                                          .out = "image/png",
                                          .ports = ports,
                                          .generate = nothing};

const struct pph_plugin pphost_plugin_v1 = {.size = sizeof(struct pph_plugin),
                                            .kind = PPH_PROCESSOR,
                                            .next = &painter,
                                            .name = "typed",
                                            .doc = "Passes on pictures.",
                                            .in = "image/png",
                                            .out = "=",
                                            .each = pass};
