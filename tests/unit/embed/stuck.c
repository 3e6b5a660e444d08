/* SPDX-License-Identifier: MIT */
/*
 * A processor that stays inside a call, `open` or `each`, until the far end of the pipe `until` is closed.  It writes
 * to the pipe `told` when it is in there, and when it is closed.
 */
#include <string.h>
#include <unistd.h>

#include <pphost/plugin.h>

enum { WHERE, UNTIL, TOLD };

static void tell(const struct pph_ctx *ctx)
{
    while (write((int)ctx->args[TOLD].i, "!", 1) != 1) {
    }
}

static void stay(const struct pph_ctx *ctx, const char *where)
{
    char byte;

    if (strcmp(ctx->args[WHERE].s, where) != 0)
        return;
    tell(ctx);
    while (read((int)ctx->args[UNTIL].i, &byte, 1) != 0) {
    }
}

static int stuck_open(struct pph_ctx *ctx)
{
    stay(ctx, "open");
    return PPH_OK;
}

static int each(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)it;
    stay(ctx, "each");
    return PPH_FORWARD;
}

static void stuck_close(struct pph_ctx *ctx)
{
    tell(ctx);
}

static const struct pph_param params[] = {{.name = "where",
                                           .type = PPH_ENUM,
                                           .choices = "open|each",
                                           .flags = PPH_REQUIRED,
                                           .doc = "In which call."},
                                          {.name = "until",
                                           .type = PPH_INT,
                                           .min = "0",
                                           .flags = PPH_REQUIRED,
                                           .doc = "A file descriptor to read from."},
                                          {.name = "told",
                                           .type = PPH_INT,
                                           .min = "0",
                                           .flags = PPH_REQUIRED,
                                           .doc = "A file descriptor to write to."},
                                          {0}};

const struct pph_plugin pphost_plugin_v1 = {.size = sizeof(struct pph_plugin),
                                            .kind = PPH_PROCESSOR,
                                            .name = "stuck",
                                            .doc = "Does not return.",
                                            .params = params,
                                            .open = stuck_open,
                                            .each = each,
                                            .close = stuck_close};
