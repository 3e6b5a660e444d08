/* SPDX-License-Identifier: MIT */
/*
 * Included before everything else when the scheduler is built for the simulator: each atomic operation
 * becomes a point at which another thread may go on.
 *
 * The operations themselves stay what they are.  The simulator runs one thread at a time, so what it
 * explores is sequentially consistent whatever order they ask for.
 */
#ifndef SIM_POINTS_H
#define SIM_POINTS_H

#include <stdatomic.h>

#include "sim/site.h"

#if defined(__clang__)
#define SIM_LOAD(p, mo)        __c11_atomic_load(p, mo)
#define SIM_STORE(p, v, mo)    __c11_atomic_store(p, v, mo)
#define SIM_EXCHANGE(p, v, mo) __c11_atomic_exchange(p, v, mo)
#define SIM_FETCH(op)          __c11_atomic_fetch_##op
#define SIM_SWAP_IF(p, e, v, weak, mo, fail) \
    __c11_atomic_compare_exchange_strong(p, e, v, mo, fail)
#else
#define SIM_LOAD(p, mo)        __atomic_load_n(p, mo)
#define SIM_STORE(p, v, mo)    __atomic_store_n(p, v, mo)
#define SIM_EXCHANGE(p, v, mo) __atomic_exchange_n(p, v, mo)
#define SIM_FETCH(op)          __atomic_fetch_##op
#define SIM_SWAP_IF(p, e, v, weak, mo, fail) \
    __atomic_compare_exchange_n(p, e, v, weak, mo, fail)
#endif

#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_exchange_explicit
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub_explicit
#undef atomic_fetch_or_explicit
#undef atomic_fetch_and_explicit
#undef atomic_compare_exchange_strong_explicit
#undef atomic_compare_exchange_weak_explicit

#define SIM_THEN(what, operation) \
    __extension__({               \
        SIM_POINT(what);          \
        operation;                \
    })

#define atomic_load_explicit(p, mo)         SIM_THEN("load", SIM_LOAD(p, mo))
#define atomic_store_explicit(p, v, mo)     SIM_THEN("store", SIM_STORE(p, v, mo))
#define atomic_exchange_explicit(p, v, mo)  SIM_THEN("exchange", SIM_EXCHANGE(p, v, mo))
#define atomic_fetch_add_explicit(p, v, mo) SIM_THEN("add", SIM_FETCH(add)(p, v, mo))
#define atomic_fetch_sub_explicit(p, v, mo) SIM_THEN("sub", SIM_FETCH(sub)(p, v, mo))
#define atomic_fetch_or_explicit(p, v, mo)  SIM_THEN("or", SIM_FETCH(or)(p, v, mo))
#define atomic_fetch_and_explicit(p, v, mo) SIM_THEN("and", SIM_FETCH (and)(p, v, mo))
#define atomic_compare_exchange_strong_explicit(p, e, v, mo, fail) \
    SIM_THEN("compare-exchange", SIM_SWAP_IF(p, e, v, 0, mo, fail))
#define atomic_compare_exchange_weak_explicit(p, e, v, mo, fail) \
    SIM_THEN("compare-exchange", SIM_SWAP_IF(p, e, v, 1, mo, fail))

/* A run that gives up waiting ends the process; here that ends the schedule, as a failure. */
_Noreturn void sim_exit(int code);
#define _exit(code) sim_exit(code)

#endif /* SIM_POINTS_H */
