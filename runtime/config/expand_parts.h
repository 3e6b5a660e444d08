/* SPDX-License-Identifier: MIT */
/* What expand.c (finding ${...}) and expand_value.c (what they stand for) share. */
#ifndef CONFIG_EXPAND_PARTS_H
#define CONFIG_EXPAND_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "config/source.h"
#include "config/yaml.h"

enum expand_kind { EXPAND_ENV, EXPAND_FILE, EXPAND_VAR, EXPAND_CTX };

/* In which part of the description a value is: it can use only what was expanded before it. */
enum expand_part { IN_VARS, IN_CONTEXT, IN_REST };

struct secret;

struct expander {
    struct arena *arena;
    struct diag_list *diags;
    const char *dir;
    const struct secret **secrets;
    struct yaml_node *vars;    /* NULL: none */
    struct yaml_node *context; /* NULL: none */
    enum expand_part part;
    size_t total; /* bytes of all expanded values so far */
    struct source_cursor cursor;
    bool no_memory, stopped;
};

/* A scalar that is being expanded. */
struct expand_scalar {
    struct yaml_node *node;
    size_t at;      /* how far it is read */
    size_t ordinal; /* which "${" of it comes next, from 0 */
    struct text out;
    enum yaml_origin origin;

    /* Where its "${"s are in the source; looked up when there is something to say about one. */
    size_t raw_offset; /* of the one `raw_ordinal`, or where to look for it */
    size_t raw_ordinal;
    bool raw_started;
};

/* One ${...}. */
struct reference {
    enum expand_kind kind;
    const char *name;     /* behind the scheme */
    const char *fallback; /* behind ":-"; NULL: none */
    struct expand_scalar *scalar;
    enum yaml_origin origin; /* set by expand_value(): where the value is from */
};

/* The place of the "${" that is being expanded, to its '}'. */
struct mark expand_place(struct expander *e, struct expand_scalar *s);

/* Appends what the reference stands for.  False after adding an error (or without memory). */
bool expand_value(struct expander *e, struct reference *ref, struct text *out);

/* Puts the command line's values into e->vars; what is not declared there is an error. */
void expand_override_vars(struct expander *e, const char *const *vars);

#endif /* CONFIG_EXPAND_PARTS_H */
