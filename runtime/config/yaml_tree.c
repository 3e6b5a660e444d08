/* SPDX-License-Identifier: MIT */
/*
 * Building and reading trees.  Arrays of children have room for the next power of two and are
 * copied when that is full; what they leave behind in the arena is less than they take.
 */
#include <stdio.h>
#include <string.h>

#include "config/yaml.h"

enum { CHILDREN_MIN = 4 };

struct yaml_node *yaml_new(struct arena *arena, enum yaml_kind kind,
                           const struct source *source, struct mark at)
{
    struct yaml_node *node = arena_alloc(arena, sizeof(*node));

    if (!node)
        return NULL;
    node->kind = kind;
    node->source = source;
    node->at = at;
    return node;
}

struct yaml_node *yaml_new_scalar(struct arena *arena, const struct source *source,
                                  struct mark at, const char *text, size_t len)
{
    struct yaml_node *node = yaml_new(arena, YAML_SCALAR, source, at);

    if (!node)
        return NULL;
    node->text = arena_copy(arena, text, len);
    if (!node->text)
        return NULL;
    node->len = len;
    return node;
}

static struct yaml_node **grow(struct arena *arena, struct yaml_node **old, size_t n)
{
    size_t cap = n < CHILDREN_MIN ? CHILDREN_MIN : n * 2;
    struct yaml_node **grown = arena_array(arena, cap, sizeof(struct yaml_node *));

    if (grown && n > 0)
        memcpy(grown, old, n * sizeof(struct yaml_node *));
    return grown;
}

bool yaml_append(struct arena *arena, struct yaml_node *to, struct yaml_node *key,
                 struct yaml_node *value)
{
    bool full = to->n == 0 || (to->n >= CHILDREN_MIN && (to->n & (to->n - 1)) == 0);

    PPH_ASSERT((to->kind == YAML_MAP) == (key != NULL));
    if (full) {
        struct yaml_node **items = grow(arena, to->items, to->n);
        struct yaml_node **keys = key ? grow(arena, to->keys, to->n) : NULL;

        if (!items || (key && !keys))
            return false;
        to->items = items;
        to->keys = keys;
    }
    to->items[to->n] = value;
    if (key)
        to->keys[to->n] = key;
    to->n++;
    return true;
}

struct yaml_node *yaml_copy(struct arena *arena, const struct yaml_node *node)
{
    struct yaml_node *copy = arena_alloc(arena, sizeof(*copy));

    if (!copy)
        return NULL;
    *copy = *node;
    copy->n = 0;
    copy->items = copy->keys = NULL;
    for (size_t i = 0; i < node->n; i++) {
        struct yaml_node *value = yaml_copy(arena, node->items[i]);
        struct yaml_node *key = NULL;

        if (node->kind == YAML_MAP) {
            key = yaml_copy(arena, node->keys[i]);
            if (!key)
                return NULL;
        }
        if (!value || !yaml_append(arena, copy, key, value))
            return NULL;
    }
    return copy;
}

struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    size_t len = strlen(key);

    if (!map || map->kind != YAML_MAP)
        return NULL;
    for (size_t i = 0; i < map->n; i++) {
        if (map->keys[i]->len == len && memcmp(map->keys[i]->text, key, len) == 0)
            return map->items[i];
    }
    return NULL;
}

static bool is_word(const struct yaml_node *node, const char *word)
{
    return node->len == strlen(word) && memcmp(node->text, word, node->len) == 0;
}

bool yaml_is_null(const struct yaml_node *node)
{
    return node && node->kind == YAML_SCALAR && node->plain &&
           (node->len == 0 || is_word(node, "~") || is_word(node, "null"));
}

struct yaml_shown yaml_shown(const struct yaml_node *node)
{
    enum { SHOWN_MAX = 40 }; /* bytes; longer words are cut */
    struct yaml_shown shown = {{0}};
    size_t used = 0;

    if (node->kind != YAML_SCALAR) {
        (void)snprintf(shown.text, sizeof(shown.text), "%s",
                       node->kind == YAML_LIST ? "a list" : "a mapping");
        return shown;
    }
    if (node->origin == YAML_FROM_SECRET) {
        (void)snprintf(shown.text, sizeof(shown.text), "(secret)");
        return shown;
    }
    while (used < node->len) {
        uint32_t c;
        size_t n = text_utf8(node->text + used, node->len - used, &c);

        if (n == 0 || node->text[used] == '\0' || used + n > SHOWN_MAX)
            break;
        memcpy(shown.text + used, node->text + used, n);
        used += n;
    }
    if (used < node->len)
        (void)snprintf(shown.text + used, sizeof(shown.text) - used, "...");
    return shown;
}

/* Numbers as JSON writes them: no sign '+', no leading zero, digits on both sides of a point. */
static bool is_json_number(const struct yaml_node *node)
{
    const char *p = node->text;

    p += *p == '-';
    if (*p == '0')
        p++;
    else if (*p >= '1' && *p <= '9')
        p += strspn(p, "0123456789");
    else
        return false;
    if (*p == '.') {
        size_t digits = strspn(p + 1, "0123456789");
        if (digits == 0)
            return false;
        p += digits + 1;
    }
    if (*p == 'e' || *p == 'E') {
        size_t digits;
        p++;
        p += *p == '-' || *p == '+';
        digits = strspn(p, "0123456789");
        if (digits == 0)
            return false;
        p += digits;
    }
    return p == node->text + node->len;
}

static void scalar_to_json(const struct yaml_node *node, struct text *out)
{
    if (yaml_is_null(node))
        text_str(out, "null");
    else if (node->plain &&
             (is_word(node, "true") || is_word(node, "false") || is_json_number(node)))
        text_append(out, node->text, node->len);
    else
        text_json(out, node->text, node->len);
}

void yaml_to_json(const struct yaml_node *node, struct text *out)
{
    if (node->kind == YAML_SCALAR) {
        scalar_to_json(node, out);
        return;
    }
    text_str(out, node->kind == YAML_MAP ? "{" : "[");
    for (size_t i = 0; i < node->n; i++) {
        if (i > 0)
            text_str(out, ",");
        if (node->kind == YAML_MAP) {
            text_json(out, node->keys[i]->text, node->keys[i]->len);
            text_str(out, ":");
        }
        yaml_to_json(node->items[i], out);
    }
    text_str(out, node->kind == YAML_MAP ? "}" : "]");
}
