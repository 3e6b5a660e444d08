/* SPDX-License-Identifier: MIT */
/* Gets a description's text: from a file, a directory, standard input or the command line. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/load.h"

static const char default_file[] = "pipeline.yaml";

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool load_is_oneliner(const char *file)
{
    const char *bang = strchr(file, '!');

    for (; bang; bang = strchr(bang + 1, '!')) {
        if (bang > file && is_blank(bang[-1]) && is_blank(bang[1]))
            return true;
    }
    return false;
}

#define ADD_ERROR(load, code, ...) \
    diag_add((load)->diags, DIAG_ERROR, code, NULL, (struct mark){0}, __VA_ARGS__)

static enum pipeline_status unreadable(struct load *load, const char *file, int errnum)
{
    char buffer[128];

    ADD_ERROR(load, "E003", "'%s' cannot be read: %s", file,
              strerror_r(errnum, buffer, sizeof(buffer)));
    return PIPELINE_UNREAD;
}

static enum pipeline_status out_of_memory(struct load *load)
{
    load->no_memory = true;
    return PIPELINE_BAD;
}

/* Splits "a/b" into "a" and "b", "b" into "." and "b". */
static char *dir_of(struct arena *arena, const char *file, const char **ret_base)
{
    const char *slash = strrchr(file, '/');

    *ret_base = slash ? slash + 1 : file;
    if (!slash)
        return arena_copy(arena, ".", 1);
    return arena_copy(arena, file, slash == file ? 1 : (size_t)(slash - file));
}

void load_suggest_file(struct load *load, struct diag *d, const char *file,
                       const char *shown)
{
    enum { ENTRIES_MAX = 1000 }; /* looking through a huge directory is not worth it */
    const char *base, *dir = dir_of(load->arena, file, &base);
    const struct dirent *entry;
    char best[256] = "";
    unsigned best_distance = UINT32_MAX;
    DIR *stream = dir ? opendir(dir) : NULL;

    if (!stream)
        return;
    /* The stream is this function's own.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    for (int i = 0; i < ENTRIES_MAX && (entry = readdir(stream)); i++) {
        const char *words[] = {entry->d_name, NULL};
        unsigned distance = text_distance(base, entry->d_name);

        if (entry->d_name[0] == '.' || distance >= best_distance ||
            !text_nearest(base, words))
            continue;
        best_distance = distance;
        strncpy(best, entry->d_name, sizeof(best) - 1);
    }
    (void)closedir(stream);
    if (best[0])
        diag_hint(d, "did you mean '%.*s%s'?", (int)(strlen(shown) - strlen(base)), shown,
                  best);
}

static enum pipeline_status missing(struct load *load, const char *file)
{
    struct diag *d = ADD_ERROR(load, "E001", "there is no file '%s'", file);

    load_suggest_file(load, d, file, file);
    if (strchr(file, ' '))
        diag_note(d, "a pipeline on the command line joins its stages with ' ! '");
    return PIPELINE_UNREAD;
}

/* Opens FILE, or pipeline.yaml in it; *ret_path is what was opened.  -1 after adding an error. */
static int open_file(struct load *load, const char *file, const char **ret_path)
{
    struct stat status;
    const char *path = file;
    bool is_dir;
    int fd;

    if (file[0] == '\0') {
        (void)ADD_ERROR(load, "E001", "the name of the pipeline is empty");
        return -1;
    }
    is_dir = stat(file, &status) == 0 && S_ISDIR(status.st_mode);
    if (is_dir)
        path = arena_printf(load->arena, "%s%s%s", file,
                            file[strlen(file) - 1] == '/' ? "" : "/", default_file);
    if (!path) {
        (void)out_of_memory(load);
        return -1;
    }
    fd = (int)TEMP_FAILURE_RETRY(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (fd < 0 && is_dir && errno == ENOENT)
        diag_hint(
            ADD_ERROR(load, "E002", "the directory '%s' holds no pipeline.yaml", file),
            "name the file in it");
    else if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        (void)missing(load, file);
    else if (fd < 0)
        (void)unreadable(load, path, errno);
    *ret_path = path;
    return fd;
}

/* Reads up to one byte more than a description may have. */
static int read_all(int fd, struct text *text)
{
    char buffer[16 * 1024];

    while (text->len <= YAML_BYTES_MAX && !text->failed) {
        ssize_t n = read(fd, buffer, sizeof(buffer));

        if (n == 0)
            break;
        if (n < 0 && errno != EINTR)
            return errno;
        if (n > 0)
            text_append(text, buffer, (size_t)n);
    }
    return text->failed ? ENOMEM : 0;
}

static struct source *make_source(struct load *load, const char *name, const char *text,
                                  size_t len)
{
    struct source *source = arena_alloc(load->arena, sizeof(*source));

    if (!source)
        return NULL;
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) { /* a byte order mark */
        text += 3;
        len -= 3;
    }
    source->name = arena_copy(load->arena, name, strlen(name));
    source->text = arena_copy(load->arena, text, len);
    source->len = len;
    return source->name && source->text ? source : NULL;
}

char *load_real_path(struct load *load, const char *path)
{
    char *real = realpath(path, NULL);
    int errnum = errno;
    char *copy = real ? arena_copy(load->arena, real, strlen(real)) : NULL;

    if (real ? !copy : errnum == ENOMEM)
        load->no_memory = true;
    free(real);
    errno = errnum;
    return copy;
}

/*
 * Sets the directory that relative names are looked up in, and the default name.  `path` is the file it was read
 * from; NULL: none, and then `dir` is where names are looked up.
 */
static bool set_place(struct load *load, struct source *source, const char *path,
                      const char *dir)
{
    struct pipeline *pipeline = load->pipeline;
    const char *base = "pipeline", *dot;

    if (path)
        dir = dir_of(load->arena, path, &base);
    else
        dir = arena_copy(load->arena, dir, strlen(dir));
    if (!dir)
        return false;
    pipeline->dir = load_real_path(load, dir);
    if (!pipeline->dir)
        pipeline->dir = dir;
    source->dir = pipeline->dir;
    source->real = path ? load_real_path(load, path) : NULL;
    pipeline->source = source;
    dot = strrchr(base, '.');
    pipeline->name = arena_copy(load->arena, base,
                                dot && dot > base ? (size_t)(dot - base) : strlen(base));
    return pipeline->name && !load->no_memory;
}

int load_read_fd(struct load *load, int fd, const char *name, struct source **ret_source)
{
    struct text text = {0};
    int errnum = read_all(fd, &text);

    *ret_source = NULL;
    if (errnum == 0)
        *ret_source = make_source(load, name, text_get(&text), text.len);
    text_fini(&text);
    if (errnum == ENOMEM || (errnum == 0 && !*ret_source))
        load->no_memory = true;
    return *ret_source || errnum != 0 ? errnum : ENOMEM;
}

static enum pipeline_status read_fd(struct load *load, int fd, const char *name,
                                    struct source **ret_source)
{
    int errnum = load_read_fd(load, fd, name, ret_source);

    if (load->no_memory)
        return PIPELINE_BAD;
    return errnum ? unreadable(load, name, errnum) : PIPELINE_OK;
}

enum pipeline_status load_read(struct load *load, const struct pipeline_input *input)
{
    const char *file = input->file;
    const char *path = NULL;
    struct source *source = NULL;
    enum pipeline_status status = PIPELINE_OK;
    int fd;

    if (input->text || load_is_oneliner(file)) {
        source = input->text ? make_source(load, file, input->text, input->text_len)
                             : make_source(load, "command line", file, strlen(file));
        if (!source)
            return out_of_memory(load);
    } else if (strcmp(file, "-") == 0) {
        status = read_fd(load, STDIN_FILENO, "-", &source);
    } else {
        fd = open_file(load, file, &path);
        if (fd < 0)
            return load->no_memory ? PIPELINE_BAD : PIPELINE_UNREAD;
        status = read_fd(load, fd, path, &source);
        (void)close(fd);
    }
    if (status == PIPELINE_OK &&
        !set_place(load, source, path, input->text && input->dir ? input->dir : "."))
        return out_of_memory(load);
    return status;
}
