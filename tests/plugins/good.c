/* SPDX-License-Identifier: MIT */
/* Plugins that must load: two stage types in one file, with every kind of setting. */
#include <pphost/easy.h>

static const struct pph_param params[] = {
    {.name = "path",
     .doc = "File to read.",
     .example = "texts.txt",
     .type = PPH_PATH,
     .flags = PPH_REQUIRED | PPH_PRIMARY},
    {.name = "delimiter", .doc = "Between items.", .def = "\n", .type = PPH_STRING},
    {.name = "max_line",
     .doc = "Longest line taken.",
     .def = "1MB",
     .min = "1KB",
     .max = "1GiB",
     .type = PPH_SIZE},
    {.name = "skip", .doc = "Lines left out.", .def = "0", .min = "0", .type = PPH_INT},
    {.name = "unit", .def = "line", .choices = "line|block", .type = PPH_ENUM},
    {.name = "wait", .def = "250ms", .max = "1h", .type = PPH_TIME},
    {.name = "ratio", .def = "0.5", .min = "0", .max = "1", .type = PPH_FLOAT},
    {.name = "follow", .def = "no", .type = PPH_BOOL},
    {.name = "tags", .def = "[a, b]", .type = PPH_STRING, .flags = PPH_LIST},
    {.name = "rules", .def = "{x: 1}", .type = PPH_YAML, .flags = PPH_ADVANCED},
    {.name = "token", .type = PPH_STRING, .flags = PPH_CONTEXT | PPH_SECRET},
    {0}};

static const struct pph_port ports[] = {{.name = "rest", .doc = "What did not fit."},
                                        {0}};
static const struct pph_metric metrics[] = {
    {.name = "lines", .unit = "lines", .doc = "Lines read."}, {0}};

static int generate(struct pph_ctx *ctx)
{
    const struct pph_value *path = pph_arg(ctx, params, "path");

    pph_logf(ctx, PPH_LOG_DEBUG, "reading %s", path->s);
    return PPH_END;
}

static int each(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)ctx;
    pph_shared(it);
    return PPH_FORWARD;
}

static const struct pph_plugin second = {.size = sizeof(struct pph_plugin),
                                         .kind = PPH_PROCESSOR,
                                         .flags = PPH_PARALLEL,
                                         .name = "pass",
                                         .out = "=",
                                         .each = each};

const struct pph_plugin pphost_plugin_v1 = {.size = sizeof(struct pph_plugin),
                                            .kind = PPH_GENERATOR,
                                            .flags = PPH_BLOCKING,
                                            .next = &second,
                                            .name = "good",
                                            .version = "1.2.3",
                                            .doc = "Reads lines.",
                                            .out = "text/plain",
                                            .pos_unit = "line",
                                            .params = params,
                                            .ports = ports,
                                            .metrics = metrics,
                                            .generate = generate};
