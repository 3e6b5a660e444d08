/* SPDX-License-Identifier: MIT */
#include "exec/context.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/lock_order.h"

struct context {
    const struct yaml_node *tree;

    struct mutex lock;
    struct arena *arena PT_GUARDED_BY(lock); /* JSON made for plugins */
};

struct context *context_new(const struct yaml_node *tree)
{
    struct context *context = calloc(1, sizeof(*context));

    if (!context)
        return NULL;
    context->arena = arena_new();
    if (!context->arena) {
        free(context);
        return NULL;
    }
    context->tree = tree;
    mutex_init(&context->lock);
    lock_order_set(&context->lock, "context.lock", LOCKS_ALONE, 0);
    return context;
}

void context_free(struct context *context)
{
    if (!context)
        return;
    arena_free(context->arena);
    mutex_fini(&context->lock);
    free(context);
}

static const struct yaml_node *find(const struct yaml_node *node, const char *path)
{
    while (node && *path) {
        size_t len = strcspn(path, ".");
        char key[256];

        if (len >= sizeof(key))
            return NULL;
        memcpy(key, path, len);
        key[len] = '\0';
        node = yaml_get(node, key);
        path += len;
        if (*path == '.')
            path++;
    }
    return node;
}

bool context_get(struct context *context, const struct yaml_node *tree, const char *path,
                 const char **ret_text)
{
    const struct yaml_node *node = find(tree ? tree : context->tree, path);
    struct text json = {0};

    *ret_text = NULL;
    if (!node)
        return true;
    if (node->kind == YAML_SCALAR) {
        *ret_text = node->text;
        return true;
    }
    yaml_to_json(node, &json);
    if (!json.failed) {
        mutex_lock(&context->lock);
        *ret_text = arena_copy(context->arena, text_get(&json), json.len);
        mutex_unlock(&context->lock);
    }
    text_fini(&json);
    return *ret_text != NULL;
}
