/* SPDX-License-Identifier: MIT */
/*
 * `limits:`: caps by name, and `limit:`, by which a stage takes part in one.
 *
 * A pipeline that is a stage sees the limits of the one around it.  Those of its own are its own, "clean/db", unless the
 * one around it has one of the same name: then that is what its stages share with the others.
 */
#include <string.h>

#include "base/units.h"
#include "config/keys.h"
#include "config/load.h"

static const char no_limit[] = "none";

static struct limit_desc *find(const struct visible_limit *visible, const char *name)
{
    for (; visible; visible = visible->outer) {
        if (strcmp(visible->name, name) == 0)
            return visible->limit;
    }
    return NULL;
}

static bool read_calls(struct load *load, const struct yaml_node *key,
                       const struct yaml_node *node, unsigned *ret_calls)
{
    int64_t calls;

    if (node->broken)
        return false;
    if (key_is_text(node) && units_int(node->text, &calls) == UNITS_OK && calls >= 1 &&
        calls <= LIMIT_CALLS_MAX) {
        *ret_calls = (unsigned)calls;
        return true;
    }
    diag_hint(diag_add(load->diags, DIAG_ERROR, "E136", node->source, node->at,
                       "limit '%s' needs a whole number of calls from 1 to 1,000,000",
                       yaml_shown(key).text),
              "write  %s: 4", yaml_shown(key).text);
    return false;
}

static bool check_name(struct load *load, const struct yaml_node *key)
{
    struct diag *d;

    if (stage_path_valid(key->text, key->len) && strcmp(key->text, no_limit) != 0)
        return true;
    load->limits_bad = true;
    d = diag_add(load->diags, DIAG_ERROR, "E107", key->source, key->at,
                 "'%s' cannot be a name", yaml_shown(key).text);
    if (strcmp(key->text, no_limit) == 0)
        diag_note(d, "'limit: none' is a stage without a limit");
    else
        diag_note(
            d,
            "a name has letters, digits, _ and -, at most 64, and begins with a letter or _");
    return false;
}

/* The limit of that full name, which a pipeline around this one may have; or a new one.  NULL: there is no memory. */
static struct limit_desc *declare(struct load *load, const struct yaml_node *key,
                                  const struct yaml_node *node, unsigned calls)
{
    struct pipeline *pipeline = load->pipeline;
    const char *name = arena_printf(load->arena, "%s%s", load->scope, key->text);
    struct limit_desc *limit;

    for (size_t k = 0; name && k < pipeline->n_limits; k++) {
        if (strcmp(pipeline->limits[k].name, name) == 0)
            return &pipeline->limits[k];
    }
    if (!pipeline->limits)
        pipeline->limits = arena_array(load->arena, LIMITS_MAX, sizeof(*limit));
    if (!name || !pipeline->limits) {
        load->no_memory = true;
        return NULL;
    }
    limit = &pipeline->limits[pipeline->n_limits++];
    *limit = (struct limit_desc){.name = name,
                                 .calls = calls,
                                 .key = key,
                                 .node = node,
                                 .included = key->source != load->source &&
                                             node->origin != YAML_FROM_FLAG};
    return limit;
}

static void load_one(struct load *load, const struct yaml_node *key,
                     const struct yaml_node *node)
{
    struct visible_limit *visible;
    unsigned calls = 1; /* for those who name it, if it is bad */

    if (!check_name(load, key))
        return;
    (void)read_calls(load, key, node, &calls);
    if (find(load->limits, key->text))
        return; /* that of a pipeline around this one holds */
    if (load->pipeline->n_limits == LIMITS_MAX) {
        diag_add(load->diags, DIAG_ERROR, "E136", key->source, key->at,
                 "there are more than 256 limits, with those of all pipelines in it");
        return;
    }
    visible = arena_alloc(load->arena, sizeof(*visible));
    if (!visible) {
        load->no_memory = true;
        return;
    }
    *visible = (struct visible_limit){.name = key->text,
                                      .limit = declare(load, key, node, calls),
                                      .outer = load->limits};
    load->limits = visible;
}

void load_limits(struct load *load, const struct yaml_node *node)
{
    load->limits_bad = load->limits_bad || node->broken;
    if (node->broken || yaml_is_null(node))
        return;
    if (node->kind != YAML_MAP) {
        load->limits_bad = true;
        diag_hint(diag_add(load->diags, DIAG_ERROR, "E136", node->source, node->at,
                           "'limits' needs a mapping of names to numbers of calls"),
                  "write  limits: {db: 4}");
        return;
    }
    for (size_t i = 0; i < node->n && !load->no_memory; i++)
        load_one(load, node->keys[i], node->items[i]);
}

/* E137: says which limits there are. */
static void add_unknown(struct load *load, const struct yaml_node *node)
{
    const char *known[LIMITS_MAX + 1] = {NULL};
    struct diag *d = diag_add(load->diags, DIAG_ERROR, "E137", node->source, node->at,
                              "there is no limit '%s'", yaml_shown(node).text);
    struct text list = {0};
    size_t n = 0;

    for (const struct visible_limit *v = load->limits; v && n < LIMITS_MAX; v = v->outer)
        known[n++] = v->name;
    if (n == 0) {
        diag_hint(d, "add  limits: {%s: 4}  beside 'stages'", yaml_shown(node).text);
    } else if (!diag_suggest(d, node->text, known)) {
        while (n-- > 0) /* the first one was declared first */
            text_printf(&list, "%s%s", list.len > 0 ? ", " : "", known[n]);
        diag_note(d, "limits: %s", text_get(&list));
        text_fini(&list);
    }
}

void load_limit(struct load *load, struct stage_desc *stage, const struct yaml_node *node)
{
    struct limit_desc *limit;

    if (!key_text(load->diags, "limit", node))
        return;
    stage->limit = NULL;
    stage->limit_node = node;
    if (strcmp(node->text, no_limit) == 0)
        return;
    limit = find(load->limits, node->text);
    stage->limit = limit;
    if (!limit && !load->limits_bad)
        add_unknown(load, node);
}

static bool is_used(const struct pipeline *pipeline, const struct limit_desc *limit)
{
    for (size_t k = 0; k < pipeline->n_stages; k++) {
        if (pipeline->stages[k].limit == limit)
            return true;
    }
    return false;
}

void limits_check_used(struct load *load)
{
    const struct pipeline *pipeline = load->pipeline;

    if (load->partial || diag_errors(load->diags) > 0)
        return; /* who was to name it may be what is wrong */
    for (size_t k = 0; k < pipeline->n_limits; k++) {
        const struct limit_desc *limit = &pipeline->limits[k];

        /* A file that many include may have limits for all of them. */
        if (!limit->included && !is_used(pipeline, limit))
            diag_hint(diag_add(load->diags, DIAG_WARNING, "W102", limit->key->source,
                               limit->key->at, "no stage has the limit '%s'",
                               limit->key->text),
                      "write  limit: %s  at the stages that it is for", limit->key->text);
    }
}
