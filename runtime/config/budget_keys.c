/* SPDX-License-Identifier: MIT */
/* The keys at the top that bound a whole run: `memory:` and `max_in_flight:`. */
#include "base/units.h"
#include "config/keys.h"
#include "config/load.h"

enum { IN_FLIGHT_MAX = 1000000000 };

bool budget_is_size(const char *text, uint64_t *ret_bytes)
{
    uint64_t bytes;

    if (units_size(text, &bytes) != UNITS_OK || bytes < MEMORY_MIN || bytes > MEMORY_MAX)
        return false;
    *ret_bytes = bytes;
    return true;
}

void load_memory(struct load *load, const struct yaml_node *node)
{
    static const char *const words[] = {"auto", NULL};
    uint64_t bytes;
    struct diag *d;

    if (node->broken)
        return;
    if (key_is_text(node) && key_in(node->text, words))
        return; /* the default is worked out where it is used */
    if (key_is_text(node) && budget_is_size(node->text, &load->pipeline->memory_bytes))
        return;
    if (key_is_text(node) && units_size(node->text, &bytes) == UNITS_NO_UNIT) {
        d = diag_add(load->diags, DIAG_ERROR, "E125", node->source, node->at,
                     "'memory' needs a unit");
        diag_hint(d, "write  memory: %sMB", yaml_shown(node).text);
        return;
    }
    d = diag_add(load->diags, DIAG_ERROR, "E125", node->source, node->at,
                 "'memory' needs a size from 1MB to 1024TiB, or auto");
    if (!key_is_text(node) ||
        (!key_suggest_size(d, node->text) && !diag_suggest(d, node->text, words)))
        diag_hint(d, "write  memory: 512MB");
}

void load_in_flight(struct load *load, const struct yaml_node *node)
{
    static const char *const words[] = {"unlimited", NULL};
    int64_t count;
    struct diag *d;

    if (node->broken)
        return;
    if (key_is_text(node) && key_in(node->text, words))
        return;
    if (key_is_text(node) && units_int(node->text, &count) == UNITS_OK && count >= 1 &&
        count <= IN_FLIGHT_MAX) {
        load->pipeline->max_in_flight = (uint64_t)count;
        return;
    }
    d = diag_add(load->diags, DIAG_ERROR, "E126", node->source, node->at,
                 "'max_in_flight' needs a whole number from 1 to 1,000,000,000, or "
                 "unlimited");
    if (!key_is_text(node) || !diag_suggest(d, node->text, words))
        diag_hint(d, "write  max_in_flight: 16");
    diag_note(d, "it counts batches of the sources, each of up to 1,024 items");
}
