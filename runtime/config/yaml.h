/* SPDX-License-Identifier: MIT */
/*
 * YAML text -> a tree whose nodes know their place.
 *
 * Built on libyaml's events, never on its document loader, so that every limit is enforced while
 * the text is read: hostile input costs milliseconds.  Scalars stay text: what they mean is
 * decided by the type of the setting they are given to.
 *
 * Refused besides what passes a limit: UTF-16, NUL bytes also when escaped, duplicate keys, merge
 * keys, keys that are not scalars, aliases to an enclosing node, tags except !!str and its like, a
 * second document.  An alias becomes a copy of what it stands for: the result is a tree.
 */
#ifndef CONFIG_YAML_H
#define CONFIG_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "config/diag.h"

enum {
    YAML_BYTES_MAX = 1 << 20,
    YAML_DEPTH_MAX = 64,
    YAML_NODES_MAX = 10000, /* an alias counts as all it stands for */
    YAML_KEY_MAX = 256,
    YAML_SCALAR_MAX = 64 * 1024,
    YAML_ANCHORS_MAX = 256,
};

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

/* Where a value comes from, for `show --explain`. */
enum yaml_origin {
    YAML_FROM_FILE,    /* as written */
    YAML_FROM_ENV,     /* it held ${env:...} */
    YAML_FROM_SECRET,  /* it held ${file:...}: never printed */
    YAML_FROM_VAR,     /* it held ${var:...} */
    YAML_FROM_CONTEXT, /* it held ${ctx:...} */
    YAML_FROM_FLAG,    /* --set */
};

struct yaml_node {
    enum yaml_kind kind;
    enum yaml_origin origin;
    const struct source *source;
    struct mark at;
    bool plain;   /* YAML_SCALAR: written without quotes */
    bool literal; /* ${...} in it was expanded, or is to stay */
    bool
        broken; /* an error was added for it (an unset variable): what it holds means nothing */
    const char *
        text; /* YAML_SCALAR: NUL-terminated, holds no NUL itself unless it came by ${file:} */
    size_t len;
    size_t n;                 /* YAML_LIST, YAML_MAP: how many */
    struct yaml_node **items; /* the n items, or the n values */
    struct yaml_node **keys;  /* YAML_MAP: the n keys, all scalars */
};

/*
 * Reads the source's text.  Returns the root, allocated from `arena`, or NULL after adding at least
 * one error to `diags` (also for an empty document).  Faults that leave a tree standing (duplicate
 * keys, tags) are added and the tree is returned all the same, so that more can be found: look at
 * diag_errors().
 */
struct yaml_node *yaml_parse(const struct source *source, struct arena *arena,
                             struct diag_list *diags);

/* The value under `key`, or NULL.  `map` may be NULL or of another kind. */
struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);

/* Appends the node as JSON.  Plain scalars that are JSON numbers, true, false or null stay bare. */
void yaml_to_json(const struct yaml_node *node, struct text *out);

/* Whether it is a value that was left out, or a plain ~ or null.  NULL is not a node: false. */
bool yaml_is_null(const struct yaml_node *node);

/* A new node; NULL when out of memory.  The text is copied. */
struct yaml_node *yaml_new_scalar(struct arena *arena, const struct source *source,
                                  struct mark at, const char *text, size_t len);
struct yaml_node *yaml_new(struct arena *arena, enum yaml_kind kind,
                           const struct source *source, struct mark at);

/* A copy of the whole tree; NULL when out of memory. */
struct yaml_node *yaml_copy(struct arena *arena, const struct yaml_node *node);

/* Appends an item (`key` NULL) or a pair; false when out of memory.  The nodes are borrowed. */
bool yaml_append(struct arena *arena, struct yaml_node *to, struct yaml_node *key,
                 struct yaml_node *value) PPH_NODISCARD;

/*
 * What a message shows of a value: a scalar's first characters, "a list", "a mapping", and of a
 * secret only that it is one.
 */
struct yaml_shown {
    char text[64];
};
struct yaml_shown yaml_shown(const struct yaml_node *node);

#endif /* CONFIG_YAML_H */
