/* SPDX-License-Identifier: MIT */
/* The plugin search path: see search.h. */
#include "plugin/search.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

enum { DIRS_MAX = 64, NAMES_MAX = 4096 };

/* The directories while they are collected. */
struct builder {
    struct arena *arena;
    const char **dirs;
    size_t n;
    bool failed;
};

/* Adds "base/sub" ("base" without sub) once; `base` must be absolute. */
static void add(struct builder *b, const char *base, size_t base_len, const char *sub)
{
    while (base_len > 1 && base[base_len - 1] == '/')
        base_len--;

    const char *dir =
        arena_printf(b->arena, "%.*s%s%s", (int)base_len, base, *sub ? "/" : "", sub);
    if (!dir) {
        b->failed = true;
        return;
    }
    for (size_t i = 0; i < b->n; i++)
        if (strcmp(b->dirs[i], dir) == 0)
            return;
    if (b->n < DIRS_MAX)
        b->dirs[b->n++] = dir;
}

/* PPHOST_PLUGIN_PATH: entries joined by ':', empty ones ignored, relative ones below cwd. */
static void add_list(struct builder *b, const char *list, const char *cwd)
{
    while (*list) {
        size_t len = strcspn(list, ":");
        if (len > 0 && len < PATH_MAX && list[0] == '/') {
            add(b, list, len, "");
        } else if (len > 0 && len < PATH_MAX && *cwd) {
            char *sub = arena_copy(b->arena, list, len);
            if (sub)
                add(b, cwd, strlen(cwd), sub);
            else
                b->failed = true;
        }
        list += len + (list[len] == ':');
    }
}

static bool exists(struct arena *arena, const char *dir, const char *file)
{
    const char *path = arena_printf(arena, "%s/%s", dir, file);
    struct stat st;

    return path && stat(path, &st) == 0;
}

/* The file of the shared library that this code is part of; false: it is part of the program itself. */
static bool library_file(char *path)
{
    static const char here;
    struct link_map *map;
    Dl_info info;

    return dladdr1(&here, &info, (void **)&map, RTLD_DL_LINKMAP) != 0 && map->l_name[0] &&
           realpath(map->l_name, path);
}

/*
 * What came with libpphost, relative to it; or with the program: plugins/ of a build folder, known by CMake's cache, which lies
 * beside the program or one above; otherwise where `cmake --install` puts them, relative to the
 * program so that an installed tree can be moved.
 */
static void add_own(struct builder *b)
{
    char exe[PATH_MAX];
    ssize_t len;

    if (library_file(exe)) {
        add(b, exe, (size_t)(strrchr(exe, '/') - exe), PPH_PLUGIN_DIR_FROM_LIB);
        return;
    }
    len = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    if (len <= 0)
        return;
    exe[len] = '\0';
    *strrchr(exe, '/') = '\0';
    if (exists(b->arena, exe, "CMakeCache.txt")) {
        add(b, exe, strlen(exe), "plugins");
        return;
    }

    char *slash = strrchr(exe, '/');
    size_t above = slash ? (size_t)(slash - exe) : 0;
    char *parent = arena_copy(b->arena, exe, above);
    if (parent && above > 0 && exists(b->arena, parent, "CMakeCache.txt")) {
        add(b, parent, above, "plugins");
        return;
    }

    const char *sub = PPH_PLUGIN_DIR_FROM_BIN;
    while (strncmp(sub, "../", 3) == 0 && slash) {
        sub += 3;
        *slash = '\0';
        slash = strrchr(exe, '/');
    }
    add(b, exe, strlen(exe), sub);
}

bool search_init(struct search *search, const char *dir, struct arena *arena)
{
    struct builder b = {.arena = arena};
    const char *list = secure_getenv("PPHOST_PLUGIN_PATH");
    const char *home = secure_getenv("HOME");
    char cwd[PATH_MAX];

    b.dirs = arena_array(arena, DIRS_MAX, sizeof(*b.dirs));
    if (!b.dirs)
        return false;
    if (!getcwd(cwd, sizeof(cwd)))
        cwd[0] = '\0';
    search->cwd = arena_copy(arena, cwd, strlen(cwd));
    search->home =
        home && home[0] == '/' && home[1] ? arena_copy(arena, home, strlen(home)) : "";
    if (!dir)
        search->base = search->cwd;
    else if (dir[0] == '/')
        search->base = arena_copy(arena, dir, strlen(dir));
    else
        search->base = arena_printf(arena, "%s/%s", cwd, dir);
    if (!search->cwd || !search->home || !search->base)
        return false;

    add(&b, search->base, strlen(search->base), "plugins");
    if (list)
        add_list(&b, list, search->cwd);
    if (*search->home)
        add(&b, search->home, strlen(search->home), ".local/lib/pphost/plugins");
    add_own(&b);
    search->dirs = b.dirs;
    search->n_dirs = b.n;
    return !b.failed;
}

const char *search_find(const struct search *search, const char *name,
                        struct arena *arena)
{
    for (size_t i = 0; i < search->n_dirs; i++) {
        const char *path = arena_printf(arena, "%s/%s.so", search->dirs[i], name);
        struct stat st;
        if (!path)
            return NULL;
        if (stat(path, &st) == 0)
            return path;
    }
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Adds the names in one directory to `names`; returns how many there are then. */
static size_t list_dir(const char *dir, const char **names, size_t n, struct arena *arena)
{
    DIR *d = opendir(dir);
    const struct dirent *entry;

    if (!d) {
        if (errno == ENOMEM)
            memory_failed();
        return n;
    }
    while (n < NAMES_MAX && (entry = readdir(d))) { /* NOLINT(concurrency-mt-unsafe) */
        size_t len = strlen(entry->d_name);
        if (len <= 3 || strcmp(entry->d_name + len - 3, ".so") != 0)
            continue;
        names[n] = arena_copy(arena, entry->d_name, len - 3);
        if (names[n])
            n++;
    }
    (void)closedir(d);
    return n;
}

const char *const *search_names(const char *const *dirs, size_t n, struct arena *arena)
{
    const char **names = arena_array(arena, NAMES_MAX + 1, sizeof(*names));
    size_t found = 0;
    size_t kept = 0;

    if (!names)
        return NULL;
    for (size_t i = 0; i < n; i++)
        found = list_dir(dirs[i], names, found, arena);
    qsort(names, found, sizeof(*names), by_name);
    for (size_t i = 0; i < found; i++)
        if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
            names[kept++] = names[i];
    names[kept] = NULL;
    return names;
}

/* What follows `dir` in `path`, or NULL if it is not below it. */
static const char *below(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    if (len <= 1 || strncmp(path, dir, len) != 0 || path[len] != '/')
        return NULL;
    return path + len;
}

void search_show(const struct search *search, const char *path, struct text *out)
{
    const char *rest = below(path, search->cwd);
    const char *lead = ".";

    if (!rest) {
        rest = below(path, search->home);
        lead = "~";
    }
    text_printf(out, "%s%s", rest ? lead : "", rest ? rest : path);
}
