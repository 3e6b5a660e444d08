/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of plugins/drop.
 */
#include <stdlib.h>

#include <check.h>

#include "support/fake_host.h"

START_TEST(everything_is_taken)
{
    static const char *const texts[] = {"one", "", "three"};
    struct fake_host *fake = fake_new();
    fake_up(fake);

    ck_assert_int_eq(fake_batch_texts(fake, texts, 3), PPH_OK);
    ck_assert_int_eq(fake_flush(fake, PPH_FLUSH_END), PPH_OK);

    fake_down(fake);
    ck_assert_uint_eq(fake->n_items, 0);
    fake_free(fake);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugins/drop");
    TCase *tc = tcase_create("drop");

    tcase_add_test(tc, everything_is_taken);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
