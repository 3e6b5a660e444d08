/* SPDX-License-Identifier: MIT */
/*
 * What stages are called.  A name that was given is never changed; one that follows from the
 * plugin gets a number when it is taken: split, split2, split3.
 */
#include <stdlib.h>
#include <string.h>

#include "config/load.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name_char(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-';
}

bool stage_name_valid(const char *name, size_t len)
{
    if (len == 0 || len > NAME_BYTES_MAX || !is_letter(name[0]))
        return false;
    for (size_t i = 0; i < len; i++) {
        if (!is_name_char(name[i]))
            return false;
    }
    return true;
}

bool stage_path_valid(const char *path, size_t len)
{
    const char *end = path + len;

    if (len > PATH_BYTES_MAX)
        return false;
    for (const char *slash; (slash = memchr(path, '/', (size_t)(end - path)));
         path = slash + 1) {
        if (!stage_name_valid(path, (size_t)(slash - path)))
            return false;
    }
    return stage_name_valid(path, (size_t)(end - path));
}

/* The part of `use` that names the plugin: "t" of "./a.so:t", "a" of "./a.so", "./a.yaml"; "split". */
static void base_name(const char *use, size_t len, const char **ret_start,
                      size_t *ret_len)
{
    static const char *const endings[] = {".so", ".yaml", ".yml"};
    const char *end = use + len, *start = end;

    while (start > use && start[-1] != '/' && start[-1] != ':')
        start--;
    for (size_t e = 0; e < sizeof(endings) / sizeof(*endings); e++) {
        size_t n = strlen(endings[e]);

        if ((size_t)(end - start) > n && memcmp(end - n, endings[e], n) == 0) {
            end -= n;
            break;
        }
    }
    *ret_start = start;
    *ret_len = (size_t)(end - start);
}

/* A valid name made of `use`. */
static char *plugin_name(struct arena *arena, const char *use, size_t use_len)
{
    const char *start;
    size_t len;
    char *name;

    base_name(use, use_len, &start, &len);
    if (len > NAME_BYTES_MAX - 4) /* room for a number up to 256, and a letter in front */
        len = NAME_BYTES_MAX - 4;
    if (len == 0)
        return arena_copy(arena, "stage", 5);
    name = arena_printf(arena, "%s%.*s", is_letter(*start) ? "" : "_", (int)len, start);
    for (char *c = name; c && *c; c++) {
        if (!is_name_char(*c))
            *c = '_';
    }
    return name;
}

static bool is_taken(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (names[i] && strcmp(names[i], name) == 0)
            return true;
    }
    return false;
}

static const struct yaml_node *text_of(const struct yaml_node *stage, const char *key)
{
    const struct yaml_node *node = yaml_get(stage, key);

    return node && node->kind == YAML_SCALAR && node->len > 0 ? node : NULL;
}

/* The first of name, name2, name3, ... that is free. */
static const char *numbered(struct arena *arena, const char *name,
                            const char *const *names, size_t n)
{
    const char *free_name = name;

    for (unsigned i = 2; free_name && is_taken(free_name, names, n); i++)
        free_name = arena_printf(arena, "%s%u", name, i);
    return free_name;
}

const char **stage_names(struct arena *arena, const struct yaml_node *stages)
{
    size_t n = stages->n < STAGES_MAX ? stages->n : STAGES_MAX;
    const char **names = arena_array(arena, n, sizeof(char *));

    if (!names)
        return NULL;
    for (size_t i = 0; i < n; i++) {
        const struct yaml_node *name = text_of(stages->items[i], "name");
        if (name)
            names[i] = name->text;
    }
    for (size_t i = 0; i < n; i++) {
        const struct yaml_node *use = text_of(stages->items[i], "use");
        const char *name;

        if (names[i] || !use)
            continue;
        name = plugin_name(arena, use->text, use->len);
        names[i] = name ? numbered(arena, name, names, n) : NULL;
        if (!names[i])
            return NULL;
    }
    return names;
}
