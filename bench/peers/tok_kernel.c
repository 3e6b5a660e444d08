/* SPDX-License-Identifier: MIT */
/*
 * C linkage for the kernels, whose tables use designated initialisers that C++ lacks.
 */
#include "tok_kernel.h"
size_t tok_call(const char *k, const unsigned char *in, size_t n, unsigned char *out,
                int *p)
{
    return tok_pick(k)(in, n, out, p);
}
