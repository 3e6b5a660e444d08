/* SPDX-License-Identifier: MIT */
/*
 * Stages for tests of the command line: `picky` rejects items, `grumpy` whole batches, `sleepy` takes its time, `sorter` has a port beside
 * its output, `vault` has a secret setting.
 */
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <pphost/plugin.h>

static int picky_each(struct pph_ctx *ctx, struct pph_item *it)
{
    if (it->len > 0 && *(const char *)it->data == *ctx->args[0].s) {
        ctx->host->log(ctx, 4, "not this one\nand \033[31mnot in red");
        return ctx->host->fail(ctx, it, PPH_FAIL, "it starts with a bad letter");
    }
    return PPH_FORWARD;
}

/* Refuses all for the sake of one, and does not say which. */
static int grumpy_batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        if (items[k].len > 0 && *(const char *)items[k].data == *ctx->args[0].s)
            return ctx->host->fail(ctx, NULL, PPH_FAIL, "one of them is bad");
    }
    return ctx->host->emit(ctx, items, n) == PPH_STOP ? PPH_STOP : PPH_OK;
}

enum { SLEEPY_TIME, SLEEPY_SAY };

/* One worker of it. */
struct sleepy {
    int cancelled_fd; /* cancel() wakes it by this */
    int said;
};

static int sleepy_start(struct pph_ctx *ctx)
{
    struct sleepy *sleepy = calloc(1, sizeof(*sleepy));

    if (sleepy == NULL)
        return PPH_FATAL;
    sleepy->cancelled_fd = eventfd(0, EFD_CLOEXEC);
    if (sleepy->cancelled_fd < 0) {
        free(sleepy);
        return PPH_FATAL;
    }
    ctx->local = sleepy;
    return PPH_OK;
}

static int sleepy_each(struct pph_ctx *ctx, struct pph_item *it)
{
    struct sleepy *sleepy = ctx->local;
    struct pollfd cancelled = {.fd = sleepy->cancelled_fd, .events = POLLIN};

    (void)it;
    if (ctx->args[SLEEPY_SAY].i && !sleepy->said)
        ctx->host->log(ctx, 5, "falling asleep");
    sleepy->said = 1;
    (void)poll(&cancelled, 1, (int)(ctx->args[SLEEPY_TIME].i / 1000000));
    return PPH_OK;
}

static void sleepy_cancel(struct pph_ctx *ctx)
{
    struct sleepy *sleepy = ctx->local;

    (void)eventfd_write(sleepy->cancelled_fd, 1);
}

static void sleepy_stop(struct pph_ctx *ctx)
{
    struct sleepy *sleepy = ctx->local;

    (void)close(sleepy->cancelled_fd);
    free(sleepy);
}

static int sorter_each(struct pph_ctx *ctx, struct pph_item *it)
{
    it->port = it->len % 2 == 0;
    return ctx->host->emit(ctx, it, 1) == PPH_STOP ? PPH_STOP : PPH_OK;
}

static int vault_each(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)ctx;
    (void)it;
    return PPH_OK;
}

static const struct pph_param picky_params[] = {
    {.name = "letter",
     .doc = "First letter of items to reject.",
     .def = "x",
     .type = PPH_STRING,
     .flags = PPH_PRIMARY},
    {0}};

static const struct pph_param sleepy_params[] = {{.name = "time",
                                                  .doc = "How long each item takes.",
                                                  .def = "1ms",
                                                  .type = PPH_TIME,
                                                  .flags = PPH_PRIMARY},
                                                 {.name = "say",
                                                  .doc = "Whether to log the first item.",
                                                  .def = "false",
                                                  .type = PPH_BOOL},
                                                 {0}};

static const struct pph_param vault_params[] = {
    {.name = "token",
     .doc = "Never printed.",
     .type = PPH_STRING,
     .flags = PPH_SECRET | PPH_REQUIRED},
    {.name = "user", .doc = "Who.", .def = "nobody", .type = PPH_STRING},
    {.name = "file", .doc = "Where.", .type = PPH_PATH},
    {0}};

static const struct pph_port sorter_ports[] = {
    {.name = "even", .doc = "Items of even length."}, {0}};

static const struct pph_plugin grumpy = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "grumpy",
    .doc = "Refuses batches by the first letter of an item.",
    .params = picky_params,
    .batch = grumpy_batch};

static const struct pph_plugin vault = {.size = sizeof(struct pph_plugin),
                                        .kind = PPH_CONSUMER,
                                        .next = &grumpy,
                                        .name = "vault",
                                        .doc = "Has a secret.",
                                        .params = vault_params,
                                        .each = vault_each};

static const struct pph_plugin sorter = {.size = sizeof(struct pph_plugin),
                                         .kind = PPH_PROCESSOR,
                                         .flags = PPH_PARALLEL,
                                         .next = &vault,
                                         .name = "sorter",
                                         .doc = "Sends items of even length to a port.",
                                         .ports = sorter_ports,
                                         .each = sorter_each};

static const struct pph_plugin sleepy = {.size = sizeof(struct pph_plugin),
                                         .kind = PPH_CONSUMER,
                                         .flags = PPH_BLOCKING,
                                         .next = &sorter,
                                         .name = "sleepy",
                                         .doc = "Takes its time.",
                                         .params = sleepy_params,
                                         .start = sleepy_start,
                                         .each = sleepy_each,
                                         .cancel = sleepy_cancel,
                                         .stop = sleepy_stop};

const struct pph_plugin pphost_plugin_v1 = {.size = sizeof(struct pph_plugin),
                                            .kind = PPH_PROCESSOR,
                                            .flags = PPH_PARALLEL,
                                            .next = &sleepy,
                                            .name = "picky",
                                            .doc = "Rejects items by their first letter.",
                                            .params = picky_params,
                                            .each = picky_each};
