/* SPDX-License-Identifier: MIT */
/* Stages of every kind that end the process in the call that they are told, in one of several ways. */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <pphost/easy.h>

enum { ARG_WHERE, ARG_HOW };
enum where { IN_OPEN, IN_START, IN_CALL, IN_FLUSH, IN_STOP, IN_CLOSE };
enum how { BY_ABORT, BY_SEGV, BY_EXIT, BY_DEPTH, BY_CHILD };

/* Without an end, and each time with something that is needed after it.  NOLINTNEXTLINE(misc-no-recursion) */
static unsigned deeper(volatile unsigned *above)
{
    volatile unsigned here[64];

    here[0] = *above + 1;
    return here[0] == 0 ? 0 : deeper(here) + here[0];
}

/* A process of the plugin's own may end as it likes. */
static void fork_two(void)
{
    for (int crashes = 0; crashes < 2; crashes++) {
        pid_t child = fork();
        int status = 0;

        if (child == 0 && crashes)
            abort();
        if (child == 0)
            exit(7); /* NOLINT(concurrency-mt-unsafe) */
        if (child < 0 || waitpid(child, &status, 0) != child ||
            (crashes ? !WIFSIGNALED(status) : WEXITSTATUS(status) != 7))
            abort();
    }
}

static void here(struct pph_ctx *ctx, enum where where)
{
    if (ctx->args[ARG_WHERE].i != (int64_t)where)
        return;
    if (ctx->args[ARG_HOW].i == BY_ABORT)
        abort();
    if (ctx->args[ARG_HOW].i == BY_EXIT)
        exit(0); /* as if all were well.  NOLINT(concurrency-mt-unsafe) */
    if (ctx->args[ARG_HOW].i == BY_CHILD) {
        fork_two();
        return;
    }
    if (ctx->args[ARG_HOW].i == BY_DEPTH) {
        volatile unsigned zero = 0;

        (void)deeper(&zero);
    }
    (void)raise(SIGSEGV);
}

static int crash_open(struct pph_ctx *ctx)
{
    here(ctx, IN_OPEN);
    return PPH_OK;
}

static int crash_start(struct pph_ctx *ctx)
{
    here(ctx, IN_START);
    return PPH_OK;
}

static int crash_generate(struct pph_ctx *ctx)
{
    (void)pph_emit_text(ctx, NULL, "an item");
    here(ctx, IN_CALL);
    return PPH_END;
}

static int crash_task(struct pph_ctx *ctx)
{
    here(ctx, IN_CALL);
    (void)ctx->host->result(ctx, NULL, "1");
    return PPH_END;
}

static int crash_each(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)it;
    here(ctx, IN_CALL);
    return PPH_FORWARD;
}

static int crash_batch(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    (void)items;
    (void)n;
    here(ctx, IN_CALL);
    return PPH_OK;
}

static int crash_flush(struct pph_ctx *ctx, int why)
{
    (void)why;
    here(ctx, IN_FLUSH);
    return PPH_OK;
}

static void crash_stop(struct pph_ctx *ctx)
{
    here(ctx, IN_STOP);
}

static void crash_close(struct pph_ctx *ctx)
{
    here(ctx, IN_CLOSE);
}

static const struct pph_param params[] = {{.name = "where",
                                           .doc = "In which call.",
                                           .choices = "open|start|call|flush|stop|close",
                                           .def = "call",
                                           .type = PPH_ENUM},
                                          {.name = "how",
                                           .doc = "What is done there.",
                                           .choices = "abort|segv|exit|depth|child",
                                           .def = "abort",
                                           .type = PPH_ENUM},
                                          {0}};

static const struct pph_plugin task = {.size = sizeof(struct pph_plugin),
                                       .kind = PPH_TASK,
                                       .name = "task",
                                       .doc = "Crashes.",
                                       .params = params,
                                       .open = crash_open,
                                       .start = crash_start,
                                       .generate = crash_task,
                                       .stop = crash_stop,
                                       .close = crash_close};

static const struct pph_plugin sink = {.size = sizeof(struct pph_plugin),
                                       .kind = PPH_CONSUMER,
                                       .next = &task,
                                       .name = "sink",
                                       .doc = "Crashes.",
                                       .params = params,
                                       .open = crash_open,
                                       .start = crash_start,
                                       .batch = crash_batch,
                                       .flush = crash_flush,
                                       .stop = crash_stop,
                                       .close = crash_close};

static const struct pph_plugin middle = {.size = sizeof(struct pph_plugin),
                                         .kind = PPH_PROCESSOR,
                                         .flags = PPH_PARALLEL,
                                         .next = &sink,
                                         .name = "middle",
                                         .doc = "Crashes.",
                                         .params = params,
                                         .open = crash_open,
                                         .start = crash_start,
                                         .each = crash_each,
                                         .flush = crash_flush,
                                         .stop = crash_stop,
                                         .close = crash_close};

const struct pph_plugin pphost_plugin_v1 = {.size = sizeof(struct pph_plugin),
                                            .kind = PPH_GENERATOR,
                                            .next = &middle,
                                            .name = "source",
                                            .doc = "Crashes.",
                                            .params = params,
                                            .open = crash_open,
                                            .start = crash_start,
                                            .generate = crash_generate,
                                            .stop = crash_stop,
                                            .close = crash_close};
