/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of plugin/verify.h on descriptors in memory: what no built plugin shows well.  A plugin
 * for each broken rule is in tests/abi/test_rules.c.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "plugin/verify.h"

static struct arena *arena;
static struct refusal refusal;
static struct verified verified;

static void setup(void)
{
    arena = arena_new();
    ck_assert_ptr_nonnull(arena);
    memset(&refusal, 0, sizeof(refusal));
    memset(&verified, 0, sizeof(verified));
}

static void teardown(void)
{
    arena_free(arena);
}

static int each(struct pph_ctx *ctx, struct pph_item *it)
{
    (void)ctx;
    (void)it;
    return PPH_OK;
}

static bool verify(const struct pph_plugin *desc, size_t extent)
{
    return verify_chain(desc, extent, "x.so", arena, &verified, &refusal);
}

START_TEST(names_are_letters_digits_and_two_signs)
{
    char longest[VERIFY_NAME_MAX + 2];

    memset(longest, 'a', sizeof(longest));
    longest[VERIFY_NAME_MAX] = '\0';
    ck_assert(verify_is_name("split"));
    ck_assert(verify_is_name("Split-2_b"));
    ck_assert(verify_is_name(longest));
    longest[VERIFY_NAME_MAX] = 'a';
    longest[VERIFY_NAME_MAX + 1] = '\0';
    ck_assert(!verify_is_name(longest));
    ck_assert(!verify_is_name(NULL));
    ck_assert(!verify_is_name(""));
    ck_assert(!verify_is_name("2a"));
    ck_assert(!verify_is_name("-a"));
    ck_assert(!verify_is_name("a.b"));
    ck_assert(!verify_is_name("a b"));
    ck_assert(!verify_is_name("\xc3\xa4"));
}
END_TEST

START_TEST(the_copy_is_cut_at_the_size_the_plugin_gives)
{
    struct pph_plugin desc = {.size = offsetof(struct pph_plugin, batch),
                              .kind = PPH_CONSUMER,
                              .name = "a",
                              .each = each};

    memset(&desc.batch, 0xff, sizeof(desc) - offsetof(struct pph_plugin, batch));

    ck_assert(verify(&desc, 0));
    ck_assert_uint_eq(verified.n_types, 1);
    ck_assert(verified.types[0].each == each);
    ck_assert(!verified.types[0].batch);
    ck_assert(!verified.types[0].ext);
    ck_assert_uint_eq(verified.types[0].size, desc.size);
}
END_TEST

START_TEST(a_descriptor_smaller_than_its_first_fields_is_not_read)
{
    static const uint32_t tiny = 200;

    ck_assert(!verify((const struct pph_plugin *)(const void *)&tiny, sizeof(tiny)));
    ck_assert_str_eq(refusal.code, "E221");
}
END_TEST

START_TEST(a_chain_as_long_as_the_bound_is_taken_and_one_longer_is_not)
{
    static struct pph_plugin chain[VERIFY_TYPES_MAX + 1];
    static char names[VERIFY_TYPES_MAX + 1][8] = {{0}};

    for (size_t i = 0; i <= VERIFY_TYPES_MAX; i++) {
        names[i][0] = 't';
        for (size_t digit = 0, rest = i; digit < 3; digit++, rest /= 10)
            names[i][3 - digit] = (char)('0' + rest % 10);
        chain[i] = (struct pph_plugin){.size = sizeof(chain[i]),
                                       .kind = PPH_CONSUMER,
                                       .name = names[i],
                                       .each = each};
        if (i > 0)
            chain[i - 1].next = &chain[i];
    }

    ck_assert(!verify(&chain[0], 0));
    ck_assert_str_eq(refusal.code, "E236");
    ck_assert(verify(&chain[1], 0));
    ck_assert_uint_eq(verified.n_types, VERIFY_TYPES_MAX);
}
END_TEST

START_TEST(blanks_alone_are_no_needs)
{
    struct pph_plugin desc = {.size = sizeof(desc),
                              .kind = PPH_CONSUMER,
                              .name = "a",
                              .needs = " \t ",
                              .each = each};

    ck_assert(verify(&desc, 0));
    desc.needs = "x";
    ck_assert(!verify(&desc, 0));
    ck_assert_str_eq(refusal.code, "E225");
}
END_TEST

START_TEST(a_task_needs_generate_and_a_consumer_may_have_both_ways_in)
{
    struct pph_plugin task = {
        .size = sizeof(task), .kind = PPH_TASK, .name = "a", .each = each};
    struct pph_plugin batch = {
        .size = sizeof(batch), .kind = PPH_CONSUMER, .name = "a", .each = each};

    ck_assert(!verify(&task, 0));
    ck_assert_str_eq(refusal.text, "x.so: 'a' is a task without generate");
    ck_assert(verify(&batch, sizeof(batch)));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugin/verify");
    TCase *tc = tcase_create("verify");
    SRunner *runner = srunner_create(suite);

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, names_are_letters_digits_and_two_signs);
    tcase_add_test(tc, the_copy_is_cut_at_the_size_the_plugin_gives);
    tcase_add_test(tc, a_descriptor_smaller_than_its_first_fields_is_not_read);
    tcase_add_test(tc, a_chain_as_long_as_the_bound_is_taken_and_one_longer_is_not);
    tcase_add_test(tc, blanks_alone_are_no_needs);
    tcase_add_test(tc, a_task_needs_generate_and_a_consumer_may_have_both_ways_in);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
