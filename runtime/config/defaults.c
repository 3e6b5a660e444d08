/* SPDX-License-Identifier: MIT */
/*
 * `defaults:`: what a stage has that does not say otherwise.  Typed once, as the keys of a stage are;
 * each stage begins as a copy and changes what it says itself.  Long forms are so joined field by
 * field: `queue: 100` at a stage keeps the bytes of the defaults.
 */
#include "config/keys.h"
#include "config/load.h"

/* Keys that say which stage it is. */
static void refuse_own(struct load *load, const struct yaml_node *map)
{
    for (size_t i = 0; i < map->n; i++) {
        const struct yaml_node *key = map->keys[i];
        struct diag *d;

        if (!key_in(key->text, default_keys.ignored))
            continue;
        d = diag_add(load->diags, DIAG_ERROR, "E128", key->source, key->at,
                     "'%s' cannot be a default: it is each stage's own", key->text);
        diag_hint(d, "write it in the stages");
    }
}

void load_defaults(struct load *load, const struct yaml_node *node)
{
    struct stage_desc *defaults = &load->defaults;
    struct diag *d;

    if (defaults->queue_items == 0) {
        defaults->queue_items = QUEUE_ITEMS_DEFAULT;
        defaults->queue_bytes = QUEUE_BYTES_DEFAULT;
    }
    if (!node || node->broken || yaml_is_null(node))
        return;
    if (node->kind != YAML_MAP) {
        d = diag_add(load->diags, DIAG_ERROR, "E127", node->source, node->at,
                     "'defaults' needs a mapping of keys of stages");
        diag_hint(d, "write  defaults: {queue: 1000}");
        return;
    }
    keys_check(load->diags, node, &default_keys);
    refuse_own(load, node);
    load_stage_keys(load, defaults, node);
}

bool stage_says(const struct stage_desc *stage, const char *key)
{
    return yaml_get(stage->node, key) != NULL;
}
