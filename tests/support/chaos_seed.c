/* SPDX-License-Identifier: MIT */
/* Part of the test programs of the chaos build: one that fails says with which seed it did. */
#include <stdio.h>
#include <stdlib.h>

#include "base/chaos.h"

static void say_seed(int status, void *arg)
{
    (void)arg;
    if (status != 0)
        (void)fprintf(stderr, "chaos: PPH_CHAOS_SEED=%llu\n",
                      (unsigned long long)chaos_seed());
}

__attribute__((constructor)) static void watch_exit(void)
{
    if (on_exit(say_seed, NULL) != 0)
        abort();
}
