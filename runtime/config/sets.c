/* SPDX-License-Identifier: MIT */
/*
 * --set PATH=VALUE changes the tree before anything in it is expanded or typed, so that a value
 * from the command line goes through the same checks as one from the file.
 */
#include <string.h>

#include "config/load.h"

enum { PATH_DEPTH_MAX = 16 };

struct set {
    struct load *load;
    struct source *source; /* the whole argument */
    struct yaml_node *keys[PATH_DEPTH_MAX];
    size_t n_keys;
    struct yaml_node *value;
};

static const char example[] =
    "examples: --set threads=2   --set split.workers=4   --set lines.with.path=a.txt";

#define ADD_ERROR(set, code, at, ...) \
    diag_add((set)->load->diags, DIAG_ERROR, code, (set)->source, at, __VA_ARGS__)

/* Splits "a.b.c" into keys, behind what says which pipeline it is for.  False after adding an error. */
static bool read_path(struct set *set, size_t len)
{
    const char *text = set->source->text;
    size_t start = strlen(set->load->scope);

    for (size_t i = start; i <= len; i++) {
        struct mark at = {.line = 1, .col = (uint32_t)start + 1, .width = 1};
        struct yaml_node *key;

        if (i < len && text[i] != '.')
            continue;
        if (i == start || set->n_keys == PATH_DEPTH_MAX || i - start > YAML_KEY_MAX) {
            diag_note(
                ADD_ERROR(set, "E140", at, "%s", "--set needs the path of a setting"),
                "%s", example);
            return false;
        }
        at.width = (uint32_t)(i - start);
        key = yaml_new_scalar(set->load->arena, set->source, at, text + start, i - start);
        if (!key) {
            set->load->no_memory = true;
            return false;
        }
        set->keys[set->n_keys++] = key;
        start = i + 1;
    }
    return true;
}

/* [a, b] and {a: b} are read as YAML; all else is one text, so that *.txt needs no quotes. */
static bool read_value(struct set *set, size_t from)
{
    const char *text = set->source->text + from;
    size_t len = set->source->len - from;
    struct mark at = {.line = 1, .col = (uint32_t)from + 1, .width = (uint32_t)len};
    struct arena *arena = set->load->arena;
    struct source *value;

    if (len > 0 && (*text == '[' || *text == '{')) {
        value = arena_alloc(arena, sizeof(*value));
        if (value) {
            *value = (struct source){.name = set->source->name, .text = text, .len = len};
            set->value = yaml_parse(value, arena, set->load->diags);
        }
        set->load->no_memory |= !value;
        return set->value != NULL;
    }
    set->value = yaml_new_scalar(arena, set->source, at, text, len);
    if (!set->value) {
        set->load->no_memory = true;
        return false;
    }
    set->value->plain = true;
    set->value->origin = YAML_FROM_FLAG;
    return true;
}

static void mark_origin(struct yaml_node *node)
{
    node->origin = YAML_FROM_FLAG;
    for (size_t i = 0; i < node->n; i++)
        mark_origin(node->items[i]);
}

static bool put(struct set *set, struct yaml_node *map, struct yaml_node *key,
                struct yaml_node *value)
{
    for (size_t i = 0; i < map->n; i++) {
        if (strcmp(map->keys[i]->text, key->text) == 0) {
            map->items[i] = value;
            return true;
        }
    }
    if (yaml_append(set->load->arena, map, key, value))
        return true;
    set->load->no_memory = true;
    return false;
}

static void add_no_stage(struct set *set, const char *const *names, size_t n)
{
    enum { SHOWN_MAX = 8 };
    const struct yaml_node *key = set->keys[0];
    const char *known[STAGES_MAX + 1] = {NULL};
    struct diag *d =
        ADD_ERROR(set, "E141", key->at, "there is no stage '%s' to set", key->text);
    struct text list = {0};
    size_t n_known = 0;

    for (size_t i = 0; i < n; i++) {
        if (!names[i])
            continue;
        text_printf(&list, "%s%s", n_known ? ", " : "", names[i]);
        known[n_known++] = names[i];
    }
    if (!diag_suggest(d, key->text, known) && n_known > 0 && n_known <= SHOWN_MAX)
        diag_note(d, "stages: %s", text_get(&list));
    text_fini(&list);
}

/* The mapping that the path begins in: the root (also for `vars`, `context`, `defaults`, `limits`), or a stage. */
static struct yaml_node *find_start(struct set *set, struct yaml_node *root,
                                    const char *const *names, size_t *ret_depth)
{
    const char *first = set->keys[0]->text;
    const struct yaml_node *stages = yaml_get(root, "stages");
    size_t n = names ? stages->n : 0;

    *ret_depth = 0;
    if (set->n_keys == 1 || strcmp(first, "vars") == 0 || strcmp(first, "context") == 0 ||
        strcmp(first, "defaults") == 0 || strcmp(first, "limits") == 0)
        return root;
    *ret_depth = 1;
    if (n > STAGES_MAX)
        n = STAGES_MAX;
    for (size_t i = 0; i < n; i++) {
        if (names[i] && strcmp(names[i], first) == 0 &&
            stages->items[i]->kind == YAML_MAP)
            return stages->items[i];
    }
    add_no_stage(set, names, n);
    return NULL;
}

/* The mapping under `key`, made if there is none.  NULL after adding an error. */
static struct yaml_node *descend(struct set *set, struct yaml_node *map,
                                 struct yaml_node *key)
{
    struct yaml_node *next = yaml_get(map, key->text);
    struct diag *d;

    if (next && next->kind == YAML_MAP)
        return next;
    if (next && !yaml_is_null(next)) {
        d = ADD_ERROR(set, "E142", key->at, "'%s' is not a mapping here", key->text);
        diag_hint(d, "set it as a whole:  %.*s=...",
                  (int)(key->at.col + key->at.width - 1), set->source->text);
        return NULL;
    }
    next = yaml_new(set->load->arena, YAML_MAP, set->source, key->at);
    if (!next) {
        set->load->no_memory = true;
        return NULL;
    }
    return put(set, map, key, next) ? next : NULL;
}

static void apply(struct set *set, struct yaml_node *root, const char *const *names)
{
    struct yaml_node *map;
    size_t depth;

    if (set->n_keys == 1 && strcmp(set->keys[0]->text, "include") == 0) {
        diag_hint(ADD_ERROR(set, "E143", set->keys[0]->at, "'include' cannot be set"),
                  "write it into the file");
        return;
    }
    map = find_start(set, root, names, &depth);
    for (; map && depth + 1 < set->n_keys; depth++)
        map = descend(set, map, set->keys[depth]);
    if (map)
        (void)put(set, map, set->keys[set->n_keys - 1], set->value);
}

static void apply_one(struct load *load, struct yaml_node *root, const char *const *names,
                      const char *text)
{
    struct set set = {.load = load,
                      .source = arena_alloc(load->arena, sizeof(*set.source))};
    const char *equals = strchr(text, '=');
    struct mark whole = {.line = 1, .col = 1, .width = MARK_WHOLE_LINE};
    char *copy = arena_copy(load->arena, text, strlen(text));

    if (!set.source || !copy) {
        load->no_memory = true;
        return;
    }
    *set.source = (struct source){.name = "--set", .text = copy, .len = strlen(copy)};
    if (!equals) {
        diag_note(ADD_ERROR(&set, "E140", whole, "--set needs a '=': '%.60s'", text),
                  "%s", example);
        return;
    }
    if (!read_path(&set, (size_t)(equals - text)) ||
        !read_value(&set, (size_t)(equals - text) + 1))
        return;
    mark_origin(set.value);
    apply(&set, root, names);
}

/*
 * Whether it is for the pipeline that is being read: its path begins with the pipeline's scope, and
 * what follows does not begin with a stage that is a pipeline, which will take it.
 */
static bool is_for(const struct load *load, const struct yaml_node *stages,
                   const char *const *names, const char *text)
{
    size_t scope = strlen(load->scope), path = strcspn(text, ".=");
    const char *slash;

    if (path < scope || strncmp(text, load->scope, scope) != 0)
        return false;
    text += scope;
    slash = memchr(text, '/', path - scope);
    for (size_t i = 0; slash && names && i < stages->n && i < STAGES_MAX; i++) {
        const struct yaml_node *use = yaml_get(stages->items[i], "use");
        size_t len = (size_t)(slash - text);

        if (names[i] && strlen(names[i]) == len && memcmp(names[i], text, len) == 0 &&
            use && use->kind == YAML_SCALAR && sub_is_pipeline(use->text))
            return false;
    }
    return true;
}

void sets_apply(struct load *load, struct yaml_node *root)
{
    const struct yaml_node *stages = yaml_get(root, "stages");
    const char *const *sets = load->sets;
    const char **names = NULL;

    if (!sets || !*sets || root->kind != YAML_MAP)
        return;
    if (stages && stages->kind == YAML_LIST) {
        names = stage_names(load->arena, stages); /* as they are before any --set */
        load->no_memory |= !names;
    }
    for (; *sets && !load->no_memory; sets++) {
        if (is_for(load, stages, names, *sets))
            apply_one(load, root, names, *sets);
    }
}
