/* SPDX-License-Identifier: MIT */
/*
 * The keys of a stage that have a type of their own.  Each has a short form, a scalar, that stands
 * for one field of its long form.
 */
#include <string.h>

#include "base/units.h"
#include "config/keys.h"
#include "config/load.h"

/* More than any machine has; keeps sums of queues far from overflowing. */
static const uint64_t queue_bytes_max = 1ull << 40;

static const char queue_examples[] =
    "examples: 1000 (items), 64MB (bytes), {items: 1000, bytes: 64MB}";

static struct diag *add_queue_error(struct load *load, const struct yaml_node *node,
                                    const char *text)
{
    struct diag *d =
        diag_add(load->diags, DIAG_ERROR, "E120", node->source, node->at, "%s", text);

    diag_note(d, "%s", queue_examples);
    return d;
}

static bool is_items(const struct yaml_node *node, uint64_t *ret_items)
{
    int64_t items;

    if (!key_is_text(node) || units_int(node->text, &items) != UNITS_OK || items < 1 ||
        items > QUEUE_ITEMS_MAX)
        return false;
    *ret_items = (uint64_t)items;
    return true;
}

static bool is_bytes(const struct yaml_node *node, uint64_t *ret_bytes)
{
    uint64_t bytes;

    if (!key_is_text(node) || units_size(node->text, &bytes) != UNITS_OK || bytes < 1 ||
        bytes > queue_bytes_max)
        return false;
    *ret_bytes = bytes;
    return true;
}

/* `queue: 100` or `queue: 64MB`. */
static void load_queue_short(struct load *load, struct stage_desc *stage,
                             const struct yaml_node *node)
{
    int64_t items;
    uint64_t bytes;
    struct diag *d;

    if (is_items(node, &stage->queue_items)) {
        stage->queue_items_node = node;
        return;
    }
    if (is_bytes(node, &stage->queue_bytes)) {
        stage->queue_bytes_node = node;
        return;
    }
    if (key_is_text(node) && units_int(node->text, &items) != UNITS_BAD) {
        d = add_queue_error(load, node, "'queue' needs from 1 to 16,777,216 items");
        diag_hint(d, "write  queue: %d", QUEUE_ITEMS_DEFAULT);
    } else if (key_is_text(node) && units_size(node->text, &bytes) != UNITS_BAD) {
        d = add_queue_error(load, node, "'queue' needs from 1B to 1TiB");
        diag_hint(d, "write  queue: 32MB");
    } else {
        d = add_queue_error(load, node, "'queue' needs a number of items or a size");
        if (key_is_text(node))
            key_suggest_size(d, node->text);
    }
}

static void load_queue_items(struct load *load, struct stage_desc *stage,
                             const struct yaml_node *node)
{
    uint64_t bytes;
    struct diag *d;

    stage->queue_items_node = node;
    if (node->broken || is_items(node, &stage->queue_items))
        return;
    d = add_queue_error(load, node, "'items' needs a whole number from 1 to 16,777,216");
    if (is_bytes(node, &bytes))
        diag_hint(d, "a size is 'bytes':  bytes: %s", yaml_shown(node).text);
}

static void load_queue_bytes(struct load *load, struct stage_desc *stage,
                             const struct yaml_node *node)
{
    uint64_t bytes;
    struct diag *d;

    stage->queue_bytes_node = node;
    if (node->broken || is_bytes(node, &stage->queue_bytes))
        return;
    if (key_is_text(node) && units_size(node->text, &bytes) == UNITS_NO_UNIT) {
        d = add_queue_error(load, node, "'bytes' needs a unit");
        diag_hint(d, "write  %sB  or  %sKB", yaml_shown(node).text,
                  yaml_shown(node).text);
        return;
    }
    d = add_queue_error(load, node, "'bytes' needs a size from 1B to 1TiB");
    if (key_is_text(node))
        key_suggest_size(d, node->text);
}

/* The format knows one more way, this version does not. */
static void load_queue_full(struct load *load, struct stage_desc *stage,
                            const struct yaml_node *node)
{
    static const char *const ways[] = {"block", "drop_new", "drop_old",
                                       NULL}; /* as enum queue_full */
    int choice;

    stage->queue_full_node = node;
    if (key_is_text(node) && strcmp(node->text, "spill") == 0) {
        diag_hint(keys_add_later(load->diags, node->source, node->at, "a queue on disk"),
                  "write  full: block");
        return;
    }
    choice = key_choice(load->diags, "E120", "full", node, ways);
    if (choice >= 0)
        stage->queue_full = (enum queue_full)choice;
}

static void load_queue(struct load *load, struct stage_desc *stage,
                       const struct yaml_node *node)
{
    const struct yaml_node *items, *bytes, *full;

    if (node->broken)
        return;
    if (node->kind != YAML_MAP) {
        load_queue_short(load, stage, node);
        return;
    }
    keys_check(load->diags, node, &queue_keys);
    items = yaml_get(node, "items");
    bytes = yaml_get(node, "bytes");
    full = yaml_get(node, "full");
    if (items)
        load_queue_items(load, stage, items);
    if (bytes)
        load_queue_bytes(load, stage, bytes);
    if (full)
        load_queue_full(load, stage, full);
}

/* E123 at the place; says what to type. */
static void bad_order(struct load *load, const struct yaml_node *node,
                      const char *const *orders, const char *otherwise)
{
    struct diag *d = diag_add(load->diags, DIAG_ERROR, "E123", node->source, node->at,
                              "'order' is keep, any or {by: key}");

    if (!orders || !key_is_text(node) || !diag_suggest(d, node->text, orders))
        diag_hint(d, "write  order: %s", otherwise);
}

/* `order: {by: key}`, the long form.  The format knows fields of items, this version does not. */
static void load_order_by(struct load *load, struct stage_desc *stage,
                          const struct yaml_node *node)
{
    const struct yaml_node *by = yaml_get(node, "by");
    struct diag *d;

    keys_check(load->diags, node, &order_keys);
    if (by ? by->broken : node->n > 0)
        return; /* reported already */
    if (!by || !key_is_text(by) || by->len == 0 || yaml_is_null(by)) {
        bad_order(load, by ? by : node, NULL, "{by: key}");
    } else if (strcmp(by->text, "key") == 0) {
        stage->order = ORDER_BY_KEY;
    } else {
        d = keys_add_later(load->diags, by->source, by->at,
                           "an order by anything but 'key'");
        diag_hint(d, "write  order: {by: key}");
        diag_note(d,
                  "items have no fields yet; the key is the one that plugins give them");
    }
}

static void load_order(struct load *load, struct stage_desc *stage,
                       const struct yaml_node *node)
{
    static const char *const orders[] = {"keep", "any", NULL}; /* as enum order */

    if (node->broken)
        return;
    if (node->kind == YAML_MAP) {
        load_order_by(load, stage, node);
        return;
    }
    for (int k = 0; key_is_text(node) && orders[k]; k++) {
        if (strcmp(node->text, orders[k]) == 0) {
            stage->order = (enum order)k;
            return;
        }
    }
    bad_order(load, node, orders,
              key_is_text(node) && strcmp(node->text, "key") == 0 ? "{by: key}" : "keep");
}

void load_stage_keys(struct load *load, struct stage_desc *stage,
                     const struct yaml_node *map)
{
    const struct yaml_node *workers = yaml_get(map, "workers");
    const struct yaml_node *order = yaml_get(map, "order");
    const struct yaml_node *on_error = yaml_get(map, "on_error");
    const struct yaml_node *queue = yaml_get(map, "queue");
    const struct yaml_node *batch = yaml_get(map, "batch");
    const struct yaml_node *rate = yaml_get(map, "rate");
    const struct yaml_node *limit = yaml_get(map, "limit");

    if (workers) {
        stage->workers_node = workers;
        (void)key_count(load->diags, "E121", "workers", workers, WORKERS_MAX,
                        &stage->workers);
    }
    if (order) {
        stage->order_node = order;
        load_order(load, stage, order);
    }
    if (on_error)
        load_on_error(load, stage, on_error);
    if (queue)
        load_queue(load, stage, queue);
    if (batch)
        load_batch(load, stage, batch);
    if (rate)
        load_rate(load, stage, rate);
    if (limit)
        load_limit(load, stage, limit);
}
