/* SPDX-License-Identifier: MIT */
/*
 * The smallest shared object, for `micro dlopen`, `dlsym` and `indirect`.
 */
#include <stdint.h>
uint64_t plug_fn(uint64_t x)
{
    return x + 1;
}
