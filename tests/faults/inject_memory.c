/* SPDX-License-Identifier: MIT */
/*
 * The allocating functions.  strdup() and reallocarray() are made of the others: a sanitizer's own would
 * not come by here.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "inject.h"

/* The program's own definition of a function of libc, and the one below it. */
#define REAL(name)                                        \
    static __typeof__(name) *real;                        \
    do {                                                  \
        if (!real)                                        \
            *(void **)(void *)&real = inject_real(#name); \
    } while (0)

void *malloc(size_t size)
{
    REAL(malloc);
    return inject_fails(INJECT_ALLOC) ? NULL : real(size);
}

void *calloc(size_t n, size_t size)
{
    REAL(calloc);
    return inject_fails(INJECT_ALLOC) ? NULL : real(n, size);
}

void *realloc(void *old, size_t size)
{
    REAL(realloc);
    return inject_fails(INJECT_ALLOC) ? NULL : real(old, size);
}

void *reallocarray(void *old, size_t n, size_t size)
{
    size_t bytes;

    if (__builtin_mul_overflow(n, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(old, bytes);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    REAL(aligned_alloc);
    return inject_fails(INJECT_ALLOC) ? NULL : real(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
    REAL(posix_memalign);
    return inject_fails(INJECT_ALLOC) ? ENOMEM : real(ret, alignment, size);
}

char *strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);

    return copy ? memcpy(copy, text, size) : NULL;
}

void *mmap(void *at, size_t size, int prot, int flags, int fd, off_t offset)
{
    REAL(mmap);
    if ((flags & MAP_ANONYMOUS) && inject_fails(INJECT_ALLOC))
        return MAP_FAILED;
    return real(at, size, prot, flags, fd, offset);
}
