/* SPDX-License-Identifier: MIT */
/*
 * count.so, preloaded: counts what a process takes from the heap and maps, and when.
 *
 * At its end the process appends a line of JSON to the file that COUNT_FILE names: all allocations, and
 * those in the middle half of its life, when start-up is over and winding up has not begun.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    KEPT = 1 << 16 /* times of allocations; further ones are counted as of the middle */
};

/* glibc's own, under names that this does not replace. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

/* Any thread counts; the destructor reads when the others are gone. */
static _Atomic uint64_t allocations;
static _Atomic uint64_t times_ns[KEPT];
static uint64_t start_ns; /* written by the constructor */

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void note(void)
{
    uint64_t at = atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);

    if (at < KEPT)
        atomic_store_explicit(&times_ns[at], now_ns(), memory_order_relaxed);
}

void *malloc(size_t size)
{
    note();
    return __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    note();
    return __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
    note();
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size)
{
    note();
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    note();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
    note();
    *ret = __libc_memalign(alignment, size);
    return *ret ? 0 : ENOMEM;
}

void *mmap(void *address, size_t size, int protection, int flags, int file, off_t offset)
{
    note();
    return (void *)syscall(SYS_mmap, address, size, protection, flags, file, offset);
}

__attribute__((constructor)) static void begin(void)
{
    start_ns = now_ns();
}

__attribute__((destructor)) static void end(void)
{
    uint64_t all = atomic_load_explicit(&allocations, memory_order_relaxed);
    uint64_t quarter = (now_ns() - start_ns) / 4;
    uint64_t middle = all > KEPT ? all - KEPT : 0;
    const char *path = getenv("COUNT_FILE");
    int file = path ? open(path, O_WRONLY | O_CREAT | O_APPEND, 0644) : -1;

    for (uint64_t k = 0; k < all && k < KEPT; k++) {
        uint64_t age =
            atomic_load_explicit(&times_ns[k], memory_order_relaxed) - start_ns;
        middle += age > quarter && age < 3 * quarter;
    }
    if (file >= 0)
        (void)dprintf(file, "{\"allocations\":%llu,\"middle\":%llu}\n",
                      (unsigned long long)all, (unsigned long long)middle);
}
