/* SPDX-License-Identifier: MIT */
/* What an item that fails means: `max_rejects:` at the top. */
#include <stdio.h>

#include "base/units.h"
#include "config/keys.h"
#include "config/load.h"

enum { SHARE_UNIT = 10000 }; /* millionths in a hundredth */

bool rejects_limit_read(const char *text, struct rejects_limit *ret_limit)
{
    int64_t count;
    uint32_t share;

    if (units_int(text, &count) == UNITS_OK && count >= 0) {
        *ret_limit = (struct rejects_limit){REJECTS_COUNT, (uint64_t)count};
        return true;
    }
    if (units_share(text, &share) != UNITS_OK)
        return false;
    *ret_limit = (struct rejects_limit){REJECTS_SHARE, share};
    return true;
}

const char *rejects_limit_show(const struct rejects_limit *limit,
                               char buffer[REJECTS_TEXT_MAX])
{
    unsigned whole = (unsigned)(limit->n / SHARE_UNIT);
    unsigned rest = (unsigned)(limit->n % SHARE_UNIT);
    int digits = 4;

    if (limit->kind != REJECTS_SHARE) {
        (void)snprintf(buffer, REJECTS_TEXT_MAX, "%llu", (unsigned long long)limit->n);
    } else if (rest == 0) {
        (void)snprintf(buffer, REJECTS_TEXT_MAX, "%u%%", whole);
    } else {
        for (; rest % 10 == 0; rest /= 10)
            digits--;
        (void)snprintf(buffer, REJECTS_TEXT_MAX, "%u.%0*u%%", whole, digits, rest);
    }
    return buffer;
}

void load_max_rejects(struct load *load, const struct yaml_node *node)
{
    struct diag *d;

    if (node->broken ||
        (key_is_text(node) && rejects_limit_read(node->text, &load->pipeline->max_rejects)))
        return;
    d = diag_add(load->diags, DIAG_ERROR, "E127", node->source, node->at,
                 "'max_rejects' needs a number of items or a share from 0%% to 100%%");
    diag_hint(d, "write  max_rejects: 100  or  max_rejects: 1%%");
}
