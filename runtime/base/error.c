/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void append(struct error *err, const char *text)
{
    size_t used = strlen(err->text);

    (void)snprintf(err->text + used, sizeof(err->text) - used, "%s", text);
}

void error_set(struct error *err, const char *format, ...)
{
    va_list args;

    if (!err)
        return;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
}

void error_set_errno(struct error *err, int errnum, const char *format, ...)
{
    char buffer[128];
    va_list args;

    if (!err)
        return;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    append(err, ": ");
    append(err,
           strerror_r(errnum, buffer, sizeof(buffer))); /* GNU form: returns the text */
}

void error_prefix(struct error *err, const char *format, ...)
{
    struct error old;
    va_list args;

    if (!err)
        return;
    old = *err;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof(err->text), format, args);
    va_end(args);
    append(err, ": ");
    append(err, old.text);
}
