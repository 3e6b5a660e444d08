/* SPDX-License-Identifier: MIT */
/* Items of one size, by arrays and one by one: whoever pushes and pulls how, the same arrives. */
#include <stdbool.h>
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

/* Pushes numbers from *next on, below `end`, `step` at a time; how is up to `way`. */
static void push_numbers(struct pph_input *in, uint64_t *next, uint64_t end, size_t step,
                         unsigned way)
{
    uint64_t numbers[2048];
    struct pph_item items[2048];

    while (*next < end) {
        enum pph_push_answer answer;
        size_t taken;
        size_t n = 0;

        for (; n < step && *next + n < end; n++) {
            size_t at = way == 2 ? 2047 - n : n; /* 2: not one behind the other */

            numbers[at] = *next + n;
            items[n] = (struct pph_item){.data = &numbers[at], .len = sizeof(*numbers)};
        }
        answer = way == 0
                     ? pph_push_array(in, numbers, n, sizeof(*numbers), 0, &taken, &error)
                     : pph_push(in, items, n, 0, &taken, &error);
        *next += taken;
        if (answer == PPH_PUSH_FULL)
            return;
        ck_assert_int_eq(answer, PPH_PUSH_TAKEN);
        ck_assert_uint_eq(taken, n);
    }
}

/* Pulls what there is and waits for the end if `waits`; the numbers must go on from *next.  False: it is the end. */
static bool pull_numbers(struct pph_output *out, uint64_t *next, size_t max, bool array,
                         bool waits)
{
    int64_t timeout_ms = waits ? PPH_FOREVER : 0;
    struct pph_array *numbers = NULL;
    enum pph_pull_answer answer =
        array ? pph_pull_array(out, sizeof(uint64_t), max, timeout_ms, &numbers, &error)
              : pph_pull(out, max, timeout_ms, &got, &error);
    size_t n;

    if (answer != PPH_PULL_ITEMS) {
        ck_assert(answer == PPH_PULL_CLOSED || (!waits && answer == PPH_PULL_EMPTY));
        return answer == PPH_PULL_EMPTY;
    }
    n = array ? numbers->n : got->n;
    ck_assert(n > 0 && (max == 0 || n <= max));
    for (size_t k = 0; k < n; k++, ++*next) {
        if (array) {
            ck_assert_uint_eq(((const uint64_t *)numbers->data)[k], *next);
            continue;
        }
        ck_assert_uint_eq(got->items[k].len, sizeof(*next));
        ck_assert_uint_eq(got->items[k].key + got->items[k].pos, 0);
        ck_assert_mem_eq(got->items[k].data, next, sizeof(*next));
    }
    if (array)
        pph_array_free(numbers);
    else
        pph_items_free(got);
    return true;
}

START_TEST(numbers_arrive_in_order_by_items_and_by_arrays)
{
    static const size_t steps[] = {1, 31, 64, 600, 2048};
    static const size_t maxes[] = {0, 7, 1000};
    enum { N = 6000, STEPS = sizeof(steps) / sizeof(*steps) };

    for (size_t m = 0; m < sizeof(maxes) / sizeof(*maxes); m++) {
        struct pph_pipeline *p = kit_start(THROUGH);
        struct pph_input *in = kit_input(p, NULL);
        struct pph_output *out = kit_output(p, NULL);
        uint64_t pushed = 0, pulled = 0;

        for (size_t k = (size_t)_i; pushed < N; k++) {
            uint64_t end = pushed + 3 * steps[k % STEPS];

            push_numbers(in, &pushed, end < N ? end : N, steps[k % STEPS],
                         (unsigned)(k % 3));
            ck_assert(pull_numbers(out, &pulled, maxes[m], k % 2, false));
        }
        pph_input_free(in);
        for (size_t k = (size_t)_i; pull_numbers(out, &pulled, maxes[m], k % 2, true);)
            k++;
        ck_assert_uint_eq(pulled, N);
        pph_output_free(out);
        kit_end(p, PPH_RUN_DONE);
    }
}
END_TEST

START_TEST(what_two_outputs_give_is_not_the_same_memory)
{
    struct pph_pipeline *p =
        kit_start("stages: [{use: push}, {name: a, use: pull, from: push},\n"
                  "  {name: b, use: pull, from: push}]");
    struct pph_input *in = kit_input(p, NULL);
    struct pph_output *out[] = {kit_output(p, "a"), kit_output(p, "b")};
    uint64_t pushed = 0, pulled[2] = {0, 0};

    push_numbers(in, &pushed, 600, 600, 0);
    pph_input_free(in);
    for (int k = 0; pulled[0] < 600 || pulled[1] < 600; k = !k) {
        struct pph_array *array = NULL;
        enum pph_pull_answer answer = pph_pull_array(
            out[k], sizeof(uint64_t), 100 * (size_t)_i, PPH_FOREVER, &array, &error);
        uint64_t *numbers;

        if (answer == PPH_PULL_CLOSED)
            continue;
        ck_assert_int_eq(answer, PPH_PULL_ITEMS);
        numbers = array->data;
        for (size_t n = 0; n < array->n; n++, pulled[k]++) {
            ck_assert_uint_eq(numbers[n], pulled[k]);
            numbers[n] = 7; /* it is the program's */
        }
        pph_array_free(array);
    }
    pph_output_free(out[0]);
    pph_output_free(out[1]);
    kit_end(p, PPH_RUN_DONE);
}
END_TEST

START_TEST(an_array_is_of_items_of_one_size_and_loses_none_of_another)
{
    struct pph_pipeline *p = kit_start(THROUGH);
    struct pph_input *in = kit_input(p, NULL);
    struct pph_output *out = kit_output(p, NULL);
    struct pph_item items[] = {item_of("four"), item_of("also"), item_of("no"),
                               item_of(""), item_of("last")};
    struct pph_array *array = NULL;

    items[1].key = 7; /* is not seen */
    ck_assert_int_eq(pph_push(in, items, 5, PPH_FOREVER, NULL, &error), PPH_PUSH_TAKEN);
    pph_input_free(in);
    ck_assert_int_eq(pph_wait(p, PPH_FOREVER, NULL), PPH_RUN_DONE);
    ck_assert_int_eq(pph_pull_array(out, 0, 0, 0, &array, &error), PPH_PULL_FAILED);
    kit_error(error, "A711", "without bytes");
    ck_assert_int_eq(pph_pull_array(out, 5, 0, 0, &array, &error), PPH_PULL_FAILED);
    kit_error(error, "A711", "output 'pull': the next item has 4 bytes, not 5");
    ck_assert_int_eq(pph_pull_array(out, 4, 0, 0, &array, &error), PPH_PULL_ITEMS);
    ck_assert(array->n == 2 && array->len == 4);
    ck_assert_mem_eq(array->data, "fouralso", 8);
    pph_array_free(array);
    ck_assert_int_eq(pph_pull_array(out, 4, 0, 0, &array, &error), PPH_PULL_FAILED);
    kit_error(error, "A711", "has 2 bytes, not 4");
    kit_expect(out, "no");
    kit_expect(out, "");
    ck_assert_int_eq(pph_pull_array(out, 4, 9, 0, &array, &error), PPH_PULL_ITEMS);
    ck_assert_mem_eq(array->data, "last", 4);
    pph_array_free(array);
    ck_assert_int_eq(pph_pull_array(out, 4, 0, 0, &array, &error), PPH_PULL_CLOSED);
    pph_output_free(out);
    pph_array_free(NULL);
    kit_end(p, PPH_RUN_DONE);
}
END_TEST

START_TEST(an_array_is_full_and_empty_and_bounded_as_items_are)
{
    struct pph_pipeline *p = kit_load("stages: [{use: push, queue: 100}, {use: pull}]");
    struct pph_input *in = kit_input(p, NULL);
    struct pph_output *out = kit_output(p, NULL);
    uint16_t numbers[150] = {0};
    struct pph_array *array = NULL;
    size_t taken = 0;

    ck_assert_int_eq(pph_push_array(in, NULL, 3, 2, 0, &taken, &error), PPH_PUSH_FAILED);
    kit_error(error, "A707", "was given no array of 3 items");
    ck_assert_int_eq(pph_push_array(in, NULL, 3, 0, 0, &taken, &error), PPH_PUSH_TAKEN);
    ck_assert_int_eq(pph_push_array(in, numbers, 150, 2, 0, &taken, &error),
                     PPH_PUSH_FULL);
    ck_assert_uint_eq(taken, 97);
    ck_assert_int_eq(pph_pull_array(out, 2, 0, 0, &array, &error), PPH_PULL_EMPTY);
    ck_assert_int_eq(pph_start(p, NULL), 1);
    ck_assert_int_eq(pph_push_array(in, numbers, 150, 2, PPH_FOREVER, &taken, &error),
                     PPH_PUSH_TAKEN);
    ck_assert_uint_eq(taken, 150);
    pph_input_free(in);
    ck_assert_uint_eq(kit_rest(out), 3 + 97 + 150);
    pph_output_free(out);
    kit_end(p, PPH_RUN_DONE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("embed/arrays");
    TCase *tc = tcase_create("arrays");

    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_set_timeout(tc, 60.0);
    tcase_add_loop_test(tc, numbers_arrive_in_order_by_items_and_by_arrays, 0, 5);
    tcase_add_loop_test(tc, what_two_outputs_give_is_not_the_same_memory, 0, 2);
    tcase_add_test(tc, an_array_is_of_items_of_one_size_and_loses_none_of_another);
    tcase_add_test(tc, an_array_is_full_and_empty_and_bounded_as_items_are);
    suite_add_tcase(suite, tc);
    return kit_main(suite);
}
