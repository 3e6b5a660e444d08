/* SPDX-License-Identifier: MIT */
#include "cli/show_text.h"

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cli/facts.h"
#include "cli/yaml_out.h"
#include "plugin/params.h"

enum { STAGE_INDENT = 4, PARAM_INDENT = 6 };

static void words(struct yaml_out *y, const char *text)
{
    text_str(y->out, " ");
    yaml_out_scalar(y, text, strlen(text), true);
}

/* The node under the key, from the file or a flag; else the words of a default. */
static void end_or_default(struct yaml_out *y, const struct yaml_node *node,
                           const char *otherwise)
{
    if (node != NULL)
        yaml_out_end_origin(y, node);
    else
        yaml_out_end(y, otherwise);
}

/* The user's node for a setting, as plugin/params.h finds it; NULL: the default holds. */
static const struct yaml_node *node_of(const struct graph *graph,
                                       const struct graph_stage *stage,
                                       const struct pph_param *param)
{
    const struct yaml_node *with = stage->desc->with, *node = NULL;

    if (with != NULL && with->kind != YAML_MAP) {
        if ((param->flags & PPH_PRIMARY) && !yaml_is_null(with))
            node = with;
    } else {
        node = yaml_get(with, param->name);
    }
    if (node == NULL && (param->flags & PPH_CONTEXT))
        node = yaml_get(stage->desc->context ? stage->desc->context
                                             : graph->pipeline->context,
                        param->name);
    return node;
}

/* Paths are shown as the plugin gets them: absolute. */
static void path_value(struct yaml_out *y, const struct pph_value *value,
                       const struct yaml_node *node)
{
    if (value->list == NULL) {
        words(y, value->s);
        end_or_default(y, node, "default");
        return;
    }
    if (value->n == 0) {
        text_str(y->out, " []");
        end_or_default(y, node, "default");
        return;
    }
    yaml_out_end(y, NULL);
    for (uint32_t i = 0; i < value->n; i++) {
        const struct yaml_node *item = node;

        if (node != NULL && node->kind == YAML_LIST && i < node->n)
            item = node->items[i];
        text_printf(y->out, "%*s-", PARAM_INDENT + 2, "");
        if (item != NULL && yaml_out_is_secret(item)) {
            text_str(y->out, " ");
            yaml_out_secret(y);
        } else {
            words(y, value->list[i].s);
        }
        end_or_default(y, item, "default");
    }
}

static void param_line(struct yaml_out *y, const struct graph *graph,
                       const struct graph_stage *stage, size_t i)
{
    const struct pph_param *param = &stage->plugin->desc.params[i];
    const struct pph_value *value = &stage->args[i];
    const struct yaml_node *node = node_of(graph, stage, param);

    if (node == NULL && param->def == NULL) { /* nothing to write: it has no value */
        if (y->explain)
            text_printf(y->out, "%*s# %s: not set (%s)\n", PARAM_INDENT, "", param->name,
                        params_type_name(param));
        y->line = y->out->len;
        return;
    }
    yaml_out_key(y, PARAM_INDENT, param->name);
    if ((param->flags & PPH_SECRET) || (node != NULL && yaml_out_is_secret(node))) {
        text_str(y->out, " ");
        yaml_out_secret(y);
        end_or_default(y, node, "default");
    } else if (param->type == PPH_PATH) {
        path_value(y, value, node);
    } else if (node != NULL) {
        yaml_out_value(y, node, PARAM_INDENT);
    } else {
        text_str(y->out, " ");
        if (param->type == PPH_YAML ||
            ((param->flags & PPH_LIST) && param->def[0] == '[')) /* YAML already */
            text_str(y->out, param->def);
        else if (param->type == PPH_STRING &&
                 value->list == NULL) /* without its quotes */
            yaml_out_scalar(y, value->s, value->n, false);
        else
            yaml_out_scalar(y, param->def, strlen(param->def), true);
        yaml_out_end(y, "default");
    }
}

static void with_lines(struct yaml_out *y, const struct graph *graph,
                       const struct graph_stage *stage)
{
    size_t n = params_count(&stage->plugin->desc);
    bool any = false;

    for (size_t i = 0; i < n && !any; i++) {
        const struct pph_param *param = &stage->plugin->desc.params[i];

        any = param->def != NULL || node_of(graph, stage, param) != NULL;
    }
    if (any) /* "with:" with nothing below it would mean null */
        text_printf(y->out, "%*swith:\n", STAGE_INDENT, "");
    y->line = y->out->len;
    for (size_t i = 0; i < n; i++)
        param_line(y, graph, stage, i);
}

/* As the graph has it: what pipelines that are stages give and read has other names in the file. */
static void joined_line(struct yaml_out *y, const struct graph *graph,
                        const struct graph_stage *stage)
{
    const struct stage_desc *desc = stage->desc;

    yaml_out_key(y, STAGE_INDENT, "from");
    text_str(y->out, " [");
    facts_readers(graph, stage, y->out);
    text_str(y->out, "]");
    for (const struct sub_desc *sub = desc->sub;
         sub != NULL && !desc->from_given && sub->first == stage->index; sub = desc->sub)
        desc = &sub->as;
    end_or_default(y, yaml_get(desc->node, "from"), "default: the stage above");
}

static void from_line(struct yaml_out *y, const struct graph *graph,
                      const struct graph_stage *stage)
{
    const struct stage_desc *desc = stage->desc;

    if (stage->is_source)
        return;
    if (graph->pipeline->n_subs > 0) {
        joined_line(y, graph, stage);
        return;
    }
    if (!desc->from_given && stage->index > 0) {
        yaml_out_key(y, STAGE_INDENT, "from");
        text_str(y->out, " [");
        const char *above = graph->stages[stage->index - 1].name;
        yaml_out_scalar(y, above, strlen(above), false);
        text_str(y->out, "]");
        yaml_out_end(y, "default: the stage above");
        return;
    }
    yaml_out_key(y, STAGE_INDENT, "from");
    text_str(y->out, " [");
    for (size_t i = 0; i < desc->n_from; i++) {
        const struct from_ref *ref = &desc->from[i];

        if (i > 0)
            text_str(y->out, ", ");
        if (ref->stage != NULL)
            text_str(y->out, ref->stage);
        if (ref->port != NULL)
            text_printf(y->out, ".%s", ref->port);
    }
    text_str(y->out, "]");
    end_or_default(y, yaml_get(desc->node, "from"), "default");
}

static void workers_line(struct yaml_out *y, const struct graph_stage *stage)
{
    const struct stage_desc *desc = stage->desc;
    char text[64];

    yaml_out_key(y, STAGE_INDENT, "workers");
    if (desc->workers > 0) /* a default may be more than the stage can have */
        (void)snprintf(text, sizeof(text), "%u", stage->workers);
    else
        (void)snprintf(text, sizeof(text), "auto");
    words(y, text);
    (void)snprintf(text, sizeof(text), "default: %u here", stage->workers);
    if (desc->workers > 1 && stage->workers == 1)
        yaml_out_end(y, "a default is not for this plugin");
    else
        end_or_default(y, desc->workers_node, text);
}

static void queue_lines(struct yaml_out *y, const struct graph_stage *stage)
{
    const struct stage_desc *desc = stage->desc;
    char text[FACTS_SIZE_MAX];

    if (stage->is_source)
        return;
    text_printf(y->out, "%*squeue:\n", STAGE_INDENT, "");
    y->line = y->out->len;
    yaml_out_key(y, PARAM_INDENT, "items");
    (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)stage->queue_items);
    words(y, text);
    end_or_default(y, desc->queue_items_node, "default");
    yaml_out_key(y, PARAM_INDENT, "bytes");
    facts_size(stage->queue_bytes, text);
    words(y, text);
    end_or_default(y, desc->queue_bytes_node, "default");
    yaml_out_key(y, PARAM_INDENT, "full");
    words(y, facts_full(stage));
    end_or_default(y,
                   stage->queue_full == desc->queue_full ? desc->queue_full_node : NULL,
                   "default");
}

/* The long form unless both are auto. */
static void batch_lines(struct yaml_out *y, const struct graph_stage *stage)
{
    const struct stage_desc *desc = stage->desc;
    char text[FACTS_SIZE_MAX];

    if (stage->is_source)
        return;
    yaml_out_key(y, STAGE_INDENT, "batch");
    if (stage->batch_items == 0 && stage->batch_bytes == 0) {
        words(y, "auto");
        end_or_default(y, desc->batch_items_node, "default");
        return;
    }
    yaml_out_end(y, NULL);
    if (stage->batch_items > 0) {
        yaml_out_key(y, PARAM_INDENT, "items");
        (void)snprintf(text, sizeof(text), "%u", stage->batch_items);
        words(y, text);
        end_or_default(y, desc->batch_items_node, "default");
    }
    if (stage->batch_bytes > 0) {
        yaml_out_key(y, PARAM_INDENT, "bytes");
        words(y, facts_size(stage->batch_bytes, text));
        end_or_default(y, desc->batch_bytes_node, "default");
    }
    if (stage->batch_wait_ns > 0) {
        yaml_out_key(y, PARAM_INDENT, "wait");
        words(y, desc->batch_wait_node->text);
        end_or_default(y, desc->batch_wait_node, "default");
    }
}

/* There are no words for what holds when it is not set. */
static void rate_line(struct yaml_out *y, const struct graph_stage *stage)
{
    if (stage->rate.items == 0)
        return;
    yaml_out_key(y, STAGE_INDENT, "rate");
    words(y, stage->rate.text);
    end_or_default(y, stage->desc->rate_node, "default");
}

static void stage_lines(struct yaml_out *y, const struct graph *graph,
                        const struct graph_stage *stage)
{
    static const char *const orders[] = {"keep", "any", "{by: key}"};
    static const char *const policies[] = {"stop", "skip", "dead"};
    const struct stage_desc *desc = stage->desc;
    char retry[RETRY_TEXT_MAX];

    text_str(y->out, "  - name: ");
    yaml_out_scalar(y, stage->name, strlen(stage->name), false);
    end_or_default(y, desc->name_given ? yaml_get(desc->node, "name") : NULL,
                   "default: the plugin's name");
    yaml_out_key(y, STAGE_INDENT, "use");
    text_str(y->out, " ");
    yaml_out_scalar(y, desc->use, strlen(desc->use), false);
    end_or_default(y, desc->use_node, NULL);
    from_line(y, graph, stage);
    with_lines(y, graph, stage);
    workers_line(y, stage);
    yaml_out_key(y, STAGE_INDENT, "order");
    text_printf(y->out, " %s", orders[stage->order]); /* one of them is a mapping */
    end_or_default(y, stage->order == desc->order ? desc->order_node : NULL, "default");
    queue_lines(y, stage);
    batch_lines(y, stage);
    rate_line(y, stage);
    if (stage->limit != NULL) {
        yaml_out_key(y, STAGE_INDENT, "limit");
        words(y, stage->limit->name);
        yaml_out_end_origin(y, desc->limit_node);
    }
    yaml_out_key(y, STAGE_INDENT, "on_error");
    if (desc->retry.times > 0)
        text_printf(y->out, " {retry: %s, then: %s}", retry_show(&desc->retry, retry),
                    policies[stage->on_error]);
    else
        words(y, policies[stage->on_error]);
    end_or_default(y, stage->on_error == desc->on_error ? desc->on_error_node : NULL,
                   "default");
}

static void budget_lines(struct yaml_out *y, const struct graph *graph)
{
    const struct pipeline *pipeline = graph->pipeline;
    char text[64];
    char size[FACTS_SIZE_MAX];

    yaml_out_key(y, 0, "memory");
    words(y,
          pipeline->memory_bytes > 0 ? facts_size(pipeline->memory_bytes, size) : "auto");
    units_show_size(graph->budget_bytes, size, sizeof(size));
    (void)snprintf(text, sizeof(text), "default: %s here", size);
    end_or_default(y, yaml_get(pipeline->root, "memory"), text);
    yaml_out_key(y, 0, "max_in_flight");
    if (pipeline->max_in_flight > 0)
        (void)snprintf(text, sizeof(text), "%llu",
                       (unsigned long long)pipeline->max_in_flight);
    else
        (void)snprintf(text, sizeof(text), "unlimited");
    words(y, text);
    end_or_default(y, yaml_get(pipeline->root, "max_in_flight"), "default");
}

/* There are no words for what holds when it is not set. */
static void rejects_line(struct yaml_out *y, const struct pipeline *pipeline)
{
    char text[REJECTS_TEXT_MAX];

    if (pipeline->max_rejects.kind == REJECTS_UNSET) {
        if (y->explain)
            text_str(y->out, "# max_rejects: not set (any number, and exit code 3)\n");
        y->line = y->out->len;
        return;
    }
    yaml_out_key(y, 0, "max_rejects");
    words(y, rejects_limit_show(&pipeline->max_rejects, text));
    yaml_out_end_origin(y, yaml_get(pipeline->root, "max_rejects"));
}

static void limit_lines(struct yaml_out *y, const struct pipeline *pipeline)
{
    if (pipeline->n_limits == 0)
        return;
    yaml_out_key(y, 0, "limits");
    yaml_out_end(y, NULL);
    for (size_t k = 0; k < pipeline->n_limits; k++) {
        char text[32];

        yaml_out_key(y, 2, pipeline->limits[k].name);
        (void)snprintf(text, sizeof(text), "%u", pipeline->limits[k].calls);
        words(y, text);
        yaml_out_end_origin(y, pipeline->limits[k].node);
    }
}

void show_text(const struct graph *graph, bool explain, struct text *out)
{
    const struct pipeline *pipeline = graph->pipeline;
    struct yaml_out y = {out, explain, out->len};
    char text[64];

    text_str(out, "name: ");
    yaml_out_scalar(&y, pipeline->name, strlen(pipeline->name), false);
    end_or_default(&y, yaml_get(pipeline->root, "name"), "default: the file's name");
    yaml_out_key(&y, 0, "threads");
    if (pipeline->threads > 0)
        (void)snprintf(text, sizeof(text), "%u", pipeline->threads);
    else
        (void)snprintf(text, sizeof(text), "auto");
    words(&y, text);
    (void)snprintf(text, sizeof(text), "default: %u here", graph->threads);
    end_or_default(&y, yaml_get(pipeline->root, "threads"), text);
    budget_lines(&y, graph);
    rejects_line(&y, pipeline);
    limit_lines(&y, pipeline);
    if (pipeline->context != NULL && pipeline->context->kind == YAML_MAP) {
        yaml_out_key(&y, 0, "context");
        yaml_out_value(&y, pipeline->context, 0);
    }
    text_str(out, "stages:\n");
    y.line = out->len;
    for (size_t i = 0; i < graph->n_stages; i++)
        stage_lines(&y, graph, &graph->stages[i]);
}
