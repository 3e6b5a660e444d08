/* SPDX-License-Identifier: MIT */
/*
 * Stages for tests of the command line: `picky` rejects items, `sleepy` takes its time, `sorter` has a port beside
 * its output, `vault` has a secret setting.
 */
#include <poll.h>
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

/* The descriptor that cancel() wakes it by, one per worker. */
static int sleepy_start(struct pph_ctx *ctx)
{
    int fd = eventfd(0, EFD_CLOEXEC);

    if (fd < 0)
        return ctx->host->fail(ctx, NULL, PPH_FATAL, "no eventfd");
    ctx->local = (void *)(intptr_t)fd;
    return PPH_OK;
}

static int sleepy_each(struct pph_ctx *ctx, struct pph_item *it)
{
    struct pollfd cancelled = {.fd = (int)(intptr_t)ctx->local, .events = POLLIN};

    (void)it;
    (void)poll(&cancelled, 1, (int)(ctx->args[0].i / 1000000));
    return PPH_OK;
}

static void sleepy_cancel(struct pph_ctx *ctx)
{
    (void)eventfd_write((int)(intptr_t)ctx->local, 1);
}

static void sleepy_stop(struct pph_ctx *ctx)
{
    (void)close((int)(intptr_t)ctx->local);
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

static const struct pph_plugin vault = {.size = sizeof(struct pph_plugin),
                                        .kind = PPH_CONSUMER,
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
