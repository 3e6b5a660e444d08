/* SPDX-License-Identifier: MIT */
/* `batch:`: the most that one call of a stage gets. */
#include <string.h>

#include "base/units.h"
#include "config/keys.h"
#include "config/load.h"

static struct diag *add_error(struct load *load, const struct yaml_node *node,
                              const char *text)
{
    struct diag *d =
        diag_add(load->diags, DIAG_ERROR, "E129", node->source, node->at, "%s", text);

    diag_note(d, "examples: auto, 16 (items), 8KB (bytes), {items: 16, bytes: 8KB}");
    return d;
}

static bool take_items(struct stage_desc *stage, const struct yaml_node *node)
{
    int64_t items;

    if (!key_is_text(node) || units_int(node->text, &items) != UNITS_OK || items < 1 ||
        items > BATCH_MOST_ITEMS)
        return false;
    stage->batch_items = (uint32_t)items;
    stage->batch_items_node = node;
    return true;
}

static bool take_bytes(struct stage_desc *stage, const struct yaml_node *node)
{
    uint64_t bytes;

    if (!key_is_text(node) || units_size(node->text, &bytes) != UNITS_OK || bytes < 1 ||
        bytes > BATCH_MOST_BYTES)
        return false;
    stage->batch_bytes = (uint32_t)bytes;
    stage->batch_bytes_node = node;
    return true;
}

void load_batch(struct load *load, struct stage_desc *stage, const struct yaml_node *node)
{
    const struct yaml_node *items, *bytes;

    if (node->broken)
        return;
    if (key_is_text(node) && strcmp(node->text, "auto") == 0) {
        stage->batch_items = stage->batch_bytes = 0;
        stage->batch_items_node = stage->batch_bytes_node = node;
        return;
    }
    if (node->kind != YAML_MAP) {
        if (!take_items(stage, node) && !take_bytes(stage, node))
            diag_hint(add_error(load, node,
                                "'batch' needs from 1 to 1024 items, a size up to "
                                "64KiB, or auto"),
                      "write  batch: auto");
        return;
    }
    keys_check(load->diags, node, &batch_keys);
    items = yaml_get(node, "items");
    bytes = yaml_get(node, "bytes");
    if (items && !items->broken && !take_items(stage, items))
        add_error(load, items, "'items' needs a whole number from 1 to 1024");
    if (bytes && !bytes->broken && !take_bytes(stage, bytes))
        add_error(load, bytes, "'bytes' needs a size from 1B to 64KiB");
}
