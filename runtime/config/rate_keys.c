/* SPDX-License-Identifier: MIT */
/* `rate:`: how fast a source may be. */
#include "base/units.h"
#include "config/keys.h"
#include "config/load.h"

void load_rate(struct load *load, struct stage_desc *stage, const struct yaml_node *node)
{
    enum units_status status = UNITS_BAD;
    struct diag *d;

    stage->rate_node = node;
    if (node->broken)
        return;
    if (key_is_text(node))
        status = units_rate(node->text, &stage->rate.items, &stage->rate.per_ns);
    if (status == UNITS_OK) {
        stage->rate.text = node->text;
        return;
    }
    if (status == UNITS_NO_UNIT) {
        d = diag_add(load->diags, DIAG_ERROR, "E135", node->source, node->at,
                     "'rate' needs a unit");
        diag_hint(d, "write  rate: %s/s", yaml_shown(node).text);
        return;
    }
    d = diag_add(load->diags, DIAG_ERROR, "E135", node->source, node->at,
                 "'rate' needs a number of items in a time: more than 0, up to "
                 "1000000000/s");
    diag_hint(d, "write  rate: 200/s");
    diag_note(d, "examples: 200/s, 90/m, 1/h, 0.5/s");
}
