/* SPDX-License-Identifier: MIT */
/* Unit tests of plugin/inspect.h: the whole page and the whole object of one plugin, word for word. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "plugin/inspect.h"

static const struct pph_param params[] = {
    {.name = "path",
     .doc =
         "File to read, or a list of them; names may hold * and ?, and - stands for the "
         "standard input of pphost.",
     .example = "texts.txt",
     .type = PPH_PATH,
     .flags = PPH_REQUIRED | PPH_PRIMARY | PPH_LIST},
    {.name = "delimiter", .doc = "Between items.", .def = "\n", .type = PPH_STRING},
    {.name = "max_line", .def = "1MB", .min = "1KB", .max = "1GiB", .type = PPH_SIZE},
    {.name = "unit", .def = "line", .choices = "line|block", .type = PPH_ENUM},
    {.name = "token",
     .def = "hush",
     .type = PPH_STRING,
     .flags = PPH_SECRET | PPH_CONTEXT | PPH_ADVANCED},
    {0}};
static const struct pph_port ports[] = {{.name = "rest", .doc = "What did not fit."},
                                        {0}};
static const struct pph_metric metrics[] = {
    {.name = "lines", .unit = "lines", .doc = "Lines read."}, {0}};

static const struct plugin lines = {.desc = {.size = sizeof(struct pph_plugin),
                                             .kind = PPH_GENERATOR,
                                             .flags = PPH_PARALLEL | PPH_BLOCKING,
                                             .name = "lines",
                                             .version = "1.0",
                                             .doc = "Reads text files.",
                                             .in = "*",
                                             .out = "text/plain",
                                             .pos_unit = "line",
                                             .params = params,
                                             .ports = ports,
                                             .metrics = metrics},
                                    .path = "/usr/lib/pphost/plugins/lines.so",
                                    .shown = "lines"};

static const struct plugin bare = {.desc = {.size = 144,
                                            .kind = PPH_CONSUMER,
                                            .name = "bare",
                                            .version = "",
                                            .doc = "",
                                            .in = "*",
                                            .out = "*"},
                                   .path = "/tmp/bare.so",
                                   .shown = "./bare.so"};

/* Compares line by line: Check cannot report two pages that differ. */
static void expect_page(const char *page, const char *expected)
{
    while (*page || *expected) {
        size_t len = strcspn(page, "\n");
        size_t len_expected = strcspn(expected, "\n");
        ck_assert_msg(len == len_expected && memcmp(page, expected, len) == 0,
                      "got:      %.*s\nexpected: %.*s", (int)len, page, (int)len_expected,
                      expected);
        page += len + (page[len] == '\n');
        expected += len_expected + (expected[len_expected] == '\n');
    }
}

START_TEST(the_page_of_a_plugin_says_all_there_is)
{
    struct text page = {0};

    inspect_show(&lines, &page);

    expect_page(
        text_get(&page),
        "lines 1.0\n"
        "  Reads text files.\n"
        "\n"
        "  kind      generator\n"
        "  file      /usr/lib/pphost/plugins/lines.so\n"
        "  abi       1 (descriptor of 200 bytes, this host's has 200)\n"
        "  flags     parallel: any number of workers at once\n"
        "            blocking: may wait: has threads of its own\n"
        "  output    text/plain\n"
        "  position  line\n"
        "\n"
        "Outputs beside 'out':\n"
        "  rest                  anything\n"
        "                        What did not fit.\n"
        "\n"
        "Metrics:\n"
        "  lines                 counter of lines\n"
        "                        Lines read.\n"
        "\n"
        "Settings (under 'with'):\n"
        "  path                  list of: path, required; short form of 'with'\n"
        "                        File to read, or a list of them; names may hold * and ?, and "
        "-\n"
        "                        stands for the standard input of pphost.\n"
        "                        example: texts.txt\n"
        "  delimiter             text, \"\\n\"\n"
        "                        Between items.\n"
        "  max_line              size, 1MB; 1KB to 1GiB\n"
        "  unit                  line|block, line\n"
        "  token                 text, secret; or from 'context'; for experts\n"
        "\n"
        "Example:\n"
        "  - use: lines\n"
        "    with:\n"
        "      path: texts.txt\n");
    text_fini(&page);
}
END_TEST

START_TEST(the_page_of_a_bare_plugin_leaves_out_what_is_not_there)
{
    struct text page = {0};

    inspect_show(&bare, &page);

    expect_page(text_get(&page),
                "bare\n"
                "\n"
                "  kind      consumer\n"
                "  file      /tmp/bare.so\n"
                "  abi       1 (descriptor of 144 bytes, this host's has 200)\n"
                "  flags     none: one worker at a time\n"
                "  input     anything\n"
                "\n"
                "No settings.\n"
                "\n"
                "Example:\n"
                "  - use: ./bare.so\n");
    text_fini(&page);
}
END_TEST

START_TEST(the_object_of_a_plugin_holds_the_same)
{
    struct text json = {0};

    inspect_json(&lines, &json);

    ck_assert_str_eq(
        text_get(&json),
        "{\"name\":\"lines\",\"use\":\"lines\",\"kind\":\"generator\",\"version\":\"1.0\","
        "\"doc\":\"Reads text files.\",\"file\":\"/usr/lib/pphost/plugins/lines.so\","
        "\"abi\":1,\"size\":200,\"flags\":[\"parallel\",\"blocking\"],\"needs\":[],"
        "\"in\":\"*\",\"out\":\"text/plain\",\"pos_unit\":\"line\",\"settings\":["
        "{\"name\":\"path\",\"type\":\"path\",\"list\":true,\"required\":true,"
        "\"primary\":true,\"context\":false,\"secret\":false,\"advanced\":false,"
        "\"default\":null,\"min\":null,\"max\":null,\"example\":\"texts.txt\",\"doc\":"
        "\"File to read, or a list of them; names may hold * and ?, and - stands for the "
        "standard input of pphost.\"},"
        "{\"name\":\"delimiter\",\"type\":\"string\",\"list\":false,\"required\":false,"
        "\"primary\":false,\"context\":false,\"secret\":false,\"advanced\":false,"
        "\"default\":\"\\n\",\"min\":null,\"max\":null,\"example\":null,"
        "\"doc\":\"Between items.\"},"
        "{\"name\":\"max_line\",\"type\":\"size\",\"list\":false,\"required\":false,"
        "\"primary\":false,\"context\":false,\"secret\":false,\"advanced\":false,"
        "\"default\":\"1MB\",\"min\":\"1KB\",\"max\":\"1GiB\",\"example\":null,\"doc\":null},"
        "{\"name\":\"unit\",\"type\":\"enum\",\"list\":false,\"required\":false,"
        "\"primary\":false,\"context\":false,\"secret\":false,\"advanced\":false,"
        "\"default\":\"line\",\"min\":null,\"max\":null,\"choices\":[\"line\",\"block\"],"
        "\"example\":null,\"doc\":null},"
        "{\"name\":\"token\",\"type\":\"string\",\"list\":false,\"required\":false,"
        "\"primary\":false,\"context\":true,\"secret\":true,\"advanced\":true,"
        "\"default\":null,\"min\":null,\"max\":null,\"example\":null,\"doc\":null}],"
        "\"ports\":[{\"name\":\"rest\",\"type\":\"*\",\"doc\":\"What did not fit.\"}],"
        "\"metrics\":[{\"name\":\"lines\",\"kind\":\"counter\",\"unit\":\"lines\","
        "\"doc\":\"Lines read.\"}],"
        "\"example\":\"- use: lines\\n  with:\\n    path: texts.txt\\n\"}");
    text_fini(&json);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugin/inspect");
    TCase *tc = tcase_create("inspect");
    SRunner *runner = srunner_create(suite);

    tcase_add_test(tc, the_page_of_a_plugin_says_all_there_is);
    tcase_add_test(tc, the_page_of_a_bare_plugin_leaves_out_what_is_not_there);
    tcase_add_test(tc, the_object_of_a_plugin_holds_the_same);
    suite_add_tcase(suite, tc);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
