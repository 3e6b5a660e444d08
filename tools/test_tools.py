#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proves that each checker can fail: a check that never says no checks nothing."""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

TOOLS = pathlib.Path(__file__).resolve().parent
CLEAN, FAULTY, SKIPPED = 0, 1, 77


class Tree(unittest.TestCase):
    """A source tree in a folder of its own."""

    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="pphost-tools-"))
        self.addCleanup(shutil.rmtree, self.root)

    def put(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def run_tool(self, tool, *arguments):
        done = subprocess.run([sys.executable, TOOLS / tool, *arguments, self.root],
                              capture_output=True, text=True, check=False)
        self.said = done.stdout + done.stderr
        return done.returncode

    def expect(self, tool, code, *words):
        self.assertEqual(self.run_tool(tool), code, self.said)
        for word in words:
            self.assertIn(word, self.said)


class Layers(Tree):
    def test_lower_layer_may_be_included(self):
        self.put("runtime/flow/a.c", '#include "flow/a.h"\n#include "base/x.h"\n#include <a.h>\n')
        self.expect("check_layers.py", CLEAN)

    def test_higher_layer_may_not(self):
        self.put("runtime/flow/a.c", '\n#include "exec/run.h"\n')
        self.expect("check_layers.py", FAULTY, "a.c:2", "flow may not include exec/run.h")

    def test_neighbour_of_same_rank_may_not(self):
        self.put("runtime/flow/a.c", '#include "config/diag.h"\n')
        self.expect("check_layers.py", FAULTY, "config/diag.h")

    def test_layer_is_part_of_the_name(self):
        self.put("runtime/flow/a.c", '#include "a.h"\n')
        self.expect("check_layers.py", FAULTY, "layer/file.h")

    def test_new_folder_needs_a_rank(self):
        self.put("runtime/misc/a.c", '#include "base/x.h"\n')
        self.expect("check_layers.py", FAULTY, "runtime/misc")

    def test_plugin_may_not_see_the_runtime(self):
        self.put("plugins/x/x.c", '#include "base/text.h"\n')
        self.expect("check_layers.py", FAULTY, "x.c:1")

    def test_plugin_may_see_its_own_header(self):
        self.put("plugins/x/part.h", "int x;\n")
        self.put("plugins/x/x.c", '#include <pphost/plugin.h>\n#include "part.h"\n')
        self.expect("check_layers.py", CLEAN)

    def test_abi_header_stands_on_two_headers(self):
        self.put("include/pphost/plugin.h", "#include <stdint.h>\n#include <stdio.h>\n")
        self.expect("check_layers.py", FAULTY, "plugin.h:2", "stdio.h")


class Guards(Tree):
    def test_field_behind_a_mutex_says_who_may_touch_it(self):
        self.put("runtime/flow/a.c",
                 "struct a {\n    int before;\n    struct mutex lock;\n"
                 "    struct cond more; /* waits for: count > 0 */\n"
                 "    int count GUARDED_BY(lock);\n};\n")
        self.expect("check_guards.py", CLEAN)

    def test_silent_field_is_found(self):
        self.put("runtime/flow/a.c",
                 "struct a {\n    struct mutex lock;\n    /* words; */\n    int count;\n};\n")
        self.expect("check_guards.py", FAULTY, "a.c:4", "int count;")

    ATOMIC = "    _Atomic int shared; /* written by: all; read by: all */\n"

    def test_plain_field_beside_an_atomic_says_whose_it_is(self):
        self.put("runtime/flow/a.h", "struct a {\n    /* Set by a_new(), never changed after. */\n"
                                     "    int plain;\n" + self.ATOMIC + "};\n")
        self.put("runtime/flow/b.h", "/* Belongs to one thread but for `shared`. */\nstruct b {\n"
                                     "    int plain;\n" + self.ATOMIC + "};\n")
        self.expect("check_guards.py", CLEAN)

    def test_plain_field_beside_an_atomic_that_says_nothing_is_found(self):
        self.put("runtime/flow/a.h", "struct a {\n    int plain;\n" + self.ATOMIC + "};\n")
        self.expect("check_guards.py", FAULTY, "a.h:2", "says not whose it is: int plain;")

    def test_words_about_an_atomic_do_not_speak_for_others(self):
        self.put("runtime/flow/a.h", "struct a {\n" + self.ATOMIC + "    int plain;\n};\n")
        self.expect("check_guards.py", FAULTY, "a.h:3")

    def test_attribute_before_the_name_hides_nothing(self):
        self.put("runtime/flow/a.c",
                 "struct PPH_ALIGNED(64) a {\n    struct mutex lock;\n    int count;\n};\n")
        self.expect("check_guards.py", FAULTY, "a.c:3")

    def test_atomic_names_writer_and_reader(self):
        self.put("runtime/flow/a.h",
                 "struct a {\n    _Atomic int n; /* written by: owner; read by: all */\n};\n")
        self.expect("check_guards.py", CLEAN)

    def test_comment_above_a_group_covers_it(self):
        self.put("runtime/flow/a.h",
                 "struct a {\n    /* Written by the owner,\n     * read by all. */\n"
                 "    _Atomic int n;\n    _Atomic int m;\n\n    int x;\n};\n")
        self.expect("check_guards.py", CLEAN)

    def test_comment_may_point_to_another_field(self):
        self.put("runtime/flow/a.h", "struct a {\n    _Atomic int n; /* as b.n */\n};\n")
        self.expect("check_guards.py", CLEAN)

    def test_atomic_without_a_word_is_found(self):
        self.put("runtime/flow/a.h", "struct a {\n    int x; /* read, written */\n"
                                     "    _Atomic int n; /* how many */\n};\n")
        self.expect("check_guards.py", FAULTY, "a.h:3")

    def test_atomic_variable_of_a_file_is_found(self):
        self.put("runtime/flow/a.c", "static _Atomic int n;\n")
        self.expect("check_guards.py", FAULTY, "a.c:1")

    def test_parameters_are_no_fields(self):
        self.put("runtime/flow/a.h", "void f(int b,\n       _Atomic int *a);\n")
        self.expect("check_guards.py", CLEAN)


class Locks(Tree):
    FIELD = "struct a {\n    struct mutex lock;\n};\n"
    SET = 'void f(void)\n{\n    lock_order_set(&a->lock, "%s", %s, 0);\n}\n'

    def lock(self, rows, name="a.lock", chain="LOCKS_ALONE", field=FIELD):
        self.put("docs/concurrency.md", f"# X\n\n## Lock order\n\n```\n{rows}\n```\n\n## Next\n")
        self.put("runtime/flow/a.c", field + self.SET % (name, chain))

    def test_row_field_and_name_agree(self):
        self.lock("a.lock  ->  nothing   words")
        self.expect("check_locks.py", CLEAN)

    def test_lock_without_a_row_is_found(self):
        self.lock("")
        self.expect("check_locks.py", FAULTY, "a.c: a.lock is not in the table")

    def test_lock_without_a_name_is_found(self):
        self.lock("a.lock -> nothing", name="b.lock")
        self.expect("check_locks.py", FAULTY, "a.lock has no lock_order_set()")

    def test_row_without_a_lock_is_found(self):
        self.lock("a.lock -> nothing\nb.lock(s) -> nothing")
        self.expect("check_locks.py", FAULTY, "there is no b.lock")

    def test_chain_that_differs_from_the_row_is_found(self):
        self.lock("a.lock -> nothing", chain="LOCKS_STAGES")
        self.expect("check_locks.py", FAULTY, "a.lock is of LOCKS_STAGES")
        self.lock("a.lock -> a.lock")
        self.expect("check_locks.py", FAULTY, "a.lock is of LOCKS_ALONE")


class Names(Tree):
    GUARDS = "### P1 X\n\nWords.\n\nGuarded by: `model.a_bug1`, `test_a.c:one_works`.\n"

    def setUp(self):
        super().setUp()
        self.put("runtime/exec/a.c", "void go_on(struct a *s)\n{\n    s->held = 1;\n}\n")
        self.put("tests/models/cases.py", '_case("a_bug1", "BUG1")\n')
        self.put("tests/sim/mutants_list.py", 'Mutant("end-lost", "x")\n')
        self.put("tests/sim/CMakeLists.txt", "add_test(NAME sim.part_${part} COMMAND x)\n")
        self.put("tests/stress/CMakeLists.txt", "pph_add_stress(run a.c)\n")
        self.put("tests/unit/test_a.c", "START_TEST(one_works)\n")
        self.put("tests/sim/oracle.c", 'fail("over its bound");\n')

    def names(self, text, code, *words, guards=GUARDS):
        self.put("docs/scheduler.md", f"{text}\n\n{guards}")
        self.expect("check_names.py", code, *words)

    def test_what_exists_may_be_named(self):
        self.names("a.c: go_on(), `stage.held`, `sim.part_1`, `stress.run`, `mutant.end-lost`, `oracle.c:over its bound`; "
                   "`--inline`, [sim](../tests/sim/oracle.c)", CLEAN)

    def test_what_does_not_exist_is_found(self):
        for name in ["b.c", "unit/a.c", "goes_on()", "`stage.helt`", "`sim.parts_1`", "`stress.late`", "`mutant.end`",
                     "`model.a_bug2`", "`oracle.c:under its bound`", "`test_a.c:one`", "`a.c:go_on`"]:
            self.names(f"x\n{name}", FAULTY, "scheduler.md:2: " + name.strip("`"))

    def test_invariant_needs_two_kinds_of_tests(self):
        self.names("", FAULTY, "P1 X: guarded by tests of 1 kinds", guards="### P1 X\n\nGuarded by: `model.a_bug1`.\n")
        self.names("", FAULTY, "P1 X: guarded by tests of 0 kinds", guards="### P1 X\n\nNothing.\n")

    def test_document_without_invariants_is_found(self):
        self.names("", FAULTY, "it has no invariants", guards="")


class Atomics(Tree):
    LOAD = "    x = atomic_load_explicit(&n, memory_order_acquire);"
    STORE = "    atomic_store_explicit(&n, 1,\n        memory_order_release);"

    def test_labelled_pair_and_relaxed_operations(self):
        self.put("runtime/exec/a.c", self.LOAD + " /* A1 */\n"
                 "    atomic_store_explicit(&n, 1, memory_order_relaxed);\n")
        self.put("runtime/exec/b.c", "    /* R1: what is said here happens before */\n"
                 + self.STORE + "\n")
        self.expect("check_atomics.py", CLEAN)

    def test_order_without_a_label_is_found(self):
        self.put("runtime/exec/a.c", self.LOAD + "\n")
        self.expect("check_atomics.py", FAULTY, "a.c:1")

    def test_label_without_a_partner_is_found(self):
        self.put("runtime/exec/a.c", self.LOAD + " /* A1 */\n")
        self.put("runtime/flow/b.c", self.STORE + " /* R1 */\n")
        self.expect("check_atomics.py", FAULTY, "exec: A1 has no R1", "flow: R1 has no A1")

    def test_order_that_is_not_written_is_found(self):
        self.put("runtime/exec/a.c", "    x = atomic_load(&n);\n")
        self.expect("check_atomics.py", FAULTY, "a.c:1")


class Size(Tree):
    BODY = "    x();\n"

    def test_limits_may_be_reached(self):
        self.put("runtime/a.c", "int f(void)\n{\n" + 60 * self.BODY + "}\n" + 437 * "\n")
        self.expect("check_size.py", CLEAN)

    def test_long_file_is_found(self):
        self.put("runtime/a.c", 501 * "\n")
        self.expect("check_size.py", FAULTY, "501 lines")

    def test_long_function_is_found(self):
        self.put("tests/a.c", "int g(void)\n{\n}\n\nSTATIC int f(int a,\n      int b)\n{\n"
                 + 61 * self.BODY + "}\n")
        self.expect("check_size.py", FAULTY, "a.c:7", "f has 61 lines")

    def test_long_table_is_no_function(self):
        self.put("runtime/a.c", "int f(void);\nstatic int t[] = {\n" + 80 * "    1,\n" + "};\n")
        self.expect("check_size.py", CLEAN)

    def test_long_python_function_is_found(self):
        self.put("tools/a.py", "def f():\n" + 61 * "    x()\n")
        self.expect("check_size.py", FAULTY, "a.py:1")


class Words(Tree):
    def test_each_rule_finds_its_word(self):
        for word in ("pthread_create(x)", "printf(x)", "fputs(x, y)", "exit(1)", "abort()",
                     "usleep(1)", "strcpy(a, b)", "dlclose(h)"):
            with self.subTest(word=word):
                self.put("runtime/flow/a.c", f"void f(void)\n{{\n    {word};\n}}\n")
                self.expect("check_words.py", FAULTY, "a.c:3", word.split("(")[0])

    def test_sleeping_test_is_found(self):
        self.put("tests/unit/a.c", "    sleep(1);\n")
        self.expect("check_words.py", FAULTY, "a.c:1")

    def test_todo_needs_an_issue(self):
        self.put("plugins/x/a.c", "/* TODO: later */\n/* TODO(#12): later */\n")
        self.expect("check_words.py", FAULTY, "a.c:1")
        self.assertNotIn("a.c:2", self.said)

    def test_the_right_place_and_comments_and_strings_are_no_fault(self):
        self.put("runtime/base/sync.c", "pthread_mutex_lock(x);\n")
        self.put("runtime/cli/main.c", 'printf("exit(1)"); exit(0);\n')
        self.put("runtime/flow/a.c", '/* sleep(1) */ f("abort()"); snprintf(a); pthread_t t;\n')
        self.expect("check_words.py", CLEAN)


class Commits(Tree):
    def commit(self, message):
        git = ["git", "-C", self.root, "-c", "user.name=a", "-c", "user.email=a@b.invalid"]
        if not (self.root / ".git").exists():
            subprocess.run(["git", "init", "-q", self.root], check=True)
        subprocess.run([*git, "commit", "-q", "--allow-empty", "--cleanup=verbatim", "-m", message],
                       check=True)

    def test_good_messages(self):
        self.commit("flow: batches know their bytes\n\nBecause.\n")
        self.commit("build, tests: 3 presets more")
        self.commit("abi: PPH_MORE keeps the item")
        self.expect("check_commit.py", CLEAN)

    def test_bad_messages(self):
        for message in ("no area here", "Flow: upper area", "flow: Upper word", "flow: a stop.",
                        "flow: " + 67 * "x", "flow:no blank", "flow: glued\nbody"):
            with self.subTest(message=message):
                self.commit(message)
                self.expect("check_commit.py", FAULTY, message.splitlines()[0])

    def test_without_history_it_is_skipped(self):
        self.expect("check_commit.py", SKIPPED)


@unittest.skipUnless(shutil.which("clang-format"), "clang-format is not installed")
class Format(Tree):
    def test_crooked_file_is_found_and_straightened(self):
        shutil.copy(TOOLS.parent / ".clang-format", self.root)
        self.put("runtime/a.c", "int  f( void ) {return 1;}\n")
        self.assertNotEqual(self.run_tool("format.py", "--check"), CLEAN)
        self.assertEqual(self.run_tool("format.py"), CLEAN)
        self.assertEqual(self.run_tool("format.py", "--check"), CLEAN, self.said)


class Headers(Tree):
    PROJECT = """cmake_minimum_required(VERSION 3.25)
project(t LANGUAGES C)
list(APPEND CMAKE_MODULE_PATH {cmake})
add_library(pphost_warnings INTERFACE)
add_library(own INTERFACE)
target_include_directories(own INTERFACE include)
include(PphTargets)
pph_check_headers(include own)
"""

    def build(self):
        cmake = shutil.which("cmake")
        if subprocess.run([cmake, "-G", "Ninja", "-S", self.root, "-B", self.root / "b"], check=False,
                          capture_output=True).returncode != 0:
            return "configuration failed"
        return subprocess.run([cmake, "--build", self.root / "b", "--target",
                               "check_headers_include"], check=False,
                              capture_output=True).returncode

    def test_header_that_leans_on_another_is_found(self):
        self.put("CMakeLists.txt", self.PROJECT.format(cmake=TOOLS.parent / "cmake"))
        self.put("include/a.h", "#ifndef A_H\n#define A_H\n#include <stddef.h>\nsize_t f(void);\n"
                                "struct a {\n    int x;\n};\n#endif\n")
        self.assertEqual(self.build(), 0)
        self.put("include/b.h", "size_t g(void);\n")
        self.assertNotIn(self.build(), (0, "configuration failed"))


if __name__ == "__main__":
    unittest.main()
