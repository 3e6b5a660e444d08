/* SPDX-License-Identifier: MIT */
#include "observe/log.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/assert.h"

void log_init(struct log *log, enum log_format format, bool colour)
{
    memset(log, 0, sizeof(*log));
    log->format = format;
    log->colour = colour && format == LOG_TEXT;
}

const char *log_level_name(int level)
{
    static const char *const names[] = {"error", "warn", "note", "info", "debug"};

    return names[level <= 3 ? 0 : level >= 7 ? 4 : level - 3];
}

static const char *level_colour(int level)
{
    return level <= 3 ? "\033[1;31m" : level == 4 ? "\033[1;33m" : "\033[2m";
}

/* FNV-1a: lines are compared by it because the message itself is kept only in part. */
static uint64_t hash_of(int level, const char *stage, const char *message, size_t len)
{
    uint64_t hash = 14695981039346656037u ^ (uint64_t)(unsigned)level;

    for (; *stage != '\0'; stage++)
        hash = (hash ^ (unsigned char)*stage) * 1099511628211u;
    hash = (hash ^ 0xFF) * 1099511628211u;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)message[i]) * 1099511628211u;
    return hash;
}

static void keep(char *buffer, size_t size, const char *text, size_t len)
{
    if (len >= size)
        len = size - 1;
    memcpy(buffer, text, len);
    buffer[len] = '\0';
}

void log_json_head(struct text *out, int64_t unix_ms, const char *event)
{
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm tm;
    char stamp[40] = "";

    if (gmtime_r(&seconds, &tm) != NULL)
        (void)strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
    text_printf(out, "{\"time\":\"%s.%03dZ\",\"event\":\"%s\"", stamp,
                (int)(unix_ms % 1000), event);
}

/* A message with all that is shown of it. */
struct line {
    int64_t unix_ms;
    int level;
    const char *stage, *message;
    size_t len;
    uint64_t repeats; /* how often it came since it was shown; 0: it is the first */
};

static void line_json(const struct line *line, struct text *out)
{
    log_json_head(out, line->unix_ms, "log");
    text_printf(out, ",\"level\":\"%s\"", log_level_name(line->level));
    if (*line->stage != '\0') {
        text_str(out, ",\"stage\":");
        text_json(out, line->stage, strlen(line->stage));
    }
    text_str(out, ",\"message\":");
    text_json(out, line->message,
              line->len < LOG_MESSAGE_MAX ? line->len : LOG_MESSAGE_MAX);
    if (line->repeats > 0)
        text_printf(out, ",\"repeats\":%llu", (unsigned long long)line->repeats);
    text_str(out, "}\n");
}

static void line_text(const struct line *line, bool colour, struct text *out)
{
    time_t seconds = (time_t)(line->unix_ms / 1000);
    struct tm tm;
    char stamp[16] = "--:--:--";

    if (localtime_r(&seconds, &tm) != NULL)
        (void)strftime(stamp, sizeof(stamp), "%H:%M:%S", &tm);
    text_printf(out, "%s %s%-5s%s ", stamp, colour ? level_colour(line->level) : "",
                log_level_name(line->level), colour ? "\033[0m" : "");
    if (*line->stage != '\0') {
        text_printable(out, line->stage, strlen(line->stage), LOG_STAGE_MAX);
        text_str(out, ": ");
    }
    text_printable(out, line->message, line->len, LOG_MESSAGE_MAX);
    if (line->repeats > 0)
        text_printf(out, "  (%llu more)", (unsigned long long)line->repeats);
    text_str(out, "\n");
}

static void show(const struct log *log, const struct line *line, struct text *out)
{
    if (log->format == LOG_JSON)
        line_json(line, out);
    else
        line_text(line, log->colour, out);
}

static void show_repeats(const struct log *log, struct log_fold *fold, int64_t unix_ms,
                         struct text *out)
{
    if (fold->repeats > 0) {
        const struct line line = {.unix_ms = unix_ms,
                                  .level = fold->level,
                                  .stage = fold->stage,
                                  .message = fold->message,
                                  .len = strlen(fold->message),
                                  .repeats = fold->repeats};

        show(log, &line, out);
    }
    fold->repeats = 0;
    fold->shown_ms = unix_ms;
}

/* A free slot, or that of the line which has been shown longest ago, after its count. */
static struct log_fold *slot(struct log *log, int64_t unix_ms, struct text *out)
{
    if (log->n_folds < LOG_FOLD_SLOTS)
        return &log->folds[log->n_folds++];

    struct log_fold *oldest = &log->folds[0];
    for (size_t i = 1; i < log->n_folds; i++) {
        if (log->folds[i].shown_ms < oldest->shown_ms)
            oldest = &log->folds[i];
    }
    show_repeats(log, oldest, unix_ms, out);
    return oldest;
}

void log_add(struct log *log, int64_t unix_ms, int level, const char *stage,
             const char *message, struct text *out)
{
    PPH_ASSERT(message != NULL);
    if (stage == NULL)
        stage = "";
    size_t len = strlen(message);
    while (len > 0 && (message[len - 1] == '\n' || message[len - 1] == '\r'))
        len--;
    uint64_t hash = hash_of(level, stage, message, len);

    for (size_t i = 0; i < log->n_folds; i++) {
        struct log_fold *fold = &log->folds[i];

        if (fold->hash == hash && fold->level == level) {
            fold->repeats++;
            if (unix_ms - fold->shown_ms >= LOG_FOLD_MS)
                show_repeats(log, fold, unix_ms, out);
            return;
        }
    }
    struct log_fold *fold = slot(log, unix_ms, out);
    *fold = (struct log_fold){.hash = hash, .level = level, .shown_ms = unix_ms};
    keep(fold->stage, sizeof(fold->stage), stage, strlen(stage));
    keep(fold->message, sizeof(fold->message), message, len);
    const struct line line = {.unix_ms = unix_ms,
                              .level = level,
                              .stage = stage,
                              .message = message,
                              .len = len};
    show(log, &line, out);
}

void log_flush(struct log *log, int64_t unix_ms, bool all, struct text *out)
{
    for (size_t i = 0; i < log->n_folds; i++) {
        struct log_fold *fold = &log->folds[i];

        if (fold->repeats > 0 && (all || unix_ms - fold->shown_ms >= LOG_FOLD_MS))
            show_repeats(log, fold, unix_ms, out);
    }
}
