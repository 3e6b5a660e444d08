/* SPDX-License-Identifier: MIT */
/* What expand.c (finding ${...}) and expand_value.c (what they stand for) share. */
#ifndef CONFIG_EXPAND_PARTS_H
#define CONFIG_EXPAND_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "config/yaml.h"

enum expand_kind { EXPAND_ENV, EXPAND_FILE, EXPAND_VAR, EXPAND_CTX };

/* In which part of the description a value is: it can use only what was expanded before it. */
enum expand_part { IN_VARS, IN_CONTEXT, IN_REST };

struct expander {
    struct arena *arena;
    struct diag_list *diags;
    const char *dir;
    struct yaml_node *vars;    /* NULL: none */
    struct yaml_node *context; /* NULL: none */
    enum expand_part part;
    size_t total; /* bytes of all expanded values so far */
    bool no_memory, stopped;
};

/* One ${...}. */
struct reference {
    enum expand_kind kind;
    const char *name;     /* behind the scheme */
    const char *fallback; /* behind ":-"; NULL: none */
    const struct source *source;
    struct mark at;
    enum yaml_origin origin; /* set by expand_value(): where the value is from */
};

/* Appends what the reference stands for.  False after adding an error (or without memory). */
bool expand_value(struct expander *e, struct reference *ref, struct text *out);

/* Puts the command line's values into e->vars; what is not declared there is an error. */
void expand_override_vars(struct expander *e, const char *const *vars);

#endif /* CONFIG_EXPAND_PARTS_H */
