/* SPDX-License-Identifier: MIT */
/*
 * What a run holds at its peak: a small part of what the graph is bounded by, whatever its plugins
 * allocate, copy and emit in one call.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "exec/odd_stages.h"
#include "exec/stage.h"
#include "exec/stages.h"
#include "flow/chunk.h"
#include "support/graph_kit.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))
#define NUMBERS(n) ((struct pph_value[]){{.s = "", .i = (n)}, {.s = ""}, {.s = ""}})

enum {
    LARGE = 1 << 20,
    PIECE = 32 << 10,
    SMALL = 4 << 10,
    LARGE_ITEMS = 512,
    PIECES = 5000,
    SMALL_ITEMS = 80000,
};

static struct kit *kit;
static _Atomic uint64_t peak; /* of the run's chunks, in bytes; seen by whoever emits */

static void setup(void)
{
    collected_reset();
    atomic_store(&peak, 0);
}

static void teardown(void)
{
    kit_free(kit);
    kit = NULL;
}

static void note_peak(struct pph_ctx *ctx)
{
    uint64_t now = chunk_pool_bytes(instance_of(ctx)->stage->run->pool);

    if (now > atomic_load(&peak))
        atomic_store(&peak, now);
}

/* Runs the stages, whose payload is many times the bound; what they hold stays far below it. */
static void assert_runs_in_little(const struct kit_stage *stages, size_t n,
                                  uint64_t items, uint64_t bytes)
{
    uint64_t bound;

    kit = kit_new(stages, n, 2);
    bound = kit_graph(kit)->memory_bytes;
    ck_assert_uint_lt(3 * bound, 2 * bytes); /* else it would prove nothing */
    ck_assert_int_eq(kit_run(kit, NULL), RUN_DONE);
    ck_assert_uint_eq(atomic_load(&collected.n), items);
    ck_assert_uint_gt(atomic_load(&peak), 0);
    ck_assert_uint_lt(2 * atomic_load(&peak), bound);
}

static int each_large(struct pph_ctx *ctx, struct pph_item *it)
{
    struct pph_item large = {.len = LARGE, .pos = it->pos};
    int rc;

    large.data = ctx->host->alloc(ctx, LARGE);
    if (!large.data)
        return PPH_FATAL;
    memset(large.data, 1, SMALL);
    note_peak(ctx);
    rc = ctx->host->emit(ctx, &large, 1);
    return rc < 0 ? rc : PPH_OK;
}

static const struct pph_plugin enlarge = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .name = "enlarge",
    .each = each_large,
};

START_TEST(each_gives_back_what_it_allocated_item_by_item)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(LARGE_ITEMS)},
        {.name = "mid", .plugin = &enlarge},
        {.name = "end", .plugin = &swallow, .queue_bytes = 2 << 20},
    };

    assert_runs_in_little(stages, COUNT(stages), LARGE_ITEMS,
                          (uint64_t)LARGE_ITEMS * LARGE);
}
END_TEST

/* Emits `n` items of `len` bytes of its own, whatever the host says about room. */
static int emit_copies(struct pph_ctx *ctx, unsigned n, uint32_t len)
{
    static char bytes[PIECE];

    for (unsigned k = 0; k < n; k++) {
        struct pph_item it = {.data = bytes, .len = len};
        int rc = ctx->host->emit(ctx, &it, 1);

        if (rc < 0)
            return rc;
        note_peak(ctx);
    }
    return PPH_OK;
}

static int generate_pieces(struct pph_ctx *ctx)
{
    int rc = emit_copies(ctx, PIECES, PIECE);

    return rc < 0 ? rc : PPH_END;
}

static const struct pph_plugin pieces = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .name = "pieces",
    .generate = generate_pieces,
};

START_TEST(copies_made_in_one_call_are_given_back_as_they_are_read)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &pieces},
        {.name = "end", .plugin = &swallow, .queue_bytes = 2 << 20},
    };

    assert_runs_in_little(stages, COUNT(stages), PIECES, (uint64_t)PIECES * PIECE);
}
END_TEST

/* As many as are wanted in one call, each in memory of its own, as long as emit does not say PPH_MORE. */
static int generate_wanted(struct pph_ctx *ctx)
{
    static _Atomic unsigned made;
    int rc = PPH_OK;

    for (uint32_t k = 0; rc == PPH_OK && k < ctx->want && made < LARGE_ITEMS; k++) {
        struct pph_item it = {.len = LARGE, .data = ctx->host->alloc(ctx, LARGE)};

        if (!it.data)
            return PPH_FATAL;
        memset(it.data, 1, SMALL);
        note_peak(ctx);
        rc = ctx->host->emit(ctx, &it, 1);
        made++;
    }
    if (rc < 0)
        return rc;
    return made == LARGE_ITEMS ? PPH_END : PPH_OK;
}

static const struct pph_plugin wanted = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_GENERATOR,
    .name = "wanted",
    .generate = generate_wanted,
};

START_TEST(call_that_allocates_much_is_asked_to_end)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &wanted},
        {.name = "end", .plugin = &swallow},
    };

    assert_runs_in_little(stages, COUNT(stages), LARGE_ITEMS,
                          (uint64_t)LARGE_ITEMS * LARGE);
}
END_TEST

static int batch_move_deaf(struct pph_ctx *ctx, struct pph_item *items, size_t n)
{
    int rc = ctx->host->emit(ctx, items, n);

    return rc < 0 ? rc : emit_copies(ctx, SMALL_ITEMS, SMALL);
}

static const struct pph_plugin move_then_deaf = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .name = "move_then_deaf",
    .batch = batch_move_deaf,
};

START_TEST(deaf_emitter_waits_also_after_its_whole_input)
{
    const struct kit_stage stages[] = {
        {.name = "gen", .plugin = &numbers, .args = NUMBERS(1)},
        {.name = "mid", .plugin = &move_then_deaf},
        {.name = "end", .plugin = &swallow, .queue_bytes = 2 << 20},
    };

    assert_runs_in_little(stages, COUNT(stages), 1 + SMALL_ITEMS,
                          (uint64_t)SMALL_ITEMS * SMALL);
}
END_TEST

static int task_ends(struct pph_ctx *ctx)
{
    (void)ctx;
    return PPH_END;
}

static const struct pph_plugin idle_task = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_TASK,
    .flags = PPH_PARALLEL,
    .name = "idle",
    .generate = task_ends,
};

/* Thousands of tasks that nobody reads would else be said to need more than any machine has. */
START_TEST(bound_counts_no_input_and_no_output_where_there_is_none)
{
    static const struct kit_stage tasks[] = {
        {.name = "task", .plugin = &idle_task, .workers = 100},
    };
    static const struct kit_stage read[] = {
        {.name = "task", .plugin = &idle_task, .workers = 100},
        {.name = "in", .plugin = &collect, .from = "task.result", .queue_items = 1},
    };
    uint64_t alone;

    kit = kit_new(tasks, COUNT(tasks), 2);
    alone = kit_graph(kit)->stages[0].memory_bytes;
    kit_free(kit);
    kit = kit_new(read, COUNT(read), 2);
    ck_assert_uint_gt(alone, 0);
    ck_assert_uint_gt(kit_graph(kit)->stages[0].memory_bytes, alone);
    ck_assert_uint_lt(alone, 100 * ((uint64_t)CALL_SOFT_COST + 3 * LARGE));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exec/memory");
    TCase *tc = tcase_create("peaks");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 20.0);
    tcase_add_test(tc, each_gives_back_what_it_allocated_item_by_item);
    tcase_add_test(tc, copies_made_in_one_call_are_given_back_as_they_are_read);
    tcase_add_test(tc, call_that_allocates_much_is_asked_to_end);
    tcase_add_test(tc, bound_counts_no_input_and_no_output_where_there_is_none);
    tcase_add_test(tc, deaf_emitter_waits_also_after_its_whole_input);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
