/* SPDX-License-Identifier: MIT */
/*
 * Binds `with:` to a plugin's parameter table: names, types, units, bounds, defaults, required ones.
 *
 * The table is the one source: validation, help, JSON and `show` all read it.
 */
#ifndef PLUGIN_PARAMS_H
#define PLUGIN_PARAMS_H

#include <stddef.h>

#include "base/arena.h"
#include "config/pipeline.h"
#include "plugin/registry.h"

/*
 * Returns one value per parameter of the plugin, in its order (never NULL, also for no parameters),
 * or NULL after adding errors (E11x, all of them).  `with` may be NULL, a map, or, when the plugin
 * has a primary parameter, a scalar or list for that.  Parameters with PPH_CONTEXT that are absent
 * come from `context` by their name.  PPH_PATH becomes absolute, relative to the working directory;
 * "-" stays as it is.  Everything lives as long as `arena`.
 */
const struct pph_value *params_bind(const struct plugin *plugin,
                                    const struct stage_desc *stage,
                                    const struct yaml_node *context, struct arena *arena,
                                    struct diag_list *diags);

/* How many parameters, ports, metrics the plugin has (the tables end with a NULL name; NULL: 0). */
size_t params_count(const struct pph_plugin *desc);
size_t ports_count(const struct pph_plugin *desc);
size_t metrics_count(const struct pph_plugin *desc);

/* "size", "text", "whole number", ...: what help and messages call the type. */
const char *params_type_name(const struct pph_param *param);

#endif /* PLUGIN_PARAMS_H */
