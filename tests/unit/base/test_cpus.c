/* SPDX-License-Identifier: MIT */
/*
 * Unit tests of base/cpus.h, over trees of control groups made for them.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <check.h>

#include "base/cpus.h"
#include "support/scratch.h"

static unsigned allowed; /* by the affinity mask */

static void make_directory(const char *name)
{
    ck_assert_int_eq(mkdir(scratch_path(name), 0700), 0);
}

static void setup(void)
{
    cpu_set_t set;

    ck_assert_int_eq(sched_getaffinity(0, sizeof(set), &set), 0);
    allowed = (unsigned)CPU_COUNT(&set);
    scratch_setup();
    make_directory("proc");
    make_directory("proc/self");
    make_directory("sys");
    make_directory("sys/fs");
    make_directory("sys/fs/cgroup");
    make_directory("sys/fs/cgroup/a");
    make_directory("sys/fs/cgroup/a/b");
    scratch_file("proc/self/cgroup", "1:name=systemd:/other\n0::/a/b\n");
}

static const char *root(void)
{
    static char path[4096];

    (void)snprintf(path, sizeof(path), "%s", scratch_path("."));
    return path;
}

static void assert_cpus(unsigned expected, bool expected_quota)
{
    bool quota = !expected_quota;

    if (expected > allowed)
        expected = allowed;
    ck_assert_uint_eq(cpus_under(root(), &quota), expected);
    ck_assert_int_eq(quota, expected_quota);
}

START_TEST(no_limit_leaves_the_affinity_mask)
{
    assert_cpus(allowed, false);
    scratch_file("sys/fs/cgroup/a/b/cpu.max", "max 100000\n");
    assert_cpus(allowed, false);
    scratch_file("proc/self/cgroup", "1:name=systemd:/other\n");
    assert_cpus(allowed, false);
    ck_assert_uint_eq(cpus_available() <= allowed && cpus_available() > 0, 1);
}
END_TEST

START_TEST(quota_is_rounded_up_and_at_least_one)
{
    scratch_file("sys/fs/cgroup/a/b/cpu.max", "10000 100000\n");
    assert_cpus(1, true);
    scratch_file("sys/fs/cgroup/a/b/cpu.max", "0 100000\n");
    assert_cpus(1, true);
    scratch_file("sys/fs/cgroup/a/b/cpu.max", "100001 100000\n");
    assert_cpus(2, true);
    scratch_file("sys/fs/cgroup/a/b/cpu.max", "18446744073709551614 1\n");
    assert_cpus(allowed, true);
}
END_TEST

START_TEST(the_least_of_all_ancestors_counts)
{
    scratch_file("sys/fs/cgroup/a/b/cpu.max", "900000 100000\n");
    scratch_file("sys/fs/cgroup/a/cpu.max", "50000 100000\n");
    assert_cpus(1, true);
    scratch_file("sys/fs/cgroup/a/cpu.max", "max 100000\n");
    scratch_file("sys/fs/cgroup/cpu.max", "20000 100000\n"); /* a container's own root */
    assert_cpus(1, true);
}
END_TEST

START_TEST(the_root_group_alone_counts_too)
{
    scratch_file("proc/self/cgroup", "0::/\n");
    scratch_file("sys/fs/cgroup/cpu.max", "100000 100000\n");
    assert_cpus(1, true);
}
END_TEST

START_TEST(nonsense_is_no_limit)
{
    static const char *const lines[] = {"", "\n", "x 100000\n", "100000\n", "1 0\n"};

    for (size_t k = 0; k < sizeof(lines) / sizeof(*lines); k++) {
        scratch_file("sys/fs/cgroup/a/b/cpu.max", lines[k]);
        assert_cpus(allowed, false);
    }
}
END_TEST

START_TEST(memory_is_the_least_that_a_group_grants)
{
    uint64_t all = memory_under(root());

    ck_assert_uint_gt(all, 16 << 20);
    scratch_file("sys/fs/cgroup/a/b/memory.max", "max\n");
    ck_assert_uint_eq(memory_under(root()), all);
    scratch_file("sys/fs/cgroup/a/memory.max", "16777216\n");
    ck_assert_uint_eq(memory_under(root()), 16 << 20);
    scratch_file("sys/fs/cgroup/a/b/memory.max", "8388608\n");
    ck_assert_uint_eq(memory_under(root()), 8 << 20);
    scratch_file("sys/fs/cgroup/a/b/memory.max", "99999999999999999\n");
    scratch_file("sys/fs/cgroup/a/memory.max", "nonsense\n");
    ck_assert_uint_eq(memory_under(root()), all);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("base/cpus");
    TCase *tc = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tc, setup, scratch_teardown);
    tcase_add_test(tc, no_limit_leaves_the_affinity_mask);
    tcase_add_test(tc, quota_is_rounded_up_and_at_least_one);
    tcase_add_test(tc, the_least_of_all_ancestors_counts);
    tcase_add_test(tc, the_root_group_alone_counts_too);
    tcase_add_test(tc, nonsense_is_no_limit);
    tcase_add_test(tc, memory_is_the_least_that_a_group_grants);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
