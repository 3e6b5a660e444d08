/* SPDX-License-Identifier: MIT */
#include "base/lock_order.h"

#include <stdio.h>

#include "base/chaos.h"

enum { HELD_MAX = 64 }; /* more than any chain has */

/* What the calling thread holds, oldest first. */
static _Thread_local const struct mutex *held[HELD_MAX];
static _Thread_local unsigned n_held;

static const char *name_of(const struct mutex *mu)
{
    return mu->name ? mu->name : "a lock without a name";
}

noreturn static void complain(const char *does, const struct mutex *with)
{
    (void)fprintf(
        stderr,
        "pphost: lock order: %s while holding %s (rank %u); PPH_CHAOS_SEED=%llu\n", does,
        name_of(with), with->rank, (unsigned long long)chaos_seed());
    PPH_UNREACHABLE("a lock out of order: see docs/concurrency.md");
}

/* ... takes `mu` ... */
noreturn static void complain_of(const char *does, const struct mutex *mu,
                                 const struct mutex *with)
{
    char text[128];

    (void)snprintf(text, sizeof(text), "%s %s (rank %u)", does, name_of(mu), mu->rank);
    complain(text, with);
}

void lock_order_check(const struct mutex *mu)
{
    for (unsigned k = 0; k < n_held; k++) {
        const struct mutex *h = held[k];

        if (h == mu)
            complain_of("takes again", mu, h);
        if (mu->chain == LOCKS_ALONE || mu->chain != h->chain || mu->rank >= h->rank)
            complain_of("takes", mu, h);
    }
}

void lock_order_taken(const struct mutex *mu)
{
    PPH_ASSERT(n_held < HELD_MAX);
    held[n_held++] = mu;
}

void lock_order_left(const struct mutex *mu)
{
    unsigned k = n_held;

    while (k > 0 && held[k - 1] != mu)
        k--;
    PPH_ASSERT(k > 0); /* not held by this thread */
    for (n_held--; k <= n_held; k++)
        held[k - 1] = held[k];
}

void lock_order_sleeps(const struct mutex *but)
{
    for (unsigned k = 0; k < n_held; k++) {
        if (held[k] != but)
            complain("sleeps", held[k]);
    }
}
