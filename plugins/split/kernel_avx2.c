/* SPDX-License-Identifier: MIT */
/*
 * Any set of delimiters with AVX2; white space, the usual one, takes fewer instructions
 * than others.
 */
#include "by_mask.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2        __attribute__((target("avx2,bmi,popcnt")))
#define AVX2_INLINE AVX2 static inline __attribute__((always_inline))

enum set_kind { SET_WHITE, SET_ANY };

/* 0xff in each byte that is in the set; it is 32 bytes, or 16 given twice. */
AVX2_INLINE __m256i classify(const struct delims *delims, enum set_kind kind, __m256i v)
{
    if (kind == SET_WHITE) {
        __m256i from_tab = _mm256_sub_epi8(v, _mm256_set1_epi8('\t'));
        __m256i control =
            _mm256_cmpeq_epi8(_mm256_min_epu8(from_tab, _mm256_set1_epi8(4)), from_tab);
        return _mm256_or_si256(control, _mm256_cmpeq_epi8(v, _mm256_set1_epi8(' ')));
    }
    /* A shuffle gives 0 for bytes from 128 on, so each table answers for its own half. */
    __m256i rows_low =
        _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)delims->rows[0]));
    __m256i rows_high =
        _mm256_broadcastsi128_si256(_mm_loadu_si128((const void *)delims->rows[1]));
    __m256i bits = _mm256_set1_epi64x((long long)0x8040201008040201u);
    __m256i high_nibble = _mm256_and_si256(_mm256_srli_epi16(v, 4), _mm256_set1_epi8(15));
    __m256i flipped = _mm256_xor_si256(v, _mm256_set1_epi8((char)0x80));
    __m256i row = _mm256_or_si256(_mm256_shuffle_epi8(rows_low, v),
                                  _mm256_shuffle_epi8(rows_high, flipped));
    __m256i bit = _mm256_shuffle_epi8(bits, high_nibble);
    return _mm256_cmpeq_epi8(_mm256_and_si256(row, bit), bit);
}

AVX2_INLINE uint64_t mask32(const struct delims *delims, enum set_kind kind,
                            const char *p)
{
    __m256i v = _mm256_loadu_si256((const void *)p);

    return (uint32_t)_mm256_movemask_epi8(classify(delims, kind, v));
}

/* The mask of the 16 bytes in v. */
AVX2_INLINE uint64_t mask128(const struct delims *delims, enum set_kind kind, __m128i v)
{
    __m256i is = classify(delims, kind, _mm256_castsi128_si256(v));

    return (uint32_t)_mm_movemask_epi8(_mm256_castsi256_si128(is));
}

AVX2_INLINE uint64_t mask64(const struct delims *delims, enum set_kind kind,
                            const char *p)
{
    return mask32(delims, kind, p) | mask32(delims, kind, p + 32) << 32;
}

/* Two loads that overlap cover any length: one from the start, one that ends at the
 * end. */
AVX2_INLINE uint64_t mask_short(const struct delims *delims, enum set_kind kind,
                                const char *p, size_t n)
{
    if (n >= 32)
        return mask32(delims, kind, p) | mask32(delims, kind, p + n - 32) << (n - 32);
    if (n >= 16) {
        __m128i low = _mm_loadu_si128((const void *)p);
        __m128i high = _mm_loadu_si128((const void *)(p + n - 16));
        return mask128(delims, kind, low) | mask128(delims, kind, high) << (n - 16);
    }
    if (n >= 8) {
        __m128i ends = _mm_unpacklo_epi64(_mm_loadl_epi64((const void *)p),
                                          _mm_loadl_epi64((const void *)(p + n - 8)));
        uint64_t mask = mask128(delims, kind, ends);
        return (mask & 0xff) | mask >> 8 << (n - 8);
    }
    uint64_t mask = 0;
    for (size_t i = 0; i < n; i++)
        mask |= (uint64_t)delims->is[(uint8_t)p[i]] << i;
    return mask;
}

AVX2 static uint64_t white_full(const struct delims *delims, const char *p)
{
    return mask64(delims, SET_WHITE, p);
}

AVX2 static uint64_t white_part(const struct delims *delims, const char *p, size_t n)
{
    return mask_short(delims, SET_WHITE, p, n);
}

AVX2 static uint64_t any_full(const struct delims *delims, const char *p)
{
    return mask64(delims, SET_ANY, p);
}

AVX2 static uint64_t any_part(const struct delims *delims, const char *p, size_t n)
{
    return mask_short(delims, SET_ANY, p, n);
}

AVX2 static size_t tokens_white(const struct delims *delims, struct token_scan *scan,
                                struct pph_item *out, size_t max)
{
    return tokens_by_mask(delims, scan, out, max, white_full, white_part);
}

AVX2 static size_t tokens_any(const struct delims *delims, struct token_scan *scan,
                              struct pph_item *out, size_t max)
{
    return tokens_by_mask(delims, scan, out, max, any_full, any_part);
}

/* What squeezing carries from one 32 bytes to the next. */
struct squeeze {
    char *out;
    uint32_t before; /* whether the byte before is in the set */
};

AVX2_INLINE void put8(char *out, __m128i v)
{
    _mm_storel_epi64((void *)out, v);
}

AVX2_INLINE void squeeze32(struct squeeze *to, const struct delims *delims,
                           enum set_kind kind, __m256i v, __m256i joins)
{
    __m256i is = classify(delims, kind, v);
    uint32_t set = (uint32_t)_mm256_movemask_epi8(is);
    uint32_t drop = set & (set << 1 | to->before);

    v = _mm256_blendv_epi8(v, joins, is);
    to->before = set >> 31;
    if (!drop) {
        _mm256_storeu_si256((void *)to->out, v);
        to->out += 32;
        return;
    }
    uint32_t keep = ~drop;
    const uint64_t *table = delims->gather;
    const long long second = 0x0808080808080808;
    __m128i low = _mm256_castsi256_si128(v);
    __m128i high = _mm256_extracti128_si256(v, 1);
    low = _mm_shuffle_epi8(low, _mm_set_epi64x((long long)table[keep >> 8 & 255] + second,
                                               (long long)table[keep & 255]));
    high = _mm_shuffle_epi8(high, _mm_set_epi64x((long long)table[keep >> 24] + second,
                                                 (long long)table[keep >> 16 & 255]));
    put8(to->out, low);
    put8(to->out + __builtin_popcount(keep & 0xff), _mm_unpackhi_epi64(low, low));
    put8(to->out + __builtin_popcount(keep & 0xffff), high);
    put8(to->out + __builtin_popcount(keep & 0xffffff), _mm_unpackhi_epi64(high, high));
    to->out += __builtin_popcount(keep);
}

/* It writes to `out` through `to`, which the check does not follow.
 * NOLINTBEGIN(readability-non-const-parameter) */
AVX2_INLINE size_t squeeze_avx2(const struct delims *delims, enum set_kind kind,
                                const char *in, size_t len, char *out, char join)
/* NOLINTEND(readability-non-const-parameter) */
{
    const __m256i joins = _mm256_set1_epi8(join);
    struct squeeze to = {.out = out, .before = 1};
    size_t i = 0;

    for (; i + 32 <= len; i += 32)
        squeeze32(&to, delims, kind, _mm256_loadu_si256((const void *)(in + i)), joins);
    if (i < len) { /* filled up with delimiters, of which at most one stays, at the end */
        char rest[32];
        memset(rest, delims->member, sizeof(rest));
        memcpy(rest, in + i, len - i);
        squeeze32(&to, delims, kind, _mm256_loadu_si256((const void *)rest), joins);
    }
    size_t n = (size_t)(to.out - out);
    return to.before && n > 0 ? n - 1 : n;
}

AVX2 static size_t squeeze_white(const struct delims *delims, const char *in, size_t len,
                                 char *out, char join)
{
    return squeeze_avx2(delims, SET_WHITE, in, len, out, join);
}

AVX2 static size_t squeeze_any(const struct delims *delims, const char *in, size_t len,
                               char *out, char join)
{
    return squeeze_avx2(delims, SET_ANY, in, len, out, join);
}

const struct split_kernel split_kernel_avx2_white = {"avx2, white space", tokens_white,
                                                     squeeze_white};
const struct split_kernel split_kernel_avx2_set = {"avx2, any set", tokens_any,
                                                   squeeze_any};

#endif
