/* SPDX-License-Identifier: MIT */
/*
 * Log lines of a run, for people or as JSON, one per line.
 *
 * A line that repeats is shown once and then counted: a plugin that complains about every item costs
 * a screen line every ten seconds, not the screen.  Nothing is written here: the caller does that.
 */
#ifndef OBSERVE_LOG_H
#define OBSERVE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum log_format { LOG_TEXT, LOG_JSON };

enum {
    LOG_FOLD_SLOTS = 16,     /* lines remembered at a time */
    LOG_FOLD_MS = 10 * 1000, /* a line is shown again, with its count, after so long */
    LOG_MESSAGE_MAX = 4096,  /* bytes of one message that are shown */
    LOG_STAGE_MAX = 64,
    LOG_REPEAT_MAX = 240, /* bytes of a message that its count is shown with */
};

/* A line that was shown and how often it came since. */
struct log_fold {
    uint64_t hash; /* of level, stage and the whole message */
    int level;
    int64_t shown_ms;
    uint64_t repeats;
    char stage[LOG_STAGE_MAX];
    char message[LOG_REPEAT_MAX];
};

/* Zero is not a valid log: use log_init().  Not thread-safe: the owner locks. */
struct log {
    enum log_format format;
    bool colour;
    size_t n_folds;
    struct log_fold folds[LOG_FOLD_SLOTS];
};

void log_init(struct log *log, enum log_format format, bool colour);

/*
 * Appends one line for the message, or nothing while it repeats.  `unix_ms` is the time of day,
 * `level` that of syslog (3 error .. 7 debug), `stage` may be NULL.  Control characters are escaped
 * and a trailing newline is dropped, so that one message is always one line.
 */
void log_add(struct log *log, int64_t unix_ms, int level, const char *stage,
             const char *message, struct text *out);

/* Appends the counts of lines that have repeated: those due, or, at the end of a run, all. */
void log_flush(struct log *log, int64_t unix_ms, bool all, struct text *out);

/* "error", "warn", "note", "info", "debug". */
const char *log_level_name(int level);

/* Appends the start of a JSON line: {"time":"2024-05-01T12:00:00.123Z","event":"log" */
void log_json_head(struct text *out, int64_t unix_ms, const char *event);

#endif /* OBSERVE_LOG_H */
