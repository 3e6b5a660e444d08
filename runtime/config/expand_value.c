/* SPDX-License-Identifier: MIT */
/* What a ${...} stands for: the environment, a file, a var, a value of the context. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/expand.h"
#include "config/expand_parts.h"

enum { SHOWN_MAX = 8 }; /* names that a note lists */

#define ADD_ERROR(e, ref, code, ...)                                    \
    diag_add((e)->diags, DIAG_ERROR, code, (ref)->scalar->node->source, \
             expand_place(e, (ref)->scalar), __VA_ARGS__)

/* Suggests one of the mapping's keys, or lists them when there are few. */
static bool suggest_key(struct diag *d, const char *name, const struct yaml_node *map,
                        const char *what)
{
    const char *words[SHOWN_MAX + 1] = {NULL};
    struct text list = {0};
    bool suggested = false;

    for (size_t i = 0; map && i < map->n && !suggested; i++) {
        const char *one[] = {map->keys[i]->text, NULL};

        suggested = diag_suggest(d, name, one);
        if (i < SHOWN_MAX)
            words[i] = one[0];
    }
    for (size_t i = 0; words[i]; i++)
        text_printf(&list, "%s%s", i ? ", " : "", words[i]);
    if (!suggested && words[0] && map->n <= SHOWN_MAX)
        diag_note(d, "%s: %s", what, text_get(&list));
    text_fini(&list);
    return suggested;
}

static bool looks_secret(const char *name)
{
    return strcasestr(name, "pass") || strcasestr(name, "pwd") ||
           strcasestr(name, "secret") || strcasestr(name, "token") ||
           strcasestr(name, "key");
}

static void add_unset(struct expander *e, struct reference *ref)
{
    struct diag *d =
        ADD_ERROR(e, ref, "E402", "environment variable %s is not set", ref->name);
    char *lower = arena_copy(e->arena, ref->name, strlen(ref->name));

    if (yaml_get(e->vars, ref->name))
        diag_hint(d, "did you mean ${var:%s}?", ref->name);
    else
        diag_hint(d, "give it a default: ${%s:-…}", ref->name);
    for (char *c = lower; c && *c; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    }
    if (lower && looks_secret(ref->name))
        diag_note(d, "for secrets prefer ${file:/run/secrets/%s}", lower);
}

static bool expand_env(struct expander *e, struct reference *ref, struct text *out)
{
    /* [control]: no other thread changes the environment.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *value = getenv(ref->name);

    ref->origin = YAML_FROM_ENV;
    if (ref->fallback && (!value || *value == '\0'))
        value = ref->fallback;
    if (!value) {
        add_unset(e, ref);
        return false;
    }
    text_str(out, value);
    return true;
}

/* Reads at most one byte more than allowed.  Returns 0 or an errno number. */
static int read_fd(int fd, char *buffer, size_t *ret_len)
{
    *ret_len = 0;
    while (*ret_len <= EXPAND_FILE_MAX) {
        ssize_t n = read(fd, buffer + *ret_len, EXPAND_FILE_MAX + 1 - *ret_len);

        if (n == 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return errno;
        if (n > 0)
            *ret_len += (size_t)n;
    }
    return 0;
}

/* Opens a regular file: anything else could block for ever.  -1 with errno set. */
static int open_regular(const char *path)
{
    int fd = (int)TEMP_FAILURE_RETRY(
            open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)),
        errnum = 0;
    struct stat status;

    if (fd < 0)
        return -1;
    if (fstat(fd, &status) < 0)
        errnum = errno;
    else if (!S_ISREG(status.st_mode))
        errnum = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    if (errnum == 0)
        return fd;
    (void)close(fd);
    errno = errnum;
    return -1;
}

static void add_unreadable(struct expander *e, struct reference *ref, int errnum)
{
    char buffer[128];
    const char *why = errnum == EINVAL ? "it is not a regular file"
                                       : strerror_r(errnum, buffer, sizeof(buffer));
    struct diag *d =
        ADD_ERROR(e, ref, "E403", "the file '%s' cannot be read: %s", ref->name, why);

    if (errnum == ENOENT)
        diag_hint(d, "create it, or give a default: ${file:%s:-…}", ref->name);
    if (ref->name[0] != '/')
        diag_note(
            d, "a relative name is looked up in the directory of the file that it is in");
}

/* Remembers what must not be printed. */
static void add_secret(struct expander *e, const char *bytes, size_t len)
{
    const char *text = arena_copy(e->arena, bytes, len);
    struct secret *secret = text ? arena_alloc(e->arena, sizeof(*secret)) : NULL;

    if (!secret) {
        e->no_memory = true;
        return;
    }
    *secret = (struct secret){.next = *e->secrets, .text = text, .len = len};
    *e->secrets = secret;
}

/* Without the newline that editors and `echo` put at the end. */
static void append_file(struct expander *e, const char *bytes, size_t len,
                        struct text *out)
{
    if (len > 0 && bytes[len - 1] == '\n') {
        len--;
        if (len > 0 && bytes[len - 1] == '\r')
            len--;
    }
    text_append(out, bytes, len);
    add_secret(e, bytes, len);
}

static bool expand_file(struct expander *e, struct reference *ref, struct text *out)
{
    const char *seen_from = ref->scalar->node->source->dir;
    const char *path =
        ref->name[0] == '/'
            ? ref->name
            : arena_printf(e->arena, "%s/%s", seen_from ? seen_from : e->dir, ref->name);
    char *bytes = malloc(EXPAND_FILE_MAX + 1);
    size_t len = 0;
    int fd, errnum;

    ref->origin = YAML_FROM_SECRET;
    if (!path || !bytes) {
        free(bytes);
        e->no_memory = true;
        return false;
    }
    fd = open_regular(path);
    errnum = fd < 0 ? errno : read_fd(fd, bytes, &len);
    if (fd >= 0)
        (void)close(fd);
    if (errnum == ENOENT && ref->fallback)
        text_str(out, ref->fallback);
    else if (errnum != 0)
        add_unreadable(e, ref, errnum);
    else if (len > EXPAND_FILE_MAX)
        ADD_ERROR(e, ref, "E403", "the file '%s' is larger than 64 KiB", ref->name);
    else
        append_file(e, bytes, len, out);
    free(bytes);
    return (errnum == 0 && len <= EXPAND_FILE_MAX) || (errnum == ENOENT && ref->fallback);
}

/* Appends the value of a node that was expanded before. */
static bool append_node(struct reference *ref, const struct yaml_node *node,
                        struct text *out)
{
    if (node->broken)
        return false; /* what is wrong with it is said there */
    if (node->origin == YAML_FROM_SECRET)
        ref->origin = YAML_FROM_SECRET;
    text_append(out, node->text, node->len);
    return true;
}

static bool use_fallback(struct reference *ref, struct text *out)
{
    if (!ref->fallback)
        return false;
    text_str(out, ref->fallback);
    return true;
}

/* `vars:` is expanded before there are vars, `context:` before there is a context. */
static bool too_early(struct expander *e, struct reference *ref)
{
    struct diag *d;

    if (ref->kind == EXPAND_VAR && e->part == IN_VARS)
        d = ADD_ERROR(e, ref, "E406", "a var cannot use ${var:%s}", ref->name);
    else if (ref->kind == EXPAND_CTX && e->part != IN_REST)
        d = ADD_ERROR(e, ref, "E406", "${ctx:%s} can be used in stages only", ref->name);
    else
        return false;
    diag_note(d, "'vars' is expanded first, then 'context', then the stages");
    return true;
}

static bool expand_var(struct expander *e, struct reference *ref, struct text *out)
{
    const struct yaml_node *node = yaml_get(e->vars, ref->name);
    struct diag *d;

    ref->origin = YAML_FROM_VAR;
    if (too_early(e, ref))
        return false;
    if (node)
        return append_node(ref, node, out);
    if (use_fallback(ref, out))
        return true;
    d = ADD_ERROR(e, ref, "E404", "there is no var '%s'", ref->name);
    if (!suggest_key(d, ref->name, e->vars, "vars"))
        diag_hint(d, "declare it:  vars: {%s: …}", ref->name);
    return false;
}

/* The value at "a.b.c"; NULL when there is none.  *ret_map and *ret_key: where it went wrong. */
static const struct yaml_node *find_in_context(struct expander *e, char *path,
                                               const struct yaml_node **ret_map,
                                               const char **ret_key)
{
    const struct yaml_node *node = e->context;
    char *rest = path;

    for (char *key; node && (key = strsep(&rest, "."));) {
        *ret_map = node;
        *ret_key = key;
        node = yaml_get(node, key);
    }
    return node;
}

static bool expand_ctx(struct expander *e, struct reference *ref, struct text *out)
{
    char *path = arena_copy(e->arena, ref->name, strlen(ref->name));
    const struct yaml_node *map = NULL, *node;
    const char *key = ref->name;
    struct diag *d;

    ref->origin = YAML_FROM_CONTEXT;
    if (too_early(e, ref))
        return false;
    if (!path) {
        e->no_memory = true;
        return false;
    }
    node = find_in_context(e, path, &map, &key);
    if (node && node->kind == YAML_SCALAR)
        return append_node(ref, node, out);
    if (!node && use_fallback(ref, out))
        return true;
    if (node) {
        d = ADD_ERROR(e, ref, "E405", "'%s' of the context is not one value", ref->name);
        suggest_key(d, "", node, "it holds");
        return false;
    }
    d = ADD_ERROR(e, ref, "E405", "there is no '%s' in the context", ref->name);
    if (map && map->kind == YAML_MAP)
        suggest_key(d, key, map, "there is");
    else
        diag_hint(d, "add it:  context: {…}");
    return false;
}

bool expand_value(struct expander *e, struct reference *ref, struct text *out)
{
    switch (ref->kind) {
    case EXPAND_ENV:
        return expand_env(e, ref, out);
    case EXPAND_FILE:
        return expand_file(e, ref, out);
    case EXPAND_VAR:
        return expand_var(e, ref, out);
    case EXPAND_CTX:
        return expand_ctx(e, ref, out);
    }
    PPH_UNREACHABLE("not a kind of reference");
}

static void mark_literal(struct yaml_node *node)
{
    node->literal = true;
    for (size_t i = 0; i < node->n; i++)
        mark_literal(node->items[i]);
}

static struct source *argument_source(struct expander *e, const char *text)
{
    struct source *source = arena_alloc(e->arena, sizeof(*source));
    char *copy = arena_copy(e->arena, text, strlen(text));

    if (!source || !copy) {
        e->no_memory = true;
        return NULL;
    }
    *source = (struct source){.name = "command line", .text = copy, .len = strlen(copy)};
    return source;
}

/* Sets a declared var; *name_len bytes of the source name it. */
static void override_var(struct expander *e, const struct source *source, size_t name_len)
{
    struct mark at = {.line = 1, .col = 1, .width = (uint32_t)name_len};
    struct mark value_at = {
        .line = 1, .col = (uint32_t)name_len + 2, .width = MARK_WHOLE_LINE};
    const char *value = source->text + name_len + 1;
    char *name = arena_copy(e->arena, source->text, name_len);
    struct yaml_node *node =
        yaml_new_scalar(e->arena, source, value_at, value, source->len - name_len - 1);
    struct diag *d;

    if (!name || !node) {
        e->no_memory = true;
        return;
    }
    node->plain = true;
    node->origin = YAML_FROM_FLAG;
    for (size_t i = 0; e->vars && i < e->vars->n; i++) {
        if (strcmp(e->vars->keys[i]->text, name) == 0) {
            e->vars->items[i] = node;
            return;
        }
    }
    d = diag_add(e->diags, DIAG_ERROR, "E409", source, at, "the pipeline has no var '%s'",
                 name);
    if (!suggest_key(d, name, e->vars, "vars"))
        diag_hint(d, "declare it in the file:  vars: {%s: …}", name);
}

void expand_override_vars(struct expander *e, const char *const *vars)
{
    for (; vars && *vars && !e->no_memory; vars++) {
        const struct source *source = argument_source(e, *vars);
        const char *equals = strchr(*vars, '=');
        struct mark at = {.line = 1, .col = 1, .width = MARK_WHOLE_LINE};

        if (!source)
            return;
        if (!equals || equals == *vars)
            diag_hint(diag_add(e->diags, DIAG_ERROR, "E408", source, at,
                               "a var is set as name=value"),
                      "write  NAME=VALUE");
        else
            override_var(e, source, (size_t)(equals - *vars));
    }
}

struct yaml_node *expand_copy(struct arena *arena, const struct yaml_node *node)
{
    struct yaml_node *copy = yaml_copy(arena, node);

    if (copy)
        mark_literal(copy);
    return copy;
}

bool expand_give_vars(struct yaml_node *root, const struct yaml_node *with,
                      struct arena *arena, struct diag_list *diags)
{
    struct yaml_node *vars = yaml_get(root, "vars");

    for (size_t i = 0; i < with->n; i++) {
        const struct yaml_node *key = with->keys[i];
        struct yaml_node *value = expand_copy(arena, with->items[i]);
        bool found = false;
        struct diag *d;

        if (!value)
            return false;
        for (size_t k = 0; vars && vars->kind == YAML_MAP && k < vars->n; k++) {
            if (strcmp(vars->keys[k]->text, key->text) == 0) {
                vars->items[k] = value;
                found = true;
            }
        }
        if (found)
            continue;
        d = diag_add(diags, DIAG_ERROR, "E409", key->source, key->at,
                     "the pipeline has no var '%s'", yaml_shown(key).text);
        if (!suggest_key(d, key->text, vars, "vars") && !vars)
            diag_note(d, "%s declares no vars", root->source->name);
    }
    return true;
}
