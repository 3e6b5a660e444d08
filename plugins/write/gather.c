/* SPDX-License-Identifier: MIT */
#include "gather.h"

#include <string.h>

void gather_set_delim(struct gather *gather, const char *delim, size_t len)
{
    gather->delim = delim;
    gather->delim_len = len;
    gather->short_delim = 0;
    if (len > 0 && len <= GATHER_SHORT_DELIM)
        memcpy(&gather->short_delim, delim, len);
}

/* One store whatever the length; what it writes too much is overwritten next. */
static inline __attribute__((always_inline)) char *put_delim(const struct gather *gather,
                                                             char *to)
{
    if (gather->delim_len <= GATHER_SHORT_DELIM)
        memcpy(to, &gather->short_delim, sizeof(gather->short_delim));
    else
        memcpy(to, gather->delim, gather->delim_len);
    return to + gather->delim_len;
}

static inline int fits(const struct gather *gather, const char *to, uint32_t len)
{
    return len < GATHER_LARGE &&
           (size_t)(gather->end - to) >= len + gather->delim_len + GATHER_SLACK;
}

size_t gather_portable(struct gather *gather, const struct pph_item *items, size_t n)
{
    const struct gather fixed = *gather; /* a copy that the bytes written cannot alias */
    char *to = fixed.to;
    size_t i = 0;

    for (; i < n && fits(&fixed, to, items[i].len); i++) {
        if (items[i].len > 0)
            memcpy(to, items[i].data, items[i].len);
        to = put_delim(&fixed, to + items[i].len);
    }
    gather->to = to;
    return i;
}

#if defined(__x86_64__)
#include <immintrin.h>

/* Copies len bytes, 1 to 16 of them; writes 16. */
__attribute__((target("avx2"))) static inline __attribute__((always_inline)) void
copy_short(char *to, const char *from, size_t len)
{
    static const int32_t window[8] = {-1, -1, -1, -1};
    __m128i fours = _mm_loadu_si128((const void *)(window + 4 - len / 4));
    size_t last = len - 1;
    size_t second = len > 1 ? len - 2 : 0;
    size_t third = len > 2 ? len - 3 : 0;
    char a = from[last];
    char b = from[second];
    char c = from[third];

    _mm_storeu_si128((void *)to, _mm_maskload_epi32((const void *)from, fours));
    to[third] = c;
    to[second] = b;
    to[last] = a;
}

__attribute__((target("avx2"))) size_t gather_avx2(struct gather *gather,
                                                   const struct pph_item *items, size_t n)
{
    const struct gather fixed = *gather; /* a copy that the bytes written cannot alias */
    char *to = fixed.to;
    size_t i = 0;

    for (; i < n && fits(&fixed, to, items[i].len); i++) {
        size_t len = items[i].len;
        if (len - 1 < 16)
            copy_short(to, items[i].data, len);
        else if (len > 0)
            memcpy(to, items[i].data, len);
        to = put_delim(&fixed, to + len);
    }
    gather->to = to;
    return i;
}

gather_fn *gather_best(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") ? gather_avx2 : gather_portable;
}

#else

gather_fn *gather_best(void)
{
    return gather_portable;
}

#endif
