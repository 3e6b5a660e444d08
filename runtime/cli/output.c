/* SPDX-License-Identifier: MIT */
#include "cli/output.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "cli/command.h"
#include "cli/exits.h"

/* "" when it is not set: an empty variable means the same everywhere here. */
static const char *variable(const char *name)
{
    /* [control]: nobody changes the environment.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *value = getenv(name);

    return value != NULL ? value : "";
}

bool output_ansi(enum output_fd fd)
{
    const char *term = variable("TERM");

    return term[0] != '\0' && strcmp(term, "dumb") != 0 && isatty((int)fd) == 1;
}

bool output_colour(enum output_fd fd)
{
    return variable("NO_COLOR")[0] == '\0' && output_ansi(fd);
}

bool output_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const char *value = variable(names[i]);

        if (value[0] != '\0')
            return strcasestr(value, "utf-8") != NULL ||
                   strcasestr(value, "utf8") != NULL;
    }
    return false;
}

bool output_write(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);

        if (n >= 0) {
            bytes += n;
            len -= (size_t)n;
        } else if (errno == EAGAIN) { /* somebody made our terminal non-blocking */
            struct pollfd ready = {.fd = fd, .events = POLLOUT};

            if (poll(&ready, 1, -1) < 0 && errno != EINTR)
                return false;
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

int output_no_memory(void)
{
    static const char words[] = "error: out of memory\n";

    (void)output_write(OUTPUT_STDERR, words, sizeof(words) - 1);
    return EXITS_SYSTEM;
}

int output_finish(struct text *out)
{
    struct error err = {""};
    int code = EXITS_OK;

    if (out->failed || memory_failures() > 0) {
        code = output_no_memory();
    } else if (!output_write(OUTPUT_STDOUT, text_get(out), out->len)) {
        error_set_errno(&err, errno, "cannot write to standard output");
        code = EXITS_FAILED;
        (void)dprintf(OUTPUT_STDERR, "error: %s\n", err.text);
    }
    text_fini(out);
    return code;
}

int output_error(struct text *out, int code)
{
    if (out->failed)
        code = output_no_memory();
    else if (!output_write(OUTPUT_STDERR, text_get(out), out->len) && code == EXITS_OK)
        code = EXITS_FAILED;
    text_fini(out);
    return code;
}

int output_usage(const char *format, ...)
{
    char line[1024];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    if (n > 0)
        (void)output_write(OUTPUT_STDERR, line, strlen(line));
    return EXITS_USAGE;
}

int output_unknown_verb(const char *verb)
{
    struct text complaint = {0};

    command_unknown_verb(verb, &complaint);
    return output_error(&complaint, EXITS_USAGE);
}
