/* SPDX-License-Identifier: MIT */
/* What the files of the YAML reader share.  No one else includes this. */
#ifndef CONFIG_YAML_PARTS_H
#define CONFIG_YAML_PARTS_H

#include <stdbool.h>

#include <yaml.h>

#include "config/diag.h"

/*
 * Looks at the bytes before the parser does: size, UTF-8, control characters, %TAG lines.  Returns
 * false after adding an error.
 */
bool yaml_check_text(const struct source *source, struct diag_list *diags);

/* Adds the error that the parser stopped with, in words for a person. */
void yaml_add_fault(const struct source *source, const yaml_parser_t *parser,
                    struct diag_list *diags);

/* A place of the parser as ours, with width 1. */
struct mark yaml_mark(yaml_mark_t mark);

/* Adds E099. */
void yaml_add_out_of_memory(struct diag_list *diags);

#endif /* CONFIG_YAML_PARTS_H */
