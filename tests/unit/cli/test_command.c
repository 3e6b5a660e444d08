/* SPDX-License-Identifier: MIT */
/* Unit tests of cli/command.h: the parser, and what else is made from the table. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "cli/command.h"

enum { ARGS_MAX = 16 };

static struct arguments args;
static struct text complaint;

static void setup(void)
{
    memset(&args, 0, sizeof(args));
    memset(&complaint, 0, sizeof(complaint));
}

static void teardown(void)
{
    arguments_fini(&args);
    text_fini(&complaint);
}

/* Parses the words; the array ends with NULL. */
static enum command_status parse(const char *const *words)
{
    static char buffer[ARGS_MAX][128];
    char *argv[ARGS_MAX + 1] = {buffer[0]};
    int argc = 1;

    snprintf(buffer[0], sizeof(buffer[0]), "pphost");
    for (; words[argc - 1] != NULL; argc++) {
        ck_assert_int_lt(argc, ARGS_MAX);
        ck_assert_uint_lt(strlen(words[argc - 1]), sizeof(buffer[0]));
        snprintf(buffer[argc], sizeof(buffer[argc]), "%s", words[argc - 1]);
        argv[argc] = buffer[argc];
    }
    return command_parse(argc, argv, &args, &complaint);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

static void complains(const char *text)
{
    ck_assert_str_eq(text_get(&complaint), text);
}

START_TEST(flags_and_operands_may_come_in_any_order)
{
    ck_assert_int_eq(PARSE("run", "in=a", "-q", "p.yaml", "--threads", "2", "out=b=c"),
                     COMMAND_OK);

    ck_assert_str_eq(args.command->name, "run");
    ck_assert_uint_eq(args.n_words, 1);
    ck_assert_str_eq(args.words[0], "p.yaml");
    ck_assert_uint_eq(args.n_vars, 2);
    ck_assert_str_eq(args.vars[0], "in=a");
    ck_assert_str_eq(args.vars[1], "out=b=c");
    ck_assert_ptr_null(args.vars[2]);
    ck_assert(arguments_has(&args, "quiet"));
    ck_assert(!arguments_has(&args, "verbose"));
    ck_assert_str_eq(arguments_get(&args, "threads"), "2");
}
END_TEST

START_TEST(order_of_operands_does_not_depend_on_the_environment)
{
    setenv("POSIXLY_CORRECT", "1", 1);

    ck_assert_int_eq(PARSE("run", "p.yaml", "--inline"), COMMAND_OK);

    ck_assert(arguments_has(&args, "inline"));
    unsetenv("POSIXLY_CORRECT");
}
END_TEST

START_TEST(repeated_flag_keeps_all_values_and_the_last_counts)
{
    ck_assert_int_eq(
        PARSE("run", "p", "--set", "a=1", "--set=b=2", "--log=text", "--log", "json"),
        COMMAND_OK);

    const char **sets = arguments_all(&args, "set");
    ck_assert_ptr_nonnull(sets);
    ck_assert_str_eq(sets[0], "a=1");
    ck_assert_str_eq(sets[1], "b=2");
    ck_assert_ptr_null(sets[2]);
    ck_assert_str_eq(arguments_get(&args, "log"), "json");
    free(sets);
}
END_TEST

START_TEST(word_is_a_variable_only_if_its_left_side_could_be_a_name)
{
    ck_assert_int_eq(PARSE("run", "lines path=a.txt ! split ! write path=-"), COMMAND_OK);
    ck_assert_uint_eq(args.n_words, 1);
    arguments_fini(&args);

    ck_assert_int_eq(PARSE("run", "./a=b.yaml"), COMMAND_OK);
    ck_assert_uint_eq(args.n_words, 1);
}
END_TEST

START_TEST(dash_is_a_file_and_double_dash_ends_the_flags)
{
    ck_assert_int_eq(PARSE("check", "-", "--", "--json"), COMMAND_OK);

    ck_assert_uint_eq(args.n_words, 2);
    ck_assert_str_eq(args.words[0], "-");
    ck_assert_str_eq(args.words[1], "--json");
    ck_assert(!arguments_has(&args, "json"));
}
END_TEST

START_TEST(letters_can_stand_together)
{
    ck_assert_int_eq(PARSE("run", "-qv", "p"), COMMAND_OK);

    ck_assert(arguments_has(&args, "quiet"));
    ck_assert(arguments_has(&args, "verbose"));
}
END_TEST

START_TEST(help_is_a_verb_and_a_flag_of_every_verb)
{
    ck_assert_int_eq(PARSE("--help"), COMMAND_OK);
    ck_assert_str_eq(args.command->name, "help");
    arguments_fini(&args);

    for (const struct command *c = command_table; c->name != NULL; c++) {
        ck_assert_int_eq(PARSE(c->name, "--help"), COMMAND_HELP);
        ck_assert_ptr_eq(args.command, c);
        arguments_fini(&args);
    }
}
END_TEST

START_TEST(no_verb_is_an_error)
{
    char name[] = "pphost";
    char *argv[] = {name, NULL};

    ck_assert_int_eq(command_parse(1, argv, &args, &complaint), COMMAND_BAD);

    complains("error: a verb is missing   (pphost help)\n");
}
END_TEST

START_TEST(unknown_verb_gets_the_nearest_one)
{
    ck_assert_int_eq(PARSE("rnu"), COMMAND_BAD);

    complains(
        "error: no verb 'rnu'; did you mean 'run'?\n"
        "   = verbs: run, check, show, graph, replay, plugins, complete, version, help   "
        "(pphost help)\n");
}
END_TEST

START_TEST(verb_of_later_versions_is_refused_by_name)
{
    for (const char *const *verb = command_absent; *verb != NULL; verb++) {
        ck_assert_int_eq(PARSE(*verb, "x"), COMMAND_BAD);
        ck_assert_ptr_nonnull(
            strstr(text_get(&complaint), "is not available in this version\n"));
        ck_assert_ptr_null(command_find(*verb));
        text_fini(&complaint);
        memset(&complaint, 0, sizeof(complaint));
    }
}
END_TEST

START_TEST(flag_of_later_versions_is_refused_by_name)
{
    ck_assert_int_eq(PARSE("run", "p.yaml", "--resume"), COMMAND_BAD);

    complains("error: 'pphost run --resume' is not available in this version\n");
}
END_TEST

START_TEST(choice_of_later_versions_is_refused_by_name)
{
    ck_assert_int_eq(PARSE("graph", "p.yaml", "--format=svg"), COMMAND_BAD);

    complains("error: 'pphost graph --format svg' is not available in this version\n");
}
END_TEST

START_TEST(unknown_flag_gets_the_nearest_one)
{
    ck_assert_int_eq(PARSE("check", "--jsno", "p.yaml"), COMMAND_BAD);

    complains(
        "error: 'check' has no flag '--jsno'; did you mean '--json'?\n"
        "   = flags of check: --set, --threads, --memory, --json, --help   (pphost help "
        "check)\n");
}
END_TEST

START_TEST(abbreviated_flag_is_unknown)
{
    ck_assert_int_eq(PARSE("run", "p.yaml", "--thr", "2"), COMMAND_BAD);

    ck_assert_ptr_nonnull(strstr(text_get(&complaint), "'run' has no flag '--thr'"));
}
END_TEST

START_TEST(unknown_letter_is_an_error)
{
    ck_assert_int_eq(PARSE("run", "-x"), COMMAND_BAD);

    complains("error: 'run' has no flag '-x'   (pphost help run)\n");
}
END_TEST

START_TEST(missing_value_and_value_too_many_are_errors)
{
    ck_assert_int_eq(PARSE("run", "p", "--threads"), COMMAND_BAD);
    complains("error: '--threads' needs N behind it\n");
    teardown();
    setup();

    ck_assert_int_eq(PARSE("run", "p", "--inline=yes"), COMMAND_BAD);
    complains("error: '--inline' takes no value\n");
}
END_TEST

START_TEST(value_outside_the_choices_lists_them)
{
    ck_assert_int_eq(PARSE("run", "p", "--log", "xml"), COMMAND_BAD);

    complains("error: '--log' cannot be 'xml'\n   = choices: text|json\n");
}
END_TEST

START_TEST(missing_file_shows_the_usage)
{
    ck_assert_int_eq(PARSE("run", "in=a"), COMMAND_BAD);

    complains(
        "error: 'run' needs a FILE\n   = usage: pphost run FILE [name=value ...]\n");
}
END_TEST

START_TEST(operand_too_many_is_named)
{
    ck_assert_int_eq(PARSE("version", "now\033[2J"), COMMAND_BAD);
    complains(
        "error: 'version' does not take 'now\\x1B[2J'\n   = usage: pphost version\n");
}
END_TEST

START_TEST(table_is_complete_and_nothing_in_it_is_absent)
{
    for (const struct command *c = command_table; c->name != NULL; c++) {
        ck_assert(c->run != NULL);
        ck_assert_ptr_nonnull(c->usage);
        ck_assert_ptr_nonnull(c->examples);
        ck_assert_uint_gt(strlen(c->summary), 0);
        ck_assert_int_ne(c->summary[strlen(c->summary) - 1], '.');
        for (const struct command_flag *f = c->flags; f->name != NULL; f++) {
            ck_assert_int_eq(f->doc[strlen(f->doc) - 1], '.');
            for (const char *const *a = c->absent; a != NULL && *a != NULL; a++)
                ck_assert_str_ne(f->name, *a);
        }
    }
}
END_TEST

START_TEST(help_man_and_completion_name_every_verb_and_flag)
{
    struct text man = {0}, bash = {0};

    command_man(&man);
    command_complete_bash(&bash);
    for (const struct command *c = command_table; c->name != NULL; c++) {
        struct text help = {0};

        command_help(c, false, &help);
        ck_assert_ptr_nonnull(strstr(text_get(&man), c->name));
        ck_assert_ptr_nonnull(strstr(text_get(&bash), c->name));
        for (const struct command_flag *f = c->flags; f->name != NULL; f++) {
            ck_assert_ptr_nonnull(strstr(text_get(&help), f->name));
            ck_assert_ptr_nonnull(strstr(text_get(&help), "--"));
            ck_assert_ptr_nonnull(strstr(text_get(&bash), f->name));
        }
        text_fini(&help);
    }
    text_fini(&man);
    text_fini(&bash);
}
END_TEST

START_TEST(help_fits_a_terminal)
{
    for (const struct command *c = command_table; c->name != NULL; c++) {
        struct text help = {0};

        command_help(c, false, &help);
        for (const char *line = text_get(&help); *line != '\0';) {
            size_t len = strcspn(line, "\n");

            ck_assert_uint_le(len, 90);
            line += len + (line[len] == '\n');
        }
        text_fini(&help);
    }
}
END_TEST

static void add_errors(TCase *tc)
{
    tcase_add_test(tc, no_verb_is_an_error);
    tcase_add_test(tc, unknown_verb_gets_the_nearest_one);
    tcase_add_test(tc, verb_of_later_versions_is_refused_by_name);
    tcase_add_test(tc, flag_of_later_versions_is_refused_by_name);
    tcase_add_test(tc, choice_of_later_versions_is_refused_by_name);
    tcase_add_test(tc, unknown_flag_gets_the_nearest_one);
    tcase_add_test(tc, abbreviated_flag_is_unknown);
    tcase_add_test(tc, unknown_letter_is_an_error);
    tcase_add_test(tc, missing_value_and_value_too_many_are_errors);
    tcase_add_test(tc, value_outside_the_choices_lists_them);
    tcase_add_test(tc, missing_file_shows_the_usage);
    tcase_add_test(tc, operand_too_many_is_named);
}

int main(void)
{
    Suite *suite = suite_create("cli/command");
    TCase *tc = tcase_create("core");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, flags_and_operands_may_come_in_any_order);
    tcase_add_test(tc, order_of_operands_does_not_depend_on_the_environment);
    tcase_add_test(tc, repeated_flag_keeps_all_values_and_the_last_counts);
    tcase_add_test(tc, word_is_a_variable_only_if_its_left_side_could_be_a_name);
    tcase_add_test(tc, dash_is_a_file_and_double_dash_ends_the_flags);
    tcase_add_test(tc, letters_can_stand_together);
    tcase_add_test(tc, help_is_a_verb_and_a_flag_of_every_verb);
    add_errors(tc);
    tcase_add_test(tc, table_is_complete_and_nothing_in_it_is_absent);
    tcase_add_test(tc, help_man_and_completion_name_every_verb_and_flag);
    tcase_add_test(tc, help_fits_a_terminal);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
