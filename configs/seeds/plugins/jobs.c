/* SPDX-License-Identifier: MIT */
/*
 * Three tasks with settings of their own and a context that all of them read: func1, func2, func3.  What a function
 * would return, a task gives to result().
 */
#include <stdio.h>
#include <string.h>

#include <pphost/easy.h>

enum { ARG_TABLE, ARG_DAYS };

static int leave(struct pph_ctx *ctx, const char *json)
{
    return ctx->host->result(ctx, NULL, json) == PPH_OK ? PPH_END : PPH_FAIL;
}

/* Whether a word can stand in JSON as it is. */
static int is_plain(const char *word)
{
    return strpbrk(word, "\"\\\n\t") == NULL && strlen(word) < 64;
}

/* "Connects" with what the context says, and reports on the table of its setting. */
static int func1_generate(struct pph_ctx *ctx)
{
    const char *user = ctx->host->context(ctx, "database.username");
    const char *table = ctx->args[ARG_TABLE].s;
    char json[256];

    if (!user || !ctx->host->context(ctx, "database.password"))
        return pph_failf(ctx, NULL, PPH_FAIL, "context: has no database");
    if (!is_plain(user) || !is_plain(table))
        return pph_failf(ctx, NULL, PPH_FAIL, "table: '%s' is no name", table);
    (void)snprintf(json, sizeof(json), "{\"table\":\"%s\",\"user\":\"%s\"}", table, user);
    return leave(ctx, json);
}

/* Fails when its table is locked, as tables are. */
static int func2_generate(struct pph_ctx *ctx)
{
    const char *table = ctx->args[ARG_TABLE].s;
    char json[256];

    if (strcmp(table, "locked") == 0)
        return pph_failf(ctx, NULL, PPH_FAIL, "the table is locked");
    if (!is_plain(table))
        return pph_failf(ctx, NULL, PPH_FAIL, "table: '%s' is no name", table);
    (void)snprintf(json, sizeof(json), "{\"table\":\"%s\",\"days\":%lld}", table,
                   (long long)ctx->args[ARG_DAYS].i);
    return leave(ctx, json);
}

static int func3_generate(struct pph_ctx *ctx)
{
    return leave(ctx, "\"no settings, no cares\"");
}

static const struct pph_param func1_params[] = {
    {.name = "table",
     .doc = "Of the database.",
     .type = PPH_STRING,
     .flags = PPH_REQUIRED},
    {0},
};

static const struct pph_param func2_params[] = {
    {.name = "table",
     .doc = "Of the database.",
     .type = PPH_STRING,
     .flags = PPH_REQUIRED},
    {.name = "days",
     .doc = "How far to look back.",
     .def = "7",
     .min = "1",
     .type = PPH_INT},
    {0},
};

static const struct pph_plugin func3 = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_TASK,
    .name = "func3",
    .doc = "Leaves a text.",
    .generate = func3_generate,
};

static const struct pph_plugin func2 = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_TASK,
    .next = &func3,
    .name = "func2",
    .doc = "Leaves its settings.",
    .params = func2_params,
    .generate = func2_generate,
};

const struct pph_plugin pphost_plugin_v1 = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_TASK,
    .next = &func2,
    .name = "func1",
    .doc = "Leaves its setting and the user of the context.",
    .params = func1_params,
    .generate = func1_generate,
};
