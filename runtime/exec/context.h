/* SPDX-License-Identifier: MIT */
/* The pipeline's `context:` as plugins ask for it: "db.user" -> text or JSON. */
#ifndef EXEC_CONTEXT_H
#define EXEC_CONTEXT_H

#include "config/yaml.h"

struct context;

/* `tree` may be NULL and must outlive the context.  NULL: no memory. */
struct context *context_new(const struct yaml_node *tree);
void context_free(struct context *context); /* NULL is allowed */

/*
 * Sets *ret_text to the value at the dotted path of `tree`, which must outlive the context (NULL: that
 * of context_new()): a scalar's text, anything else as JSON; NULL: absent.  It lives until context_free().  False: no memory, and *ret_text is NULL.  [any thread]
 */
bool context_get(struct context *context, const struct yaml_node *tree, const char *path,
                 const char **ret_text) PPH_NODISCARD;

#endif /* EXEC_CONTEXT_H */
