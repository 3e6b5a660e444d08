/* SPDX-License-Identifier: MIT */
#include "sim/fiber.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif
#ifndef WITH_ASAN
#define WITH_ASAN 0
#endif

#if WITH_ASAN
#include <sanitizer/common_interface_defs.h>
#endif

enum {
    STACK_BYTES = 256 << 10,
    KEPT_MAX = 128, /* stacks that wait for the next fiber */
};

struct fiber {
    ucontext_t context;
    jmp_buf jump;
    int started; /* `jump` is where it was left */
    uint8_t *stack;
    void (*body)(void *arg);
    void *arg;
    /* For the address sanitizer. */
    void *fake_stack;
    const void *bottom;
    size_t size;
};

static uint8_t *kept[KEPT_MAX];
static unsigned n_kept;
static struct fiber *left; /* what fiber_switch() came from last */

static void *must(void *p)
{
    if (!p || p == MAP_FAILED) {
        (void)fprintf(stderr, "sim_run: out of memory\n");
        exit(EXIT_FAILURE);
    }
    return p;
}

/* A stack above a page that nobody may touch. */
static uint8_t *stack_new(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *memory;

    if (n_kept > 0)
        return kept[--n_kept];
    memory = must(mmap(NULL, page + STACK_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0));
    if (mprotect(memory, page, PROT_NONE) != 0)
        must(NULL);
    return memory + page;
}

static void stack_free(uint8_t *stack)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    if (n_kept < KEPT_MAX)
        kept[n_kept++] = stack;
    else
        (void)munmap(stack - page, page + STACK_BYTES);
}

/* Tells the sanitizer that this stack is the one in use now. */
static void arrived(struct fiber *fiber)
{
#if WITH_ASAN
    const void *bottom;
    size_t size;

    __sanitizer_finish_switch_fiber(fiber->fake_stack, &bottom, &size);
    if (left && !left->stack) { /* of the system: only now it is known where it lies */
        left->bottom = bottom;
        left->size = size;
    }
#else
    (void)fiber;
#endif
}

/* makecontext() passes nothing but int. */
static void begin(unsigned high, unsigned low)
{
    struct fiber *fiber =
        (struct fiber *)(uintptr_t)((uint64_t)high << 32 | (uint64_t)low);

    arrived(fiber);
    fiber->body(fiber->arg);
    abort(); /* it may not return */
}

struct fiber *fiber_here(void)
{
    struct fiber *fiber = must(calloc(1, sizeof(*fiber)));

    fiber->started = 1;
    return fiber;
}

struct fiber *fiber_new(void (*body)(void *arg), void *arg)
{
    struct fiber *fiber = must(calloc(1, sizeof(*fiber)));
    uint64_t address = (uint64_t)(uintptr_t)fiber;

    fiber->stack = stack_new();
    fiber->bottom = fiber->stack;
    fiber->size = STACK_BYTES;
    fiber->body = body;
    fiber->arg = arg;
    (void)getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = fiber->stack;
    fiber->context.uc_stack.ss_size = STACK_BYTES;
    fiber->context.uc_link = NULL;
    makecontext(&fiber->context, (void (*)(void))(uintptr_t)begin, 2,
                (unsigned)(address >> 32), (unsigned)address);
    return fiber;
}

void fiber_free(struct fiber *fiber)
{
    if (fiber->stack)
        stack_free(fiber->stack);
    free(fiber);
}

void fiber_switch(struct fiber *from, struct fiber *to, int last)
{
    left = from;
#if WITH_ASAN
    __sanitizer_start_switch_fiber(last ? NULL : &from->fake_stack, to->bottom, to->size);
    (void)swapcontext(&from->context, &to->context);
#else
    (void)last;
    if (_setjmp(from->jump) != 0) {
        arrived(from);
        return;
    }
    if (to->started)
        _longjmp(to->jump, 1);
    to->started = 1;
    (void)setcontext(&to->context);
#endif
    arrived(from);
}
