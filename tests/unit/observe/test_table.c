/* SPDX-License-Identifier: MIT */
/* Unit tests of observe/table.h. */
#include <stdlib.h>

#include <check.h>

#include "observe/table.h"

START_TEST(columns_are_as_wide_as_their_widest_cell)
{
    struct table table;
    struct text out = {0};

    table_init(&table, "lrl");
    table_cell(&table, "NAME");
    table_cell(&table, "N");
    table_cell(&table, "WHAT");
    table_cell(&table, "日本");
    table_cellf(&table, "%d", 1000);
    table_cell(&table, "long text");
    table_show(&table, 2, &out);

    ck_assert_str_eq(text_get(&out), "  NAME     N  WHAT\n"
                                     "  日本  1000  long text\n");
    table_fini(&table);
    text_fini(&out);
}
END_TEST

START_TEST(empty_cells_keep_their_place)
{
    struct table table;
    struct text out = {0};

    table_init(&table, "lr");
    table_cell(&table, "");
    table_cell(&table, "1");
    table_cell(&table, "ab");
    table_cell(&table, "");
    table_show(&table, 0, &out);

    ck_assert_str_eq(text_get(&out), "    1\nab   \n");
    table_fini(&table);
    text_fini(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("observe/table");
    TCase *tc = tcase_create("core");

    tcase_add_test(tc, columns_are_as_wide_as_their_widest_cell);
    tcase_add_test(tc, empty_cells_keep_their_place);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
