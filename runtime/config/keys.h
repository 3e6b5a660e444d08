/* SPDX-License-Identifier: MIT */
/* Keys and values that belong to the host: what all of them have in common. */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/diag.h"
#include "config/yaml.h"

/* The keys of one kind of mapping.  The lists end with NULL. */
struct key_set {
    const char *where;          /* "a stage" */
    const char *const *known;   /* what this version has */
    const char *const *later;   /* what the format has and this version has not */
    const char *const *ignored; /* accepted and without meaning */
    const struct key_set
        *other;               /* where a key may have been meant to be; NULL: nowhere */
    const char *other_hint;   /* what to say then */
    const char *unknown_hint; /* what to say when nothing is near; NULL: nothing */
};

extern const struct key_set pipeline_keys, include_keys, stage_keys, default_keys,
    queue_keys, batch_keys, order_keys, on_error_keys, retry_keys;

bool key_in(const char *key, const char *const *words);

/* Adds E104 for each key that is not known and E199 for each that comes later. */
void keys_check(struct diag_list *diags, const struct yaml_node *map,
                const struct key_set *keys);

/* Adds E199 at the place: "WHAT is not available in this version of pphost". */
struct diag *keys_add_later(struct diag_list *diags, const struct source *source,
                            struct mark at, const char *what);

/*
 * The text of a scalar that is not empty and holds no NUL.  NULL after adding E106, or for a value
 * that is broken already, without adding anything.
 */
const char *key_text(struct diag_list *diags, const char *key,
                     const struct yaml_node *node);

/*
 * A whole number from 1 to `max`, or "auto", which is 0.  False after adding `code`, or for a
 * broken value.
 */
bool key_count(struct diag_list *diags, const char *code, const char *key,
               const struct yaml_node *node, unsigned max, unsigned *ret_count);

/* The index of the value in `words`, or -1 after adding `code`, or for a broken value. */
int key_choice(struct diag_list *diags, const char *code, const char *key,
               const struct yaml_node *node, const char *const *words);

/* Whether it is a scalar whose text can be read as a whole. */
bool key_is_text(const struct yaml_node *node);

/* "100MBs" -> "100MB": hints at the same number with the nearest unit; false: nothing is near. */
bool key_suggest_size(struct diag *d, const char *text);

#endif /* CONFIG_KEYS_H */
