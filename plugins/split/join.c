/* SPDX-License-Identifier: MIT */
#include "join.h"

#include <string.h>

enum { TOKENS = 256 };

/* Tokens and their bytes: counted first, because with a long joint the result can be
 * far longer. */
static uint64_t exact_len(const struct joiner *joiner, const struct pph_item *item)
{
    struct pph_item tokens[TOKENS];
    struct token_scan scan = {.items = item, .n = 1};
    uint64_t len = 0;
    uint64_t count = 0;
    size_t n;

    while ((n = joiner->kernel->tokens(joiner->delims, &scan, tokens, TOKENS)) > 0) {
        for (size_t i = 0; i < n; i++)
            len += tokens[i].len;
        count += n;
    }
    return count > 0 ? len + (count - 1) * joiner->len : 0;
}

uint64_t join_bound(const struct joiner *joiner, const struct pph_item *item)
{
    return joiner->len == 1 ? item->len : exact_len(joiner, item);
}

size_t join_write(const struct joiner *joiner, const struct pph_item *item, char *out)
{
    if (joiner->len == 1)
        return joiner->kernel->squeeze(joiner->delims, item->data, item->len, out,
                                       joiner->text[0]);

    struct pph_item tokens[TOKENS];
    struct token_scan scan = {.items = item, .n = 1};
    char *to = out;
    size_t n;

    while ((n = joiner->kernel->tokens(joiner->delims, &scan, tokens, TOKENS)) > 0) {
        for (size_t i = 0; i < n; i++) {
            if (to != out && joiner->len > 0) {
                memcpy(to, joiner->text, joiner->len);
                to += joiner->len;
            }
            memcpy(to, tokens[i].data, tokens[i].len);
            to += tokens[i].len;
        }
    }
    return (size_t)(to - out);
}
