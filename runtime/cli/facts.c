/* SPDX-License-Identifier: MIT */
#include "cli/facts.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "observe/table.h"

enum { CELL_MAX = 40 };

const char *facts_size(uint64_t bytes, char buffer[FACTS_SIZE_MAX])
{
    static const struct {
        const char *name;
        uint64_t bytes;
    } units[] = {{"GB", 1000000000}, {"GiB", 1 << 30}, {"MB", 1000000},
                 {"MiB", 1 << 20},   {"KB", 1000},     {"KiB", 1 << 10}};

    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
        if (bytes > 0 && bytes % units[i].bytes == 0) {
            (void)snprintf(buffer, FACTS_SIZE_MAX, "%llu%s",
                           (unsigned long long)(bytes / units[i].bytes), units[i].name);
            return buffer;
        }
    }
    (void)snprintf(buffer, FACTS_SIZE_MAX, "%lluB", (unsigned long long)bytes);
    return buffer;
}

size_t facts_edges(const struct graph *graph)
{
    size_t edges = 0;

    for (size_t i = 0; i < graph->n_stages; i++) {
        for (size_t p = 0; p < graph->stages[i].n_ports; p++)
            edges += graph->stages[i].ports[p].n_readers;
    }
    return edges;
}

static bool reads(const struct graph_port *port, const struct graph_stage *stage)
{
    for (size_t i = 0; i < port->n_readers; i++) {
        if (port->readers[i] == stage)
            return true;
    }
    return false;
}

void facts_readers(const struct graph *graph, const struct graph_stage *stage,
                   struct text *out)
{
    const char *gap = "";

    for (size_t i = 0; i < graph->n_stages; i++) {
        const struct graph_stage *from = &graph->stages[i];

        for (size_t p = 0; p < from->n_ports; p++) {
            if (!reads(&from->ports[p], stage))
                continue;
            text_printf(out, "%s%s", gap, from->name);
            if (p > 0)
                text_printf(out, ".%s", from->ports[p].name);
            gap = ", ";
        }
    }
    if (gap[0] == '\0')
        text_str(out, "-");
}

static const char *order_of(const struct graph_stage *stage)
{
    static const char *const names[] = {"keep", "any", "by key"};

    return names[stage->order];
}

static const char *on_error_of(const struct graph_stage *stage)
{
    static const char *const names[] = {"stop", "skip", "dead"};

    return names[stage->on_error];
}

const char *facts_full(const struct graph_stage *stage)
{
    static const char *const names[] = {"block", "drop_new", "drop_old"};

    return names[stage->queue_full];
}

static void stage_row(const struct graph *graph, const struct graph_stage *stage,
                      struct table *table)
{
    char items[CELL_MAX], bytes[CELL_MAX];
    struct text from = {0};

    facts_readers(graph, stage, &from);
    table_cell(table, stage->name);
    table_cell(table, stage->desc->use);
    table_cell(table, text_get(&from));
    table_cellf(table, "%u%s", stage->workers, stage->own_threads ? "*" : "");
    table_cell(table, stage->workers > 1 ? order_of(stage) : "-");
    if (stage->is_source) {
        table_cell(table, "-");
    } else {
        units_show_count(stage->queue_items, items, sizeof(items));
        facts_size(stage->queue_bytes, bytes);
        table_cellf(table, "%s items, %s%s%s", items, bytes,
                    stage->queue_full != QUEUE_BLOCK ? ", " : "",
                    stage->queue_full != QUEUE_BLOCK ? facts_full(stage) : "");
    }
    table_cell(table, units_show_size(stage->memory_bytes, bytes, sizeof(bytes)));
    text_fini(&from);
}

static void show_table(const struct graph *graph, struct text *out)
{
    static const char *const heads[] = {"STAGE", "PLUGIN", "READS", "WORKERS",
                                        "ORDER", "QUEUE",  "MEMORY"};
    struct table table;

    table_init(&table, "lllrlrr");
    for (size_t i = 0; i < sizeof(heads) / sizeof(*heads); i++)
        table_cell(&table, heads[i]);
    for (size_t i = 0; i < graph->n_stages; i++)
        stage_row(graph, &graph->stages[i], &table);
    table_show(&table, 2, out);
    table_fini(&table);
}

static void count_of(struct text *out, size_t n, const char *one, const char *many)
{
    text_printf(out, "%zu %s", n, n == 1 ? one : many);
}

/* What `memory:` and `max_in_flight:` do to this graph. */
static void show_budget(const struct graph *graph, struct text *out)
{
    char size[CELL_MAX];
    char item[CELL_MAX];

    if (graph->budget_bytes > 0) {
        units_show_size(graph->budget_bytes, size, sizeof(size));
        units_show_size(GRAPH_ITEM_BYTES, item, sizeof(item));
        text_printf(out, "  sources wait while items take more than %s (memory)", size);
        if (graph->memory_bytes <= graph->budget_bytes)
            text_printf(out, ", which only items larger than %s can", item);
        text_str(out, "\n");
    }
    if (graph->max_in_flight > 0) {
        units_show_count(graph->max_in_flight, size, sizeof(size));
        text_printf(
            out,
            "  sources wait while %s of their batches are under way (max_in_flight)\n",
            size);
    }
}

static void show_rates(const struct graph *graph, struct text *out)
{
    for (size_t i = 0; i < graph->n_stages; i++) {
        const struct graph_stage *stage = &graph->stages[i];

        if (stage->rate.items > 0)
            text_printf(out, "  %s is held back to %s (rate)\n", stage->name,
                        stage->rate.text);
        if (stage->batch_wait_ns > 0)
            text_printf(out, "  %s waits up to %s for its batches (batch: wait)\n",
                        stage->name, stage->desc->batch_wait_node->text);
    }
}

static void show_rejects(const struct graph *graph, struct text *out)
{
    const struct rejects_limit *limit = &graph->pipeline->max_rejects;
    char text[REJECTS_TEXT_MAX];

    if (limit->kind == REJECTS_UNSET)
        return;
    text_printf(out, "  up to %s of the items may be given up (max_rejects)\n",
                rejects_limit_show(limit, text));
}

/* "a", "a and b", "a, b and c" */
static void show_names(const struct graph *graph, const struct graph_limit *limit,
                       struct text *out)
{
    size_t left = 0;

    for (size_t k = 0; k < graph->n_stages; k++)
        left += graph->stages[k].limit == limit;
    for (size_t k = 0; k < graph->n_stages; k++) {
        if (graph->stages[k].limit == limit)
            text_printf(out, "%s%s", graph->stages[k].name,
                        --left == 0 ? ""
                        : left == 1 ? " and "
                                    : ", ");
    }
}

static bool is_used(const struct graph *graph, const struct graph_limit *limit)
{
    for (size_t k = 0; k < graph->n_stages; k++) {
        if (graph->stages[k].limit == limit)
            return true;
    }
    return false;
}

static void show_limits(const struct graph *graph, struct text *out)
{
    char calls[CELL_MAX];

    for (size_t k = 0; k < graph->n_limits; k++) {
        const struct graph_limit *limit = &graph->limits[k];

        if (!is_used(graph, limit))
            continue;
        units_show_count(limit->calls, calls, sizeof(calls));
        text_printf(out, "  at most %s %s at once of ", calls,
                    limit->calls == 1 ? "call" : "calls");
        show_names(graph, limit, out);
        text_printf(out, " (limit %s)\n", limit->name);
    }
}

void facts_show(const struct graph *graph, struct text *out)
{
    char memory[CELL_MAX];
    size_t own = 0;

    show_table(graph, out);
    for (size_t i = 0; i < graph->n_stages; i++)
        own += graph->stages[i].own_threads ? graph->stages[i].workers : 0;
    text_str(out, "  ");
    count_of(out, graph->n_stages, "stage", "stages");
    text_str(out, ", ");
    count_of(out, facts_edges(graph), "edge", "edges");
    text_str(out, ", ");
    count_of(out, graph->threads, "thread", "threads");
    if (own > 0)
        text_printf(out, " and %zu of their own for stages that block (*)", own);
    units_show_size(graph->memory_bytes, memory, sizeof(memory));
    text_printf(out, "\n  at most %s of items in memory", memory);
    units_show_size(GRAPH_ITEM_BYTES, memory, sizeof(memory));
    text_printf(out,
                "; an item larger than %s adds the rest of its size, once per place\n"
                "  what plugins allocate for themselves is not in it\n",
                memory);
    show_budget(graph, out);
    show_rates(graph, out);
    show_rejects(graph, out);
    show_limits(graph, out);
}

static void json_batch(const struct graph_stage *stage, struct text *out)
{
    bool waits = stage->batch_wait_ns > 0;
    uint64_t items = waits ? stage->queue_items : BATCH_MOST_ITEMS;
    uint64_t bytes = waits ? stage->queue_bytes : BATCH_MOST_BYTES;

    text_printf(
        out, ",\"batch\":{\"items\":%llu,\"bytes\":%llu",
        (unsigned long long)(stage->batch_items > 0 ? stage->batch_items : items),
        (unsigned long long)(stage->batch_bytes > 0 ? stage->batch_bytes : bytes));
    if (waits)
        text_printf(out, ",\"wait_ns\":%llu", (unsigned long long)stage->batch_wait_ns);
    text_str(out, "}");
}

static void json_stage(const struct graph_stage *stage, struct text *out)
{
    text_str(out, "{\"name\":");
    text_json(out, stage->name, strlen(stage->name));
    text_str(out, ",\"use\":");
    text_json(out, stage->desc->use, strlen(stage->desc->use));
    text_str(out, ",\"file\":");
    text_json(out, stage->plugin->path, strlen(stage->plugin->path));
    text_printf(out,
                ",\"workers\":%u,\"own_threads\":%s,\"order\":\"%s\",\"on_error\":\"%s\"",
                stage->workers, stage->own_threads ? "true" : "false", order_of(stage),
                on_error_of(stage));
    if (stage->desc->retry.times > 0)
        text_printf(
            out, ",\"retry\":{\"times\":%u,\"backoff_ns\":%llu,\"backoff_max_ns\":%llu}",
            stage->desc->retry.times, (unsigned long long)stage->desc->retry.backoff_ns,
            (unsigned long long)stage->desc->retry.backoff_max_ns);
    if (!stage->is_source)
        text_printf(out, ",\"queue\":{\"items\":%llu,\"bytes\":%llu,\"full\":\"%s\"}",
                    (unsigned long long)stage->queue_items,
                    (unsigned long long)stage->queue_bytes, facts_full(stage));
    if (stage->batch_items > 0 || stage->batch_bytes > 0)
        json_batch(stage, out);
    if (stage->rate.items > 0) {
        text_str(out, ",\"rate\":");
        text_json(out, stage->rate.text, strlen(stage->rate.text));
    }
    if (stage->limit) {
        text_str(out, ",\"limit\":");
        text_json(out, stage->limit->name, strlen(stage->limit->name));
    }
    text_printf(out, ",\"memory_bytes\":%llu}", (unsigned long long)stage->memory_bytes);
}

static void json_edges(const struct graph *graph, struct text *out)
{
    const char *gap = "";

    for (size_t i = 0; i < graph->n_stages; i++) {
        const struct graph_stage *from = &graph->stages[i];

        for (size_t p = 0; p < from->n_ports; p++) {
            for (size_t r = 0; r < from->ports[p].n_readers; r++) {
                const struct graph_stage *to = from->ports[p].readers[r];

                text_printf(out, "%s{\"from\":", gap);
                text_json(out, from->name, strlen(from->name));
                text_str(out, ",\"port\":");
                text_json(out, from->ports[p].name, strlen(from->ports[p].name));
                text_str(out, ",\"to\":");
                text_json(out, to->name, strlen(to->name));
                text_str(out, "}");
                gap = ",";
            }
        }
    }
}

static void json_rejects(const struct graph *graph, struct text *out)
{
    const struct rejects_limit *limit = &graph->pipeline->max_rejects;
    char text[REJECTS_TEXT_MAX];

    if (limit->kind != REJECTS_UNSET)
        text_printf(out, ",\"max_rejects\":\"%s\"", rejects_limit_show(limit, text));
}

static void json_limits(const struct graph *graph, struct text *out)
{
    for (size_t k = 0; k < graph->n_limits; k++) {
        text_str(out, k == 0 ? ",\"limits\":{" : ",");
        text_json(out, graph->limits[k].name, strlen(graph->limits[k].name));
        text_printf(out, ":%u", graph->limits[k].calls);
    }
    if (graph->n_limits > 0)
        text_str(out, "}");
}

void facts_json(const struct graph *graph, struct text *out)
{
    text_str(out, ",\"name\":");
    text_json(out, graph->pipeline->name, strlen(graph->pipeline->name));
    text_printf(
        out,
        ",\"threads\":%u,\"memory_bytes\":%llu,\"budget_bytes\":%llu,\"max_in_flight\":%llu",
        graph->threads, (unsigned long long)graph->memory_bytes,
        (unsigned long long)graph->budget_bytes,
        (unsigned long long)graph->max_in_flight);
    json_rejects(graph, out);
    json_limits(graph, out);
    text_str(out, ",\"stages\":[");
    for (size_t i = 0; i < graph->n_stages; i++) {
        if (i > 0)
            text_str(out, ",");
        json_stage(&graph->stages[i], out);
    }
    text_str(out, "],\"edges\":[");
    json_edges(graph, out);
    text_str(out, "]");
}
