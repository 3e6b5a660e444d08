/* SPDX-License-Identifier: MIT */
/* A processor whose every call faults and goes on: as a runtime does that handles faults itself. */
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <pphost/easy.h>

/* Of the thread that is in a call. */
static _Thread_local sigjmp_buf back;
static _Thread_local volatile sig_atomic_t in_call;

static void on_fault(int number)
{
    (void)number;
    if (!in_call)
        _Exit(1);
    siglongjmp(back, 1);
}

/* Before the host sees to faults, which it does when all plugins are loaded. */
__attribute__((constructor)) static void handle_faults(void)
{
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};

    if (sigaction(SIGSEGV, &action, NULL) != 0)
        abort();
}

static int each(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)ctx;
    (void)it;
    in_call = 1;
    if (sigsetjmp(back, 1) == 0)
        *(volatile int *)8 = 1; /* NOLINT */
    in_call = 0;
    return PPH_FORWARD;
}

const struct pph_plugin pphost_plugin_v1 = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "recover",
    .doc = "Faults with each item, and passes it on.",
    .out = "=",
    .each = each,
};
