/* SPDX-License-Identifier: MIT */
#include "support/graph_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exec/graph_parts.h"

enum { LIMITS = 4 };

struct kit {
    struct pipeline pipeline;
    struct source source, context;
    struct plugin *plugins;
    struct graph graph;
    struct graph_limit limits[LIMITS];
    struct arena *arena;
    struct run *run;
};

static void parse_from(struct kit *kit, struct stage_desc *desc, const char *from)
{
    char *words = arena_copy(kit->arena, from, strlen(from));
    char *rest = NULL;

    desc->from_given = true;
    desc->from = arena_array(kit->arena, strlen(from) + 1, sizeof(*desc->from));
    for (char *word = strtok_r(words, " ", &rest); word;
         word = strtok_r(NULL, " ", &rest)) {
        struct from_ref *ref = &desc->from[desc->n_from++];
        char *dot = strchr(word, '.');

        if (dot)
            *dot = '\0';
        ref->stage = word[0] ? word : NULL;
        ref->port = dot ? dot + 1 : NULL;
        ref->source = &kit->source;
    }
}

static void join_limit(struct kit *kit, struct graph_stage *s, const struct kit_stage *in)
{
    static const char *const names[LIMITS] = {"one", "two", "three", "four"};
    struct graph_limit *limit = &kit->limits[in->limit - 1];

    PPH_ASSERT(in->limit <= LIMITS && in->limit_calls > 0);
    PPH_ASSERT(limit->calls == 0 || limit->calls == in->limit_calls);
    *limit = (struct graph_limit){names[in->limit - 1], in->limit_calls};
    s->limit = limit;
    kit->graph.limits = kit->limits;
    if (kit->graph.n_limits < in->limit)
        kit->graph.n_limits = in->limit;
}

static void make_stage(struct kit *kit, size_t k, const struct kit_stage *in)
{
    struct stage_desc *desc = &kit->pipeline.stages[k];
    struct graph_stage *s = &kit->graph.stages[k];

    desc->name = in->name;
    desc->workers = in->workers;
    desc->order = in->order;
    desc->on_error = in->on_error;
    desc->retry = in->retry;
    desc->queue_items = in->queue_items ? in->queue_items : QUEUE_ITEMS_DEFAULT;
    desc->queue_bytes = in->queue_bytes ? in->queue_bytes : QUEUE_BYTES_DEFAULT;
    if (in->from)
        parse_from(kit, desc, in->from);
    kit->plugins[k].desc = *in->plugin;
    desc->source = &kit->source;
    s->name = in->name;
    s->desc = desc;
    s->order = desc->order;
    s->on_error = desc->on_error;
    s->index = k;
    s->plugin = &kit->plugins[k];
    s->args = in->args;
    s->queue_items = desc->queue_items;
    s->queue_bytes = desc->queue_bytes;
    s->queue_full = in->queue_full;
    s->batch_items = in->batch_items;
    s->batch_bytes = in->batch_bytes;
    s->batch_wait_ns = in->batch_wait_ns;
    s->rate = in->rate;
    s->workers = in->workers ? in->workers : 1;
    s->is_source = in->plugin->kind == PPH_GENERATOR || in->plugin->kind == PPH_TASK;
    s->has_output =
        in->plugin->kind == PPH_GENERATOR || in->plugin->kind == PPH_PROCESSOR;
    s->own_threads = (in->plugin->flags & (PPH_BLOCKING | PPH_PINNED)) != 0;
    s->ordered = in->order == ORDER_KEEP && s->workers > 1 && s->has_output;
    s->keyed = in->order == ORDER_BY_KEY && s->workers > 1;
    if (in->limit > 0)
        join_limit(kit, s, in);
}

struct kit *kit_new(const struct kit_stage *stages, size_t n, unsigned threads)
{
    struct kit *kit = calloc(1, sizeof(*kit));
    struct diag_list *diags = diag_list_new();
    struct text text = {0};
    bool wired;
    bool ranked;

    kit->arena = arena_new();
    kit->source.name = "kit";
    kit->pipeline.source = &kit->source;
    kit->pipeline.name = "kit";
    kit->pipeline.n_stages = n;
    kit->pipeline.stages = arena_array(kit->arena, n, sizeof(struct stage_desc));
    kit->plugins = arena_array(kit->arena, n, sizeof(struct plugin));
    kit->graph.arena = kit->arena;
    kit->graph.pipeline = &kit->pipeline;
    kit->graph.n_stages = n;
    kit->graph.threads = threads;
    kit->graph.stages = arena_array(kit->arena, n, sizeof(struct graph_stage));
    for (size_t k = 0; k < n; k++)
        make_stage(kit, k, &stages[k]);
    for (size_t k = 0; k < n; k++) {
        bool made = graph_make_ports(&kit->graph, &kit->graph.stages[k]);

        PPH_ASSERT(made);
    }
    wired = wire_stages(&kit->graph, diags);
    diag_show(diags, &text, false);
    (void)fputs(text_get(&text), stderr);
    PPH_ASSERT(wired && diag_errors(diags) == 0);
    ranked = rank_stages(&kit->graph, diags);
    PPH_ASSERT(ranked);
    bound_memory(&kit->graph);
    text_fini(&text);
    diag_list_free(diags);
    return kit;
}

void kit_free(struct kit *kit)
{
    run_free(kit->run);
    arena_free(kit->arena);
    free(kit);
}

void kit_set_context(struct kit *kit, const char *yaml)
{
    struct diag_list *diags = diag_list_new();

    kit->context = (struct source){.name = "context", .text = yaml, .len = strlen(yaml)};
    kit->pipeline.context = yaml_parse(&kit->context, kit->arena, diags);
    PPH_ASSERT(diag_errors(diags) == 0);
    diag_list_free(diags);
}

void kit_set_budget(struct kit *kit, uint64_t memory_bytes, uint64_t max_in_flight)
{
    kit->graph.budget_bytes = memory_bytes;
    kit->graph.max_in_flight = max_in_flight;
}

void kit_follow_cpus(struct kit *kit)
{
    kit->graph.threads_auto = true;
}

const struct graph *kit_graph(const struct kit *kit)
{
    return &kit->graph;
}

/* Of watchdog.h, in programs that have it. */
void watchdog_begin(struct run *run) __attribute__((weak));
void watchdog_end(void) __attribute__((weak));

enum run_end kit_run(struct kit *kit, const struct run_options *options)
{
    static const struct run_options none;
    struct error err = {0};
    enum run_end end;

    run_free(kit->run);
    kit->run = run_new(&kit->graph, options ? options : &none, &err);
    if (!kit->run)
        (void)fprintf(stderr, "%s\n", err.text);
    PPH_ASSERT(kit->run != NULL);
    if (watchdog_begin)
        watchdog_begin(kit->run);
    end = run_execute(kit->run);
    if (watchdog_end)
        watchdog_end();
    if (end == RUN_BAD_COUNT || end == RUN_STALLED)
        (void)fprintf(stderr, "%s", run_bug_report(kit->run));
    return end;
}

struct run *kit_last(const struct kit *kit)
{
    return kit->run;
}
