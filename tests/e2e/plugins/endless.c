/* SPDX-License-Identifier: MIT */
/*
 * A source with a thread of its own that has no end: it makes a few items and then waits for more, for ever,
 * until somebody cancels it.
 */
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <pphost/plugin.h>

enum { AT_ONCE = 32 };

struct endless {
    int64_t left;     /* items before it waits */
    int cancelled_fd; /* cancel() wakes it by this */
};

static int endless_start(struct pph_ctx *ctx)
{
    struct endless *e = calloc(1, sizeof(*e));

    if (e == NULL)
        return PPH_FATAL;
    e->cancelled_fd = eventfd(0, EFD_CLOEXEC);
    if (e->cancelled_fd < 0) {
        free(e);
        return PPH_FATAL;
    }
    e->left = ctx->args[0].i;
    ctx->local = e;
    return PPH_OK;
}

static int endless_generate(struct pph_ctx *ctx)
{
    struct endless *e = ctx->local;
    struct pollfd cancelled = {.fd = e->cancelled_fd, .events = POLLIN};
    static char text[] = "x"; /* copied by emit: it is no memory of the host */
    struct pph_item items[AT_ONCE] = {{0}};
    size_t n = e->left < AT_ONCE ? (size_t)e->left : AT_ONCE;

    if (n == 0) {
        (void)poll(&cancelled, 1, -1);
        return PPH_STOP;
    }
    for (size_t k = 0; k < n; k++)
        items[k] = (struct pph_item){.data = text, .len = 1};
    e->left -= (int64_t)n;
    return ctx->host->emit(ctx, items, n) == PPH_STOP ? PPH_STOP : PPH_OK;
}

static void endless_cancel(struct pph_ctx *ctx)
{
    struct endless *e = ctx->local;

    (void)eventfd_write(e->cancelled_fd, 1);
}

static void endless_stop(struct pph_ctx *ctx)
{
    struct endless *e = ctx->local;

    (void)close(e->cancelled_fd);
    free(e);
}

static const struct pph_param endless_params[] = {
    {.name = "count",
     .doc = "Items before it waits for ever.",
     .def = "9223372036854775807",
     .type = PPH_INT,
     .flags = PPH_PRIMARY},
    {0}};

const struct pph_plugin pphost_plugin_v1 = {.size = sizeof(struct pph_plugin),
                                            .kind = PPH_GENERATOR,
                                            .flags = PPH_BLOCKING,
                                            .name = "endless",
                                            .doc = "Makes items and then waits.",
                                            .params = endless_params,
                                            .start = endless_start,
                                            .generate = endless_generate,
                                            .cancel = endless_cancel,
                                            .stop = endless_stop};
