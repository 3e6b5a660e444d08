/* SPDX-License-Identifier: MIT */
/*
 * Files that a description brings in.  Each knows the file and the place that named it, so that
 * messages can tell the way, relative names are seen from where they stand, and a file that brings
 * itself in is found.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/keys.h"
#include "config/load.h"

static struct diag *add_error(struct load *load, const char *code,
                              const struct yaml_node *name, const char *text)
{
    return diag_add(load->diags, DIAG_ERROR, code, name->source, name->at, "%s", text);
}

/* The name, in front of it the folder of the file that it stands in. */
static char *join(struct arena *arena, const char *folder, size_t len, const char *name)
{
    if (name[0] == '/' || len == 0)
        return arena_copy(arena, name, strlen(name));
    return arena_printf(arena, "%.*s%s%s", (int)len, folder,
                        folder[len - 1] == '/' ? "" : "/", name);
}

/* How messages call the file: as seen from where the user is. */
static char *shown_name(struct load *load, const struct yaml_node *name)
{
    const char *parent = name->source->name;
    const char *slash = name->source->real ? strrchr(parent, '/') : NULL;
    const char *written = name->text;

    while (strncmp(written, "./", 2) == 0 && written[2] != '\0')
        written += 2;
    return join(load->arena, parent, slash ? (size_t)(slash + 1 - parent) : 0, written);
}

static void add_missing(struct load *load, const struct yaml_node *name, const char *path)
{
    struct diag *d = diag_add(load->diags, DIAG_ERROR, "E151", name->source, name->at,
                              "there is no file '%s'", yaml_shown(name).text);

    load_suggest_file(load, d, path, name->text);
    if (name->text[0] != '/')
        diag_note(d, "a relative name is seen from the file that it is in");
}

static void add_unreadable(struct load *load, const struct yaml_node *name, int errnum)
{
    char buffer[128];

    diag_add(load->diags, DIAG_ERROR, "E152", name->source, name->at,
             "'%s' cannot be read: %s", yaml_shown(name).text,
             errnum == EINVAL ? "it is not a regular file"
                              : strerror_r(errnum, buffer, sizeof(buffer)));
}

static void show_loop(const struct source *at, const struct source *first,
                      struct text *out)
{
    if (at != first)
        show_loop(at->parent, first, out);
    text_printf(out, "%s → ", at->name);
}

/* Whether one of the files on the way here is the same file, or the way is too long. */
static bool check_way(struct load *load, const struct yaml_node *name, const char *real,
                      const char *shown)
{
    unsigned depth = 0;

    for (const struct source *s = name->source; s; s = s->parent) {
        struct text loop = {0};
        struct diag *d;

        depth++;
        if (!s->real || strcmp(s->real, real) != 0)
            continue;
        show_loop(name->source, s, &loop);
        text_str(&loop, shown);
        d = diag_add(load->diags, DIAG_ERROR, "E153", name->source, name->at,
                     "the files form a loop: %s", text_get(&loop));
        diag_hint(d, "a file cannot bring itself in");
        text_fini(&loop);
        return false;
    }
    if (depth < FILE_DEPTH_MAX && load->n_files < FILES_MAX)
        return true;
    diag_note(add_error(load, "E154", name,
                        depth < FILE_DEPTH_MAX ? "a description has at most 64 files"
                                               : "files are nested deeper than 16"),
              "a file counts as often as it is brought in");
    return false;
}

/* The same file, if it was read before: its text is kept once. */
static const struct source *find_read(const struct load *load, const char *real)
{
    for (size_t i = 0; i < load->n_files; i++) {
        if (strcmp(load->files[i]->real, real) == 0)
            return load->files[i];
    }
    return NULL;
}

/* Reads a regular file: anything else could block for ever.  0, or an errno number. */
static int read_regular(struct load *load, const char *path, const char *shown,
                        struct source **ret_source)
{
    int fd =
        (int)TEMP_FAILURE_RETRY(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status;
    int errnum;

    if (fd < 0)
        return errno;
    if (fstat(fd, &status) < 0)
        errnum = errno;
    else if (!S_ISREG(status.st_mode))
        errnum = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    else
        errnum = load_read_fd(load, fd, shown, ret_source);
    (void)close(fd);
    return errnum;
}

/* The source of a file that may be read; NULL after adding an error. */
static struct source *read_file(struct load *load, const struct yaml_node *name,
                                const char *real, const char *shown)
{
    const struct source *before = find_read(load, real);
    struct source *source = NULL;
    int errnum;

    if (before) {
        source = arena_alloc(load->arena, sizeof(*source));
        if (!source)
            load->no_memory = true;
        else
            *source =
                (struct source){.name = shown, .text = before->text, .len = before->len};
        return source;
    }
    errnum = read_regular(load, real, shown, &source);
    if (errnum && !load->no_memory)
        add_unreadable(load, name, errnum);
    return source;
}

/* The real folder of an absolute path, whatever the file itself is a link to. */
static const char *dir_of(struct load *load, const char *path)
{
    size_t len = (size_t)(strrchr(path, '/') - path);
    char *folder = arena_copy(load->arena, path, len ? len : 1);
    char *real = folder ? load_real_path(load, folder) : NULL;

    load->no_memory |= !folder;
    return real ? real : folder;
}

const struct source *file_open(struct load *load, const struct yaml_node *name,
                               const char *how)
{
    const char *dir = name->source->dir ? name->source->dir : load->pipeline->dir;
    char *path = join(load->arena, dir, strlen(dir), name->text);
    char *shown = shown_name(load, name);
    const char *real = path ? load_real_path(load, path) : NULL;
    struct source *source;

    if (!path || !shown || load->no_memory) {
        load->no_memory = true;
        return NULL;
    }
    if (!real) {
        if (errno == ENOENT || errno == ENOTDIR)
            add_missing(load, name, path);
        else
            add_unreadable(load, name, errno);
        return NULL;
    }
    if (!check_way(load, name, real, shown))
        return NULL;
    source = read_file(load, name, real, shown);
    if (!source)
        return NULL;
    source->dir = dir_of(load, path);
    source->real = real;
    source->parent = name->source;
    source->parent_at = name->at;
    source->how = how;
    load->files[load->n_files++] = source;
    return load->no_memory ? NULL : source;
}
