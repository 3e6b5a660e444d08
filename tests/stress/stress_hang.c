/* SPDX-License-Identifier: MIT */
/* A run that never ends: the watchdog of the tests has to say so and abort.  CTest looks at what it says. */
#include <stdlib.h>

#include "exec/stages.h"
#include "support/graph_kit.h"
#include "support/watchdog.h"

static int each_stuck(struct pph_ctx *ctx, struct pph_item *it)
{
    volatile bool for_ever = true;

    (void)ctx;
    (void)it;
    while (for_ever) {
    }
    return PPH_OK;
}

static const struct pph_plugin stuck = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "stuck",
    .each = each_stuck,
};

int main(void)
{
    struct pph_value args[] = {{.s = "", .i = 100}, {.s = ""}, {.s = ""}};
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = args},
        {.name = "stuck", .plugin = &stuck},
    };
    struct kit *kit = kit_new(stages, 2, 2);

    watchdog_set(2);
    (void)kit_run(kit, NULL);
    kit_free(kit);
    return EXIT_FAILURE;
}
