/* SPDX-License-Identifier: MIT */
/*
 * What a user is told about a setting that cannot be taken: one function per fault.
 *
 * Each adds one diagnostic and returns false.  A value's own text is never repeated for a secret.
 */
#ifndef PLUGIN_PARAMS_REPORT_H
#define PLUGIN_PARAMS_REPORT_H

#include <stdbool.h>

#include "config/pipeline.h"
#include "plugin/value.h"

/* What binding one stage's `with:` shares. */
struct params_bind {
    const struct pph_plugin *desc;
    const struct stage_desc *stage;
    struct arena *arena;
    struct diag_list *diags;
};

/* Binds one scalar (or YAML tree) to the parameter's type; false after reporting why not. */
bool params_bind_one(struct params_bind *b, const struct pph_param *param,
                     const struct yaml_node *node, struct pph_value *ret_value);

/* E112, or E131 when the key is one of the host's: no such setting. */
bool params_report_unknown(struct params_bind *b, const struct yaml_node *key);

/* E111: one value instead of a mapping, and no primary parameter to take it. */
bool params_report_no_primary(struct params_bind *b);

/* E113: a required setting is not given. */
bool params_report_missing(struct params_bind *b, const struct pph_param *param);

/* E114: a list or mapping where one value belongs. */
bool params_report_shape(struct params_bind *b, const struct pph_param *param,
                         const struct yaml_node *node);

/* E114: nothing behind the colon. */
bool params_report_empty(struct params_bind *b, const struct pph_param *param,
                         const struct yaml_node *node);

/* E114 wrong type or unit, E115 out of bounds, E116 none of the choices. */
bool params_report_value(struct params_bind *b, const struct pph_param *param,
                         const struct yaml_node *node, enum value_status status);

/* E119: out of memory. */
bool params_report_memory(struct params_bind *b);

#endif /* PLUGIN_PARAMS_REPORT_H */
