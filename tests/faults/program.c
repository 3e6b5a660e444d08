/* SPDX-License-Identifier: MIT */
/*
 * A program with pphost as a library, in which memory may run out at any call: it pushes numbers from one thread, by
 * arrays and by items, and one large item, and pulls them in another.
 *
 * Exit code 0: all arrived and the run is done.  1: something failed, and was told in words that are on standard
 * error now.  70: it was not told, or an item is missing in the account.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pphost/pphost.h>

enum { NUMBERS = 2000, BY_ARRAY = 100, BY_ITEMS = 10, LARGE = 9000, TRIES = 3, BUG = 70 };

static const char description[] =
    "{threads: 2, stages: [{use: push, queue: 150}, {use: head, with: 1000000},"
    " {use: pull, queue: 150}]}";

static struct pph_pipeline *pipeline;
static struct pph_input *input;
static struct pph_output *output;
static uint64_t taken, pulled, sum;
static bool failed;

static void broken(const char *what)
{
    (void)fprintf(stderr, "bug: %s\n", what);
    exit(BUG);
}

/* Says what failed; true: there was no memory, so it may be tried again. */
static bool told(struct pph_error *error)
{
    bool no_memory;

    if (!error || !*pph_error_text(error))
        broken("it failed and does not say why");
    (void)fputs(pph_error_text(error), stderr);
    no_memory = strcmp(pph_error_code(error), "E099") == 0;
    pph_error_free(error);
    return no_memory;
}

static enum pph_push_answer push_some(const uint64_t *numbers, size_t n,
                                      size_t *ret_taken, struct pph_error **ret_error)
{
    struct pph_item items[BY_ITEMS];

    if (n > BY_ITEMS)
        return pph_push_array(input, numbers, n, sizeof(*numbers), PPH_FOREVER, ret_taken,
                              ret_error);
    for (size_t k = 0; k < n; k++)
        items[k] = (struct pph_item){.data = (void *)(uintptr_t)&numbers[k],
                                     .len = sizeof(*numbers),
                                     .pos = k + 1};
    return pph_push(input, items, n, PPH_FOREVER, ret_taken, ret_error);
}

/* Pushes all of them, or as many as go; false: no more can be. */
static bool push_all(const uint64_t *numbers, size_t n)
{
    for (int tries = 0; n > 0 && tries < TRIES; tries++) {
        struct pph_error *error = NULL;
        size_t now = 0;
        enum pph_push_answer answer = push_some(numbers, n, &now, &error);

        if (now > n || (answer == PPH_PUSH_TAKEN && now < n) || answer == PPH_PUSH_FULL)
            broken("an answer that cannot be");
        taken += now;
        numbers += now;
        n -= now;
        if (answer != PPH_PUSH_TAKEN && !told(error))
            break;
    }
    return n == 0;
}

static void *pusher(void *arg)
{
    static char large[LARGE];
    const struct pph_item item = {.data = large, .len = LARGE};
    struct pph_error *error = NULL;
    uint64_t numbers[BY_ARRAY];
    bool goes_on = true;

    for (uint64_t next = 0; goes_on && next < NUMBERS;) {
        size_t n = next / BY_ARRAY % 3 == 2 ? BY_ITEMS : BY_ARRAY;

        for (size_t k = 0; k < n; k++)
            numbers[k] = next++;
        goes_on = push_all(numbers, n);
    }
    if (goes_on && pph_push(input, &item, 1, PPH_FOREVER, NULL, &error) == PPH_PUSH_TAKEN)
        taken++;
    else
        failed = true;
    if (error)
        (void)told(error);
    pph_input_close(input);
    return arg;
}

static void add(const void *data, uint32_t len)
{
    uint64_t number = 0;

    pulled++;
    if (len == sizeof(number))
        memcpy(&number, data, sizeof(number));
    else if (len != LARGE)
        broken("an item of another length");
    sum += number;
}

/* One pull, of whatever kind it is the turn of; counts what it gives. */
static enum pph_pull_answer pull_some(unsigned turn, struct pph_error **ret_error)
{
    enum pph_pull_answer answer;
    struct pph_array *array;
    struct pph_items *items;

    if (turn % 3 == 0) {
        answer = pph_pull_array(output, sizeof(uint64_t), turn % 2 ? 40 : 0, PPH_FOREVER,
                                &array, ret_error);
        if (answer == PPH_PULL_ITEMS) {
            for (size_t k = 0; k < array->n; k++)
                add((const uint64_t *)array->data + k, array->len);
            pph_array_free(array);
        }
        return answer;
    }
    answer = pph_pull(output, turn % 3 == 1 ? 7 : 0, PPH_FOREVER, &items, ret_error);
    if (answer == PPH_PULL_ITEMS) {
        for (size_t k = 0; k < items->n; k++)
            add(items->items[k].data, items->items[k].len);
        pph_items_free(items);
    }
    return answer;
}

/* Pulls until there is nothing more, or it fails for good. */
static void pull_all(void)
{
    unsigned tries = 0;

    for (unsigned turn = 0; tries < TRIES; turn++) {
        struct pph_error *error = NULL;
        enum pph_pull_answer answer = pull_some(turn, &error);

        if (answer == PPH_PULL_CLOSED)
            return;
        if (answer == PPH_PULL_EMPTY)
            broken("an answer that cannot be");
        if (answer == PPH_PULL_ITEMS) {
            tries = 0;
            continue;
        }
        if (strcmp(pph_error_code(error), "A711") == 0) /* the large one comes */
            pph_error_free(error);
        else if (told(error))
            tries++;
        else
            break;
    }
    failed = true;
    pph_cancel(pipeline);
}

static void check_account(enum pph_run_state state)
{
    struct pph_account a = {.size = sizeof(a)};

    pph_get_account(pipeline, &a);
    if (a.pushed != taken || a.pulled != pulled)
        broken("the account says that other items were pushed, or pulled");
    if (a.read + a.split != a.delivered + a.dead + a.skipped + a.filtered + a.merged +
                                a.dropped + a.unfinished ||
        a.pushed != a.read + a.unread || a.delivered != a.pulled + a.unpulled)
        broken("an item is missing in the account");
    if (state == PPH_RUN_DONE && (a.unread > 0 || a.unfinished > 0))
        broken("the run is done, and some items are not");
}

/* The run, with both ends open. */
static void run(void)
{
    struct pph_error *error = NULL;
    enum pph_run_state state;
    pthread_t thread;

    if (!pph_start(pipeline, &error)) {
        (void)told(error);
        failed = true;
        return;
    }
    if (pthread_create(&thread, NULL, pusher, NULL) != 0) {
        (void)fputs("the program's own thread: out of memory\n", stderr);
        failed = true;
        pph_input_close(input);
        pull_all();
    } else {
        pull_all();
        (void)pthread_join(thread, NULL);
    }
    state = pph_wait(pipeline, PPH_FOREVER, &error);
    if (state != PPH_RUN_DONE) {
        (void)told(error);
        failed = true;
    }
    check_account(state);
    if (state == PPH_RUN_DONE && !failed &&
        (taken != NUMBERS + 1 || pulled != taken ||
         sum != (uint64_t)NUMBERS * (NUMBERS - 1) / 2))
        broken("all is well, and items are missing");
}

int main(void)
{
    struct pph_error *error = NULL;

    pipeline = pph_load_text(description, strlen(description), NULL, &error);
    if (pipeline)
        input = pph_input_open(pipeline, NULL, &error);
    if (input)
        output = pph_output_open(pipeline, NULL, &error);
    if (output) {
        run();
    } else {
        (void)told(error);
        failed = true;
    }
    pph_input_free(input);
    pph_output_free(output);
    pph_free(pipeline);
    return failed ? 1 : 0;
}
