/* SPDX-License-Identifier: MIT */
#include "embed/kit.h"

#include <stdlib.h>
#include <string.h>

void kit_plugins(void)
{
    ck_assert_int_eq(setenv("PPHOST_PLUGIN_PATH", TEST_PLUGINS, 1), 0);
}

struct pph_pipeline *kit_load(const char *yaml)
{
    struct pph_error *error = NULL;
    struct pph_pipeline *p = pph_load_text(yaml, strlen(yaml), NULL, &error);

    ck_assert_msg(p != NULL, "%s", pph_error_text(error));
    return p;
}

struct pph_pipeline *kit_start(const char *yaml)
{
    struct pph_pipeline *p = kit_load(yaml);
    struct pph_error *error = NULL;

    ck_assert_msg(pph_start(p, &error), "%s", pph_error_text(error));
    return p;
}

struct pph_input *kit_input(struct pph_pipeline *p, const char *stage)
{
    struct pph_error *error = NULL;
    struct pph_input *in = pph_input_open(p, stage, &error);

    ck_assert_msg(in != NULL, "%s", pph_error_text(error));
    return in;
}

struct pph_output *kit_output(struct pph_pipeline *p, const char *stage)
{
    struct pph_error *error = NULL;
    struct pph_output *out = pph_output_open(p, stage, &error);

    ck_assert_msg(out != NULL, "%s", pph_error_text(error));
    return out;
}

void kit_push_bytes(struct pph_input *in, const void *bytes, uint32_t len)
{
    struct pph_item item = {.data = (void *)(uintptr_t)bytes, .len = len};
    struct pph_error *error = NULL;
    size_t taken = 0;

    ck_assert_msg(pph_push(in, &item, 1, PPH_FOREVER, &taken, &error) == PPH_PUSH_TAKEN,
                  "%s", pph_error_text(error));
    ck_assert_uint_eq(taken, 1);
}

void kit_push(struct pph_input *in, const char *text)
{
    kit_push_bytes(in, text, (uint32_t)strlen(text));
}

void kit_expect(struct pph_output *out, const char *text)
{
    struct pph_error *error = NULL;
    struct pph_items *got = NULL;

    ck_assert_msg(pph_pull(out, 1, PPH_FOREVER, &got, &error) == PPH_PULL_ITEMS, "%s",
                  pph_error_text(error));
    ck_assert_uint_eq(got->n, 1);
    ck_assert_uint_eq(got->items[0].len, strlen(text));
    ck_assert_mem_eq(got->items[0].data, text, strlen(text));
    pph_items_free(got);
}

uint64_t kit_rest(struct pph_output *out)
{
    struct pph_error *error = NULL;
    struct pph_items *got = NULL;
    enum pph_pull_answer answer;
    uint64_t n = 0;

    while ((answer = pph_pull(out, 0, PPH_FOREVER, &got, &error)) == PPH_PULL_ITEMS) {
        n += got->n;
        pph_items_free(got);
    }
    ck_assert_msg(answer == PPH_PULL_CLOSED, "%d: %s", (int)answer,
                  pph_error_text(error));
    return n;
}

void kit_error(struct pph_error *error, const char *code, const char *text)
{
    ck_assert_ptr_nonnull(error);
    ck_assert_str_eq(pph_error_code(error), code);
    ck_assert_msg(strstr(pph_error_text(error), text) != NULL, "'%s' is not in: %s", text,
                  pph_error_text(error));
    pph_error_free(error);
}

void kit_end(struct pph_pipeline *p, enum pph_run_state state)
{
    struct pph_error *error = NULL;
    enum pph_run_state now = pph_wait(p, PPH_FOREVER, &error);

    ck_assert_msg(now == state, "%d: %s", (int)now, pph_error_text(error));
    pph_error_free(error);
    pph_free(p);
}

int kit_main(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
