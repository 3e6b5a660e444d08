/* SPDX-License-Identifier: MIT */
/* Unit tests of config/pipeline.h: what is understood.  What is refused: test_goldens.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <check.h>

#include "config/pipeline.h"

static struct diag_list *diags;
static struct pipeline *pipeline;
static struct text shown;
static char dir[64];

static void setup(void)
{
    diags = diag_list_new();
    ck_assert_ptr_nonnull(diags);
    pipeline = NULL;
    shown = (struct text){0};
    (void)snprintf(dir, sizeof(dir), "%s", "/tmp/pph_pipeline_XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    ck_assert_int_eq(chdir(dir), 0);
}

static void teardown(void)
{
    (void)unlink("p.yaml");
    (void)unlink("pipeline.yaml");
    ck_assert_int_eq(rmdir(dir), 0);
    text_fini(&shown);
    pipeline_free(pipeline);
    diag_list_free(diags);
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static enum pipeline_status load_with(const char *file, const char *const *vars,
                                      const char *const *sets)
{
    struct pipeline_input input = {.file = file, .vars = vars, .sets = sets};
    enum pipeline_status status = pipeline_load(&input, diags, &pipeline);

    diag_show(diags, &shown, false);
    return status;
}

static void load(const char *text)
{
    write_file("p.yaml", text);
    ck_assert_msg(load_with("p.yaml", NULL, NULL) == PIPELINE_OK, "%s", text_get(&shown));
}

static void ck_shows(const char *part)
{
    ck_assert_msg(strstr(text_get(&shown), part) != NULL, "%s", text_get(&shown));
}

START_TEST(a_stage_has_defaults)
{
    load("stages:\n  - use: split\n");

    const struct stage_desc *s = &pipeline->stages[0];
    ck_assert_uint_eq(pipeline->n_stages, 1);
    ck_assert_str_eq(pipeline->name, "p");
    ck_assert_str_eq(pipeline->dir, dir);
    ck_assert_uint_eq(pipeline->threads, 0);
    ck_assert_uint_eq(pipeline->memory_bytes, 0);
    ck_assert_uint_eq(pipeline->max_in_flight, 0);
    ck_assert_int_eq(pipeline->max_rejects.kind, REJECTS_UNSET);
    ck_assert_str_eq(s->name, "split");
    ck_assert(!s->name_given && !s->from_given);
    ck_assert_ptr_null(s->with);
    ck_assert_uint_eq(s->workers, 0);
    ck_assert_ptr_null(s->workers_node);
    ck_assert_int_eq(s->order, ORDER_KEEP);
    ck_assert_int_eq(s->on_error, ON_ERROR_STOP);
    ck_assert_uint_eq(s->queue_items, QUEUE_ITEMS_DEFAULT);
    ck_assert_uint_eq(s->queue_bytes, QUEUE_BYTES_DEFAULT);
}
END_TEST

START_TEST(every_key_of_a_stage_is_read)
{
    load("name: thumbs\n"
         "threads: 3\n"
         "memory: 1.5GiB\n"
         "max_in_flight: 7\n"
         "max_rejects: 12.5%\n"
         "stages:\n"
         "  - {name: a, use: x}\n"
         "  - name: b\n"
         "    use: ./y.so\n"
         "    from: [a, a.rest, .dead]\n"
         "    workers: 4\n"
         "    order: any\n"
         "    on_error: dead\n"
         "    queue: {items: 5, bytes: 64MiB, full: block}\n"
         "    with: {k: v}\n");

    const struct stage_desc *s = &pipeline->stages[1];
    ck_assert_str_eq(pipeline->name, "thumbs");
    ck_assert_uint_eq(pipeline->threads, 3);
    ck_assert_uint_eq(pipeline->memory_bytes, 3ull << 29);
    ck_assert_uint_eq(pipeline->max_in_flight, 7);
    ck_assert_int_eq(pipeline->max_rejects.kind, REJECTS_SHARE);
    ck_assert_uint_eq(pipeline->max_rejects.n, 125000);
    ck_assert_uint_eq(s->n_from, 3);
    ck_assert_str_eq(s->from[0].stage, "a");
    ck_assert_ptr_null(s->from[0].port);
    ck_assert_str_eq(s->from[1].port, "rest");
    ck_assert_uint_eq(s->from[1].at.col, 15);
    ck_assert_ptr_null(s->from[2].stage);
    ck_assert_str_eq(s->from[2].port, "dead");
    ck_assert_uint_eq(s->workers, 4);
    ck_assert_int_eq(s->order, ORDER_ANY);
    ck_assert_int_eq(s->on_error, ON_ERROR_DEAD);
    ck_assert_uint_eq(s->queue_items, 5);
    ck_assert_uint_eq(s->queue_bytes, 64 << 20);
    ck_assert_str_eq(yaml_get(s->with, "k")->text, "v");
    ck_assert_uint_eq(s->at.line, 8);
    ck_assert_uint_eq(s->at.col, 11);
}
END_TEST

START_TEST(a_retry_has_times_and_a_backoff)
{
    char text[RETRY_TEXT_MAX];

    load("stages:\n"
         "  - {use: a, on_error: {retry: 2, then: dead}}\n"
         "  - {use: b, on_error: {retry: {times: 7, backoff: 1.5s..1m}}}\n"
         "  - {use: c, on_error: {retry: {times: 1, backoff: 20us}, then: skip}}\n"
         "  - {use: d, on_error: {then: skip}}\n");

    const struct stage_desc *s = pipeline->stages;
    ck_assert_str_eq(retry_show(&s[0].retry, text), "{times: 2, backoff: 100ms..5s}");
    ck_assert_int_eq(s[0].on_error, ON_ERROR_DEAD);
    ck_assert_str_eq(retry_show(&s[1].retry, text), "{times: 7, backoff: 1500ms..1m}");
    ck_assert_int_eq(s[1].on_error, ON_ERROR_STOP);
    ck_assert_str_eq(retry_show(&s[2].retry, text), "{times: 1, backoff: 20us..20us}");
    ck_assert_int_eq(s[2].on_error, ON_ERROR_SKIP);
    ck_assert_uint_eq(s[3].retry.times, 0);
    ck_assert_int_eq(s[3].on_error, ON_ERROR_SKIP);
}
END_TEST

START_TEST(short_forms_set_one_field)
{
    load("stages:\n"
         "  - {use: a, queue: 7, workers: auto, from: b}\n"
         "  - {use: b, queue: 64MB, with: text}\n");

    ck_assert_uint_eq(pipeline->stages[0].queue_items, 7);
    ck_assert_uint_eq(pipeline->stages[0].queue_bytes, QUEUE_BYTES_DEFAULT);
    ck_assert_ptr_nonnull(pipeline->stages[0].workers_node);
    ck_assert_uint_eq(pipeline->stages[0].n_from, 1);
    ck_assert_uint_eq(pipeline->stages[1].queue_items, QUEUE_ITEMS_DEFAULT);
    ck_assert_uint_eq(pipeline->stages[1].queue_bytes, 64000000);
    ck_assert_int_eq(pipeline->stages[1].with->kind, YAML_SCALAR);
}
END_TEST

START_TEST(default_names_follow_the_plugin_and_are_numbered)
{
    static const char *const names[] = {"split3", "a",     "t", "split2",
                                        "split",  "_2x_y", "u"};

    load("stages:\n"
         "  - use: split\n"
         "  - use: ./a.so\n"
         "  - use: ./a.so:t\n"
         "  - use: split\n"
         "    name: split2\n"
         "  - {name: split, use: b}\n"
         "  - use: ./2x.y.so\n"
         "  - use: text:u\n");

    for (size_t i = 0; i < pipeline->n_stages; i++)
        ck_assert_str_eq(pipeline->stages[i].name, names[i]);
}
END_TEST

START_TEST(schema_is_ignored)
{
    load("$schema: ./pphost.schema.json\nstages: [{use: a}]\n");
}
END_TEST

START_TEST(a_byte_order_mark_is_skipped)
{
    load("\xEF\xBB\xBFstages: [{use: a}]\n");
}
END_TEST

START_TEST(set_changes_what_the_file_says)
{
    static const char *const sets[] = {"threads=2",
                                       "split.workers=4",
                                       "split.with.path=*.txt",
                                       "b.with=x=y",
                                       "split.queue=${PPH_N}",
                                       "b.from=[split, .dead]",
                                       "b.queue.items=9",
                                       "vars.v=new",
                                       "context.c.d=5",
                                       "b.name=renamed",
                                       NULL};

    ck_assert_int_eq(setenv("PPH_N", "77", 1), 0);
    write_file("p.yaml", "vars: {v: old}\n"
                         "stages:\n"
                         "  - use: split\n"
                         "  - {name: b, use: 'b${var:v}', with: {k: v}}\n");

    ck_assert_msg(load_with("p.yaml", NULL, sets) == PIPELINE_OK, "%s", text_get(&shown));
    ck_assert_uint_eq(pipeline->threads, 2);
    ck_assert_uint_eq(pipeline->stages[0].workers, 4);
    ck_assert_uint_eq(pipeline->stages[0].queue_items, 77);
    ck_assert_str_eq(yaml_get(pipeline->stages[0].with, "path")->text, "*.txt");
    ck_assert_str_eq(pipeline->stages[1].with->text, "x=y");
    ck_assert_int_eq(pipeline->stages[1].with->origin, YAML_FROM_FLAG);
    ck_assert_uint_eq(pipeline->stages[1].n_from, 2);
    ck_assert_uint_eq(pipeline->stages[1].queue_items, 9);
    ck_assert_str_eq(pipeline->stages[1].use, "bnew");
    ck_assert_str_eq(pipeline->stages[1].name, "renamed");
    ck_assert_str_eq(yaml_get(yaml_get(pipeline->context, "c"), "d")->text, "5");
}
END_TEST

START_TEST(set_says_what_it_does_not_find)
{
    static const char *const sets[] = {
        "spilt.workers=4", "workers", "split.queue.items=1", ".=x", "thread=1",
        "split.with=[a",   NULL};

    write_file("p.yaml", "stages:\n  - {use: split, queue: 5}\n");

    ck_assert_int_eq(load_with("p.yaml", NULL, sets), PIPELINE_BAD);
    ck_shows("error[E141]: there is no stage 'spilt' to set");
    ck_shows("did you mean 'split'?");
    ck_shows("error[E140]: --set needs a '=': 'workers'");
    ck_shows("error[E142]: 'queue' is not a mapping here");
    ck_shows("set it as a whole:  split.queue=...");
    ck_shows("error[E140]: --set needs the path of a setting");
    ck_shows("error[E104]: unknown key 'thread'\n  --> --set:1:1");
    ck_shows("error[E007]: '[' is not closed");
}
END_TEST

START_TEST(a_set_value_that_is_wrong_is_shown_where_it_was_given)
{
    static const char *const sets[] = {"split.workers=many", NULL};

    write_file("p.yaml", "stages:\n  - use: split\n");

    ck_assert_int_eq(load_with("p.yaml", NULL, sets), PIPELINE_BAD);
    ck_shows("  --> --set:1:15\n   |\n 1 | split.workers=many\n   |               ^^^^ ");
}
END_TEST

static void ck_json(const char *expected)
{
    struct text json = {0};

    yaml_to_json(pipeline->root, &json);
    ck_assert_str_eq(text_get(&json), expected);
    text_fini(&json);
}

START_TEST(a_oneliner_is_the_file_that_says_the_same)
{
    const char *line = "lines a.txt 'b c' ! split join=\"\\n\" workers=2 !\twrite path=-";

    ck_assert_msg(load_with(line, NULL, NULL) == PIPELINE_OK, "%s", text_get(&shown));
    ck_json("{\"stages\":[{\"use\":\"lines\",\"with\":[\"a.txt\",\"b c\"]},"
            "{\"use\":\"split\",\"with\":{\"join\":\"\\\\n\"},\"workers\":2},"
            "{\"use\":\"write\",\"with\":{\"path\":\"-\"}}]}");
    ck_assert_uint_eq(pipeline->stages[1].workers, 2);
    ck_assert_str_eq(pipeline->name, "pipeline");
    ck_assert_str_eq(pipeline->dir, dir);
}
END_TEST

START_TEST(a_bare_word_of_a_oneliner_is_the_value_itself)
{
    ck_assert_int_eq(load_with("lines 'a=b' ! write -", NULL, NULL), PIPELINE_OK);

    ck_json("{\"stages\":[{\"use\":\"lines\",\"with\":\"a=b\"},"
            "{\"use\":\"write\",\"with\":\"-\"}]}");
}
END_TEST

START_TEST(quotes_keep_a_bang_and_escapes)
{
    ck_assert_int_eq(load_with("a \"x \\\" ! \\\\ y\" ! b k='!'", NULL, NULL),
                     PIPELINE_OK);

    ck_json("{\"stages\":[{\"use\":\"a\",\"with\":\"x \\\" ! \\\\ y\"},"
            "{\"use\":\"b\",\"with\":{\"k\":\"!\"}}]}");
}
END_TEST

static const char *const bad_lines[][2] = {
    {" ! a", "there is no stage in front of this '!'"},
    {"a ! ! b", "there is no stage in front of this '!'"},
    {"a ! ", "there is no stage behind this '!'"},
    {"a ! k=v b", "a stage begins with the name of its plugin"},
    {"a b k=v ! c", "a bare word and settings cannot be mixed"},
    {"a k=v b ! c", "a bare word and settings cannot be mixed"},
    {"a ! b \"c", "the quote is not closed"},
    {"a k=1 k=2 ! b", "'k' is there twice"},
    {"a ! b \xFF", "the byte 0xFF is not UTF-8 text"},
};

START_TEST(a_oneliner_that_is_wrong_is_refused)
{
    ck_assert_int_eq(load_with(bad_lines[_i][0], NULL, NULL), PIPELINE_BAD);

    ck_shows(bad_lines[_i][1]);
    ck_shows("--> command line:1:");
    ck_assert_uint_eq(diag_errors(diags), 1);
}
END_TEST

START_TEST(a_missing_file_is_unread_and_a_near_name_is_offered)
{
    write_file("p.yaml", "");

    ck_assert_int_eq(load_with("q.yaml", NULL, NULL), PIPELINE_UNREAD);
    ck_assert_ptr_null(pipeline);
    ck_assert_str_eq(text_get(&shown), "error[E001]: there is no file 'q.yaml'\n"
                                       "   = did you mean 'p.yaml'?\n");
}
END_TEST

START_TEST(what_cannot_be_read_is_unread)
{
    ck_assert_int_eq(load_with(".", NULL, NULL), PIPELINE_UNREAD);
    ck_assert_int_eq(load_with("", NULL, NULL), PIPELINE_UNREAD);
    ck_assert_int_eq(load_with("/dev/null/x", NULL, NULL), PIPELINE_UNREAD);
    ck_shows("error[E002]: the directory '.' holds no pipeline.yaml");

    if (geteuid() != 0) { /* root can read everything */
        write_file("p.yaml", "stages: [{use: a}]");
        ck_assert_int_eq(chmod("p.yaml", 0), 0);
        ck_assert_int_eq(load_with("p.yaml", NULL, NULL), PIPELINE_UNREAD);
        ck_shows("error[E003]: 'p.yaml' cannot be read: Permission denied");
    }
}
END_TEST

START_TEST(a_directory_stands_for_its_pipeline_yaml)
{
    write_file("pipeline.yaml", "stages: [{use: a}]\n");

    ck_assert_int_eq(load_with(".", NULL, NULL), PIPELINE_OK);
    ck_assert_str_eq(pipeline->source->name, "./pipeline.yaml");
    ck_assert_str_eq(pipeline->dir, dir);
}
END_TEST

START_TEST(standard_input_is_read_for_a_dash)
{
    write_file("p.yaml", "stages: [{use: a}]\n");
    ck_assert_ptr_nonnull(freopen("p.yaml", "r", stdin));

    ck_assert_int_eq(load_with("-", NULL, NULL), PIPELINE_OK);
    ck_assert_str_eq(pipeline->source->name, "-");
    ck_assert_str_eq(pipeline->dir, dir);
}
END_TEST

START_TEST(an_endless_file_is_too_large)
{
    ck_assert_int_eq(load_with("/dev/zero", NULL, NULL), PIPELINE_BAD);

    ck_shows("error[E004]: /dev/zero is larger than 1 MiB");
}
END_TEST

START_TEST(what_is_understood_is_returned_beside_the_errors)
{
    write_file("p.yaml", "stages: [{use: a, wokers: 2}, {use: b, queue: 5x}]\n");

    ck_assert_int_eq(load_with("p.yaml", NULL, NULL), PIPELINE_BAD);
    ck_assert_ptr_nonnull(pipeline);
    ck_assert_uint_eq(pipeline->n_stages, 2);
}
END_TEST

START_TEST(what_would_only_cause_more_errors_is_not_returned)
{
    write_file("p.yaml", "stages: [{use: a}, {wit: b}]\n");

    ck_assert_int_eq(load_with("p.yaml", NULL, NULL), PIPELINE_BAD);
    ck_assert_ptr_null(pipeline);
}
END_TEST

START_TEST(there_are_256_stages_at_most)
{
    struct text text = {0};

    text_str(&text, "stages:\n");
    for (int i = 0; i < STAGES_MAX; i++)
        text_str(&text, "  - use: a\n");
    load(text_get(&text));
    ck_assert_uint_eq(pipeline->n_stages, STAGES_MAX);
    ck_assert_str_eq(pipeline->stages[255].name, "a256");
    pipeline_free(pipeline);

    text_str(&text, "  - use: a\n");
    write_file("p.yaml", text_get(&text));
    text_fini(&text);
    ck_assert_int_eq(load_with("p.yaml", NULL, NULL), PIPELINE_BAD);
    ck_shows(
        "error[E102]: there are 257 stages, and 256 is the most\n   --> p.yaml:258:5");
}
END_TEST

static TCase *file_case(void)
{
    TCase *tc = tcase_create("files");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_missing_file_is_unread_and_a_near_name_is_offered);
    tcase_add_test(tc, what_cannot_be_read_is_unread);
    tcase_add_test(tc, a_directory_stands_for_its_pipeline_yaml);
    tcase_add_test(tc, standard_input_is_read_for_a_dash);
    tcase_add_test(tc, an_endless_file_is_too_large);
    return tc;
}

static TCase *core_case(void)
{
    TCase *tc = tcase_create("core");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_stage_has_defaults);
    tcase_add_test(tc, every_key_of_a_stage_is_read);
    tcase_add_test(tc, a_retry_has_times_and_a_backoff);
    tcase_add_test(tc, short_forms_set_one_field);
    tcase_add_test(tc, default_names_follow_the_plugin_and_are_numbered);
    tcase_add_test(tc, schema_is_ignored);
    tcase_add_test(tc, a_byte_order_mark_is_skipped);
    tcase_add_test(tc, set_changes_what_the_file_says);
    tcase_add_test(tc, set_says_what_it_does_not_find);
    tcase_add_test(tc, a_set_value_that_is_wrong_is_shown_where_it_was_given);
    tcase_add_test(tc, a_oneliner_is_the_file_that_says_the_same);
    tcase_add_test(tc, a_bare_word_of_a_oneliner_is_the_value_itself);
    tcase_add_test(tc, quotes_keep_a_bang_and_escapes);
    tcase_add_loop_test(tc, a_oneliner_that_is_wrong_is_refused, 0,
                        sizeof(bad_lines) / sizeof(*bad_lines));
    tcase_add_test(tc, what_is_understood_is_returned_beside_the_errors);
    tcase_add_test(tc, what_would_only_cause_more_errors_is_not_returned);
    tcase_add_test(tc, there_are_256_stages_at_most);
    return tc;
}

int main(void)
{
    Suite *suite = suite_create("config/pipeline");
    suite_add_tcase(suite, core_case());
    suite_add_tcase(suite, file_case());

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
