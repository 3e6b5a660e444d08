/* SPDX-License-Identifier: MIT */
/*
 * Items of a unit test as text, on their way in and out.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "fake_host.h"

int fake_batch_texts(struct fake_host *fake, const char *const *texts, size_t n)
{
    struct pph_item *items = calloc(n + 1, sizeof(*items));

    ck_assert_ptr_nonnull(items);
    for (size_t i = 0; i < n; i++)
        items[i] = (struct pph_item){.data = (char *)(uintptr_t)texts[i],
                                     .len = (uint32_t)strlen(texts[i]),
                                     .key = 100 + i,
                                     .pos = i + 1};
    int status = fake_batch(fake, items, n);
    free(items);
    return status;
}

char *fake_joined(const struct fake_host *fake, const char *end, size_t *ret_len)
{
    size_t end_len = strlen(end);
    size_t len = fake->n_bytes + fake->n_items * end_len;
    char *all = malloc(len + 1);
    char *to = all;

    ck_assert_ptr_nonnull(all);
    for (size_t i = 0; i < fake->n_items; i++) {
        memcpy(to, fake->items[i].data, fake->items[i].len);
        to += fake->items[i].len;
        memcpy(to, end, end_len);
        to += end_len;
    }
    *to = '\0';
    if (ret_len)
        *ret_len = len;
    return all;
}
