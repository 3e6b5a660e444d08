/* SPDX-License-Identifier: MIT */
#include "cli/results_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/exits.h"
#include "cli/output.h"
#include "observe/results.h"

enum {
    PIECE = 64 << 10, /* written at once, about */
    MODE = 0666,      /* as any file: the umask decides */
};

static void forget(struct results_file *file)
{
    free(file->final);
    free(file->part);
    *file = (struct results_file){0};
}

void results_file_drop(struct results_file *file)
{
    if (!file->name)
        return;
    if (file->part)
        (void)unlink(file->part);
    if (file->fd != OUTPUT_STDOUT)
        (void)close(file->fd);
    forget(file);
}

/* Begins a file beside the one that it becomes.  False: errno says why. */
static bool open_part(struct results_file *file)
{
    char *real = realpath(file->name, NULL); /* of what a link leads to */

    file->final = real ? real : strdup(file->name);
    if (!file->final ||
        asprintf(&file->part, "%s.%ld.part", file->final, (long)getpid()) < 0) {
        file->part = NULL;
        errno = ENOMEM;
        return false;
    }
    file->fd = open(file->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE);
    return file->fd >= 0;
}

bool results_file_open(struct results_file *file, const char *name, struct error *err)
{
    struct stat st;
    bool good;

    *file = (struct results_file){.name = name, .fd = OUTPUT_STDOUT};
    if (!name || strcmp(name, "-") == 0)
        return true;
    if (name[0] == '\0') {
        error_set(err, "'--results' needs the name of a file");
        forget(file);
        return false;
    }
    if (stat(name, &st) == 0 && !S_ISREG(st.st_mode)) {
        file->fd = open(name, O_WRONLY | O_CLOEXEC);
        good = file->fd >= 0;
    } else {
        good = open_part(file);
    }
    if (!good) {
        error_set_errno(err, errno, "cannot write the results to '%s'", name);
        forget(file);
    }
    return good;
}

bool results_file_is_table(const struct results_file *file)
{
    return file->name && file->fd == OUTPUT_STDOUT && isatty(OUTPUT_STDOUT) == 1;
}

/* Writes the text out and empties it.  False: errno says why. */
static bool flush(int fd, struct text *text)
{
    bool good = !text->failed;

    if (good)
        good = output_write(fd, text_get(text), text->len);
    else
        errno = ENOMEM;
    text_fini(text);
    *text = (struct text){0};
    return good;
}

/* False: errno says why. */
static bool write_json(int fd, const struct run *run, const struct graph *graph,
                       const struct mask *mask)
{
    struct text text = {0};
    struct run_result result;
    uint64_t at = 0;
    bool good = true;
    bool first = true;

    text_str(&text, "[");
    while (good && results_next(run, graph, &at, &result)) {
        text_str(&text, first ? "\n  {" : ",\n  {");
        results_members(&result, mask, &text);
        text_str(&text, "}");
        first = false;
        if (text.failed || text.len >= PIECE)
            good = flush(fd, &text);
    }
    text_str(&text, first ? "]\n" : "\n]\n");
    good = good && flush(fd, &text);
    text_fini(&text);
    return good;
}

static bool write_table(int fd, const struct run *run, const struct graph *graph,
                        const struct mask *mask)
{
    struct text text = {0};

    results_table(run, graph, mask, SIZE_MAX, &text);
    return flush(fd, &text);
}

/* Closes the file and gives it its name.  False: errno says why. */
static bool finish(struct results_file *file)
{
    int fd = file->fd;

    if (fd == OUTPUT_STDOUT)
        return true;
    file->fd = OUTPUT_STDOUT; /* it is closed once, whatever comes of it */
    if (close(fd) != 0)
        return false;
    return !file->part || rename(file->part, file->final) == 0;
}

int results_file_write(struct results_file *file, const struct run *run,
                       const struct graph *graph, const struct mask *mask, int code)
{
    struct error err = {""};
    bool table = results_file_is_table(file);
    bool good;

    if (!file->name)
        return code;
    good = table ? write_table(file->fd, run, graph, mask)
                 : write_json(file->fd, run, graph, mask);
    good = good && finish(file);
    if (good) {
        forget(file);
        return code;
    }
    if (strcmp(file->name, "-") == 0)
        error_set_errno(&err, errno, "cannot write the results to standard output");
    else
        error_set_errno(&err, errno, "cannot write the results to '%s'", file->name);
    (void)dprintf(OUTPUT_STDERR, "error: %s; they follow here\n", err.text);
    (void)write_json(OUTPUT_STDERR, run, graph, mask);
    results_file_drop(file);
    return code == EXITS_OK ? EXITS_FAILED : code;
}
