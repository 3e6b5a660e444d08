/* SPDX-License-Identifier: MIT */
/*
 * A tree back to YAML, such that reading it again gives the same, except secrets, which appear as
 * ‹secret›: `pphost show` must be safe to paste into a bug report.
 */
#ifndef CLI_YAML_OUT_H
#define CLI_YAML_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "config/yaml.h"

/* Where the YAML goes, and whether each value is followed by where it comes from. */
struct yaml_out {
    struct text *out;
    bool explain;
    size_t line; /* where the current line starts in `out` */
};

/* Appends the text as a scalar, in quotes where YAML or ${...} would read it otherwise. */
void yaml_out_scalar(struct yaml_out *y, const char *text, size_t len, bool plain);

/* Appends the mask that stands for every secret. */
void yaml_out_secret(struct yaml_out *y);

/* Appends `indent` blanks and "key:". */
void yaml_out_key(struct yaml_out *y, int indent, const char *key);

/* Ends the line, with the comment when origins are shown.  NULL: no comment. */
void yaml_out_end(struct yaml_out *y, const char *comment);

/* Ends the line with where the node's value comes from. */
void yaml_out_end_origin(struct yaml_out *y, const struct yaml_node *node);

/* Whether the node, or anything in it, must not be shown. */
bool yaml_out_is_secret(const struct yaml_node *node);

/*
 * Appends the node as the value of a key that stands there already: " text" for a scalar, an indented block
 * for a list or a mapping.  Ends with a newline.
 */
void yaml_out_value(struct yaml_out *y, const struct yaml_node *node, int indent);

#endif /* CLI_YAML_OUT_H */
