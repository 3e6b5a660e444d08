/* SPDX-License-Identifier: MIT */
/*
 * Binding `with:` to a parameter table: see params.h.  Each fault is reported at its own place and
 * the next one is looked for, so that a user who made three mistakes hears of three.
 */
#include "plugin/params.h"

#include <string.h>

#include "plugin/params_report.h"
#include "plugin/params_text.h"
#include "plugin/value.h"

/* Binds one node to a list: a sequence, or one value that stands for a list of one. */
static bool bind_list(struct params_bind *b, const struct pph_param *param,
                      const struct yaml_node *node, struct pph_value *value)
{
    size_t n = node->kind == YAML_LIST ? node->n : 1;
    struct pph_value *list = arena_array(b->arena, n + 1, sizeof(*list));
    bool ok = true;

    if (!list || n > UINT32_MAX)
        return params_report_value(b, param, node, VALUE_MEMORY);
    for (size_t i = 0; i < n; i++) {
        const struct yaml_node *item = node->kind == YAML_LIST ? node->items[i] : node;
        ok = params_bind_one(b, param, item, &list[i]) && ok;
        list[i].given = 1;
    }
    *value = value_none();
    value->list = list;
    value->n = (uint32_t)n;
    return ok;
}

bool params_bind_one(struct params_bind *b, const struct pph_param *param,
                     const struct yaml_node *node, struct pph_value *ret_value)
{
    enum value_status status;

    *ret_value = value_none();
    if (node->broken)
        return false; /* its error was added where it was found */
    if (param->type == PPH_YAML) {
        status = value_from_tree(node, b->arena, ret_value);
    } else if (node->kind != YAML_SCALAR) {
        return params_report_shape(b, param, node);
    } else if (yaml_is_null(node)) {
        return params_report_empty(b, param, node);
    } else {
        status = value_parse(param, node->text, node->len, b->arena, ret_value);
    }
    return status == VALUE_OK || params_report_value(b, param, node, status);
}

static bool bind_node(struct params_bind *b, const struct pph_param *param,
                      const struct yaml_node *node, struct pph_value *value)
{
    bool ok = (param->flags & PPH_LIST) ? bind_list(b, param, node, value)
                                        : params_bind_one(b, param, node, value);

    value->given = 1;
    return ok;
}

static const struct pph_param *find_primary(const struct pph_plugin *desc)
{
    for (size_t i = 0; i < params_count(desc); i++)
        if (desc->params[i].flags & PPH_PRIMARY)
            return &desc->params[i];
    return NULL;
}

static const struct pph_param *find_param(const struct pph_plugin *desc, const char *name)
{
    for (size_t i = 0; i < params_count(desc); i++)
        if (strcmp(desc->params[i].name, name) == 0)
            return &desc->params[i];
    return NULL;
}

/* Whether `with:` is one value for the primary parameter; a YAML one takes maps by name only. */
static bool is_short_form(const struct yaml_node *with)
{
    return with && with->kind != YAML_MAP && !yaml_is_null(with);
}

/* The user's value for a parameter, or NULL. */
static const struct yaml_node *find_node(const struct params_bind *b,
                                         const struct pph_param *param,
                                         const struct yaml_node *context)
{
    const struct yaml_node *with = b->stage->with;
    const struct yaml_node *node = NULL;

    if (is_short_form(with))
        node = (param->flags & PPH_PRIMARY) ? with : NULL;
    else
        node = yaml_get(with, param->name);
    if (!node && (param->flags & PPH_CONTEXT))
        node = yaml_get(context, param->name);
    return node;
}

static bool check_keys(struct params_bind *b)
{
    const struct yaml_node *with = b->stage->with;
    bool ok = true;

    if (is_short_form(with) && !find_primary(b->desc))
        return with->broken ? false : params_report_no_primary(b);
    for (size_t i = 0; with && with->kind == YAML_MAP && i < with->n; i++)
        if (!find_param(b->desc, with->keys[i]->text))
            ok = params_report_unknown(b, with->keys[i]);
    return ok;
}

const struct pph_value *params_bind(const struct plugin *plugin,
                                    const struct stage_desc *stage,
                                    const struct yaml_node *context, struct arena *arena,
                                    struct diag_list *diags)
{
    struct params_bind b = {&plugin->desc, stage, arena, diags};
    size_t n = params_count(b.desc);
    struct pph_value *values = arena_array(arena, n + 1, sizeof(*values));
    bool ok;

    PPH_ASSERT(plugin && stage && arena && diags);
    if (!values) {
        (void)params_report_memory(&b);
        return NULL;
    }
    values[n] = value_none();
    ok = check_keys(&b);
    for (size_t i = 0; i < n; i++) {
        const struct pph_param *param = &b.desc->params[i];
        const struct yaml_node *node = find_node(&b, param, context);
        if (node)
            ok = bind_node(&b, param, node, &values[i]) && ok;
        else if (param->flags & PPH_REQUIRED)
            ok = params_report_missing(&b, param);
        else if (value_default(param, arena, &values[i]) != VALUE_OK)
            ok = params_report_memory(
                &b); /* the default parsed when the plugin was loaded */
    }
    return ok ? values : NULL;
}
