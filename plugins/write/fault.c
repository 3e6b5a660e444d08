/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int write_failf(struct pph_ctx *ctx, const char *format, ...)
{
    char message[4608]; /* PATH_MAX and a sentence */
    va_list args;

    va_start(args, format);
    (void)vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    return ctx->host->fail(ctx, NULL, PPH_FATAL, message);
}

int write_fail_errno(struct pph_ctx *ctx, const char *what, const char *path, int error)
{
    char text[128];

    return write_failf(ctx, "cannot %s %s: %s", what, path,
                       strerror_r(error, text, sizeof(text)));
}
