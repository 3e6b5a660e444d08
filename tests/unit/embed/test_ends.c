/* SPDX-License-Identifier: MIT */
/* Pushing and pulling from one thread: what arrives, the three answers of each, bounds. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "embed/kit.h"

#define THROUGH "stages: [{use: push}, {use: pull}]"

static struct pph_error *error;
static struct pph_items *got;

static void setup(void)
{
    kit_plugins();
    error = NULL;
    got = NULL;
}

static struct pph_item item_of(const char *text)
{
    return (struct pph_item){.data = (char *)(uintptr_t)text,
                             .len = (uint32_t)strlen(text)};
}

START_TEST(items_arrive_in_order_and_then_it_is_closed)
{
    struct pph_pipeline *p = kit_start(THROUGH);
    struct pph_input *in = kit_input(p, NULL);
    struct pph_output *out = kit_output(p, NULL);

    kit_push(in, "one");
    kit_push(in, "two");
    kit_expect(out, "one");
    kit_push(in, "three");
    kit_expect(out, "two");
    ck_assert_int_eq(pph_pull(out, 0, 0, &got, &error) == PPH_PULL_CLOSED, 0);
    pph_input_close(in);
    if (got)
        pph_items_free(got);
    else
        kit_expect(out, "three");

    ck_assert_int_eq(pph_pull(out, 0, PPH_FOREVER, &got, &error), PPH_PULL_CLOSED);
    ck_assert_int_eq(pph_pull(out, 0, 0, &got, &error), PPH_PULL_CLOSED);
    ck_assert_ptr_null(error);
    pph_input_free(in);
    pph_output_free(out);
    kit_end(p, PPH_RUN_DONE);
}
END_TEST

START_TEST(any_byte_string_is_an_item)
{
    static const char nuls[] = "a\0b\0\n";
    static const char sentinel[] = "\xFF\xFE EOF \x04";
    char *large = malloc(3 << 20);
    struct pph_pipeline *p = kit_start(THROUGH);
    struct pph_input *in = kit_input(p, "push");
    struct pph_output *out = kit_output(p, "pull");

    ck_assert_ptr_nonnull(large);
    memset(large, 'x', 3 << 20);
    kit_push(in, "");
    kit_push_bytes(in, NULL, 0);
    kit_push_bytes(in, nuls, sizeof(nuls));
    kit_push_bytes(in, sentinel, sizeof(sentinel));
    kit_push_bytes(in, large, 3 << 20);
    kit_push(in, "");
    pph_input_free(in);

    kit_expect(out, "");
    kit_expect(out, "");
    ck_assert_int_eq(pph_pull(out, 1, PPH_FOREVER, &got, NULL), PPH_PULL_ITEMS);
    ck_assert_uint_eq(got->items[0].len, sizeof(nuls));
    ck_assert_mem_eq(got->items[0].data, nuls, sizeof(nuls));
    pph_items_free(got);
    ck_assert_int_eq(pph_pull(out, 1, PPH_FOREVER, &got, NULL), PPH_PULL_ITEMS);
    ck_assert_mem_eq(got->items[0].data, sentinel, sizeof(sentinel));
    pph_items_free(got);
    ck_assert_int_eq(pph_pull(out, 1, PPH_FOREVER, &got, NULL), PPH_PULL_ITEMS);
    ck_assert_uint_eq(got->items[0].len, 3 << 20);
    ck_assert_mem_eq(got->items[0].data, large, 3 << 20);
    pph_items_free(got);
    ck_assert_int_eq(pph_pull(out, 0, PPH_FOREVER, &got, NULL), PPH_PULL_ITEMS);
    ck_assert_uint_eq(got->n, 1);
    ck_assert_ptr_nonnull(got->items[0].data);
    pph_items_free(got);
    ck_assert_uint_eq(kit_rest(out), 0);
    pph_output_free(out);
    kit_end(p, PPH_RUN_DONE);
    free(large);
}
END_TEST

/* So many items in arrays of `step`, pulled `max` at a time. */
static void push_and_pull(uint32_t n, uint32_t step, size_t max)
{
    struct pph_pipeline *p = kit_start(THROUGH);
    struct pph_input *in = kit_input(p, NULL);
    struct pph_output *out = kit_output(p, NULL);
    uint32_t *numbers = calloc(step, sizeof(*numbers));
    struct pph_item *items = calloc(step, sizeof(*items));
    uint32_t pushed = 0, next = 0;
    size_t first = 0, left = 0;
    enum pph_pull_answer answer;

    ck_assert(numbers && items);
    for (bool closed = false;;) {
        if (left == 0 && pushed < n) {
            for (left = 0; left < step && pushed < n; left++, pushed++) {
                numbers[left] = pushed;
                items[left] = (struct pph_item){.data = &numbers[left],
                                                .len = pushed % 3 ? 4 : 0,
                                                .key = pushed,
                                                .pos = pushed + 1};
            }
            first = 0;
        }
        if (left > 0) {
            size_t taken;
            enum pph_push_answer put =
                pph_push(in, items + first, left, 0, &taken, &error);

            ck_assert(put == PPH_PUSH_FULL ? taken < left : put == PPH_PUSH_TAKEN);
            first += taken;
            left -= taken;
        } else if (!closed) {
            pph_input_close(in);
            closed = true;
        }
        answer = pph_pull(out, max, closed ? PPH_FOREVER : 0, &got, &error);
        if (answer == PPH_PULL_CLOSED)
            break;
        if (answer == PPH_PULL_EMPTY)
            continue;
        ck_assert_int_eq(answer, PPH_PULL_ITEMS);
        ck_assert(got->n > 0 && (max == 0 || got->n <= max));
        for (size_t k = 0; k < got->n; k++, next++) {
            ck_assert_uint_eq(got->items[k].key, next);
            ck_assert_uint_eq(got->items[k].pos, next + 1);
            ck_assert_uint_eq(got->items[k].len, next % 3 ? 4 : 0);
            if (next % 3)
                ck_assert_mem_eq(got->items[k].data, &next, 4);
        }
        pph_items_free(got);
    }
    ck_assert_uint_eq(next, n);
    pph_input_free(in);
    pph_output_free(out);
    kit_end(p, PPH_RUN_DONE);
    free(numbers);
    free(items);
}

START_TEST(arrays_of_any_size_arrive_item_by_item_and_in_order)
{
    static const uint32_t steps[] = {1, 33, 1000};
    static const size_t maxes[] = {1, 10, 0};

    for (size_t s = 0; s < sizeof(steps) / sizeof(*steps); s++) {
        for (size_t m = 0; m < sizeof(maxes) / sizeof(*maxes); m++)
            push_and_pull(2500, steps[s], maxes[m]);
    }
}
END_TEST

START_TEST(full_is_an_answer_and_bounds_are_exact)
{
    struct pph_pipeline *p = kit_load("stages: [{use: push, queue: 3}, {use: pull}]");
    struct pph_input *in = kit_input(p, NULL);
    struct pph_item items[5];
    size_t taken;

    for (size_t k = 0; k < 5; k++)
        items[k] = item_of("x");
    ck_assert_int_eq(pph_push(in, items, 2, 0, &taken, &error), PPH_PUSH_TAKEN);
    ck_assert_int_eq(pph_push(in, items, 5, 0, &taken, &error), PPH_PUSH_FULL);
    ck_assert_uint_eq(taken, 1);
    ck_assert_int_eq(pph_push(in, items, 1, 1, &taken, &error), PPH_PUSH_FULL);
    ck_assert_uint_eq(taken, 0);
    ck_assert_ptr_null(error);

    ck_assert_int_eq(pph_start(p, NULL), 1);
    ck_assert_int_eq(pph_push(in, items, 5, PPH_FOREVER, &taken, &error), PPH_PUSH_TAKEN);
    ck_assert_uint_eq(taken, 5);
    pph_input_free(in);
    kit_end(p, PPH_RUN_DONE);
}
END_TEST

START_TEST(bytes_are_bounded_too_and_a_larger_item_goes_alone)
{
    struct pph_pipeline *p =
        kit_load("stages: [{use: push, queue: {items: 100, bytes: 12KB}}, {use: pull}]");
    struct pph_input *in = kit_input(p, NULL);
    static char bytes[20000];
    struct pph_item large = {.data = bytes, .len = sizeof(bytes)};
    struct pph_item half = {.data = bytes, .len = 5000};
    struct pph_item three[] = {half, half, half};
    size_t taken;

    ck_assert_int_eq(pph_push(in, three, 3, 0, &taken, &error), PPH_PUSH_FULL);
    ck_assert_uint_eq(taken, 2);
    ck_assert_int_eq(pph_push(in, &large, 1, 0, &taken, &error), PPH_PUSH_FULL);
    ck_assert_int_eq(pph_start(p, NULL), 1);
    ck_assert_int_eq(pph_push(in, &large, 1, PPH_FOREVER, &taken, &error),
                     PPH_PUSH_TAKEN);
    pph_input_free(in);
    kit_end(p, PPH_RUN_DONE);
}
END_TEST

START_TEST(empty_is_an_answer_of_its_own)
{
    struct pph_pipeline *p = kit_start(THROUGH);
    struct pph_input *in = kit_input(p, NULL);
    struct pph_output *out = kit_output(p, NULL);

    ck_assert_int_eq(pph_pull(out, 0, 0, &got, &error), PPH_PULL_EMPTY);
    ck_assert_int_eq(pph_pull(out, 0, 5, &got, &error), PPH_PULL_EMPTY);
    ck_assert_ptr_null(error);
    pph_input_free(in);
    ck_assert_int_eq(pph_pull(out, 0, PPH_FOREVER, &got, &error), PPH_PULL_CLOSED);
    pph_output_free(out);
    kit_end(p, PPH_RUN_DONE);
}
END_TEST

START_TEST(stages_between_the_ends_do_their_work)
{
    struct pph_pipeline *p =
        kit_start("stages: [{use: push}, {use: split}, {use: pull}]");
    struct pph_input *in = kit_input(p, NULL);
    struct pph_output *out = kit_output(p, NULL);
    struct pph_account account = {.size = sizeof(account)};

    kit_push(in, "  three little words ");
    pph_input_free(in);
    kit_expect(out, "three");
    kit_expect(out, "little");
    kit_expect(out, "words");
    ck_assert_uint_eq(kit_rest(out), 0);
    ck_assert_int_eq(pph_wait(p, PPH_FOREVER, NULL), PPH_RUN_DONE);
    pph_get_account(p, &account);
    ck_assert_uint_eq(account.pushed, 1);
    ck_assert_uint_eq(account.pulled, 3);
    ck_assert_uint_eq(account.read + account.split, account.delivered);
    ck_assert_uint_eq(account.unread + account.unpulled, 0);
    pph_output_free(out);
    pph_free(p);
}
END_TEST

START_TEST(several_ends_are_known_by_their_names)
{
    struct pph_pipeline *p =
        kit_start("stages: [{name: a, use: push}, {name: b, use: push},\n"
                  "  {name: x, use: pull, from: [a, b]}, {name: y, use: pull, from: b}]");
    struct pph_input *a = kit_input(p, "a");
    struct pph_input *b = kit_input(p, "b");
    struct pph_output *x = kit_output(p, "x");
    struct pph_output *y = kit_output(p, "y");

    ck_assert_ptr_null(pph_input_open(p, NULL, &error));
    kit_error(error, "A702", "they are: a, b");
    ck_assert_ptr_null(pph_input_open(p, "x", &error));
    kit_error(error, "A701", "no stage 'x' that says 'use: push'");
    ck_assert_ptr_null(pph_output_open(p, "z", &error));
    kit_error(error, "A701", "those that do: x, y");
    kit_push(a, "of a");
    kit_expect(x, "of a");
    kit_push(b, "of b");
    kit_expect(x, "of b");
    kit_expect(y, "of b");
    pph_input_free(a);
    pph_input_free(b);
    ck_assert_uint_eq(kit_rest(x) + kit_rest(y), 0);
    pph_output_free(x);
    pph_output_free(y);
    kit_end(p, PPH_RUN_DONE);
}
END_TEST

START_TEST(a_pipeline_without_ends_has_none_to_open)
{
    struct pph_pipeline *p =
        kit_load("stages: [{use: generate, with: 1000000000000}, {use: drop}]");

    ck_assert_ptr_null(pph_input_open(p, NULL, &error));
    kit_error(error, "A701", "has no stage that says 'use: push'");
    ck_assert_ptr_null(pph_output_open(p, NULL, &error));
    kit_error(error, "A701", "has no stage that says 'use: pull'");
    pph_free(p);
}
END_TEST

START_TEST(an_output_that_is_let_go_ends_what_works_for_it)
{
    struct pph_pipeline *p =
        kit_start("stages: [{use: generate, with: 1000000000000}, {use: pull}]");
    struct pph_output *out = kit_output(p, NULL);

    ck_assert_int_eq(pph_pull(out, 0, PPH_FOREVER, &got, &error), PPH_PULL_ITEMS);
    pph_items_free(got);
    pph_output_free(out);
    ck_assert_ptr_null(pph_output_open(p, NULL, &error));
    kit_error(error, "A703", "no stage wants more");
    kit_end(p, PPH_RUN_DONE);
}
END_TEST

START_TEST(an_input_that_nobody_reads_any_more_is_closed)
{
    struct pph_pipeline *p =
        kit_start("stages: [{use: push}, {use: head, with: {n: 1}}, {use: pull}]");
    struct pph_input *in = kit_input(p, NULL);
    struct pph_output *out = kit_output(p, NULL);
    struct pph_item item = item_of("x");
    enum pph_push_answer answer;

    do
        answer = pph_push(in, &item, 1, PPH_FOREVER, NULL, &error);
    while (answer == PPH_PUSH_TAKEN);
    ck_assert_int_eq(answer, PPH_PUSH_CLOSED);
    kit_error(error, "A703", "is closed");
    ck_assert_uint_eq(kit_rest(out), 1);
    pph_input_free(in);
    pph_output_free(out);
    kit_end(p, PPH_RUN_DONE);
}
END_TEST

START_TEST(drain_delivers_what_was_pushed_and_closes_other_sources)
{
    struct pph_pipeline *p =
        kit_start("stages: [{use: push}, {use: pull},\n"
                  "  {use: generate, with: 1000000000000}, {use: drop, from: generate}]");
    struct pph_input *in = kit_input(p, NULL);
    struct pph_output *out = kit_output(p, NULL);
    struct pph_item item = item_of("late");

    kit_push(in, "early");
    pph_drain(p);
    ck_assert_int_eq(pph_push(in, &item, 1, 0, NULL, &error), PPH_PUSH_CLOSED);
    kit_error(error, "A703", "was drained");
    kit_expect(out, "early");
    ck_assert_uint_eq(kit_rest(out), 0);
    pph_input_free(in);
    pph_output_free(out);
    kit_end(p, PPH_RUN_DRAINED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("embed/ends");
    TCase *tc = tcase_create("ends");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_set_timeout(tc, 60.0);
    tcase_add_test(tc, items_arrive_in_order_and_then_it_is_closed);
    tcase_add_test(tc, any_byte_string_is_an_item);
    tcase_add_test(tc, arrays_of_any_size_arrive_item_by_item_and_in_order);
    tcase_add_test(tc, full_is_an_answer_and_bounds_are_exact);
    tcase_add_test(tc, bytes_are_bounded_too_and_a_larger_item_goes_alone);
    tcase_add_test(tc, empty_is_an_answer_of_its_own);
    tcase_add_test(tc, stages_between_the_ends_do_their_work);
    tcase_add_test(tc, several_ends_are_known_by_their_names);
    tcase_add_test(tc, a_pipeline_without_ends_has_none_to_open);
    tcase_add_test(tc, an_output_that_is_let_go_ends_what_works_for_it);
    tcase_add_test(tc, an_input_that_nobody_reads_any_more_is_closed);
    tcase_add_test(tc, drain_delivers_what_was_pushed_and_closes_other_sources);
    suite_add_tcase(suite, tc);
    return kit_main(suite);
}
