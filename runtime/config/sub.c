/* SPDX-License-Identifier: MIT */
/*
 * `use: ./sub.yaml`: a whole pipeline as one stage.
 *
 * It is a file like any other and can be run by itself.  As a stage it is read with its own vars,
 * which `with:` gives, and its own names, which begin with the stage's: "clean/split".  What it does
 * not say itself it has from the pipeline around it: the context's values, `defaults:` and limits.  Its
 * stages are put where the stage stands; how they are joined is the graph's business (exec/wire.c).
 */
#include <string.h>

#include "config/expand.h"
#include "config/keys.h"
#include "config/load.h"

/* What a stage that is a pipeline can have; all else is for a stage in it. */
static const char *const sub_known[] = {"use", "with", "name", "from", NULL};

/* Keys of the run, which is another pipeline's. */
static const char *const run_keys[] = {"threads", "memory", "max_in_flight",
                                       "max_rejects", NULL};

bool sub_is_pipeline(const char *use)
{
    size_t len = strlen(use);

    return (len > 5 && strcmp(use + len - 5, ".yaml") == 0) ||
           (len > 4 && strcmp(use + len - 4, ".yml") == 0);
}

static void check_stage(struct load *load, const struct stage_desc *stage)
{
    const struct yaml_node *with = stage->with;

    for (size_t i = 0; i < stage->node->n; i++) {
        const struct yaml_node *key = stage->node->keys[i];

        if (key_in(key->text, stage_keys.known) && !key_in(key->text, sub_known))
            diag_hint(diag_add(load->diags, DIAG_ERROR, "E156", key->source, key->at,
                               "'%s' is not for a whole pipeline", key->text),
                      "write it at a stage of %s, or into its 'defaults'", stage->use);
    }
    if (with && with->kind != YAML_MAP && !with->broken)
        diag_hint(diag_add(load->diags, DIAG_ERROR, "E157", with->source, with->at,
                           "a pipeline has no main setting"),
                  "name the var:  with: {NAME: ...}");
}

/* Keys of the file that have no effect here. */
static void warn_of_run_keys(struct load *load, const struct yaml_node *root)
{
    for (size_t i = 0; i < root->n; i++) {
        const struct yaml_node *key = root->keys[i];

        if (key_in(key->text, run_keys))
            diag_note(diag_add(load->diags, DIAG_WARNING, "W101", key->source, key->at,
                               "'%s' has no effect in a pipeline that is a stage",
                               key->text),
                      "what the pipeline says that is run holds for all");
    }
}

/* The context around it over the file's own. */
static bool give_context(struct load *load, struct yaml_node *root)
{
    const struct yaml_node *outer = load->sub ? load->context : load->pipeline->context;
    struct yaml_node *given = outer ? expand_copy(load->arena, outer) : NULL;
    struct yaml_node *own = yaml_get(root, "context"), *key;

    if (!outer)
        return true;
    if (own && own->kind == YAML_MAP && given && !include_fill(load, given, own))
        return false;
    for (size_t i = 0; given && own && i < root->n; i++) {
        if (root->items[i] == own && (own->kind == YAML_MAP || yaml_is_null(own)))
            root->items[i] = given;
    }
    if (own || !given)
        return given != NULL;
    key = yaml_new_scalar(load->arena, given->source, given->at, "context", 7);
    return key && yaml_append(load->arena, root, key, given);
}

/* The file's tree, with all that comes from around it, expanded.  NULL after adding an error. */
static struct yaml_node *read_tree(struct load *load, const struct sub_desc *sub,
                                   const struct source *source)
{
    struct yaml_node *root = yaml_parse(source, load->arena, load->diags);
    const struct yaml_node *with = sub->as.with;

    if (!root || !load_is_pipeline(load, root) || !include_files(load, root))
        return NULL;
    sets_apply(load, root);
    if (!load->no_memory && with && with->kind == YAML_MAP)
        load->no_memory |= !expand_give_vars(root, with, load->arena, load->diags);
    if (!load->no_memory)
        load->no_memory |= !give_context(load, root);
    if (!load->no_memory)
        load->no_memory |= !expand_tree(root, source->dir, NULL, load->arena, load->diags,
                                        &load->pipeline->secrets);
    return load->no_memory ? NULL : root;
}

/* Reads the file with `load` being that of the pipeline in it. */
static bool load_inside(struct load *load, struct sub_desc *sub,
                        const struct source *source)
{
    const struct yaml_node *limits;
    struct yaml_node *root;

    load->scope = arena_printf(load->arena, "%s/", sub->as.name);
    load->no_memory |= !load->scope;
    sub->scope = load->scope;
    load->first_file = load->n_files;
    root = load->no_memory ? NULL : read_tree(load, sub, source);
    if (!root)
        return false;
    load->sub = sub;
    sub->first = load->pipeline->n_stages;
    keys_check(load->diags, root, &pipeline_keys);
    warn_of_run_keys(load, root);
    load->context = yaml_get(root, "context");
    if (load->context && load->context->kind != YAML_MAP)
        load->context = NULL;
    load->source = root->source;
    limits = yaml_get(root, "limits");
    if (limits)
        load_limits(load, limits);
    load_defaults(load, yaml_get(root, "defaults"));
    load_root_stages(load, root);
    sub->n = load->pipeline->n_stages - sub->first;
    return sub->n > 0;
}

/* "used as 'clean'". */
static const char *how_of(struct load *load, const struct stage_desc *stage)
{
    const char *how = arena_printf(load->arena, "used as '%s'", stage->name);

    load->no_memory |= !how;
    return how;
}

void sub_load(struct load *load, const struct stage_desc *stage)
{
    struct pipeline *pipeline = load->pipeline;
    struct sub_desc *sub = arena_alloc(load->arena, sizeof(*sub));
    struct load outer = *load;
    const struct source *source = NULL;

    check_stage(load, stage);
    if (!stage->name || !sub) {
        load->no_memory |= !sub;
        return;
    }
    sub->as = *stage;
    const char *how = how_of(load, stage);
    if (how)
        source = file_open(load, stage->use_node, how);
    if (!source) {
        load->partial = true;
        return;
    }
    pipeline->subs[pipeline->n_subs++] = sub;
    if (!load_inside(load, sub, source))
        load->partial = true;
    load->sub = outer.sub;
    load->scope = outer.scope;
    load->context = outer.context;
    load->source = outer.source;
    load->limits = outer.limits;
    load->limits_bad = outer.limits_bad;
    load->defaults = outer.defaults;
    load->first_file = outer.first_file;
}
