/* SPDX-License-Identifier: MIT */
/*
 * Kernels that put one token on each line: every run of ASCII white space becomes one '\n'.
 *
 * Each returns the bytes written; *prev says whether the byte before was white space (start with 1
 * to drop leading space).  `out` must have room for n + 64 bytes.
 */
#ifndef TOK_KERNEL_H
#define TOK_KERNEL_H
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
static const unsigned char ws_tab[256] = {
    ['\t'] = 1, ['\n'] = 1, ['\v'] = 1, ['\f'] = 1, ['\r'] = 1, [' '] = 1};

static size_t tok_branchy(const unsigned char *in, size_t n, unsigned char *out,
                          int *prev)
{
    size_t o = 0;
    int p = *prev;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = in[i];
        if (ws_tab[c]) {
            if (!p)
                out[o++] = '\n';
            p = 1;
        } else {
            out[o++] = c;
            p = 0;
        }
    }
    *prev = p;
    return o;
}
static size_t tok_scalar(const unsigned char *in, size_t n, unsigned char *out, int *prev)
{
    size_t o = 0;
    unsigned p = (unsigned)*prev;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = in[i];
        unsigned w = ws_tab[c];
        out[o] = w ? '\n' : c;
        o += !(w & p);
        p = w;
    }
    *prev = (int)p;
    return o;
}
__attribute__((target("avx2,bmi,bmi2,popcnt"))) static size_t
tok_avx2(const unsigned char *in, size_t n, unsigned char *out, int *prev)
{
    const __m256i sp = _mm256_set1_epi8(' '), nl = _mm256_set1_epi8('\n'),
                  nine = _mm256_set1_epi8(9), four = _mm256_set1_epi8(4);
    size_t i = 0, o = 0;
    uint32_t p = (uint32_t)*prev;
    for (; i + 32 <= n; i += 32) {
        __m256i v = _mm256_loadu_si256((const __m256i *)(in + i));
        __m256i d = _mm256_sub_epi8(v, nine);
        __m256i w = _mm256_or_si256(_mm256_cmpeq_epi8(v, sp),
                                    _mm256_cmpeq_epi8(_mm256_min_epu8(d, four), d));
        uint32_t m = (uint32_t)_mm256_movemask_epi8(w);
        v = _mm256_blendv_epi8(v, nl, w);
        uint32_t drop = m & ((m << 1) | p);
        p = m >> 31;
        if (__builtin_expect(!drop, 1)) {
            _mm256_storeu_si256((__m256i *)(out + o), v);
            o += 32;
            continue;
        }
        uint32_t keep = ~drop;
        unsigned char t[32];
        _mm256_storeu_si256((__m256i *)t, v);
        for (int k = 0; k < 4; k++) {
            uint64_t x;
            memcpy(&x, t + 8 * k, 8);
            uint32_t kb = (keep >> (8 * k)) & 0xff;
            uint64_t e = _pdep_u64(kb, 0x0101010101010101ull) * 0xff;
            x = _pext_u64(x, e);
            memcpy(out + o, &x, 8);
            o += (unsigned)__builtin_popcount(kb);
        }
    }
    int pi = (int)p;
    o += tok_scalar(in + i, n - i, out + o, &pi);
    *prev = pi;
    return o;
}
__attribute__((
    target("avx512f,avx512bw,avx512vl,avx512vbmi2,bmi,bmi2,popcnt"))) static size_t
tok_avx512(const unsigned char *in, size_t n, unsigned char *out, int *prev)
{
    const __m512i sp = _mm512_set1_epi8(' '), nl = _mm512_set1_epi8('\n'),
                  nine = _mm512_set1_epi8(9), five = _mm512_set1_epi8(5);
    size_t i = 0, o = 0;
    uint64_t p = (uint64_t)*prev;
    for (; i + 64 <= n; i += 64) {
        __m512i v = _mm512_loadu_si512(in + i);
        uint64_t m = _mm512_cmpeq_epi8_mask(v, sp) |
                     _mm512_cmplt_epu8_mask(_mm512_sub_epi8(v, nine), five);
        v = _mm512_mask_mov_epi8(v, m, nl);
        uint64_t keep = ~(m & ((m << 1) | p));
        p = m >> 63;
        _mm512_storeu_si512(out + o, _mm512_maskz_compress_epi8(keep, v));
        o += (size_t)__builtin_popcountll(keep);
    }
    int pi = (int)p;
    o += tok_scalar(in + i, n - i, out + o, &pi);
    *prev = pi;
    return o;
}
typedef size_t (*tok_fn)(const unsigned char *, size_t, unsigned char *, int *);
static inline tok_fn tok_pick(const char *k)
{
    if (!strcmp(k, "branchy"))
        return tok_branchy;
    if (!strcmp(k, "scalar"))
        return tok_scalar;
    if (!strcmp(k, "avx2"))
        return tok_avx2;
    if (!strcmp(k, "avx512"))
        return tok_avx512;
    return 0;
}
#endif
