/* SPDX-License-Identifier: MIT */
/*
 * Opening one plugin file: see loader.h.
 *
 * generation-note: the dynamic loader knows files by the text of their path first, so a file that
 * was replaced by rename would be answered with the code of the old one.  A path that was used
 * before is therefore spelt anew, "dir/./p.so", which the loader compares by device and inode.  A
 * file overwritten in place cannot be told apart even so, and its old mapping is already spoilt.
 */
#include "plugin/loader.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/sync.h"
#include "plugin/elf.h"

#define SYMBOL "pphost_plugin_v1"

/* A file that dlopen() has mapped.  Fields are set before it enters the list. */
struct loaded {
    struct module module;
    struct loaded *next;
    struct stat file; /* as it was when it was mapped */
    void *handle;
    const struct pph_plugin *first; /* NULL: not accepted so far */
    size_t extent;                  /* bytes of *first, 0: not known */
    struct arena *arena;            /* of module.verified; NULL: not accepted so far */
};

struct named {
    struct plugin plugin;
    const struct module *module;
    size_t type;
    struct named *next;
};

/* Of the process: files are never unloaded, whoever asked for them. */
struct table {
    struct mutex lock;
    struct loaded *files GUARDED_BY(lock);
    struct named *names GUARDED_BY(lock);
};

static struct table table = {.lock = MUTEX_STATIC("table.lock")};

/* What opening one file needs. */
struct opening {
    const char *shown;
    char *path; /* real path */
    int fd;
    struct stat file;
    struct refusal *refusal;
};

static bool refuse_unreadable(const struct opening *o, int errnum)
{
    char buffer[128];

    if (errnum == ENOENT || errnum == ENOTDIR)
        return refuse(o->refusal, "E202", "build it first, or correct the path",
                      "there is no file %s", o->shown);
    if (errnum == ENOMEM)
        return refuse_memory(o->refusal, o->shown);
    return refuse(o->refusal, "E202",
                  errnum == EACCES ? "make the file and its directories readable" : "",
                  "%s cannot be opened: %s", o->shown,
                  strerror_r(errnum, buffer, sizeof(buffer)));
}

/* Whoever may write the file may run code as the user of pphost. */
static bool check_owner(const struct opening *o)
{
    if (o->file.st_mode & S_IWOTH)
        return refuse(o->refusal, "E204", "chmod o-w it, once you know what it holds",
                      "%s may be changed by every user of this machine", o->shown);
    if (o->file.st_uid != 0 && o->file.st_uid != geteuid())
        return refuse(o->refusal, "E206",
                      "copy it, or have it installed by root, if you trust it",
                      "%s belongs to user %lu, neither to you nor to root", o->shown,
                      (unsigned long)o->file.st_uid);
    return true;
}

/* Opens the file behind `path`; what is judged from here on is the open file, not the name. */
static bool open_file(struct opening *o, const char *path)
{
    o->path = realpath(path, NULL);
    if (!o->path || stat(o->path, &o->file) != 0)
        return refuse_unreadable(o, errno);
    if (!S_ISREG(o->file.st_mode))
        return refuse(o->refusal, "E203", "name the plugin's .so file",
                      S_ISDIR(o->file.st_mode) ? "%s is a directory, not a plugin file"
                                               : "%s is not a regular file",
                      o->shown);
    o->fd = (int)TEMP_FAILURE_RETRY(
        open(o->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (o->fd < 0 || fstat(o->fd, &o->file) != 0)
        return refuse_unreadable(o, errno);
    return check_owner(o);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static bool same_content(const struct stat *a, const struct stat *b)
{
    return a->st_size == b->st_size && a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
           a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static struct loaded *find_loaded_locked(const struct stat *file) REQUIRES(table.lock)
{
    for (struct loaded *l = table.files; l; l = l->next)
        if (same_file(&l->file, file))
            return l;
    return NULL;
}

/* The path as dlopen() is given it: see generation-note. */
static bool spell_locked(const char *path, struct text *spelt) REQUIRES(table.lock)
{
    const char *slash = strrchr(path, '/');

    PPH_ASSERT(slash);
    text_append(spelt, path, (size_t)(slash - path));
    for (const struct loaded *l = table.files; l; l = l->next)
        if (strcmp(l->module.path, path) == 0)
            text_str(spelt, "/.");
    text_str(spelt, slash);
    return !spelt->failed;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);

    return len >= strlen(end) && strcmp(text + len - strlen(end), end) == 0;
}

/*
 * Whether the dynamic loader had no memory.  It has an errno of its own, which malloc() does not set: to
 * a message it adds no reason of the system's, or an old one.  `own`: what it says of the plugin's file
 * itself, NULL if it speaks of another.
 */
static bool is_memory(const struct opening *o, const char *why, const char *own)
{
    static const char cannot_open[] = "cannot open shared object file";
    struct stat now;

    if (strstr(why, "Cannot allocate memory") || strcmp(why, "out of memory") == 0 ||
        ends_with(why, "cannot create shared object descriptor") ||
        ends_with(why, cannot_open))
        return true;
    return own && strncmp(own, cannot_open, strlen(cannot_open)) == 0 &&
           ends_with(own, ": No such file or directory") && stat(o->path, &now) == 0;
}

/* What dlerror() says, without the path it starts with: the sentence has that already. */
static bool refuse_dlopen(const struct opening *o)
{
    const char *why = dlerror(); /* NOLINT(concurrency-mt-unsafe): per thread in glibc */
    const char *fix = "";

    why = why ? why : "the dynamic loader gives no reason";
    const char *slash = strrchr(o->path, '/');
    const char *behind = strstr(why, slash);
    const char *own = NULL;
    if (behind && strncmp(behind + strlen(slash), ": ", 2) == 0)
        why = own = behind + strlen(slash) + 2;
    if (is_memory(o, why, own))
        return refuse_memory(o->refusal, o->shown);
    if (strstr(why, "undefined symbol"))
        fix =
            "link it with the library that has it; -Wl,-z,defs finds this when building";
    else if (strstr(why, "cannot open shared object file"))
        fix = "install the library it was linked with (ldd lists them)";
    return refuse(o->refusal, "E213", fix, "%s cannot be loaded: %s", o->shown, why);
}

/*
 * Finds the symbol and makes sure that it is the file's own: dlsym() also looks in the libraries
 * that the file was linked with.
 */
static bool find_symbol(const struct opening *o, struct loaded *l)
{
    struct link_map *own = NULL;
    void *found = NULL;
    Dl_info info;
    const char *fix =
        "a plugin defines: const struct pph_plugin pphost_plugin_v1 = {...}";

    const void *first = dlsym(l->handle, SYMBOL);
    if (!first)
        return refuse(o->refusal, "E214", fix,
                      "%s is not a plugin: it does not itself export " SYMBOL, o->shown);
    if (dlinfo(l->handle, RTLD_DI_LINKMAP, &own) != 0 ||
        dladdr1(first, &info, &found, RTLD_DL_LINKMAP) == 0 || found != own)
        return refuse(o->refusal, "E215", fix,
                      "%s has its " SYMBOL " only from a library that it is linked with",
                      o->shown);

    void *symbol = NULL;
    if (dladdr1(first, &info, &symbol, RTLD_DL_SYMENT) != 0 && symbol) {
        const ElfW(Sym) *sym = symbol;
        /* ELF32_ST_TYPE and ELF64_ST_TYPE are the same. */
        if (ELF64_ST_TYPE(sym->st_info) == STT_FUNC)
            return refuse(o->refusal, "E219", fix,
                          "%s: its " SYMBOL " is a function, not a struct pph_plugin",
                          o->shown);
        l->extent = (size_t)sym->st_size;
    }
    l->first = first;
    return true;
}

/* Maps the file and puts it into the table: refused later or not, it stays mapped. */
static struct loaded *map_locked(struct opening *o) REQUIRES(table.lock)
{
    struct loaded *l = calloc(1, sizeof(*l));
    struct text spelt = {0};

    if (!l || !spell_locked(o->path, &spelt)) {
        (void)refuse_memory(o->refusal, o->shown);
        goto fail;
    }
    l->handle = dlopen(text_get(&spelt), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!l->handle) {
        (void)refuse_dlopen(o);
        goto fail;
    }
    text_fini(&spelt);
    l->file = o->file;
    l->module.path = o->path;
    o->path = NULL;
    l->next = table.files;
    table.files = l;
    return l;

fail:
    text_fini(&spelt);
    free(l);
    return NULL;
}

static bool verify_locked(const struct opening *o, struct loaded *l) REQUIRES(table.lock)
{
    struct arena *arena = arena_new();

    if (!arena)
        return refuse_memory(o->refusal, o->shown);
    if (!verify_chain(l->first, l->extent, o->shown, arena, &l->module.verified,
                      o->refusal)) {
        arena_free(arena);
        return false;
    }
    l->arena = arena;
    return true;
}

/* Whether the path still leads to the file that was checked, so that this is what was mapped. */
static bool still_there(const struct opening *o, const struct loaded *l)
{
    struct stat now;

    if (stat(l->module.path, &now) == 0 && same_file(&now, &l->file))
        return true;
    return refuse(o->refusal, "E217", "start again when it is in place",
                  "%s was replaced while it was being loaded", o->shown);
}

static bool load_locked(struct opening *o, const struct module **ret_module)
    REQUIRES(table.lock)
{
    struct loaded *l = find_loaded_locked(&o->file);

    if (l && !same_content(&l->file, &o->file))
        return refuse(
            o->refusal, "E217",
            "put new versions in place with mv or install, never with cp over it",
            "%s was overwritten while this process has it loaded", o->shown);
    if (!l) {
        if (!elf_check(o->fd, (uint64_t)o->file.st_size, o->shown, o->refusal))
            return false;
        l = map_locked(o);
        if (l && !still_there(o, l))
            return false;
    }
    if (!l || (!l->first && !find_symbol(o, l)) || (!l->arena && !verify_locked(o, l)))
        return false;
    *ret_module = &l->module;
    return true;
}

bool loader_load(const char *path, const char *shown, const struct module **ret_module,
                 struct refusal *refusal)
{
    struct opening o = {.shown = shown, .fd = -1, .refusal = refusal};
    uint64_t failures = memory_failures();
    bool ok = open_file(&o, path);

    PPH_ASSERT(path && shown);
    if (ok) {
        mutex_lock(&table.lock);
        ok = load_locked(&o, ret_module);
        mutex_unlock(&table.lock);
    }
    if (o.fd >= 0)
        (void)close(o.fd);
    free(o.path);
    if (!ok && memory_failures() != failures)
        return refuse_memory(refusal, shown); /* what else was found may not be true */
    return ok;
}

static struct named *named_new(const struct module *module, size_t type,
                               const char *shown)
{
    struct named *named = calloc(1, sizeof(*named));

    if (named)
        named->plugin.shown = strdup(shown);
    if (!named || !named->plugin.shown) {
        memory_failed();
        free(named);
        return NULL;
    }
    named->plugin.desc = module->verified.types[type];
    named->plugin.path = module->path;
    named->module = module;
    named->type = type;
    return named;
}

const struct plugin *loader_plugin(const struct module *module, size_t type,
                                   const char *shown)
{
    struct named *named;

    PPH_ASSERT(type < module->verified.n_types);
    mutex_lock(&table.lock);
    for (named = table.names; named; named = named->next)
        if (named->module == module && named->type == type &&
            strcmp(named->plugin.shown, shown) == 0)
            break;
    if (!named) {
        named = named_new(module, type, shown);
        if (named) {
            named->next = table.names;
            table.names = named;
        }
    }
    mutex_unlock(&table.lock);
    return named ? &named->plugin : NULL;
}
