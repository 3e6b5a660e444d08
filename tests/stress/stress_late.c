/* SPDX-License-Identifier: MIT */
/*
 * A stop that comes in the moment in which the last item is delivered.
 *
 * Either it comes in time, and the run counts as stopped; or it is too late, and the run counts as
 * drained.  But the stages must be told the same: `write` keeps its file by what stopping() says in
 * `close`.
 */
#include <stdlib.h>

#include <check.h>

#include "base/clock.h"
#include "base/error.h"
#include "exec/stages.h"
#include "support/graph_kit.h"
#include "support/watchdog.h"

enum {
    RUNS = 300,
    FAR_NS =
        20000, /* the delay is drawn from so much on either side of where it is close */
    STEP_NS = 1000,
};

/* Of the run under way.  `run` is set before it starts; the rest is read when it has ended. */
static struct {
    struct run *run;
    uint64_t delay_ns; /* from the signals to the end of the last call */
    bool told_to_stop; /* in `close` */
} late;

/* Two signals, as if someone had pressed Ctrl-C twice, and then the last call takes its time. */
static int flush_late(struct pph_ctx *ctx, int why)
{
    uint64_t until;

    (void)ctx;
    (void)why;
    run_signal(late.run);
    run_signal(late.run);
    until = clock_now_ns() + late.delay_ns;
    while (clock_now_ns() < until) {
    }
    return PPH_OK;
}

static int each_nothing(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)ctx;
    (void)it;
    return PPH_OK;
}

static void close_late(struct pph_ctx *ctx)
{
    late.told_to_stop = ctx->host->stopping(ctx) != 0;
}

static const struct pph_plugin last = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_CONSUMER,
    .name = "last",
    .each = each_nothing,
    .flush = flush_late,
    .close = close_late,
};

static enum run_end run_once(const struct kit *kit)
{
    static const struct run_options options;
    struct error err = {0};
    enum run_end end;

    late.run = run_new(kit_graph(kit), &options, &err);
    ck_assert_msg(late.run != NULL, "%s", err.text);
    watchdog_begin(late.run);
    end = run_execute(late.run);
    watchdog_end();
    run_free(late.run);
    return end;
}

START_TEST(stop_at_the_very_end_is_told_to_all_or_to_none)
{
    struct pph_value args[] = {{.s = "", .i = 1}, {.s = ""}, {.s = ""}};
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = args},
        {.name = "last", .plugin = &last},
    };
    struct kit *kit = kit_new(stages, 2, 1);
    uint64_t close_ns = 0; /* the delay at which it is open who comes first */
    unsigned stopped = 0;

    for (unsigned k = 0; k < RUNS; k++) {
        bool in_time;

        late.delay_ns = close_ns + (uint64_t)rand() % FAR_NS;
        in_time = run_once(kit) == RUN_STOPPED;
        ck_assert_msg(late.told_to_stop == in_time, "run %u: stopped %d, told %d", k,
                      in_time, late.told_to_stop);
        stopped += in_time;
        close_ns = in_time ? close_ns - close_ns / 4 : close_ns + close_ns / 4 + STEP_NS;
    }
    ck_assert_uint_gt(stopped, 0); /* or the moment was never near */
    kit_free(kit);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("stress/late");
    TCase *tc = tcase_create("late");
    SRunner *runner;
    int failed;

    tcase_set_timeout(tc, 30);
    tcase_add_test(tc, stop_at_the_very_end_is_told_to_all_or_to_none);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
