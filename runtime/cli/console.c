/* SPDX-License-Identifier: MIT */
#include "cli/console.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/lock_order.h"
#include "cli/output.h"
#include "cli/wall.h"

enum { COLUMNS_DEFAULT = 80, COLUMNS_MIN = 20 };

static const char clear_line[] = "\r\033[K";

void console_init(struct console *console, enum log_format format)
{
    memset(console, 0, sizeof(*console));
    console->ansi = output_ansi(OUTPUT_STDERR);
    mutex_init(&console->lock);
    lock_order_set(&console->lock, "console.lock", LOCKS_LOG, 0);
    log_init(&console->log, format, output_colour(OUTPUT_STDERR));
}

void console_fini(struct console *console)
{
    struct text nothing = {0};

    console_paint(console, &nothing);
    text_fini(&console->painted);
    mutex_fini(&console->lock);
}

bool console_can_paint(const struct console *console)
{
    return console->ansi;
}

unsigned console_columns(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return COLUMNS_DEFAULT;
    return size.ws_col < COLUMNS_MIN ? COLUMNS_MIN : size.ws_col;
}

/*
 * One write for "clear, lines, progress line", so that a terminal never shows a half of it.  Nothing can be
 * done about a standard error that cannot be written to: the run goes on.
 */
static void show_locked(struct console *console, const char *lines, size_t len)
    REQUIRES(console->lock)
{
    struct text all = {0};

    if (console->painted.len == 0) {
        (void)output_write(OUTPUT_STDERR, lines, len);
        return;
    }
    text_str(&all, clear_line);
    text_append(&all, lines, len);
    text_append(&all, text_get(&console->painted), console->painted.len);
    if (!all.failed)
        (void)output_write(OUTPUT_STDERR, text_get(&all), all.len);
    text_fini(&all);
}

void console_log(struct console *console, int level, const char *stage,
                 const char *message)
{
    struct text line = {0};

    mutex_lock(&console->lock);
    log_add(&console->log, wall_ms(), level, stage, message, &line);
    if (line.len > 0 && !line.failed)
        show_locked(console, text_get(&line), line.len);
    mutex_unlock(&console->lock);
    text_fini(&line);
}

void console_print(struct console *console, const char *lines, size_t len)
{
    mutex_lock(&console->lock);
    show_locked(console, lines, len);
    mutex_unlock(&console->lock);
}

void console_paint(struct console *console, const struct text *line)
{
    struct text all = {0};

    if (!console->ansi || line->failed)
        return;
    mutex_lock(&console->lock);
    if (line->len > 0 || console->painted.len > 0) {
        text_str(&all, clear_line);
        text_append(&all, text_get(line), line->len);
        if (!all.failed)
            (void)output_write(OUTPUT_STDERR, text_get(&all), all.len);
        text_fini(&console->painted);
        console->painted = (struct text){0};
        text_append(&console->painted, text_get(line), line->len);
    }
    mutex_unlock(&console->lock);
    text_fini(&all);
}

void console_flush(struct console *console, bool all)
{
    struct text lines = {0};

    mutex_lock(&console->lock);
    log_flush(&console->log, wall_ms(), all, &lines);
    if (lines.len > 0 && !lines.failed)
        show_locked(console, text_get(&lines), lines.len);
    mutex_unlock(&console->lock);
    text_fini(&lines);
}
