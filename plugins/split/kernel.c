/* SPDX-License-Identifier: MIT */
#include "kernel.h"

static size_t tokens_scalar(const struct delims *delims, struct token_scan *scan,
                            struct pph_item *out, size_t max)
{
    size_t n = 0;

    for (; scan->i < scan->n; scan->i++, scan->at = NULL) {
        const struct pph_item *item = &scan->items[scan->i];
        char *at = scan->at ? scan->at : item->data;
        char *end = item->len > 0 ? (char *)item->data + item->len : at;
        for (;;) {
            while (at < end && delims->is[(uint8_t)*at])
                at++;
            if (at == end)
                break;
            if (n == max) {
                scan->at = at;
                return n;
            }
            char *start = at;
            while (at < end && !delims->is[(uint8_t)*at])
                at++;
            out[n] = *item;
            out[n].data = start;
            out[n++].len = (uint32_t)(at - start);
        }
    }
    return n;
}

static size_t squeeze_scalar(const struct delims *delims, const char *in, size_t len,
                             char *out, char join)
{
    size_t n = 0;
    unsigned before = 1; /* whether the byte before is in the set; so leading ones go */

    for (size_t i = 0; i < len; i++) {
        unsigned is = delims->is[(uint8_t)in[i]];
        out[n] = (char)(is ? join : in[i]);
        n += !(is & before);
        before = is;
    }
    return before && n > 0 ? n - 1 : n;
}

const struct split_kernel split_kernel_scalar = {"scalar", tokens_scalar, squeeze_scalar};

#if defined(__x86_64__)

void split_kernels_for(const struct delims *delims, const struct split_kernel *ret[4])
{
    size_t n = 0;

    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
        __builtin_cpu_supports("popcnt"))
        ret[n++] = delims->white ? &split_kernel_avx2_white : &split_kernel_avx2_set;
    if (delims->white)
        ret[n++] = &split_kernel_sse2;
    ret[n++] = &split_kernel_scalar;
    ret[n] = NULL;
}

#else

void split_kernels_for(const struct delims *delims, const struct split_kernel *ret[4])
{
    (void)delims;
    ret[0] = &split_kernel_scalar;
    ret[1] = NULL;
}

#endif

const struct split_kernel *split_kernel_for(const struct delims *delims)
{
    const struct split_kernel *kernels[4];

    split_kernels_for(delims, kernels);
    return kernels[0];
}
