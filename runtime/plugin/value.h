/* SPDX-License-Identifier: MIT */
/*
 * One scalar of a setting: from text to a pph_value, by the parameter's type and bounds.
 *
 * The user's YAML, a table's defaults and its bounds are all read here, so that they cannot mean
 * different things.  Nothing is reported here: the caller knows whose text it was.
 */
#ifndef PLUGIN_VALUE_H
#define PLUGIN_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include <pphost/plugin.h>

#include "base/arena.h"
#include "config/yaml.h"

enum value_status {
    VALUE_OK = 0,
    VALUE_BAD = -1,     /* not of the type */
    VALUE_NO_UNIT = -2, /* a bare number where a unit is needed */
    VALUE_RANGE = -3,   /* does not fit in 63 bits */
    VALUE_LOW = -4,     /* below param->min */
    VALUE_HIGH = -5,    /* above param->max */
    VALUE_CHOICE = -6,  /* none of param->choices */
    VALUE_MEMORY = -7,  /* out of memory */
    VALUE_NO_DIR = -8,  /* a relative path, and the working directory is gone */
};

/*
 * Reads `len` bytes of text (with a NUL behind them) as one value of the parameter's type, whether
 * or not it is a list; the bounds are checked.  *ret_value is written only on VALUE_OK; its memory
 * is the arena's.  PPH_PATH becomes absolute; PPH_YAML is parsed.  [any thread]
 */
enum value_status value_parse(const struct pph_param *param, const char *text, size_t len,
                              struct arena *arena,
                              struct pph_value *ret_value) PPH_NODISCARD;

/* A YAML tree as a value of type PPH_YAML.  Likewise. */
enum value_status value_from_tree(const struct yaml_node *node, struct arena *arena,
                                  struct pph_value *ret_value) PPH_NODISCARD;

/* The parameter's default, or what stands for a missing value; also for lists.  Likewise. */
enum value_status value_default(const struct pph_param *param, struct arena *arena,
                                struct pph_value *ret_value) PPH_NODISCARD;

/*
 * Reads a parameter's bound as a plain value of its type, without looking at the bounds.
 * `bound` must not be NULL.  Likewise.
 */
enum value_status value_bound(const struct pph_param *param, const char *bound,
                              struct arena *arena,
                              struct pph_value *ret_value) PPH_NODISCARD;

/* Below 0, 0, above 0: `a` is smaller than, equal to, larger than `b`; for types with bounds. */
int value_compare(const struct pph_param *param, const struct pph_value *a,
                  const struct pph_value *b);

/* Whether min and max mean something for the type. */
bool value_has_bounds(const struct pph_param *param);

/*
 * The words of "a|b|c" as a NULL-terminated array of the arena; NULL when out of memory.
 * `choices` may be NULL: no words.
 */
const char *const *value_choices(const char *choices, struct arena *arena);

/* A text whose every member is safe to read: what `value` is before anything is known. */
struct pph_value value_none(void);

#endif /* PLUGIN_VALUE_H */
