/* SPDX-License-Identifier: MIT */
/*
 * Puts the steps together.  Each step goes on after a fault as long as the next ones can make sense
 * of what is left, so that one run shows all that is wrong.
 */
#include "config/pipeline.h"

#include <string.h>

#include "config/expand.h"
#include "config/keys.h"
#include "config/load.h"
#include "config/yaml_parts.h"

static struct diag *add_root_error(struct load *load, const struct yaml_node *root)
{
    return diag_add(load->diags, DIAG_ERROR, "E101", root->source, root->at,
                    "a pipeline is a mapping with the key 'stages'");
}

bool load_is_pipeline(struct load *load, const struct yaml_node *root)
{
    struct diag *d;

    if (root->kind == YAML_MAP)
        return true;
    d = add_root_error(load, root);
    if (root->kind == YAML_LIST)
        diag_hint(d, "put 'stages:' in the line above");
    else
        diag_hint(d, "begin with 'stages:'");
    load->partial = true;
    return false;
}

static void load_threads(struct load *load, const struct yaml_node *node)
{
    (void)key_count(load->diags, "E122", "threads", node, THREADS_MAX,
                    &load->pipeline->threads);
}

static void load_name(struct load *load, const struct yaml_node *node)
{
    struct diag *d;

    if (!key_text(load->diags, "name", node))
        return;
    if (stage_name_valid(node->text, node->len)) {
        load->pipeline->name = node->text;
        return;
    }
    d = diag_add(load->diags, DIAG_ERROR, "E107", node->source, node->at,
                 "'%s' cannot be a name", yaml_shown(node).text);
    diag_note(
        d,
        "a name has letters, digits, _ and -, at most 64, and begins with a letter or _");
}

/* A missing `stages` is an error, unless a misspelled one was reported already. */
static void check_missing(struct load *load, const struct yaml_node *root)
{
    static const char *const words[] = {"stages", NULL};
    struct mark at = {.line = 1, .col = 1};
    struct diag *d;

    load->partial = true;
    for (size_t i = 0; i < root->n; i++) {
        if (text_nearest(root->keys[i]->text, words))
            return;
    }
    d = diag_add(load->diags, DIAG_ERROR, "E102", root->source, at,
                 "there is no 'stages'");
    diag_note(
        d, "an example:  stages: [{use: lines, with: a.txt}, {use: write, with: b.txt}]");
}

void load_root_stages(struct load *load, const struct yaml_node *root)
{
    const struct yaml_node *stages = yaml_get(root, "stages");

    if (stages)
        load_stages(load, stages);
    else
        check_missing(load, root);
}

static void load_root(struct load *load, const struct yaml_node *root)
{
    const struct yaml_node *name = yaml_get(root, "name");
    const struct yaml_node *threads = yaml_get(root, "threads");
    const struct yaml_node *memory = yaml_get(root, "memory");
    const struct yaml_node *in_flight = yaml_get(root, "max_in_flight");
    const struct yaml_node *max_rejects = yaml_get(root, "max_rejects");
    const struct yaml_node *limits = yaml_get(root, "limits");
    const struct yaml_node *context = yaml_get(root, "context");
    const struct yaml_node *defaults = yaml_get(root, "defaults");

    keys_check(load->diags, root, &pipeline_keys);
    if (name)
        load_name(load, name);
    if (threads)
        load_threads(load, threads);
    if (memory)
        load_memory(load, memory);
    if (in_flight)
        load_in_flight(load, in_flight);
    if (max_rejects)
        load_max_rejects(load, max_rejects);
    if (context && context->kind == YAML_MAP)
        load->pipeline->context = context;
    load->source = root->source;
    if (limits)
        load_limits(load, limits);
    load_defaults(load, defaults);
    load_root_stages(load, root);
    limits_check_used(load);
}

/* From the text to the typed description. */
static void load_text(struct load *load, const struct pipeline_input *input)
{
    struct pipeline *pipeline = load->pipeline;
    struct yaml_node *root;

    root = !input->text && load_is_oneliner(input->file)
               ? oneliner_parse(pipeline->source, load->arena, load->diags)
               : yaml_parse(pipeline->source, load->arena, load->diags);
    if (!root) {
        load->partial = true;
        return;
    }
    if (!load_is_pipeline(load, root))
        return;
    if (!include_files(load, root)) {
        load->partial = true;
        return;
    }
    sets_apply(load, root);
    if (!load->no_memory && !expand_tree(root, pipeline->dir, input->vars, load->arena,
                                         load->diags, &pipeline->secrets))
        load->no_memory = true;
    pipeline->root = root;
    if (!load->no_memory)
        load_root(load, root);
}

enum pipeline_status pipeline_load(const struct pipeline_input *input,
                                   struct diag_list *diags,
                                   struct pipeline **ret_pipeline)
{
    struct load load = {
        .arena = arena_new(), .diags = diags, .sets = input->sets, .scope = ""};
    enum pipeline_status status = PIPELINE_BAD;
    size_t errors = diag_errors(diags);

    *ret_pipeline = NULL;
    if (load.arena)
        load.pipeline = arena_alloc(load.arena, sizeof(*load.pipeline));
    if (!load.pipeline) {
        load.no_memory = true;
    } else {
        load.pipeline->arena = load.arena;
        status = load_read(&load, input);
        if (status == PIPELINE_OK)
            load_text(&load, input);
    }
    if (load.no_memory)
        yaml_add_out_of_memory(diags);
    if (diag_errors(diags) > errors && status == PIPELINE_OK)
        status = PIPELINE_BAD;
    if (status == PIPELINE_UNREAD || load.partial || load.no_memory) {
        if (load.arena)
            diag_list_adopt(diags, load.arena); /* the messages refer to the text in it */
        return status;
    }
    *ret_pipeline = load.pipeline;
    return status;
}

void pipeline_free(struct pipeline *pipeline)
{
    if (pipeline)
        arena_free(pipeline->arena);
}
