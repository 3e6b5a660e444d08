/* SPDX-License-Identifier: MIT */
#include "cut.h"

#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

/*
 * Makes the item of the line text[0..len), whose newline is not in it.  Field by field: a
 * whole struct would be put together on the stack in pieces and read back in one, which
 * stalls the CPU each time.
 */
static inline void put_line(struct pph_item *item, char *text, size_t len, uint64_t line,
                            bool strip)
{
    if (strip && len > 0 && text[len - 1] == '\r')
        len--;
    item->data = text;
    item->len = (uint32_t)len;
    item->port = 0;
    item->flags = PPH_WRITABLE;
    item->key = 0;
    item->pos = line;
}

static size_t lines_memchr(struct cut *cut, struct pph_item *items, size_t max)
{
    size_t n = 0;

    while (n < max && cut->at < cut->end) {
        char *newline = memchr(cut->at, '\n', (size_t)(cut->end - cut->at));
        if (!newline || (size_t)(newline - cut->at) > cut->max_line)
            break;
        put_line(&items[n++], cut->at, (size_t)(newline - cut->at), cut->line++,
                 cut->strip);
        cut->at = newline + 1;
    }
    return n;
}

static uint64_t count_memchr(const char *text, size_t len)
{
    const char *end = text + len;
    uint64_t n = 0;

    while (text < end && (text = memchr(text, '\n', (size_t)(end - text))) != NULL) {
        text++;
        n++;
    }
    return n;
}

static const struct cut_kernel memchr_kernel = {"memchr", lines_memchr, count_memchr};

#if defined(__x86_64__)

/* Bit i is set when p[i] is a newline, for the 64 bytes at p. */
typedef uint64_t newlines_fn(const char *p);

static inline __attribute__((always_inline)) size_t
lines_by_mask(struct cut *cut, struct pph_item *items, size_t max, newlines_fn *newlines)
{
    const struct cut fixed = *cut; /* a copy that the items cannot alias */
    char *start = fixed.at;
    uint64_t line = fixed.line;
    size_t n = 0;

    for (char *base = start; base < fixed.end; base += 64) {
        uint64_t mask = newlines(base);
        if (fixed.end - base < 64)
            mask &= ((uint64_t)1 << (fixed.end - base)) - 1;
        for (; mask; mask &= mask - 1) {
            char *newline = base + __builtin_ctzll(mask);
            size_t len = (size_t)(newline - start);
            if (n == max || len > fixed.max_line)
                goto out;
            put_line(&items[n++], start, len, line++, fixed.strip);
            start = newline + 1;
        }
    }
out:
    cut->at = start;
    cut->line = line;
    return n;
}

static inline __attribute__((always_inline)) uint64_t
count_by_mask(const char *text, size_t len, newlines_fn *newlines)
{
    uint64_t n = 0;
    size_t i = 0;

    for (; i + 64 <= len; i += 64)
        n += (unsigned)__builtin_popcountll(newlines(text + i));
    if (i < len) {
        uint64_t mask = newlines(text + i) & (((uint64_t)1 << (len - i)) - 1);
        n += (unsigned)__builtin_popcountll(mask);
    }
    return n;
}

static inline uint64_t newlines_sse2(const char *p)
{
    const __m128i newline = _mm_set1_epi8('\n');
    uint64_t mask = 0;

    for (unsigned i = 0; i < 64; i += 16) {
        __m128i v = _mm_loadu_si128((const void *)(p + i));
        mask |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, newline)) << i;
    }
    return mask;
}

static size_t lines_sse2(struct cut *cut, struct pph_item *items, size_t max)
{
    return lines_by_mask(cut, items, max, newlines_sse2);
}

static uint64_t count_sse2(const char *text, size_t len)
{
    return count_by_mask(text, len, newlines_sse2);
}

#define AVX2 __attribute__((target("avx2,bmi,popcnt")))

AVX2 static inline uint64_t newlines_avx2(const char *p)
{
    const __m256i newline = _mm256_set1_epi8('\n');
    __m256i low = _mm256_loadu_si256((const void *)p);
    __m256i high = _mm256_loadu_si256((const void *)(p + 32));
    uint32_t low_mask = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(low, newline));
    uint32_t high_mask = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(high, newline));

    return (uint64_t)high_mask << 32 | low_mask;
}

AVX2 static size_t lines_avx2(struct cut *cut, struct pph_item *items, size_t max)
{
    return lines_by_mask(cut, items, max, newlines_avx2);
}

AVX2 static uint64_t count_avx2(const char *text, size_t len)
{
    return count_by_mask(text, len, newlines_avx2);
}

static const struct cut_kernel sse2_kernel = {"sse2", lines_sse2, count_sse2};
static const struct cut_kernel avx2_kernel = {"avx2", lines_avx2, count_avx2};

const struct cut_kernel *const *cut_kernels(void)
{
    static const struct cut_kernel *const all[] = {&avx2_kernel, &sse2_kernel,
                                                   &memchr_kernel, NULL};

    __builtin_cpu_init();
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") ? all
                                                                           : all + 1;
}

#else

const struct cut_kernel *const *cut_kernels(void)
{
    static const struct cut_kernel *const all[] = {&memchr_kernel, NULL};

    return all;
}

#endif
