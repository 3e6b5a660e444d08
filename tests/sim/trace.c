/* SPDX-License-Identifier: MIT */
#include "sim/trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { KEPT = 200, NOTE_MAX = 120 };

struct line {
    uint64_t step;
    unsigned thread;
    const struct sim_site *site; /* NULL: a note */
    const char *object;
    char note[NOTE_MAX];
};

static struct line lines[KEPT];
static uint64_t n_lines;
static bool printing, keeping;

void trace_begin(bool print)
{
    printing = print;
    keeping = true;
    n_lines = 0;
}

/* The end of a path: what people look for. */
static const char *short_file(const char *file)
{
    const char *slash = strrchr(file, '/');

    return slash ? slash + 1 : file;
}

static void print_line(const struct line *line)
{
    if (!line->site)
        (void)fprintf(stderr, "%28s%s\n", "", line->note);
    else
        (void)fprintf(stderr, "%8llu  thread %-2u %s:%d %s %s\n",
                      (unsigned long long)line->step, line->thread,
                      short_file(line->site->file), line->site->line, line->site->what,
                      line->object);
}

static struct line *next_line(void)
{
    return &lines[n_lines++ % KEPT];
}

void trace_point(uint64_t step, unsigned thread, const struct sim_site *site,
                 const char *object)
{
    struct line *line = next_line();

    line->step = step;
    line->thread = thread;
    line->site = site;
    line->object = object;
    if (printing)
        print_line(line);
}

void trace_note(const char *format, ...)
{
    struct line *line;
    va_list args;

    if (!keeping)
        return;
    line = next_line();
    line->site = NULL;
    va_start(args, format);
    (void)vsnprintf(line->note, sizeof(line->note), format, args);
    va_end(args);
    if (printing)
        print_line(line);
}

void trace_tail(void)
{
    uint64_t first = n_lines > KEPT ? n_lines - KEPT : 0;

    for (uint64_t k = first; k < n_lines; k++)
        print_line(&lines[k % KEPT]);
}
