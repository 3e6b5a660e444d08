/* SPDX-License-Identifier: MIT */
/*
 * White space with SSE2, which every x86-64 has.
 */
#include "by_mask.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* 0xff in each byte that is a space or one of the five from \t to \r. */
static inline __m128i white(__m128i v)
{
    __m128i from_tab = _mm_sub_epi8(v, _mm_set1_epi8('\t'));
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(from_tab, _mm_set1_epi8(4)), from_tab);

    return _mm_or_si128(control, _mm_cmpeq_epi8(v, _mm_set1_epi8(' ')));
}

static inline uint64_t mask16(const char *p)
{
    return (unsigned)_mm_movemask_epi8(white(_mm_loadu_si128((const void *)p)));
}

static uint64_t mask_full(const struct delims *delims, const char *p)
{
    (void)delims;
    return mask16(p) | mask16(p + 16) << 16 | mask16(p + 32) << 32 | mask16(p + 48) << 48;
}

static uint64_t mask_part(const struct delims *delims, const char *p, size_t n)
{
    uint64_t mask = 0;
    size_t i = 0;

    for (; i + 16 <= n; i += 16)
        mask |= mask16(p + i) << i;
    if (i < n && n >= 16) /* the last 16 bytes, some of them for the second time */
        return mask | mask16(p + n - 16) << (n - 16);
    for (; i < n; i++)
        mask |= (uint64_t)delims->is[(uint8_t)p[i]] << i;
    return mask;
}

static size_t tokens_sse2(const struct delims *delims, struct token_scan *scan,
                          struct pph_item *out, size_t max)
{
    return tokens_by_mask(delims, scan, out, max, mask_full, mask_part);
}

static size_t squeeze_sse2(const struct delims *delims, const char *in, size_t len,
                           char *out, char join)
{
    const __m128i joins = _mm_set1_epi8(join);
    size_t n = 0;
    size_t i = 0;
    unsigned before = 1;

    for (; i + 16 <= len; i += 16) {
        __m128i v = _mm_loadu_si128((const void *)(in + i));
        __m128i is = white(v);
        unsigned set = (unsigned)_mm_movemask_epi8(is);
        v = _mm_or_si128(_mm_and_si128(is, joins), _mm_andnot_si128(is, v));
        char bytes[16];
        _mm_storeu_si128((void *)bytes, v);
        unsigned drop = set & (set << 1 | before);
        before = set >> 15;
        if (!drop) {
            memcpy(out + n, bytes, sizeof(bytes));
            n += sizeof(bytes);
            continue;
        }
        for (unsigned k = 0; k < 16; k++, drop >>= 1) {
            out[n] = bytes[k];
            n += ~drop & 1;
        }
    }
    for (; i < len; i++) {
        unsigned is = delims->is[(uint8_t)in[i]];
        out[n] = (char)(is ? join : in[i]);
        n += !(is & before);
        before = is;
    }
    return before && n > 0 ? n - 1 : n;
}

const struct split_kernel split_kernel_sse2 = {"sse2", tokens_sse2, squeeze_sse2};

#endif
