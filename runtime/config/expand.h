/* SPDX-License-Identifier: MIT */
/*
 * ${...} in scalars, after the YAML was parsed and before anything is typed: what a variable holds
 * can never change the structure of a description.
 *
 *     ${X} ${env:X}     environment variable       ${X:-text}   text when it is unset or empty
 *     ${file:/path}     a file without its last newline: a secret, never printed
 *     ${var:x}          of `vars:`, or name=value on the command line
 *     ${ctx:a.b}        a value of `context:`
 *     $${               the two characters ${
 *
 * What a variable holds is not expanded again.
 */
#ifndef CONFIG_EXPAND_H
#define CONFIG_EXPAND_H

#include "base/arena.h"
#include "config/diag.h"
#include "config/yaml.h"

enum {
    EXPAND_FILE_MAX = 64 * 1024,    /* bytes of one ${file:} */
    EXPAND_VALUE_MAX = 1024 * 1024, /* bytes of one value with all that came into it */
    EXPAND_TOTAL_MAX = 16 * 1024 * 1024, /* bytes of all values together */
};

/* What a ${file:...} held: it must not be printed. */
struct secret {
    const struct secret *next; /* the one before it */
    const char *text;
    size_t len;
};

/*
 * Expands every value of the tree in place, `vars:` first, then `context:`, then the rest.  ${file:}
 * with a relative path is relative to the directory of the value's own file, or else to `dir`.  `vars` ("name=value", NULL-terminated or
 * NULL) replaces values of `vars:` and is taken literally.  Faults are added to `diags` (E4xx); the
 * value with the fault is left as it is and marked as broken.  Each file's text is put before those of
 * *secrets, in the arena.  Returns false when memory ran out.  Reads files and the environment.  [control]
 */
bool expand_tree(struct yaml_node *root, const char *dir, const char *const *vars,
                 struct arena *arena, struct diag_list *diags,
                 const struct secret **secrets);

/*
 * Makes values of the root's `vars:` be those of `with`, a mapping of single values, which are then
 * not expanded again.  Adds E409 for a name that `vars:` does not declare.  Returns false when memory
 * ran out.
 */
bool expand_give_vars(struct yaml_node *root, const struct yaml_node *with,
                      struct arena *arena, struct diag_list *diags) PPH_NODISCARD;

/* A copy of a tree that was expanded, which will not be expanded again; NULL: no memory. */
struct yaml_node *expand_copy(struct arena *arena, const struct yaml_node *node);

#endif /* CONFIG_EXPAND_H */
