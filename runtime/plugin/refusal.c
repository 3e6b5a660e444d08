/* SPDX-License-Identifier: MIT */
/* Filling in why a plugin file is not taken. */
#include "plugin/refusal.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/memory.h"

bool refuse(struct refusal *refusal, const char *code, const char *fix,
            const char *format, ...)
{
    va_list args;

    PPH_ASSERT(code && fix);
    refusal->code = code;
    va_start(args, format);
    (void)vsnprintf(refusal->text, sizeof(refusal->text), format, args);
    va_end(args);
    (void)snprintf(refusal->fix, sizeof(refusal->fix), "%s", fix);
    return false;
}

bool refuse_memory(struct refusal *refusal, const char *shown)
{
    memory_failed();
    return refuse(refusal, "E220", "free some memory and try again",
                  "%s cannot be loaded: out of memory", shown);
}
