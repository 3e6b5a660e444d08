/* SPDX-License-Identifier: MIT */
/* Unit tests of exec/graph: how many workers a stage gets. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "exec/graph.h"

/* args[0]: how many workers are of use. */
static uint32_t useful(const struct pph_value *args)
{
    return (uint32_t)args[0].i;
}

static const void *ext(const char *id)
{
    static const struct pph_workers workers = {.size = sizeof(workers), .useful = useful};

    return strcmp(id, "workers/1") == 0 ? &workers : NULL;
}

static const void *ext_of_others(const char *id)
{
    return strcmp(id, "something/else") == 0 ? id : NULL;
}

static const void *ext_short(const char *id)
{
    static const struct pph_workers workers = {.size = sizeof(workers.size),
                                               .useful = useful};

    return strcmp(id, "workers/1") == 0 ? &workers : NULL;
}

/* Workers on 8 threads, when it says that n are of use. */
static unsigned workers_of(uint32_t flags, const void *(*its_ext)(const char *id),
                           int64_t n)
{
    const struct pph_value arg = {.s = "", .i = n};
    const struct pph_plugin plugin = {
        .size = sizeof(plugin), .flags = flags, .ext = its_ext};

    return graph_workers_auto(&plugin, n >= 0 ? &arg : NULL, 8);
}

START_TEST(auto_is_as_many_workers_as_threads)
{
    ck_assert_uint_eq(workers_of(0, NULL, 3), 1);
    ck_assert_uint_eq(workers_of(PPH_PARALLEL, NULL, 3), 8);
    ck_assert_uint_eq(workers_of(PPH_PARALLEL, ext_of_others, 3), 8);
}
END_TEST

START_TEST(auto_is_no_more_than_are_of_use)
{
    ck_assert_uint_eq(workers_of(PPH_PARALLEL, ext, 0), 8);
    ck_assert_uint_eq(workers_of(PPH_PARALLEL, ext, 1), 1);
    ck_assert_uint_eq(workers_of(PPH_PARALLEL, ext, 3), 3);
    ck_assert_uint_eq(workers_of(PPH_PARALLEL, ext, 100), 8);
    ck_assert_uint_eq(workers_of(0, ext, 3), 1);
}
END_TEST

START_TEST(it_is_asked_only_what_it_can_answer)
{
    ck_assert_uint_eq(workers_of(PPH_PARALLEL, ext, -1), 8); /* no arguments */
    ck_assert_uint_eq(workers_of(PPH_PARALLEL, ext_short, 3), 8);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exec/graph");
    TCase *tc = tcase_create("workers");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tc, auto_is_as_many_workers_as_threads);
    tcase_add_test(tc, auto_is_no_more_than_are_of_use);
    tcase_add_test(tc, it_is_asked_only_what_it_can_answer);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
