/* SPDX-License-Identifier: MIT */
/* Unit tests of cli/graph_text.h and cli/facts.h on a graph made by hand. */
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "cli/facts.h"
#include "cli/graph_text.h"
#include "observe/fake.h"

static struct fake fake;
static struct text out;

static void setup(void)
{
    fake_init(&fake);
    memset(&out, 0, sizeof(out));
}

static void teardown(void)
{
    text_fini(&out);
}

START_TEST(chain_is_joined_by_arrows_and_ports_are_listed)
{
    graph_text(&fake.graph, true, &out);

    ck_assert_str_eq(text_get(&out), "+-------+\n"
                                     "| lines |\n"
                                     "+---+---+\n"
                                     "    |\n"
                                     "    v\n"
                                     "+-------+\n"
                                     "| split |  4 workers\n"
                                     "+---+---+\n"
                                     "    |- out -> write\n"
                                     "    `- dead -> rejects\n"
                                     "+-------+\n"
                                     "| write |\n"
                                     "+-------+\n"
                                     "+---------+\n"
                                     "| rejects |  write\n"
                                     "+---------+\n");
}
END_TEST

START_TEST(boxes_are_drawn_with_lines_where_the_terminal_can)
{
    graph_text(&fake.graph, false, &out);

    ck_assert_int_eq(strncmp(text_get(&out),
                             "┌───────┐\n"
                             "│ lines │\n"
                             "└───┬───┘\n"
                             "    │\n"
                             "    ▼\n",
                             strlen("┌───────┐\n│ lines │\n└───┬───┘\n    │\n    ▼\n")),
                     0);
}
END_TEST

START_TEST(dot_names_ports_other_than_out)
{
    fake.pipeline.name = "a \"b\"";

    graph_dot(&fake.graph, &out);

    ck_assert_str_eq(text_get(&out),
                     "digraph \"a &quot;b&quot;\" {\n"
                     "    rankdir=LR;\n"
                     "    node [fontname=\"sans-serif\"];\n"
                     "    s0 [shape=house, label=\"lines\"];\n"
                     "    s1 [shape=box, label=\"split\\n4 workers\"];\n"
                     "    s2 [shape=invhouse, label=\"write\"];\n"
                     "    s3 [shape=invhouse, label=\"rejects\\nwrite\"];\n"
                     "    s0 -> s1;\n"
                     "    s1 -> s2;\n"
                     "    s1 -> s3 [label=\"dead\", style=dashed];\n"
                     "}\n");
}
END_TEST

START_TEST(mermaid_is_a_flowchart)
{
    graph_mermaid(&fake.graph, &out);

    ck_assert_str_eq(text_get(&out), "flowchart LR\n"
                                     "    s0([\"lines\"])\n"
                                     "    s1[\"split &times; 4\"]\n"
                                     "    s2[\"write\"]\n"
                                     "    s3[\"rejects\"]\n"
                                     "    s0 --> s1\n"
                                     "    s1 --> s2\n"
                                     "    s1 -.->|dead| s3\n");
}
END_TEST

START_TEST(facts_have_a_row_per_stage_and_the_sums)
{
    fake.stages[FAKE_WRITE].own_threads = true;

    facts_show(&fake.graph, &out);

    ck_assert_str_eq(
        text_get(&out),
        "  STAGE    PLUGIN  READS       WORKERS  ORDER              QUEUE  MEMORY\n"
        "  lines    lines   -                 1  -                      -   3 MiB\n"
        "  split    split   lines             4  keep   1,000 items, 32MB   3 MiB\n"
        "  write    write   split            1*  -      1,000 items, 32MB   3 MiB\n"
        "  rejects  write   split.dead        1  -      1,000 items, 32MB   3 MiB\n"
        "  4 stages, 3 edges, 4 threads and 1 of their own for stages that block (*)\n"
        "  at most 12 MiB of items in memory; an item larger than 1 MiB adds the rest of "
        "its size, once per place\n"
        "  what plugins allocate for themselves is not in it\n");
}
END_TEST

START_TEST(facts_say_when_sources_wait)
{
    fake.graph.budget_bytes = 12u << 20;
    facts_show(&fake.graph, &out);
    ck_assert_ptr_nonnull(strstr(
        text_get(&out), "\n  sources wait while items take more than 12 MiB (memory), "
                        "which only items larger than 1 MiB can\n"));

    fake.graph.budget_bytes = 11u << 20;
    fake.graph.max_in_flight = 2000;
    facts_show(&fake.graph, &out);
    ck_assert_ptr_nonnull(strstr(
        text_get(&out),
        "\n  sources wait while items take more than 11 MiB (memory)\n"
        "  sources wait while 2,000 of their batches are under way (max_in_flight)\n"));
}
END_TEST

START_TEST(facts_as_json_name_edges_by_port)
{
    facts_json(&fake.graph, &out);

    ck_assert_ptr_nonnull(strstr(
        text_get(&out), ",\"edges\":["
                        "{\"from\":\"lines\",\"port\":\"out\",\"to\":\"split\"},"
                        "{\"from\":\"split\",\"port\":\"out\",\"to\":\"write\"},"
                        "{\"from\":\"split\",\"port\":\"dead\",\"to\":\"rejects\"}]"));
}
END_TEST

START_TEST(sizes_are_exact_in_the_largest_unit)
{
    char b[FACTS_SIZE_MAX];

    ck_assert_str_eq(facts_size(0, b), "0B");
    ck_assert_str_eq(facts_size(1, b), "1B");
    ck_assert_str_eq(facts_size(32000000, b), "32MB");
    ck_assert_str_eq(facts_size(64 * 1024, b), "64KiB");
    ck_assert_str_eq(facts_size(1000001, b), "1000001B");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cli/pictures");
    TCase *tc = tcase_create("core");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, chain_is_joined_by_arrows_and_ports_are_listed);
    tcase_add_test(tc, boxes_are_drawn_with_lines_where_the_terminal_can);
    tcase_add_test(tc, dot_names_ports_other_than_out);
    tcase_add_test(tc, mermaid_is_a_flowchart);
    tcase_add_test(tc, facts_have_a_row_per_stage_and_the_sums);
    tcase_add_test(tc, facts_say_when_sources_wait);
    tcase_add_test(tc, facts_as_json_name_edges_by_port);
    tcase_add_test(tc, sizes_are_exact_in_the_largest_unit);
    suite_add_tcase(suite, tc);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
