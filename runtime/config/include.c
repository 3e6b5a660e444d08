/* SPDX-License-Identifier: MIT */
/*
 * `include:`: other files' vars, context, defaults, limits and stages, put into the tree before anything in
 * it is set, expanded or typed.
 *
 * Of two files that say the same, the later in the list wins, and the including file over all.
 * Mappings are joined key by key, at any depth.  Stages are put together in order, those of the
 * including file last.  A file that is reached twice is taken once, where it is met first.
 */
#include <string.h>

#include "config/keys.h"
#include "config/load.h"

/* What mappings of several files are joined to one. */
static const char *const joined[] = {"vars", "context", "defaults", "limits"};
enum { JOINED = sizeof(joined) / sizeof(*joined) };

static bool append(struct load *load, struct yaml_node *to, struct yaml_node *key,
                   struct yaml_node *value)
{
    if (yaml_append(load->arena, to, key, value))
        return true;
    load->no_memory = true;
    return false;
}

bool include_fill(struct load *load, struct yaml_node *into, const struct yaml_node *from)
{
    for (size_t i = 0; i < from->n; i++) {
        struct yaml_node *there = yaml_get(into, from->keys[i]->text);

        if (!there) {
            if (!append(load, into, from->keys[i], from->items[i]))
                return false;
        } else if (there->kind == YAML_MAP && from->items[i]->kind == YAML_MAP) {
            if (!include_fill(load, there, from->items[i]))
                return false;
        }
    }
    return true;
}

static struct yaml_node *key_of(const struct yaml_node *map, const char *name)
{
    for (size_t i = 0; i < map->n; i++) {
        if (strcmp(map->keys[i]->text, name) == 0)
            return map->keys[i];
    }
    return NULL;
}

static void replace(struct yaml_node *map, const char *name, struct yaml_node *value)
{
    for (size_t i = 0; i < map->n; i++) {
        if (strcmp(map->keys[i]->text, name) == 0)
            map->items[i] = value;
    }
}

/* Joins the mappings under one key; of `root` only what is one already, or is missing. */
static bool join_maps(struct load *load, struct yaml_node *root,
                      const struct yaml_node *from, const char *name)
{
    struct yaml_node *theirs = yaml_get(from, name);
    struct yaml_node *ours = yaml_get(root, name);

    if (!theirs || theirs->kind != YAML_MAP)
        return true;
    if (!ours)
        return append(load, root, key_of(from, name), theirs);
    if (yaml_is_null(ours))
        replace(root, name, theirs);
    return ours->kind != YAML_MAP || include_fill(load, ours, theirs);
}

/* Puts the stages of the files in front of the tree's own. */
static bool join_stages(struct load *load, struct yaml_node *root,
                        struct yaml_node *const *trees, size_t n)
{
    struct yaml_node *own = yaml_get(root, "stages");
    struct yaml_node *all = NULL, *key = own ? key_of(root, "stages") : NULL;

    if (n == 0 || (own && own->kind != YAML_LIST))
        return true; /* the latter is a fault, which is said where stages are typed */
    for (size_t t = 0; t <= n; t++) {
        struct yaml_node *list = t < n ? yaml_get(trees[t], "stages") : own;

        if (!list || list->kind != YAML_LIST)
            continue;
        if (!all) {
            all = yaml_new(load->arena, YAML_LIST, list->source, list->at);
            load->no_memory |= !all;
        }
        for (size_t i = 0; all && i < list->n; i++) {
            if (!append(load, all, NULL, list->items[i]))
                return false;
        }
        if (!key)
            key = key_of(trees[t], "stages");
    }
    if (!all || load->no_memory)
        return !load->no_memory;
    if (!own)
        return append(load, root, key, all);
    replace(root, "stages", all);
    return true;
}

/* Each part is of the kind that it must be; adds an error for one that is not. */
static bool check_parts(struct load *load, const struct yaml_node *tree)
{
    const struct yaml_node *stages = yaml_get(tree, "stages");
    bool ok = true;

    keys_check(load->diags, tree, &include_keys);
    for (size_t k = 0; k < JOINED; k++) {
        const struct yaml_node *map = yaml_get(tree, joined[k]);

        if (!map || map->kind == YAML_MAP || yaml_is_null(map))
            continue;
        diag_hint(diag_add(load->diags, DIAG_ERROR, "E410", map->source, map->at,
                           "'%s' needs a mapping", joined[k]),
                  "write  %s: {name: value}", joined[k]);
        ok = false;
    }
    if (!stages || stages->kind == YAML_LIST || yaml_is_null(stages))
        return ok;
    diag_hint(diag_add(load->diags, DIAG_ERROR, "E102", stages->source, stages->at,
                       "'stages' needs a list"),
              "write '- ' in front of each stage");
    return false;
}

/* The tree of one file, with all that it includes itself.  NULL after adding an error. */
static struct yaml_node *read_tree(struct load *load, const struct source *source)
{
    struct yaml_node *tree = yaml_parse(source, load->arena, load->diags);

    if (!tree)
        return NULL;
    if (tree->kind != YAML_MAP) {
        diag_note(diag_add(load->diags, DIAG_ERROR, "E155", tree->source, tree->at,
                           "an included file is a mapping"),
                  "it can have vars, context, defaults, limits, stages and include");
        return NULL;
    }
    return check_parts(load, tree) && include_files(load, tree) ? tree : NULL;
}

/* One entry of the list: *ret_tree is NULL for a file that was taken before. */
static bool include_one(struct load *load, const struct yaml_node *name,
                        struct yaml_node **ret_tree)
{
    size_t before = load->n_files;
    const struct source *source;

    *ret_tree = NULL;
    if (!key_text(load->diags, "include", name))
        return false;
    if (strstr(name->text, "${")) {
        diag_hint(diag_add(load->diags, DIAG_ERROR, "E150", name->source, name->at,
                           "files are included before anything is expanded"),
                  "write the name as it is");
        return false;
    }
    source = file_open(load, name, "included");
    if (!source)
        return false;
    for (size_t i = load->first_file; i < before; i++) {
        if (strcmp(load->files[i]->real, source->real) == 0)
            return true;
    }
    *ret_tree = read_tree(load, source);
    return *ret_tree != NULL;
}

bool include_files(struct load *load, struct yaml_node *root)
{
    const struct yaml_node *node = yaml_get(root, "include");
    struct yaml_node *trees[FILES_MAX];
    size_t n = node && node->kind == YAML_LIST ? node->n : 1, n_trees = 0;
    bool ok = true;

    if (!node)
        return true;
    if (node->kind == YAML_MAP || yaml_is_null(node) || n == 0 || n > FILES_MAX) {
        diag_hint(diag_add(load->diags, DIAG_ERROR, "E150", node->source, node->at,
                           "'include' needs a file or a list of up to 64 files"),
                  "write  include: common.yaml");
        return false;
    }
    for (size_t i = 0; i < n && !load->no_memory; i++) {
        struct yaml_node *tree = NULL;

        ok = include_one(load, node->kind == YAML_LIST ? node->items[i] : node, &tree) &&
             ok;
        if (tree)
            trees[n_trees++] = tree;
    }
    for (size_t i = n_trees; ok && i-- > 0;) {
        for (size_t k = 0; ok && k < JOINED; k++)
            ok = join_maps(load, root, trees[i], joined[k]);
    }
    return ok && join_stages(load, root, trees, n_trees) && !load->no_memory;
}
