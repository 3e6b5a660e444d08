/* SPDX-License-Identifier: MIT */
#include "inputs.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* More than these are not named one by one: who mistyped a directory needs to see it
 * once. */
enum { FAULTS_SHOWN = 20 };

/* What is found out while the list is made. */
struct search {
    struct pph_ctx *ctx;
    struct inputs *inputs;
    size_t faults;
    bool has_stdin;
    bool has_stream; /* something that is not a regular file */
};

int lines_failf(struct pph_ctx *ctx, const char *format, ...)
{
    char message[4608]; /* PATH_MAX and a sentence */
    va_list args;

    va_start(args, format);
    (void)vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    return ctx->host->fail(ctx, NULL, PPH_FATAL, message);
}

int lines_fail_errno(struct pph_ctx *ctx, const char *name, int error)
{
    char text[128];

    return lines_failf(ctx, "%s: %s", name, strerror_r(error, text, sizeof(text)));
}

bool input_is_stdin(const struct input *input)
{
    return strcmp(input->path, "-") == 0;
}

const char *input_name(const struct input *input)
{
    return input_is_stdin(input) ? "standard input" : input->path;
}

static void fault(struct search *search, const char *name, const char *what)
{
    if (search->faults++ < FAULTS_SHOWN)
        (void)lines_failf(search->ctx, "%s: %s", name, what);
}

static void fault_errno(struct search *search, const char *name, int error)
{
    char text[128];

    fault(search, name, strerror_r(error, text, sizeof(text)));
}

static int append(struct search *search, const char *path)
{
    struct inputs *inputs = search->inputs;

    if (inputs->n == inputs->capacity) {
        size_t capacity = inputs->capacity ? 2 * inputs->capacity : 16;
        struct input *list = reallocarray(inputs->list, capacity, sizeof(*list));
        if (!list)
            return lines_fail_errno(search->ctx, path, ENOMEM);
        inputs->list = list;
        inputs->capacity = capacity;
    }

    char *copy = strdup(path);
    if (!copy)
        return lines_fail_errno(search->ctx, path, ENOMEM);
    inputs->list[inputs->n++].path = copy;
    return PPH_OK;
}

/* Adds up sizes; a file whose size says nothing (as in /proc) makes the total unknown. */
static void account(struct search *search, const struct stat *st, off_t offset)
{
    if (!S_ISREG(st->st_mode))
        search->has_stream = true;
    else if (st->st_size > offset)
        search->inputs->bytes += (uint64_t)(st->st_size - offset);
}

/* Opening a FIFO to try it would be seen by its writer, so only regular files are
 * opened. */
static int try_read(const char *path, const struct stat *st)
{
    if (!S_ISREG(st->st_mode))
        return faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) == 0 ? 0 : errno;

    int fd = (int)TEMP_FAILURE_RETRY(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (fd < 0)
        return errno;
    (void)close(fd); /* nothing was written: there is nothing to lose */
    return 0;
}

static int add_file(struct search *search, const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0) {
        fault_errno(search, path, errno);
        return PPH_OK;
    }
    if (S_ISDIR(st.st_mode)) {
        fault(search, path, "is a directory; name its files, as in DIRECTORY/*.txt");
        return PPH_OK;
    }
    int error = try_read(path, &st);
    if (error != 0) {
        fault_errno(search, path, error);
        return PPH_OK;
    }
    account(search, &st, 0);
    return append(search, path);
}

static int add_stdin(struct search *search)
{
    struct stat st;

    if (search->has_stdin) {
        fault(search, "-", "standard input can be read only once");
        return PPH_OK;
    }
    search->has_stdin = true;
    if (fstat(STDIN_FILENO, &st) != 0) {
        fault_errno(search, "standard input", errno);
        return PPH_OK;
    }
    if (S_ISDIR(st.st_mode)) {
        fault(search, "standard input", "is a directory");
        return PPH_OK;
    }
    off_t offset = lseek(STDIN_FILENO, 0, SEEK_CUR);
    account(search, &st, offset > 0 ? offset : 0);
    return append(search, "-");
}

/* By bytes, not as the locale sorts: the same order on every machine. */
static int by_bytes(const void *a, const void *b)
{
    char *const *left = a;
    char *const *right = b;

    return strcmp(*left, *right);
}

static int add_glob(struct search *search, const char *pattern)
{
    glob_t found = {0};
    int status = PPH_OK;

    /* [control], and without GLOB_TILDE it asks neither the environment nor the user
     * database.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    switch (glob(pattern, GLOB_ERR | GLOB_NOSORT, NULL, &found)) {
    case 0:
        qsort(found.gl_pathv, found.gl_pathc, sizeof(*found.gl_pathv), by_bytes);
        for (size_t i = 0; i < found.gl_pathc && status == PPH_OK; i++)
            status = add_file(search, found.gl_pathv[i]);
        break;
    case GLOB_NOMATCH:
        fault(search, pattern, "no file matches this pattern");
        break;
    case GLOB_ABORTED:
        fault(search, pattern, "a directory that the pattern needs cannot be read");
        break;
    default:
        status = lines_fail_errno(search->ctx, pattern, ENOMEM);
        break;
    }
    globfree(&found);
    return status;
}

static int add_path(struct search *search, const char *path)
{
    struct stat st;

    if (strcmp(path, "-") == 0)
        return add_stdin(search);
    /* A file may well be called "a[1].txt": the name as it stands comes first. */
    if (strpbrk(path, "*?[") && lstat(path, &st) != 0)
        return add_glob(search, path);
    return add_file(search, path);
}

int inputs_find(struct pph_ctx *ctx, const struct pph_value *paths, struct inputs *inputs)
{
    struct search search = {.ctx = ctx, .inputs = inputs};

    *inputs = (struct inputs){0};
    for (uint32_t i = 0; i < paths->n; i++) {
        int status = add_path(&search, paths->list[i].s);
        if (status != PPH_OK)
            return status;
    }
    if (paths->n == 0)
        return lines_failf(ctx, "path: names no file");
    if (search.faults > FAULTS_SHOWN)
        (void)lines_failf(ctx, "... and %zu more files that cannot be read",
                          search.faults - FAULTS_SHOWN);
    if (search.has_stream)
        inputs->bytes = 0;
    return search.faults > 0 ? PPH_FATAL : PPH_OK;
}

void inputs_free(struct inputs *inputs)
{
    for (size_t i = 0; i < inputs->n; i++)
        free(inputs->list[i].path);
    free(inputs->list);
    *inputs = (struct inputs){0};
}
