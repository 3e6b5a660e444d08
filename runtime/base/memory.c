/* SPDX-License-Identifier: MIT */
#include "base/memory.h"

#include <stdatomic.h>

/*
 * written and read by: any thread.  Relaxed: those who compare two values made the calls between them
 * themselves.
 */
static _Atomic uint64_t failures;

void memory_failed(void)
{
    atomic_fetch_add_explicit(&failures, 1, memory_order_relaxed);
}

uint64_t memory_failures(void)
{
    return atomic_load_explicit(&failures, memory_order_relaxed);
}
