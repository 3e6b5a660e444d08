/* SPDX-License-Identifier: MIT */
/* `stages:`: the list, and what names a stage and its plugin. */
#include <string.h>

#include "config/keys.h"
#include "config/load.h"

static struct diag *add_error(struct load *load, const char *code,
                              const struct yaml_node *node, const char *text)
{
    return diag_add(load->diags, DIAG_ERROR, code, node->source, node->at, "%s", text);
}

/* 'my.stage' -> 'my_stage'. */
static void suggest_name(struct diag *d, const struct yaml_node *node)
{
    char name[NAME_BYTES_MAX + 1] = "";

    if (node->len == 0 || node->len > NAME_BYTES_MAX)
        return;
    memcpy(name, node->text, node->len);
    for (size_t i = 0; i < node->len; i++) {
        const char pair[] = {'a',
                             name[i]}; /* behind a letter more characters are allowed */

        if (!stage_name_valid(i == 0 ? name : pair, i == 0 ? 1 : 2))
            name[i] = '_';
    }
    diag_hint(d, "did you mean '%s'?", name);
}

static bool check_name(struct load *load, const struct yaml_node *node)
{
    struct diag *d;

    if (!key_text(load->diags, "name", node))
        return false;
    if (stage_path_valid(node->text, node->len))
        return true;
    d = diag_add(load->diags, DIAG_ERROR, "E107", node->source, node->at,
                 "'%s' cannot be a name", yaml_shown(node).text);
    suggest_name(d, node);
    diag_note(
        d,
        "a name has letters, digits, _ and -, at most 64, and begins with a letter or _");
    return false;
}

/* A stage so far of that name; NULL: none. */
static const struct stage_desc *find_named(const struct pipeline *pipeline,
                                           const char *name)
{
    for (size_t k = 0; k < pipeline->n_stages; k++) {
        const struct stage_desc *s = &pipeline->stages[k];

        if (s->name && strcmp(s->name, name) == 0)
            return s;
    }
    for (size_t k = 0; k < pipeline->n_subs; k++) {
        const struct stage_desc *s = &pipeline->subs[k]->as;

        if (strcmp(s->name, name) == 0)
            return s;
    }
    return NULL;
}

static void check_unique(struct load *load, const struct stage_desc *stage)
{
    const struct stage_desc *other = find_named(load->pipeline, stage->name);
    struct diag *d;

    if (!other)
        return;
    d = diag_add(load->diags, DIAG_ERROR, "E108", stage->source, stage->at,
                 "two stages are named '%s'", stage->name);
    diag_hint(d, "give this one another name");
    if (other->source == stage->source)
        diag_context(d, other->at.line);
    else
        diag_note(d, "the other one is in %s:%u", other->source->name,
                  (unsigned)other->at.line);
    load->partial = true;
}

/* What stands for the stage in a message: in the stage's own source, not where --set is. */
static struct mark place_of(const struct stage_desc *stage, const struct yaml_node *name)
{
    const struct yaml_node *node = name ? name : stage->use_node;

    return node && node->source == stage->node->source ? node->at : stage->node->at;
}

static void load_name(struct load *load, struct stage_desc *stage, const char *name)
{
    const struct yaml_node *node = yaml_get(stage->node, "name");

    stage->name_given = node != NULL;
    stage->at = place_of(stage, node);
    if (!node)
        stage->name = name;
    else if (check_name(load, node))
        stage->name = node->text;
    if (stage->name && load->scope[0])
        stage->name = arena_printf(load->arena, "%s%s", load->scope, stage->name);
    if (stage->name)
        check_unique(load, stage);
    else
        load->partial = true;
}

static void load_use(struct load *load, struct stage_desc *stage)
{
    const struct yaml_node *use = yaml_get(stage->node, "use");
    struct diag *d;

    stage->use_node = use;
    if (!use) {
        d = add_error(load, "E105", stage->node, "the stage names no plugin");
        diag_hint(d, "add  use: PLUGIN");
        diag_note(d, "pphost plugins  lists them");
        load->partial = true;
        return;
    }
    stage->use = key_text(load->diags, "use", use);
    load->partial |= !stage->use;
}

static void load_stage(struct load *load, struct stage_desc *stage, const char *name)
{
    const struct yaml_node *with = yaml_get(stage->node, "with");
    const struct yaml_node *from = yaml_get(stage->node, "from");

    keys_check(load->diags, stage->node, &stage_keys);
    load_use(load, stage);
    load_name(load, stage, name);
    if (with && !yaml_is_null(with))
        stage->with = with;
    if (from)
        load_from(load, stage, from);
    if (!stage->use || !sub_is_pipeline(stage->use))
        load_stage_keys(load, stage, stage->node);
}

static void add_no_map(struct load *load, const struct yaml_node *node)
{
    struct diag *d = add_error(load, "E103", node, "a stage is a mapping");

    if (node->kind == YAML_SCALAR && node->len > 0)
        diag_hint(d, "write  use: %s", yaml_shown(node).text);
    else
        diag_hint(d, "write  use: PLUGIN");
    load->partial = true;
}

static bool check_list(struct load *load, const struct yaml_node *stages)
{
    static const char example[] =
        "an example:  stages: [{use: lines, with: a.txt}, {use: "
        "split}, {use: write, with: b.txt}]";
    struct diag *d;

    load->partial = true;
    if (yaml_is_null(stages) || (stages->kind == YAML_LIST && stages->n == 0)) {
        diag_note(add_error(load, "E102", stages, "'stages' is empty"), "%s", example);
        return false;
    }
    if (stages->kind != YAML_LIST) {
        d = add_error(load, "E102", stages, "'stages' needs a list");
        diag_hint(d, "write '- ' in front of each stage");
        diag_note(d, "%s", example);
        return false;
    }
    if (stages->n > STAGES_MAX) {
        d = diag_add(load->diags, DIAG_ERROR, "E102", stages->source,
                     stages->items[STAGES_MAX]->at,
                     "there are %zu stages, and 256 is the most", stages->n);
        diag_hint(d, "this is the 257th");
        return false;
    }
    load->partial = false;
    return true;
}

/* One stage of the list behind those there are; false: there is no room. */
static bool add_stage(struct load *load, const struct stage_desc *stage)
{
    struct pipeline *pipeline = load->pipeline;

    if (pipeline->n_stages == STAGES_MAX) {
        diag_add(load->diags, DIAG_ERROR, "E102", stage->source, stage->at,
                 "there are more than 256 stages, with those of all pipelines in it");
        load->partial = true;
        return false;
    }
    pipeline->stages[pipeline->n_stages++] = *stage;
    return true;
}

void load_stages(struct load *load, const struct yaml_node *stages)
{
    struct pipeline *pipeline = load->pipeline;
    const char **names;

    if (!check_list(load, stages))
        return;
    names = stage_names(load->arena, stages);
    if (!pipeline->stages) {
        pipeline->stages =
            arena_array(load->arena, STAGES_MAX, sizeof(*pipeline->stages));
        pipeline->subs = arena_array(load->arena, FILES_MAX, sizeof(*pipeline->subs));
    }
    if (!names || !pipeline->stages || !pipeline->subs) {
        load->no_memory = true;
        return;
    }
    for (size_t i = 0; i < stages->n && !load->no_memory; i++) {
        struct stage_desc stage = load->defaults;

        if (stages->items[i]->kind != YAML_MAP) {
            add_no_map(load, stages->items[i]);
            continue;
        }
        stage.node = stages->items[i];
        stage.source = stage.node->source;
        stage.sub = load->sub;
        stage.context = load->context;
        load_stage(load, &stage, names[i]);
        if (stage.use && sub_is_pipeline(stage.use))
            sub_load(load, &stage);
        else if (!add_stage(load, &stage))
            return;
    }
}
