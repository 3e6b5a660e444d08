/* SPDX-License-Identifier: MIT */
/*
 * Stages over numbers, one per item, as decimal text:
 *
 *   square    a number -> its square
 *   totals    numbers -> the sum of their squares, once per worker, when there are no more
 *   reporter  a number -> itself; and one line per worker on its second port, `log`
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pphost/easy.h>

enum { DIGITS = 32 };

/* The number of the item; 0: it is none, which fail() has been told. */
static int number_of(struct pph_ctx *ctx, const struct pph_item *it,
                     long long *ret_number)
{
    char text[DIGITS];
    char *end;

    if (it->len == 0 || it->len >= sizeof(text)) {
        (void)pph_failf(ctx, it, PPH_FAIL, "it is no number");
        return 0;
    }
    memcpy(text, it->data, it->len);
    text[it->len] = '\0';
    *ret_number = strtoll(text, &end, 10);
    if (*end != '\0') {
        (void)pph_failf(ctx, it, PPH_FAIL, "it is no number: %s", text);
        return 0;
    }
    return 1;
}

static int send_number(struct pph_ctx *ctx, const struct pph_item *from, long long number)
{
    char text[DIGITS];

    (void)snprintf(text, sizeof(text), "%lld", number);
    return pph_emit_text(ctx, from, text) < 0 ? PPH_STOP : PPH_OK;
}

static int square_each(struct pph_ctx *ctx, struct pph_item *it)
{
    long long number;

    if (!number_of(ctx, it, &number))
        return PPH_FAIL;
    return send_number(ctx, it, number * number);
}

/* What one worker of `totals` or `reporter` keeps. */
struct sum {
    long long squares;
    unsigned long long items;
};

static int sum_start(struct pph_ctx *ctx)
{
    ctx->local = calloc(1, sizeof(struct sum));
    return ctx->local ? PPH_OK : PPH_FATAL;
}

static void sum_stop(struct pph_ctx *ctx)
{
    free(ctx->local);
}

static int totals_each(struct pph_ctx *ctx, struct pph_item *it)
{
    struct sum *sum = ctx->local;
    long long number;

    if (!number_of(ctx, it, &number))
        return PPH_FAIL;
    sum->squares += number * number;
    return PPH_OK;
}

static int totals_flush(struct pph_ctx *ctx, int why)
{
    const struct sum *sum = ctx->local;

    (void)why;
    return send_number(ctx, NULL, sum->squares);
}

static int reporter_each(struct pph_ctx *ctx, struct pph_item *it)
{
    struct sum *sum = ctx->local;

    (void)it;
    sum->items++;
    return PPH_FORWARD;
}

static int reporter_flush(struct pph_ctx *ctx, int why)
{
    const struct sum *sum = ctx->local;
    char line[80];
    int len = snprintf(line, sizeof(line), "worker %u has passed on %llu numbers",
                       ctx->worker, sum->items);

    (void)why;
    return pph_emit_bytes(ctx, NULL, 1, line, (size_t)len) < 0 ? PPH_STOP : PPH_OK;
}

static const struct pph_port reporter_ports[] = {
    {"log", "text/plain", "One line per worker, at its end.", NULL},
    {NULL, NULL, NULL, NULL},
};

static const struct pph_plugin reporter = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "reporter",
    .doc = "Passes numbers on, and says on `log` how many.",
    .ports = reporter_ports,
    .start = sum_start,
    .each = reporter_each,
    .flush = reporter_flush,
    .stop = sum_stop,
};

static const struct pph_plugin totals = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL | PPH_STATEFUL,
    .next = &reporter,
    .name = "totals",
    .doc = "Sums up the squares of numbers, each worker its own.",
    .start = sum_start,
    .each = totals_each,
    .flush = totals_flush,
    .stop = sum_stop,
};

const struct pph_plugin pphost_plugin_v1 = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .next = &totals,
    .name = "square",
    .doc = "Squares numbers.",
    .each = square_each,
};
