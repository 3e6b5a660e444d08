/* SPDX-License-Identifier: MIT */
/* `batch:`: the most that one call of a stage gets, and how long it waits for so much. */
#include <string.h>

#include "base/units.h"
#include "config/keys.h"
#include "config/load.h"

static const int64_t wait_longest_ns = 3600ll * 1000 * 1000 * 1000;

static struct diag *add_error(struct load *load, const struct yaml_node *node,
                              const char *text)
{
    struct diag *d =
        diag_add(load->diags, DIAG_ERROR, "E129", node->source, node->at, "%s", text);

    diag_note(d, "examples: auto, 16 (items), 8KB (bytes), {items: 16, bytes: 8KB}, "
                 "{items: 500, wait: 1s}");
    return d;
}

/* The bounds are for stages that gather; check_bounds() has narrower ones for others. */
static bool take_items(struct stage_desc *stage, const struct yaml_node *node)
{
    int64_t items;

    if (!key_is_text(node) || units_int(node->text, &items) != UNITS_OK || items < 1 ||
        items > GATHER_MOST_ITEMS)
        return false;
    stage->batch_items = (uint32_t)items;
    stage->batch_items_node = node;
    return true;
}

static bool take_bytes(struct stage_desc *stage, const struct yaml_node *node)
{
    uint64_t bytes;

    if (!key_is_text(node) || units_size(node->text, &bytes) != UNITS_OK || bytes < 1 ||
        bytes > UINT32_MAX)
        return false;
    stage->batch_bytes = bytes;
    stage->batch_bytes_node = node;
    return true;
}

static bool take_wait(struct stage_desc *stage, const struct yaml_node *node)
{
    int64_t ns;

    if (!key_is_text(node) || units_time(node->text, &ns) != UNITS_OK || ns < 0 ||
        ns > wait_longest_ns)
        return false;
    stage->batch_wait_ns = (uint64_t)ns;
    stage->batch_wait_node = node;
    return true;
}

static void load_wait(struct load *load, struct stage_desc *stage,
                      const struct yaml_node *node)
{
    int64_t ns;
    struct diag *d;

    if (node->broken || take_wait(stage, node))
        return;
    if (key_is_text(node) && units_time(node->text, &ns) == UNITS_NO_UNIT) {
        d = add_error(load, node, "'wait' needs a unit");
        diag_hint(d, "write  wait: %sms  or  wait: %ss", yaml_shown(node).text,
                  yaml_shown(node).text);
        return;
    }
    diag_hint(add_error(load, node, "'wait' needs a time up to 1h"), "write  wait: 1s");
}

/* What the fields are together, those of the defaults among them; `all`: all of them could be read. */
static void check_bounds(struct load *load, const struct stage_desc *stage, bool all)
{
    if (all && stage->batch_wait_ns > 0 && stage->batch_items == 0 &&
        stage->batch_bytes == 0)
        diag_hint(add_error(load, stage->batch_wait_node,
                            "'wait' needs 'items' or 'bytes' beside it: for what it is "
                            "to wait"),
                  "write  batch: {items: 500, wait: %s}", stage->batch_wait_node->text);
    if (stage->batch_wait_ns > 0)
        return;
    if (stage->batch_items > BATCH_MOST_ITEMS)
        diag_hint(add_error(load, stage->batch_items_node,
                            "'items' needs a whole number from 1 to 1024, or up to 32768 "
                            "with 'wait'"),
                  "write  batch: {items: %u, wait: 1s}", stage->batch_items);
    if (stage->batch_bytes > BATCH_MOST_BYTES)
        diag_hint(add_error(load, stage->batch_bytes_node,
                            "'bytes' needs a size from 1B to 64KiB, or up to 4GB with "
                            "'wait'"),
                  "write  batch: {bytes: %s, wait: 1s}", stage->batch_bytes_node->text);
}

/* `batch: 16`, `batch: 8KB` or `batch: auto`. */
static void load_short(struct load *load, struct stage_desc *stage,
                       const struct yaml_node *node)
{
    if (key_is_text(node) && strcmp(node->text, "auto") == 0) {
        stage->batch_items = 0;
        stage->batch_bytes = stage->batch_wait_ns = 0;
        stage->batch_items_node = stage->batch_bytes_node = node;
        stage->batch_wait_node = NULL;
        return;
    }
    if (!take_items(stage, node) && !take_bytes(stage, node))
        diag_hint(add_error(load, node,
                            "'batch' needs from 1 to 1024 items, a size up to "
                            "64KiB, or auto"),
                  "write  batch: auto");
}

void load_batch(struct load *load, struct stage_desc *stage, const struct yaml_node *node)
{
    size_t errors = diag_errors(load->diags);
    const struct yaml_node *items, *bytes, *wait;

    if (node->broken)
        return;
    if (node->kind != YAML_MAP) {
        load_short(load, stage, node);
        check_bounds(load, stage, true);
        return;
    }
    keys_check(load->diags, node, &batch_keys);
    items = yaml_get(node, "items");
    bytes = yaml_get(node, "bytes");
    wait = yaml_get(node, "wait");
    if (items && !items->broken && !take_items(stage, items))
        add_error(
            load, items,
            "'items' needs a whole number from 1 to 1024, or up to 32768 with 'wait'");
    if (bytes && !bytes->broken && !take_bytes(stage, bytes))
        add_error(load, bytes,
                  "'bytes' needs a size from 1B to 64KiB, or up to 4GB with 'wait'");
    if (wait)
        load_wait(load, stage, wait);
    check_bounds(load, stage, diag_errors(load->diags) == errors);
}
