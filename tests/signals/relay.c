/* SPDX-License-Identifier: MIT */
/* relay: passes items on, on threads of its own, and takes its time over each. */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <time.h>

#include <pphost/plugin.h>

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int each(struct pph_ctx *ctx, struct pph_item *it)
{
    uint64_t until = now_ns() + (uint64_t)ctx->args[0].i;

    (void)it;
    while (now_ns() < until) {
    }
    return PPH_FORWARD;
}

static const struct pph_param params[] = {
    {.name = "for", .doc = "How long each item takes.", .def = "1us", .type = PPH_TIME},
    {0}};

const struct pph_plugin pphost_plugin_v1 = {.size = sizeof(struct pph_plugin),
                                            .kind = PPH_PROCESSOR,
                                            .flags = PPH_PARALLEL | PPH_BLOCKING,
                                            .name = "relay",
                                            .doc = "Passes items on, in its own time.",
                                            .params = params,
                                            .each = each};
