/* SPDX-License-Identifier: MIT */
/*
 * What a run writes to standard error while it runs: log lines that scroll above a progress line which
 * is painted again and again.
 *
 * Log lines come from any thread, the progress line from the control thread: one lock holds them apart.
 */
#ifndef CLI_CONSOLE_H
#define CLI_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/sync.h"
#include "base/text.h"
#include "observe/log.h"

struct console {
    bool ansi; /* the terminal understands "clear to the end of the line" */

    struct mutex lock;
    struct log log GUARDED_BY(lock);
    struct text painted GUARDED_BY(lock); /* the progress line that stands there now */
};

void console_init(struct console *console, enum log_format format);

/* Takes the progress line away. */
void console_fini(struct console *console);

/* Whether there is a terminal to paint on. */
bool console_can_paint(const struct console *console);

/* Columns of the terminal now; 80 when it does not say. */
unsigned console_columns(void);

/* Shows a message of the host or a plugin above the progress line.  [any thread] */
void console_log(struct console *console, int level, const char *stage,
                 const char *message);

/* Shows finished lines above the progress line.  [any thread] */
void console_print(struct console *console, const char *lines, size_t len);

/* Puts the line in place of the one painted before; empty: takes it away. */
void console_paint(struct console *console, const struct text *line);

/* Shows the counts of repeated log lines that are due, or all at the end. */
void console_flush(struct console *console, bool all);

#endif /* CLI_CONSOLE_H */
