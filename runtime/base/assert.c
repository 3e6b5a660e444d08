/* SPDX-License-Identifier: MIT */
#include "base/assert.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* Written by: the thread that aborts; read by: the same one, in its handler of SIGABRT.  Relaxed: no data follows. */
static _Atomic bool failed;

bool assert_has_failed(void)
{
    return atomic_load_explicit(&failed, memory_order_relaxed);
}

noreturn void assert_failed(const char *file, int line, const char *func,
                            const char *what)
{
    (void)fprintf(stderr, "pphost: bug: %s:%d: %s: %s\n", file, line, func, what);
    atomic_store_explicit(&failed, true, memory_order_relaxed);
    abort();
}
