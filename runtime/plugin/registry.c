/* SPDX-License-Identifier: MIT */
/* Plugins by name: see registry.h.  Directories are search.c's, files are loader.c's business. */
#include "plugin/registry.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "plugin/loader.h"
#include "plugin/search.h"

/* A plugin whose warnings were shown: one user hears of each once. */
struct warned {
    const struct plugin *plugin;
    struct warned *next;
};

struct registry {
    struct arena *arena; /* of everything but the entries */
    struct search search;
    struct warned *warned;
    const struct plugin *push, *pull; /* of the program; NULL: it has none */
    struct arena *entries_arena;      /* of the last scan; NULL: none */
};

/* `use:` taken apart. */
struct use_name {
    const char *file; /* as written, before the ':'; or a plain name */
    const char *type; /* behind the ':'; NULL: none */
    bool is_file;     /* has a '/' */
};

/* What one `use:` is about, for those who report on it. */
struct request {
    struct registry *registry;
    const char *use;
    struct use_name name;
    const struct source *source;
    struct mark at;
    struct diag_list *diags;
};

struct registry *registry_new(const char *dir)
{
    struct registry *registry = calloc(1, sizeof(*registry));

    if (!registry)
        return NULL;
    registry->arena = arena_new();
    if (!registry->arena || !search_init(&registry->search, dir, registry->arena)) {
        registry_free(registry);
        return NULL;
    }
    return registry;
}

void registry_free(struct registry *registry)
{
    if (!registry)
        return;
    arena_free(registry->entries_arena);
    arena_free(registry->arena);
    free(registry);
}

void registry_set_ends(struct registry *registry, const struct plugin *push,
                       const struct plugin *pull)
{
    registry->push = push;
    registry->pull = pull;
}

void registry_show_path(const struct registry *registry, struct text *out)
{
    for (size_t i = 0; i < registry->search.n_dirs; i++) {
        text_str(out, i > 0 ? ", " : "");
        search_show(&registry->search, registry->search.dirs[i], out);
    }
}

static void report_memory(const struct request *r)
{
    memory_failed();
    (void)diag_add(r->diags, DIAG_ERROR, "E220", r->source, r->at,
                   "%s cannot be loaded: out of memory", r->use);
}

static void report(const struct request *r, const struct refusal *refusal)
{
    struct diag *d = diag_add(r->diags, DIAG_ERROR, refusal->code, r->source, r->at, "%s",
                              refusal->text);

    if (refusal->fix[0])
        diag_note(d, "%s", refusal->fix);
}

static void note_searched(const struct request *r, struct diag *d)
{
    struct text path = {0};

    registry_show_path(r->registry, &path);
    diag_note(d, "searched: %s   (pphost plugins)", text_get(&path));
    text_fini(&path);
}

/* "text:split" -> text, split; "./a:b.so" stays one file, since "b.so" cannot be a type. */
static bool parse_use(struct request *r)
{
    struct arena *arena = r->registry->arena;
    const char *colon = strrchr(r->use, ':');
    size_t len = strlen(r->use);

    r->name.is_file = strchr(r->use, '/') != NULL;
    if (colon && verify_is_name(colon + 1)) {
        r->name.type = colon + 1;
        len = (size_t)(colon - r->use);
    }
    r->name.file = arena_copy(arena, r->use, len);
    if (!r->name.file) {
        report_memory(r);
        return false;
    }
    if (len > 0 && r->use[len - 1] != ':' &&
        (r->name.is_file || !strchr(r->name.file, ':')))
        return true;

    struct diag *d = diag_add(r->diags, DIAG_ERROR, "E218", r->source, r->at,
                              "'%s' names no plugin", r->use);
    diag_note(
        d, "a plugin's name, FILE:TYPE for one of several in a file, or a path: split, "
           "text:split, ./split.so");
    return false;
}

/* No file of that name: says what there is instead. */
static void report_unknown(const struct request *r)
{
    const struct search *search = &r->registry->search;
    struct arena *arena = r->registry->arena;
    const char *name = r->name.file;
    size_t len = strlen(name);
    struct diag *d =
        diag_add(r->diags, DIAG_ERROR, "E201", r->source, r->at, "no plugin '%s'", name);
    const char *const *names = search_names(search->dirs, search->n_dirs, arena);
    const char *const *beside = search_names(&search->base, 1, arena);
    const char *stem = len > 3 && strcmp(name + len - 3, ".so") == 0
                           ? arena_copy(arena, name, len - 3)
                           : name;

    for (; stem && beside && *beside; beside++) {
        if (strcmp(*beside, stem) == 0) {
            diag_hint(d, "did you mean './%s.so'?", stem);
            note_searched(r, d);
            return;
        }
    }
    if (names && stem && !diag_suggest(d, stem, names) && names[0])
        diag_hint(d, "`pphost plugins` lists what there is");
    note_searched(r, d);
}

/* A path without a file: names the file beside it that was meant, if there is one. */
static void report_missing(const struct request *r, const char *path,
                           const struct refusal *refusal)
{
    struct arena *arena = r->registry->arena;
    const char *slash = strrchr(r->name.file, '/');
    size_t lead = (size_t)(slash + 1 - r->name.file);
    const char *dir = arena_copy(arena, path, (size_t)(strrchr(path, '/') - path));
    const char *const *names = dir ? search_names(&dir, 1, arena) : NULL;
    struct diag *d = diag_add(r->diags, DIAG_ERROR, refusal->code, r->source, r->at, "%s",
                              refusal->text);
    size_t len = strlen(slash + 1);
    bool has_ending = len > 3 && strcmp(slash + 1 + len - 3, ".so") == 0;
    const char *stem = arena_copy(arena, slash + 1, has_ending ? len - 3 : len);
    const char *near = names && stem ? text_nearest(stem, names) : NULL;

    if (near)
        diag_hint(d, "did you mean '%.*s%s.so'?", (int)lead, r->name.file, near);
    diag_note(d, "%s", refusal->fix);
}

/* The stem of a path: "thumb" of "/a/thumb.so". */
static const char *stem_of(const char *path, struct arena *arena)
{
    const char *base = strrchr(path, '/') + 1;
    size_t len = strlen(base);

    return arena_copy(arena, base,
                      len > 3 && strcmp(base + len - 3, ".so") == 0 ? len - 3 : len);
}

/* Appends "text:split, text:join", or "./text.so:split, ...". */
static void list_types(const struct module *module, const char *file, struct text *out)
{
    for (size_t i = 0; i < module->verified.n_types; i++)
        text_printf(out, "%s%s:%s", i > 0 ? ", " : "", file,
                    module->verified.types[i].name);
}

static void report_type(const struct request *r, const struct module *module)
{
    struct text types = {0};
    size_t n = module->verified.n_types;
    const char **names = arena_array(r->registry->arena, n + 1, sizeof(*names));
    struct diag *d;

    list_types(module, r->name.file, &types);
    for (size_t i = 0; names && i < n; i++)
        names[i] = module->verified.types[i].name;
    if (r->name.type) {
        d = diag_add(r->diags, DIAG_ERROR, "E216", r->source, r->at,
                     "%s has no stage type '%s'", r->name.file, r->name.type);
        if (names)
            (void)diag_suggest(d, r->name.type, names);
        diag_note(d, "it has: %s", text_get(&types));
    } else {
        d = diag_add(r->diags, DIAG_ERROR, "E216", r->source, r->at,
                     "%s has %zu stage types: say which", r->name.file, n);
        diag_note(d, "one of: %s", text_get(&types));
    }
    text_fini(&types);
}

/*
 * Which stage type a name means: the one behind the ':'; else the one named like the file; else
 * the only one.  Returns n_types when there is none such.
 */
static size_t pick_type(const struct module *module, const char *type, const char *stem)
{
    size_t n = module->verified.n_types;

    for (size_t i = 0; i < n; i++)
        if (strcmp(module->verified.types[i].name, type ? type : stem) == 0)
            return i;
    return n == 1 && !type ? 0 : n;
}

static void warn_once(const struct request *r, const struct plugin *plugin,
                      const struct module *module, size_t type)
{
    struct registry *registry = r->registry;
    struct warned *warned;

    for (warned = registry->warned; warned; warned = warned->next)
        if (warned->plugin == plugin)
            return;
    warned = arena_alloc(registry->arena, sizeof(*warned));
    if (!warned)
        return;
    *warned = (struct warned){plugin, registry->warned};
    registry->warned = warned;
    for (const struct verify_warning *w = module->verified.warnings; w; w = w->next)
        if (w->type == type)
            (void)diag_add(r->diags, DIAG_WARNING, w->code, r->source, r->at, "%s",
                           w->text);
}

/* The directory of the file that the `use:` is in. */
static const char *seen_from(const struct request *r)
{
    return r->source && r->source->dir ? r->source->dir : r->registry->search.base;
}

/* `use: push`, `use: pull`: the program's own stage type; NULL after reporting that it has none. */
static const struct plugin *own_end(const struct request *r, bool is_push)
{
    const struct plugin *own = is_push ? r->registry->push : r->registry->pull;

    if (!own) {
        struct diag *d =
            diag_add(r->diags, DIAG_ERROR, "E240", r->source, r->at,
                     "'%s' works only in a program that has pphost as a library", r->use);

        diag_hint(d, is_push ? "read with a plugin, such as 'lines'"
                             : "write with a plugin, such as 'write'");
        diag_note(d, is_push ? "'push' is where such a program puts items in: "
                               "docs/embedding.md; a file of that name is ./push.so"
                             : "'pull' is where such a program takes items out: "
                               "docs/embedding.md; a file of that name is ./pull.so");
    }
    return own;
}

/* The path of the file that a request names; NULL after reporting why there is none. */
static const char *locate(const struct request *r)
{
    struct arena *arena = r->registry->arena;
    const char *file = r->name.file;
    const char *path;

    if (r->name.is_file) {
        path = file[0] == '/' ? file : arena_printf(arena, "%s/%s", seen_from(r), file);
        if (!path)
            report_memory(r);
        return path;
    }
    uint64_t failures = memory_failures();
    path = verify_is_name(file) ? search_find(&r->registry->search, file, arena) : NULL;
    if (!path && memory_failures() != failures)
        report_memory(r);
    else if (!path)
        report_unknown(r);
    return path;
}

/* How messages call the file: as the user did, or where a plain name was found. */
static const char *show_file(const struct request *r, const char *path)
{
    struct text shown = {0};
    const char *copy;

    if (r->name.is_file)
        return r->name.file;
    search_show(&r->registry->search, path, &shown);
    copy = arena_copy(r->registry->arena, text_get(&shown), shown.len);
    text_fini(&shown);
    return copy ? copy : path;
}

const struct plugin *registry_load(struct registry *registry, const char *use,
                                   const struct source *source, struct mark at,
                                   struct diag_list *diags)
{
    struct request r = {registry, use, {0}, source, at, diags};
    const struct module *module = NULL;
    struct refusal refusal;

    PPH_ASSERT(registry && use && diags);
    if (strcmp(use, REGISTRY_PUSH) == 0 || strcmp(use, REGISTRY_PULL) == 0)
        return own_end(&r, strcmp(use, REGISTRY_PUSH) == 0);
    if (!parse_use(&r))
        return NULL;
    const char *path = locate(&r);
    if (!path)
        return NULL;
    if (!loader_load(path, show_file(&r, path), &module, &refusal)) {
        if (strcmp(refusal.code, "E202") == 0 && r.name.is_file)
            report_missing(&r, path, &refusal);
        else
            report(&r, &refusal);
        return NULL;
    }

    const char *stem = stem_of(path, registry->arena);
    size_t type = stem ? pick_type(module, r.name.type, stem) : 0;
    if (type == module->verified.n_types) {
        report_type(&r, module);
        return NULL;
    }
    const struct plugin *plugin = stem ? loader_plugin(module, type, use) : NULL;
    if (!plugin) {
        report_memory(&r);
        return NULL;
    }
    warn_once(&r, plugin, module, type);
    return plugin;
}

/* Entries while they are collected. */
struct scan {
    struct registry *registry;
    struct arena *arena;
    struct registry_entry *entries;
    size_t n, cap;
};

static void add_entry(struct scan *scan, const struct registry_entry *entry)
{
    if (!entry->name || scan->n == scan->cap)
        return;
    scan->entries[scan->n++] = *entry;
}

/* One entry per stage type of the file, or one that says why it does not load. */
static void scan_file(struct scan *scan, const char *stem, const char *path)
{
    struct text shown = {0};
    struct refusal refusal;
    const struct module *module = NULL;
    struct registry_entry entry = {.name = stem, .path = path};

    search_show(&scan->registry->search, path, &shown);
    if (!loader_load(path, text_get(&shown), &module, &refusal)) {
        entry.broken = arena_printf(scan->arena, "%s%s%s", refusal.text,
                                    refusal.fix[0] ? "; " : "", refusal.fix);
        if (!entry.broken)
            entry.broken = "out of memory";
        add_entry(scan, &entry);
        text_fini(&shown);
        return;
    }
    text_fini(&shown);
    for (size_t i = 0; i < module->verified.n_types; i++) {
        const char *type = module->verified.types[i].name;
        entry.name = pick_type(module, NULL, stem) == i
                         ? stem
                         : arena_printf(scan->arena, "%s:%s", stem, type);
        entry.plugin = entry.name ? loader_plugin(module, i, entry.name) : NULL;
        entry.broken = entry.plugin ? NULL : "out of memory";
        add_entry(scan, &entry);
    }
}

static int by_entry_name(const void *a, const void *b)
{
    const struct registry_entry *x = a;
    const struct registry_entry *y = b;

    return strcmp(x->name, y->name);
}

size_t registry_scan(struct registry *registry, const struct registry_entry **ret_entries)
{
    enum { ENTRIES_MAX = 8192 };
    const struct search *search = &registry->search;
    struct scan scan = {.registry = registry, .arena = arena_new(), .cap = ENTRIES_MAX};

    arena_free(registry->entries_arena);
    registry->entries_arena = scan.arena;
    *ret_entries = NULL;
    if (!scan.arena)
        return 0;
    scan.entries = arena_array(scan.arena, scan.cap, sizeof(*scan.entries));
    const char *const *names = search_names(search->dirs, search->n_dirs, scan.arena);
    if (!scan.entries || !names)
        return 0;
    for (; *names; names++) {
        const char *path = search_find(search, *names, scan.arena);
        if (path)
            scan_file(&scan, *names, path);
    }
    qsort(scan.entries, scan.n, sizeof(*scan.entries), by_entry_name);
    *ret_entries = scan.entries;
    return scan.n;
}
