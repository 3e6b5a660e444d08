/* SPDX-License-Identifier: MIT */
/*
 * Finds ${...} in scalars and puts the results together.  The place of each is looked up in the
 * source text only when there is something to say about it: the n-th "${" behind the scalar's
 * start is the n-th of the scalar, however it is quoted.
 */
#include "config/expand.h"

#include <string.h>

#include "config/expand_parts.h"

static const char *find_dollar_brace(const char *text, size_t len)
{
    return memmem(text, len, "${", 2);
}

/* Moves s->raw_offset to the "${" in question.  False when it cannot be found: it was escaped. */
static bool find_raw(struct expander *e, struct expand_scalar *s)
{
    const struct source *source = s->node->source;
    struct source_line line;
    const char *found;

    if (!s->raw_started) {
        if (!source_seek_line(&e->cursor, source, s->node->at.line, &line))
            return false;
        while (e->cursor.at.col < s->node->at.col &&
               e->cursor.offset < (size_t)(line.text - source->text) + line.len)
            source_seek(&e->cursor, source, e->cursor.offset + 1);
        s->raw_offset = e->cursor.offset;
        s->raw_started = true;
    } else if (s->raw_ordinal == s->ordinal) {
        return true;
    } else {
        s->raw_offset += 2;
        s->raw_ordinal++;
    }
    for (;; s->raw_ordinal++, s->raw_offset += 2) {
        found =
            find_dollar_brace(source->text + s->raw_offset, source->len - s->raw_offset);
        if (!found)
            return false;
        s->raw_offset = (size_t)(found - source->text);
        if (s->raw_ordinal == s->ordinal)
            return true;
    }
}

struct mark expand_place(struct expander *e, struct expand_scalar *s)
{
    const struct source *source = s->node->source;
    const char *start, *end;
    struct mark at;

    if (diag_errors(e->diags) >= DIAG_KEPT_MAX || !find_raw(e, s))
        return s->node->at;
    source_seek(&e->cursor, source, s->raw_offset);
    at = e->cursor.at;
    start = source->text + s->raw_offset;
    end = memchr(start, '}', source->len - s->raw_offset);
    at.width = end ? 0 : 2;
    for (const char *p = start; end && p <= end; at.width++) {
        if (source_break(p, (size_t)(end + 1 - p)) > 0)
            break;
        p += source_char(p, (size_t)(end + 1 - p));
    }
    return at;
}

static struct diag *add_malformed(struct expander *e, struct expand_scalar *s,
                                  const char *text)
{
    return diag_add(e->diags, DIAG_ERROR, "E401", s->node->source, expand_place(e, s),
                    "%s", text);
}

static bool is_env_name(const char *name)
{
    size_t letters = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
                                  "0123456789");

    return letters > 0 && name[letters] == '\0' && !(name[0] >= '0' && name[0] <= '9');
}

/* Reads "scheme:name" or "NAME" from `inner`, which may be changed. */
static bool read_reference(struct expander *e, struct expand_scalar *s, char *inner,
                           struct reference *ref)
{
    static const char *const schemes[] = {"env", "file", "var", "ctx", NULL};
    char *fallback = strstr(inner, ":-"), *colon;
    struct diag *d;

    if (fallback) {
        *fallback = '\0';
        ref->fallback = fallback + 2;
    }
    ref->name = inner;
    colon = strchr(inner, ':');
    if (colon) {
        int kind = 0;

        *colon = '\0';
        while (schemes[kind] && strcmp(schemes[kind], inner) != 0)
            kind++;
        if (!schemes[kind]) {
            d = add_malformed(e, s, "'${...}' begins with env:, file:, var: or ctx:");
            if (!diag_suggest(d, inner, schemes))
                diag_hint(d, "for the characters themselves write $${");
            return false;
        }
        ref->kind = (enum expand_kind)kind;
        ref->name = colon + 1;
    }
    if (*ref->name == '\0' || (ref->kind == EXPAND_ENV && !is_env_name(ref->name))) {
        d = add_malformed(e, s, "'${...}' holds no name of a variable");
        diag_hint(d, "for the characters themselves write $${");
        return false;
    }
    return true;
}

/* The text between "${" and '}', copied; the scalar is read up to behind it.  NULL after a fault. */
static char *take_inner(struct expander *e, struct expand_scalar *s)
{
    const struct yaml_node *node = s->node;
    const char *start = node->text + s->at + 2;
    const char *end = memchr(start, '}', node->len - s->at - 2);
    char *inner;

    if (!end) {
        struct mark at = expand_place(e, s);

        if (at.width > 2)
            at.width = 2;
        diag_hint(diag_add(e->diags, DIAG_ERROR, "E401", node->source, at,
                           "'${' is not closed"),
                  "close it with '}', or write $${ for the characters");
        s->at = node->len;
        return NULL;
    }
    if (find_dollar_brace(start, (size_t)(end - start))) {
        diag_hint(add_malformed(e, s, "a '${' inside of '${...}' is not expanded"),
                  "put it behind the '}'");
        s->at = node->len;
        return NULL;
    }
    inner = arena_copy(e->arena, start, (size_t)(end - start));
    if (!inner)
        e->no_memory = true;
    s->at = (size_t)(end + 1 - node->text);
    return inner;
}

/* Expands the ${...} at s->at and moves behind it. */
static bool expand_reference(struct expander *e, struct expand_scalar *s)
{
    struct reference ref = {.scalar = s};
    char *inner = take_inner(e, s);
    bool ok = false;

    if (inner && read_reference(e, s, inner, &ref)) {
        ok = expand_value(e, &ref, &s->out);
        if (s->origin != YAML_FROM_SECRET)
            s->origin = ref.origin;
    }
    s->ordinal++;
    return ok;
}

/* Reads up to and with the next ${...}.  False when it cannot be expanded. */
static bool expand_next(struct expander *e, struct expand_scalar *s)
{
    const char *text = s->node->text + s->at;
    size_t left = s->node->len - s->at;
    const char *found = find_dollar_brace(text, left);
    size_t plain = found ? (size_t)(found - text) : left;

    if (found && plain > 0 && found[-1] == '$') { /* $${ */
        text_append(&s->out, text, plain - 1);
        text_str(&s->out, "${");
        s->at += plain + 2;
        s->ordinal++;
        return true;
    }
    text_append(&s->out, text, plain);
    s->at += plain;
    return !found || expand_reference(e, s);
}

static bool within_limits(struct expander *e, struct expand_scalar *s)
{
    if (s->out.len <= EXPAND_VALUE_MAX && e->total + s->out.len <= EXPAND_TOTAL_MAX)
        return true;
    diag_add(e->diags, DIAG_ERROR, "E407", s->node->source, s->node->at,
             s->out.len > EXPAND_VALUE_MAX
                 ? "the value is larger than 1 MiB when it is expanded"
                 : "all values together are larger than 16 MiB when they are expanded");
    e->stopped = true;
    return false;
}

static void expand_scalar(struct expander *e, struct yaml_node *node)
{
    struct expand_scalar s = {.node = node, .origin = node->origin};
    bool ok = true;

    if (node->literal || !find_dollar_brace(node->text, node->len))
        return;
    while (s.at < node->len && !e->no_memory && !e->stopped)
        ok &= expand_next(e, &s) && within_limits(e, &s);
    if (s.out.failed)
        e->no_memory = true;
    if (ok && !e->no_memory && !e->stopped) {
        node->text = arena_copy(e->arena, text_get(&s.out), s.out.len);
        node->len = s.out.len;
        node->origin = s.origin;
        e->total += s.out.len;
        e->no_memory |= !node->text;
    } else {
        node->broken = true;
    }
    text_fini(&s.out);
}

static void expand_node(struct expander *e, struct yaml_node *node)
{
    if (e->no_memory || e->stopped)
        return;
    if (node->kind == YAML_SCALAR)
        expand_scalar(e, node);
    for (size_t i = 0; i < node->n; i++)
        expand_node(e, node->items[i]);
}

/* Values of `vars:` are texts or numbers; those of the command line are left as they are. */
static void expand_vars(struct expander *e)
{
    for (size_t i = 0; i < e->vars->n; i++) {
        struct yaml_node *value = e->vars->items[i];

        if (value->kind != YAML_SCALAR) {
            diag_hint(diag_add(e->diags, DIAG_ERROR, "E410", value->source, value->at,
                               "the var '%s' is %s, and a var holds one value",
                               yaml_shown(e->vars->keys[i]).text, yaml_shown(value).text),
                      "put lists and mappings into 'context'");
            value->broken = true;
        } else if (value->origin != YAML_FROM_FLAG) {
            expand_node(e, value);
        }
    }
}

/* A part that has to be a mapping; NULL, after adding an error, when it is not. */
static struct yaml_node *mapping(struct expander *e, struct yaml_node *root,
                                 const char *key)
{
    struct yaml_node *map = yaml_get(root, key);

    if (!map || yaml_is_null(map) || map->kind == YAML_MAP)
        return map && map->kind == YAML_MAP ? map : NULL;
    diag_hint(diag_add(e->diags, DIAG_ERROR, "E410", map->source, map->at,
                       "'%s' needs a mapping", key),
              "write  %s: {name: value}", key);
    return NULL;
}

bool expand_tree(struct yaml_node *root, const char *dir, const char *const *vars,
                 struct arena *arena, struct diag_list *diags,
                 const struct secret **secrets)
{
    struct expander e = {.arena = arena, .diags = diags, .dir = dir, .secrets = secrets};

    if (root->kind != YAML_MAP)
        return true;
    e.vars = mapping(&e, root, "vars");
    expand_override_vars(&e, vars);
    if (e.vars)
        expand_vars(&e);
    e.part = IN_CONTEXT;
    e.context = mapping(&e, root, "context");
    if (e.context)
        expand_node(&e, e.context);
    e.part = IN_REST;
    for (size_t i = 0; i < root->n; i++) {
        if (root->items[i] != e.vars && root->items[i] != e.context)
            expand_node(&e, root->items[i]);
    }
    return !e.no_memory;
}
