/* SPDX-License-Identifier: MIT */
/*
 * Rules of the descriptor: a test plugin (tests/plugins/wrong.c) for each way to break one, and the
 * sentence that its author reads.
 */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "loading.h"

#define NAME_NOTE   "letters, digits, '_' and '-', a letter first, at most 64"
#define SIZE_NOTE   "set .size = sizeof(struct pph_plugin)"
#define YAML_NOTE   "write it as a user would in YAML"
#define CHOICE_NOTE "set .choices = \"first|second\""

static const struct rule {
    const char *use, *code, *text, *note;
} rules[] = {
    {"./size_zero.so", "E221",
     "./size_zero.so: its descriptor of 0 bytes ends before the stage type's name",
     SIZE_NOTE},
    {"./size_absurd.so", "E221",
     "./size_absurd.so: its descriptor claims 1048576 bytes, which cannot be", SIZE_NOTE},
    {"./size_beyond.so", "E221",
     "./size_beyond.so: its descriptor claims 264 bytes but has only 200", SIZE_NOTE},
    {"./size_short.so", "E221",
     "./size_short.so: the descriptor of 'wrong' ends after 136 bytes, before each or batch",
     SIZE_NOTE},
    {"./tiny.so", "E221", "./tiny.so: its descriptor has only 2 bytes",
     "define it as a const struct pph_plugin"},
    {"./kind.so", "E222",
     "./kind.so: 'wrong' is of kind 9, which this host does not know",
     "set .kind to PPH_GENERATOR, PPH_PROCESSOR, PPH_CONSUMER or PPH_TASK"},
    {"./no_generate.so", "E223",
     "./no_generate.so: 'wrong' is a generator without generate",
     "set .generate, or another .kind"},
    {"./no_each.so", "E223", "./no_each.so: 'wrong' is a processor without each or batch",
     "set .each or .batch, or another .kind"},
    {"./stray_each.so", "E224",
     "./stray_each.so: 'wrong' is a generator, whose each is never called",
     "leave it out, or set another .kind"},
    {"./stray_generate.so", "E224",
     "./stray_generate.so: 'wrong' is a consumer, whose generate is never called",
     "leave it out, or set another .kind"},
    {"./task_ports.so", "E224",
     "./task_ports.so: 'wrong' is a task, which has no output, but names ports",
     "make it a generator, or leave the ports out"},
    {"./needs.so", "E225",
     "./needs.so: 'wrong' needs the host extension 'timers/1', which this host does not have",
     "use a pphost that has it (pphost version), or another plugin"},
    {"./no_name.so", "E226", "./no_name.so: stage type 1 has no name", NAME_NOTE},
    {"./bad_name.so", "E226", "./bad_name.so: stage type 1 has an unusable name: 2 words",
     NAME_NOTE},
    {"./twins.so", "E227", "./twins.so has two stage types named 'wrong'",
     "give each stage type a name of its own"},
    {"./setting_name.so", "E228",
     "./setting_name.so: 'wrong' has a setting with an unusable name: \"max line\"",
     NAME_NOTE},
    {"./setting_twice.so", "E229",
     "./setting_twice.so: 'wrong' has two settings named 'path'", "rename one of them"},
    {"./setting_type.so", "E230",
     "./setting_type.so: setting 'path' of 'wrong' is of type 77, which this host does not "
     "know",
     "use a type of enum pph_type"},
    {"./default_type.so", "E231",
     "./default_type.so: the default \"many\" of setting 'size' of 'wrong' is not of its "
     "type",
     YAML_NOTE},
    {"./default_unit.so", "E231",
     "./default_unit.so: the default \"100\" of setting 'size' of 'wrong' lacks a unit",
     YAML_NOTE},
    {"./default_bounds.so", "E231",
     "./default_bounds.so: the default \"0\" of setting 'count' of 'wrong' is outside its "
     "own bounds",
     YAML_NOTE},
    {"./default_choice.so", "E231",
     "./default_choice.so: the default \"page\" of setting 'unit' of 'wrong' is none of its "
     "choices",
     YAML_NOTE},
    {"./default_list.so", "E231",
     "./default_list.so: the default \"[1, two]\" of setting 'counts' of 'wrong' is not of "
     "its type",
     YAML_NOTE},
    {"./bound_type.so", "E232",
     "./bound_type.so: the bound \"soon\" of setting 'wait' of 'wrong' is not of its type",
     YAML_NOTE},
    {"./bound_text.so", "E232",
     "./bound_text.so: setting 'text' of 'wrong' has bounds, but its type is not a number, "
     "size or time",
     "leave out .min and .max"},
    {"./bound_order.so", "E232",
     "./bound_order.so: setting 'count' of 'wrong' has a lower bound above the upper one",
     "swap .min and .max"},
    {"./bound_unit.so", "E232",
     "./bound_unit.so: the bound \"1\" of setting 'size' of 'wrong' lacks a unit",
     YAML_NOTE},
    {"./no_choices.so", "E233",
     "./no_choices.so: setting 'unit' of 'wrong' is a choice without choices, or with an "
     "empty one",
     CHOICE_NOTE},
    {"./empty_choice.so", "E233",
     "./empty_choice.so: setting 'unit' of 'wrong' is a choice without choices, or with an "
     "empty one",
     CHOICE_NOTE},
    {"./port_name.so", "E234",
     "./port_name.so: port 1 of 'wrong' has an unusable name: \"the rest\"", NAME_NOTE},
    {"./port_reserved.so", "E234",
     "./port_reserved.so: port 1 of 'wrong' has a name that belongs to the host (out, dead, "
     "result): \"dead\"",
     NAME_NOTE},
    {"./port_twice.so", "E234",
     "./port_twice.so: port 2 of 'wrong' has the name of another port: \"rest\"",
     NAME_NOTE},
    {"./metric_name.so", "E235",
     "./metric_name.so: metric 1 of 'wrong' has an unusable name: \"%\"", NAME_NOTE},
    {"./metric_kind.so", "E235",
     "./metric_kind.so: metric 1 of 'wrong' has an unknown kind (0 counter, 1 gauge, 2 "
     "histogram): \"lines\"",
     NAME_NOTE},
    {"./metric_twice.so", "E235",
     "./metric_twice.so: metric 2 of 'wrong' has the name of another metric: \"lines\"",
     NAME_NOTE},
    {"./loop.so", "E236",
     "./loop.so: its chain of stage types has a loop, or is longer than 256",
     "end the chain of .next with NULL"},
    {"./endless.so", "E237",
     "./endless.so: the table of settings of 'wrong' has no end, or more than 256 entries",
     "end the table with { 0 }"},
    {"./two_primary.so", "E238",
     "./two_primary.so: 'wrong' has two primary settings, 'a' and 'b'",
     "leave PPH_PRIMARY at one of them"},
    {"./default_required.so", "E239",
     "./default_required.so: setting 'path' of 'wrong' is required, so it cannot have a "
     "default",
     "leave out .def or PPH_REQUIRED"},
};

START_TEST(each_broken_rule_is_one_sentence)
{
    const struct rule *rule = &rules[_i];

    loading_expect_refusal(TEST_PLUGIN_DIR, rule->use, rule->code, rule->text,
                           rule->note);
}
END_TEST

START_TEST(unknown_flags_and_reserved_fields_only_warn)
{
    const struct plugin *plugin = loading_load(TEST_PLUGIN_DIR, "./flags.so");

    ck_assert_ptr_nonnull(plugin);
    ck_assert_str_eq(
        loading_said(),
        "warning[W201]: ./flags.so: 'wrong' sets flags that this host does not know "
        "(0x40000000); they have no effect\n\n"
        "warning[W203]: ./flags.so: 'wrong' sets a reserved field, which must be zero\n\n"
        "warning[W202]: ./flags.so: setting 'path' of 'wrong' sets flags that this host does "
        "not know (0x40000000); they have no effect\n\n"
        "warning[W203]: ./flags.so: setting 'path' of 'wrong' sets a reserved field, which "
        "must be zero\n");
}
END_TEST

START_TEST(a_refused_file_is_refused_again)
{
    for (int i = 0; i < 2; i++) {
        ck_assert_ptr_null(loading_load(TEST_PLUGIN_DIR, "./kind.so"));
        ck_assert_ptr_nonnull(strstr(loading_said(), "E222"));
    }
}
END_TEST

START_TEST(a_plugin_of_an_older_header_loads_and_the_rest_is_zero)
{
    const struct plugin *plugin = loading_load(TEST_PLUGIN_DIR, "./older.so");

    ck_assert_str_eq(loading_said(), "");
    ck_assert_ptr_nonnull(plugin);
    ck_assert_str_eq(plugin->desc.name, "older");
    ck_assert(plugin->desc.each);
    ck_assert(!plugin->desc.batch);
    ck_assert(!plugin->desc.ext);
}
END_TEST

START_TEST(a_plugin_of_a_newer_header_loads_and_the_rest_is_cut)
{
    const struct plugin *plugin = loading_load(TEST_PLUGIN_DIR, "./newer.so");

    ck_assert_str_eq(loading_said(), "");
    ck_assert_ptr_nonnull(plugin);
    ck_assert_str_eq(plugin->desc.name, "newer");
    ck_assert_uint_gt(plugin->desc.size, sizeof(struct pph_plugin));
}
END_TEST

#ifdef HAVE_CXX
START_TEST(a_plugin_in_cxx_loads)
{
    const struct plugin *plugin = loading_load(TEST_PLUGIN_DIR, "./cxx.so");

    ck_assert_str_eq(loading_said(), "");
    ck_assert_ptr_nonnull(plugin);
    ck_assert_str_eq(plugin->desc.name, "cxx");
}
END_TEST
#endif

START_TEST(absent_texts_are_empty_never_null)
{
    const struct plugin *plugin = loading_load(TEST_PLUGIN_DIR, "./plain.so");

    ck_assert_ptr_nonnull(plugin);
    ck_assert_str_eq(plugin->desc.doc, "");
    ck_assert_str_eq(plugin->desc.version, "");
    ck_assert_str_eq(plugin->desc.in, "*");
    ck_assert_str_eq(plugin->desc.out, "*");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("abi/rules");
    TCase *tc = tcase_create("rules");
    SRunner *runner = srunner_create(suite);

    tcase_set_timeout(tc, 30);
    tcase_add_loop_test(tc, each_broken_rule_is_one_sentence, 0,
                        (int)(sizeof(rules) / sizeof(rules[0])));
    tcase_add_test(tc, unknown_flags_and_reserved_fields_only_warn);
    tcase_add_test(tc, a_refused_file_is_refused_again);
    tcase_add_test(tc, a_plugin_of_an_older_header_loads_and_the_rest_is_zero);
    tcase_add_test(tc, a_plugin_of_a_newer_header_loads_and_the_rest_is_cut);
#ifdef HAVE_CXX
    tcase_add_test(tc, a_plugin_in_cxx_loads);
#endif
    tcase_add_test(tc, absent_texts_are_empty_never_null);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
