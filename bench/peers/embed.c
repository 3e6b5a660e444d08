/* SPDX-License-Identifier: MIT */
/*
 * embed MODE N BATCH THREADS WAITING: ns per 64-bit item from so many threads that push batches to as many that pull them,
 * through a pipeline of the stages push and pull, whose three queues hold at most WAITING items together.
 *
 * array    pph_push_array() and pph_pull_array()
 * items    pph_push() and pph_pull(): an item of 32 bytes for each number
 * A batch is allocated and filled by its pusher, and freed when it was pushed; what a puller gets it adds up and frees.
 */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include <pphost/pphost.h>

#include "bench.h"

enum { THREADS_MAX = 64, QUEUES = 3 };

static bool by_items;
static uint64_t size, each;
static struct pph_input *in;
static struct pph_output *out;
static _Atomic uint64_t sum, count;

static void die(struct pph_error *error)
{
    fputs(pph_error_text(error), stderr);
    exit(1);
}

static void push(const uint64_t *batch, struct pph_item *items, uint64_t n)
{
    struct pph_error *error = NULL;
    enum pph_push_answer answer;

    if (by_items) {
        for (uint64_t k = 0; k < n; k++)
            items[k] = (struct pph_item){.data = (void *)(uintptr_t)&batch[k],
                                         .len = sizeof(*batch)};
        answer = pph_push(in, items, n, PPH_FOREVER, NULL, &error);
    } else {
        answer = pph_push_array(in, batch, n, sizeof(*batch), PPH_FOREVER, NULL, &error);
    }
    if (answer != PPH_PUSH_TAKEN)
        die(error);
}

static void *push_all(void *arg)
{
    uint64_t next = *(const unsigned *)arg * each, end = next + each;
    struct pph_item *items = malloc(size * sizeof(*items));

    while (next < end) {
        uint64_t n = size < end - next ? size : end - next;
        uint64_t *batch = malloc(n * sizeof(*batch));

        if (!batch || !items)
            exit(1);
        for (uint64_t k = 0; k < n; k++)
            batch[k] = next++;
        push(batch, items, n);
        free(batch);
    }
    free(items);
    return NULL;
}

/* Adds up what one call gives; false: it was the last. */
static bool pull(uint64_t *mine, uint64_t *got)
{
    struct pph_error *error = NULL;
    enum pph_pull_answer answer;
    struct pph_array *array;
    struct pph_items *items;

    if (by_items) {
        answer = pph_pull(out, 0, PPH_FOREVER, &items, &error);
        if (answer == PPH_PULL_ITEMS) {
            for (size_t k = 0; k < items->n; k++)
                *mine += *(const uint64_t *)items->items[k].data;
            *got += items->n;
            pph_items_free(items);
        }
    } else {
        answer = pph_pull_array(out, sizeof(*mine), 0, PPH_FOREVER, &array, &error);
        if (answer == PPH_PULL_ITEMS) {
            for (size_t k = 0; k < array->n; k++)
                *mine += ((const uint64_t *)array->data)[k];
            *got += array->n;
            pph_array_free(array);
        }
    }
    if (answer == PPH_PULL_FAILED)
        die(error);
    return answer == PPH_PULL_ITEMS;
}

static void *pull_all(void *arg)
{
    uint64_t mine = 0, got = 0;

    while (pull(&mine, &got)) {
    }
    sum += mine;
    count += got;
    return arg;
}

static struct pph_pipeline *load(uint64_t waiting)
{
    struct pph_error *error = NULL;
    struct pph_pipeline *p;
    char text[256];

    snprintf(text, sizeof(text),
             "{threads: 2, stages: [{use: push, queue: %" PRIu64
             "}, {use: pull, queue: %" PRIu64 "}]}",
             waiting / QUEUES, waiting / QUEUES);
    p = pph_load_text(text, strlen(text), NULL, &error);
    if (!p || !pph_start(p, &error) || !(in = pph_input_open(p, NULL, &error)) ||
        !(out = pph_output_open(p, NULL, &error)))
        die(error);
    return p;
}

static void run(unsigned threads)
{
    static pthread_t pushers[THREADS_MAX], pullers[THREADS_MAX];
    static unsigned numbers[THREADS_MAX];

    for (unsigned t = 0; t < threads; t++) {
        numbers[t] = t;
        if (pthread_create(&pushers[t], NULL, push_all, &numbers[t]) != 0 ||
            pthread_create(&pullers[t], NULL, pull_all, NULL) != 0)
            exit(1);
    }
    for (unsigned t = 0; t < threads; t++)
        pthread_join(pushers[t], NULL);
    pph_input_close(in);
    for (unsigned t = 0; t < threads; t++)
        pthread_join(pullers[t], NULL);
}

int main(int c, char **v)
{
    struct pph_error *error = NULL;
    struct pph_pipeline *p;
    unsigned threads;
    uint64_t n, all;
    double s;

    if (c != 6 || (strcmp(v[1], "array") != 0 && strcmp(v[1], "items") != 0))
        return 2;
    by_items = strcmp(v[1], "items") == 0;
    n = strtoull(v[2], NULL, 0);
    size = strtoull(v[3], NULL, 0);
    threads = (unsigned)atoi(v[4]);
    if (size == 0 || threads == 0 || threads > THREADS_MAX)
        return 2;
    each = n / threads;
    all = each * threads;
    p = load(strtoull(v[5], NULL, 0));
    s = now_s();
    run(threads);
    s = now_s() - s;
    if (pph_wait(p, PPH_FOREVER, &error) != PPH_RUN_DONE)
        die(error);
    pph_input_free(in);
    pph_output_free(out);
    pph_free(p);
    if (count != all || sum != all * (all - 1) / 2) {
        fprintf(stderr, "lost: %" PRIu64 " items, sum %" PRIu64 "\n", count, sum);
        return 1;
    }
    printf("%.3f\n", s * 1e9 / (double)all);
    return 0;
}
