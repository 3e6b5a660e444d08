/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of plugins/split: the tokens, the kernels against the naive one, and
 * resumption.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "split/kernel.h"
#include "support/fake_host.h"

static struct fake_host *fake;

static void setup(void)
{
    fake = fake_new();
}

static void teardown(void)
{
    fake_free(fake);
}

/* What comes out of these items, each with a | behind it; to be freed. */
static char *split(const char *const *texts, size_t n)
{
    fake_up(fake);
    ck_assert_int_eq(fake_batch_texts(fake, texts, n), PPH_OK);
    char *all = fake_joined(fake, "|", NULL);
    fake_down(fake);
    return all;
}

#define ck_assert_split(text, wanted)   \
    do {                                \
        const char *text_ = text;       \
        char *got_ = split(&text_, 1);  \
        ck_assert_str_eq(got_, wanted); \
        free(got_);                     \
        fake_forget(fake);              \
    } while (0)

START_TEST(tokens_are_what_stands_between_white_space)
{
    ck_assert_split("one two", "one|two|");
    ck_assert_split("  one \t\n\v\f\r two  ", "one|two|");
    ck_assert_split("", "");
    ck_assert_split(" \n ", "");
    ck_assert_split("x", "x|");
    ck_assert_split("caf\xc3\xa9 \x85\xa0 b\x08", "caf\xc3\xa9|\x85\xa0|b\x08|");
}
END_TEST

START_TEST(delimiters_are_a_set_of_bytes)
{
    fake_set(fake, "delimiters", ",; ");

    ck_assert_split("a,b;;c d\te", "a|b|c|d\te|");
    fake_set_bytes(fake, "delimiters", "\0\xff", 2);
    ck_assert_split("a b\xff"
                    "c\xff",
                    "a b|c|");
}
END_TEST

START_TEST(an_empty_set_is_an_error)
{
    fake_set(fake, "delimiters", "");

    ck_assert_int_eq(fake_open(fake), PPH_FATAL);

    ck_assert_ptr_nonnull(strstr(fake->failures, "an empty set separates nothing"));
}
END_TEST

START_TEST(join_sends_one_item_for_each_input_with_tokens)
{
    const char *texts[] = {"  one two ", "", "   ", "three", "four\n\nfive\n"};
    fake_set(fake, "join", "\n");

    char *all = split(texts, 5);

    ck_assert_str_eq(all, "one\ntwo|three|four\nfive|");
    free(all);
    ck_assert_uint_eq(fake->items[1].pos, 4);
    ck_assert_uint_eq(fake->items[1].key, 103);
    for (size_t i = 0; i < fake->n_items; i++) {
        ck_assert(fake->items[i].by_reference);
        ck_assert_uint_eq(fake->items[i].flags, PPH_WRITABLE);
    }
}
END_TEST

START_TEST(the_joint_may_be_longer_or_nothing)
{
    fake_set(fake, "join", "");
    ck_assert_split(" a b  c ", "abc|");
    ck_assert_split("   ", "");
    fake_set(fake, "join", " and ");
    ck_assert_split(" a b  c ", "a and b and c|");
    ck_assert_split("   ", "");
    ck_assert_split("abc", "abc|");
}
END_TEST

START_TEST(tokens_are_slices_with_key_and_pos_of_their_input)
{
    const char *texts[] = {"a b", "c"};

    free(split(texts, 2));

    ck_assert_uint_eq(fake->n_items, 3);
    ck_assert_uint_eq(fake->items[1].key, 100);
    ck_assert_uint_eq(fake->items[1].pos, 1);
    ck_assert_uint_eq(fake->items[2].key, 101);
    ck_assert_uint_eq(fake->items[2].pos, 2);
    for (size_t i = 0; i < 3; i++)
        ck_assert(fake->items[i].by_reference);
}
END_TEST

/* Items of random text: mostly short tokens, some that fill many stretches of 64. */
enum { N_RANDOM = 200, RANDOM_MAX = 3000 };

static struct pph_item *random_items(unsigned seed)
{
    struct pph_item *items = calloc(N_RANDOM, sizeof(*items));

    ck_assert_ptr_nonnull(items);
    srand(seed);
    for (size_t i = 0; i < N_RANDOM; i++) {
        size_t len = (size_t)rand() % (i % 10 == 0 ? RANDOM_MAX : 80);
        int spread = 2 + rand() % 60;
        char *data = malloc(len + 1);
        ck_assert_ptr_nonnull(data);
        for (size_t k = 0; k < len; k++)
            data[k] = (char)(rand() % spread == 0 ? " \t\n,"[rand() % 4] : rand() % 256);
        items[i] = (struct pph_item){.data = data, .len = (uint32_t)len, .pos = i + 1};
    }
    return items;
}

static void free_items(struct pph_item *items)
{
    for (size_t i = 0; i < N_RANDOM; i++)
        free(items[i].data);
    free(items);
}

static void same_as_before(struct fake_item *wanted, size_t n)
{
    ck_assert_uint_eq(fake->n_items, n);
    for (size_t i = 0; i < n; i++) {
        ck_assert_uint_eq(fake->items[i].len, wanted[i].len);
        ck_assert_uint_eq(fake->items[i].pos, wanted[i].pos);
        ck_assert(memcmp(fake->items[i].data, wanted[i].data, wanted[i].len) == 0);
    }
}

/* _i: bit 0 joins, bit 1 takes another set, the rest says how often emit wants a
 * pause. */
START_TEST(output_is_the_same_however_often_emit_wants_a_pause)
{
    struct pph_item *items = random_items((unsigned)_i);
    if (_i & 1)
        fake_set(fake, "join", "\n");
    if (_i & 2)
        fake_set(fake, "delimiters", ",");
    fake_up(fake);
    ck_assert_int_eq(fake_batch(fake, items, N_RANDOM), PPH_OK);
    struct fake_item *wanted = fake->items;
    size_t n = fake->n_items;
    fake->items = NULL;
    fake->n_items = fake->capacity = 0;

    fake->more_every = (size_t)1 << (_i >> 2);
    ck_assert_int_eq(fake_batch(fake, items, N_RANDOM), PPH_OK);

    same_as_before(wanted, n);
    for (size_t i = 0; i < n; i++)
        free(wanted[i].data);
    free(wanted);
    free_items(items);
    fake_down(fake);
}
END_TEST

START_TEST(stop_is_handed_on)
{
    struct pph_item *items = random_items(1);
    if (_i)
        fake_set(fake, "join", ":");
    fake->stop_after = 100;
    fake_up(fake);

    ck_assert_int_eq(fake_batch(fake, items, N_RANDOM), PPH_STOP);

    ck_assert_uint_eq(fake->n_items, 100);
    fake_down(fake);
    free_items(items);
}
END_TEST

START_TEST(no_memory_for_joining_is_an_error)
{
    const char *text = "a b";
    fake_set(fake, "join", "\n");
    fake_up(fake);
    fake->alloc_fails = 1;

    ck_assert_int_eq(fake_batch_texts(fake, &text, 1), PPH_FATAL);

    ck_assert_ptr_nonnull(strstr(fake->failures, "no memory"));
    fake_down(fake);
}
END_TEST

/* The sets that the kernels are compared on. */
static const struct {
    const char *bytes; /* NULL: white space */
    size_t n;
} sets[] = {{NULL, 0}, {" ,;", 3}, {"\0\x7f\x80\xff", 4}, {"a", 1}};
enum { N_SETS = sizeof(sets) / sizeof(sets[0]) };

static void init_set(struct delims *delims, int i)
{
    if (sets[i].bytes)
        delims_init(delims, sets[i].bytes, sets[i].n);
    else
        delims_init_white(delims);
}

START_TEST(white_space_is_what_c_says)
{
    struct delims delims;
    struct delims spelled;
    delims_init_white(&delims);
    delims_init(&spelled, " \t\r\n\v\f", 6);

    for (int c = 0; c < 256; c++)
        ck_assert_int_eq(delims.is[c], isspace(c) != 0); /* in the C locale */
    ck_assert(spelled.white);
}
END_TEST

/* Text where delimiters of the set come alone, in runs, or not at all. */
static void random_text(char *text, size_t len, const struct delims *delims)
{
    char in_set[256];
    int n = 0;
    int spread = 1 + rand() % 12;

    for (int c = 0; c < 256; c++) {
        if (delims->is[c])
            in_set[n++] = (char)c;
    }
    for (size_t i = 0; i < len; i++)
        text[i] = (char)(rand() % spread == 0 ? in_set[rand() % n] : rand() % 256);
}

static size_t all_tokens(const struct split_kernel *kernel, const struct delims *delims,
                         const struct pph_item *item, size_t max, struct pph_item *out)
{
    struct token_scan scan = {.items = item, .n = 1};
    size_t n = 0;
    size_t more;

    while ((more = kernel->tokens(delims, &scan, out + n, max)) > 0)
        n += more;
    ck_assert_uint_eq(scan.i, 1);
    return n;
}

enum { LEN_MAX = 300 };

static void compare_kernels(const struct delims *delims, char *text, size_t len)
{
    static struct pph_item wanted[LEN_MAX + TOKENS_ROOM], got[LEN_MAX + TOKENS_ROOM];
    char squeezed[LEN_MAX + SQUEEZE_SLACK];
    char expected[LEN_MAX + SQUEEZE_SLACK];
    const struct split_kernel *kernels[4];
    const struct split_kernel *naive = &split_kernel_scalar;
    const struct pph_item item = {.data = text, .len = (uint32_t)len, .key = 1, .pos = 2};
    size_t n = all_tokens(naive, delims, &item, LEN_MAX + TOKENS_ROOM, wanted);
    size_t expected_len = naive->squeeze(delims, text, len, expected, '\n');

    split_kernels_for(delims, kernels);
    for (size_t k = 0; kernels[k]; k++) {
        size_t max = TOKENS_ROOM + (size_t)rand() % 10;
        ck_assert_uint_eq(all_tokens(kernels[k], delims, &item, max, got), n);
        ck_assert(memcmp(got, wanted, n * sizeof(*got)) == 0);
        ck_assert_uint_eq(kernels[k]->squeeze(delims, text, len, squeezed, '\n'),
                          expected_len);
        ck_assert(memcmp(squeezed, expected, expected_len) == 0);
    }
}

START_TEST(every_kernel_gives_the_same_at_all_lengths_and_alignments)
{
    struct delims delims;
    init_set(&delims, _i);
    srand((unsigned)_i);

    for (size_t len = 0; len <= LEN_MAX; len++) {
        for (size_t shift = 0; shift < 8; shift++) {
            char *text = malloc(len + shift + 1); /* ends where the item does, for ASan */
            ck_assert_ptr_nonnull(text);
            random_text(text + 1 + shift, len, &delims);
            compare_kernels(&delims, text + 1 + shift, len);
            free(text);
        }
    }
}
END_TEST

START_TEST(squeezing_is_splitting_and_joining)
{
    struct delims delims;
    char text[LEN_MAX];
    char out[LEN_MAX + SQUEEZE_SLACK];
    struct pph_item tokens[LEN_MAX + TOKENS_ROOM];
    init_set(&delims, _i);
    srand((unsigned)_i);

    for (int round = 0; round < 1000; round++) {
        size_t len = (size_t)rand() % LEN_MAX;
        random_text(text, len, &delims);
        struct pph_item item = {.data = text, .len = (uint32_t)len};
        size_t n = all_tokens(&split_kernel_scalar, &delims, &item, LEN_MAX, tokens);
        size_t out_len = split_kernel_scalar.squeeze(&delims, text, len, out, '|');
        const char *at = out;
        for (size_t i = 0; i < n; i++) {
            ck_assert(i == 0 || *at++ == '|');
            ck_assert(memcmp(at, tokens[i].data, tokens[i].len) == 0);
            at += tokens[i].len;
        }
        ck_assert_ptr_eq(at, out + out_len);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugins/split");
    TCase *tc = tcase_create("split");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60.0);
    tcase_add_test(tc, tokens_are_what_stands_between_white_space);
    tcase_add_test(tc, delimiters_are_a_set_of_bytes);
    tcase_add_test(tc, an_empty_set_is_an_error);
    tcase_add_test(tc, join_sends_one_item_for_each_input_with_tokens);
    tcase_add_test(tc, the_joint_may_be_longer_or_nothing);
    tcase_add_test(tc, tokens_are_slices_with_key_and_pos_of_their_input);
    tcase_add_loop_test(tc, output_is_the_same_however_often_emit_wants_a_pause, 0, 40);
    tcase_add_loop_test(tc, stop_is_handed_on, 0, 2);
    tcase_add_test(tc, no_memory_for_joining_is_an_error);
    tcase_add_test(tc, white_space_is_what_c_says);
    tcase_add_loop_test(tc, every_kernel_gives_the_same_at_all_lengths_and_alignments, 0,
                        N_SETS);
    tcase_add_loop_test(tc, squeezing_is_splitting_and_joining, 0, N_SETS);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
