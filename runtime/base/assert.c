/* SPDX-License-Identifier: MIT */
#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

noreturn void assert_failed(const char *file, int line, const char *func,
                            const char *what)
{
    (void)fprintf(stderr, "pphost: bug: %s:%d: %s: %s\n", file, line, func, what);
    abort();
}
