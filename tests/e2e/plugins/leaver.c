/* SPDX-License-Identifier: MIT */
/*
 * Stages for tests of results: `leaver` is a task that leaves what it is told to, `login` one that looks at the
 * context, `blab` says what it finds there, `adder` is a consumer that leaves the sum of its lines, each worker its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pphost/easy.h>

enum { LEAVER_VALUE, LEAVER_DOES, LEAVER_SIZE };
enum {
    DOES_LEAVE,
    DOES_FAIL,
    DOES_FATAL,
    DOES_NOTHING,
    DOES_BYTES,
    DOES_LARGE,
    DOES_WAIT
};

/* A text of so many bytes, as JSON. */
static int leave_large(struct pph_ctx *ctx, size_t bytes)
{
    char *json = malloc(bytes + 3);
    int rc;

    if (!json)
        return pph_failf(ctx, NULL, PPH_FAIL, "out of memory");
    memset(json, 'x', bytes + 2);
    json[0] = json[bytes + 1] = '"';
    json[bytes + 2] = '\0';
    rc = ctx->host->result(ctx, NULL, json);
    free(json);
    return rc == PPH_OK ? PPH_END : PPH_FAIL;
}

static int leave(struct pph_ctx *ctx, const char *json)
{
    return ctx->host->result(ctx, NULL, json) == PPH_OK ? PPH_END : PPH_FAIL;
}

static int leaver_generate(struct pph_ctx *ctx)
{
    const struct pph_value *args = ctx->args;

    switch (args[LEAVER_DOES].i) {
    case DOES_FAIL:
        return pph_failf(ctx, NULL, PPH_FAIL, "%s", args[LEAVER_VALUE].s);
    case DOES_FATAL:
        return pph_failf(ctx, NULL, PPH_FATAL, "%s", args[LEAVER_VALUE].s);
    case DOES_NOTHING:
        return PPH_END;
    case DOES_BYTES:
        return leave(ctx, "\xFF\xFE bytes");
    case DOES_LARGE:
        return leave_large(ctx, (size_t)args[LEAVER_SIZE].i);
    case DOES_WAIT:
        if (!ctx->local)
            pph_logf(ctx, PPH_LOG_WARNING, "it waits");
        ctx->local = ctx;
        return pph_stopping(ctx) ? PPH_STOP : PPH_IDLE;
    default:
        return leave(ctx, args[LEAVER_VALUE].s);
    }
}

/* Leaves user and worker. */
static int login_generate(struct pph_ctx *ctx)
{
    const char *user = ctx->host->context(ctx, "database.username");
    const char *password = ctx->host->context(ctx, "database.password");
    char json[128];

    if (!user || !password)
        return pph_failf(ctx, NULL, PPH_FAIL, "the context has no database");
    (void)snprintf(json, sizeof(json), "{\"user\":\"%s\",\"letters\":%zu,\"worker\":%u}",
                   user, strlen(password), ctx->worker);
    return leave(ctx, json);
}

/* Says the password, and its setting, wherever it can. */
static int blab_generate(struct pph_ctx *ctx)
{
    const char *password = ctx->host->context(ctx, "database.password");
    const char *token = ctx->args[0].s;
    char json[256];

    if (!password)
        return pph_failf(ctx, NULL, PPH_FAIL, "the context has no database");
    (void)ctx->host->origin(ctx, password);
    pph_logf(ctx, PPH_LOG_WARNING, "log in by %s and %s", password, token);
    (void)snprintf(json, sizeof(json), "{\"%s\":\"-%s-\"}", password, token);
    (void)leave(ctx, json);
    if (ctx->worker == 0)
        return pph_failf(ctx, NULL, PPH_FAIL, "%s or %s is wrong", password, token);
    return ctx->worker == 1 ? leave(ctx, password) : PPH_END;
}

static int adder_start(struct pph_ctx *ctx)
{
    ctx->local = calloc(1, sizeof(long));
    return ctx->local ? PPH_OK : PPH_FATAL;
}

static int adder_each(struct pph_ctx *ctx, struct pph_item *it)
{
    long *sum = ctx->local;
    char digits[32] = "";

    if (it->len == 0 || it->len >= sizeof(digits))
        return pph_failf(ctx, it, PPH_FAIL, "no number");
    memcpy(digits, it->data, it->len);
    *sum += strtol(digits, NULL, 10);
    return PPH_OK;
}

static int adder_flush(struct pph_ctx *ctx, int why)
{
    const long *sum = ctx->local;
    char json[32];

    (void)why;
    (void)snprintf(json, sizeof(json), "%ld", *sum);
    return ctx->host->result(ctx, "sum", json);
}

static void adder_stop(struct pph_ctx *ctx)
{
    free(ctx->local);
}

static const struct pph_plugin adder = {.size = sizeof(struct pph_plugin),
                                        .kind = PPH_CONSUMER,
                                        .flags = PPH_PARALLEL,
                                        .name = "adder",
                                        .doc = "Leaves the sum of its lines.",
                                        .start = adder_start,
                                        .each = adder_each,
                                        .flush = adder_flush,
                                        .stop = adder_stop};

static const struct pph_param blab_params[] = {
    {.name = "token", .doc = "Not to be told.", .type = PPH_STRING, .flags = PPH_SECRET},
    {0},
};

static const struct pph_plugin blab = {.size = sizeof(struct pph_plugin),
                                       .kind = PPH_TASK,
                                       .flags = PPH_PARALLEL,
                                       .next = &adder,
                                       .name = "blab",
                                       .doc = "Says what it should not.",
                                       .params = blab_params,
                                       .generate = blab_generate};

static const struct pph_plugin login = {.size = sizeof(struct pph_plugin),
                                        .kind = PPH_TASK,
                                        .flags = PPH_PARALLEL,
                                        .next = &blab,
                                        .name = "login",
                                        .doc = "Looks at the context.",
                                        .generate = login_generate};

static const struct pph_param leaver_params[] = {
    {.name = "value",
     .doc = "What it leaves, or what it says of its failure.",
     .def = "null",
     .type = PPH_STRING,
     .flags = PPH_PRIMARY},
    {.name = "does",
     .doc = "What it does.",
     .def = "leave",
     .choices = "leave|fail|fatal|nothing|bytes|large|wait",
     .type = PPH_ENUM},
    {.name = "size", .doc = "Bytes of a large text.", .def = "1KiB", .type = PPH_SIZE},
    {0},
};

const struct pph_plugin pphost_plugin_v1 = {.size = sizeof(struct pph_plugin),
                                            .kind = PPH_TASK,
                                            .flags = PPH_PARALLEL,
                                            .next = &login,
                                            .name = "leaver",
                                            .doc = "Leaves what it is told to.",
                                            .params = leaver_params,
                                            .generate = leaver_generate};
