# SPDX-License-Identifier: MIT
"""An installed tree works from any prefix, and authors of plugins can build against it.

Installs into one folder, moves it to another, and uses only what is there.
Usage: test_install.py BUILD CMAKE COMPILER
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

TIME_LIMIT_S = 120
TEXT = "one two\n\n  three\tfour five \nsix"
KEEP_C = """#include <pphost/plugin.h>

static int keep(struct pph_ctx *ctx, struct pph_item *it)
{
    return it->len >= (uint64_t)ctx->args[0].i ? PPH_FORWARD : PPH_OK;
}

static const struct pph_param params[] = {
    {.name = "min", .type = PPH_INT, .def = "1", .doc = "Shortest item kept, in bytes."},
    {0},
};

const struct pph_plugin pphost_plugin_v1 = {
    .size = sizeof(struct pph_plugin),
    .kind = PPH_PROCESSOR,
    .flags = PPH_PARALLEL,
    .name = "keep",
    .doc = "Drops short items.",
    .params = params,
    .each = keep,
};
"""
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(keep LANGUAGES C)
find_package(pphost 0.1 REQUIRED)
pphost_add_plugin(keep keep.c)
install(TARGETS keep LIBRARY DESTINATION ${PPHOST_PLUGIN_DIR})
"""
WORDS_PROJECT = """cmake_minimum_required(VERSION 3.25)
project(words LANGUAGES C)
find_package(pphost 0.1 REQUIRED)
find_package(Threads REQUIRED)
foreach (kind pphost pphost_static)
    add_executable(words_${kind} words.c)
    target_link_libraries(words_${kind} PRIVATE pphost::${kind} Threads::Threads)
endforeach ()
"""
PIPELINE = """stages:
  - use: lines
    with: {{path: text.txt}}
  - use: split
  - use: {keep}
    with: {{min: 4}}
  - use: write
    with: {{path: long.txt}}
"""

build = cmake = compiler = None


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = pathlib.Path(tempfile.mkdtemp(prefix="pphost-install-")).resolve()
        cls.addClassCleanup(shutil.rmtree, cls.top)
        cls.env = {name: value for name, value in os.environ.items()
                   if not name.startswith(("PPHOST_", "PKG_CONFIG", "CMAKE_", "DESTDIR"))}
        cls.env["HOME"] = str(cls.top)
        first, cls.prefix = cls.top / "first", cls.top / "moved" / "there"
        cls.call([cmake, "--install", build, "--prefix", first])
        cls.prefix.parent.mkdir()
        first.rename(cls.prefix)
        cls.pphost = cls.prefix / "bin/pphost"
        pc = next(cls.prefix.rglob("pphost.pc"))
        cls.env["PKG_CONFIG_PATH"] = str(pc.parent)
        cls.plugins = next(cls.prefix.rglob("pphost/plugins"))

    @classmethod
    def call(cls, command, **more):
        done = subprocess.run(list(map(str, command)), env=cls.env, text=True, check=False,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=TIME_LIMIT_S, **more)
        if done.returncode != 0:
            raise AssertionError(f"{command}: exit {done.returncode}\n{done.stdout}")
        return done.stdout

    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(dir=self.top))
        (self.work / "text.txt").write_text(TEXT)
        (self.work / "keep.c").write_text(KEEP_C)

    def run_long_words(self, keep):
        (self.work / "p.yaml").write_text(PIPELINE.format(keep=keep))
        self.call([self.pphost, "run", "p.yaml"], cwd=self.work)
        words = [word for word in TEXT.split() if len(word) >= 4]
        self.assertEqual((self.work / "long.txt").read_text().splitlines(), words)

    def test_tokenise_job_runs_after_the_move(self):
        example = next(self.prefix.rglob("examples/tokenise.yaml"))
        self.call([self.pphost, "run", example, "in=text.txt", "out=tokens.txt"], cwd=self.work)
        self.assertEqual((self.work / "tokens.txt").read_text().splitlines(), TEXT.split())

    def test_every_plugin_is_there_and_no_other(self):
        here = {path.name for path in self.plugins.iterdir()}
        plugins = pathlib.Path(__file__).resolve().parents[2] / "plugins" / "CMakeLists.txt"
        ours = {name + ".so" for name in re.findall(r"^pph_add_plugin\((\w+)", plugins.read_text(), re.M)}
        self.assertEqual(here, ours)
        listed = self.call([self.pphost, "plugins"], cwd=self.work)
        for name in ours:
            self.assertRegex(listed, rf"\b{name.removesuffix('.so')}\b")

    def test_plugin_built_with_pkg_config_runs(self):
        flags = self.call(["pkg-config", "--cflags", "pphost"]).split()
        include = next(flag[2:] for flag in flags if flag.startswith("-I"))
        self.assertTrue(os.path.samefile(include, self.prefix / "include"))
        plugins = self.call(["pkg-config", "--variable=plugindir", "pphost"]).strip()
        self.assertTrue(os.path.samefile(plugins, self.plugins))
        self.call([compiler, "-std=c11", "-O2", "-Wall", "-Werror", "-fPIC", "-shared", *flags,
                   "-o", "keep.so", "keep.c"], cwd=self.work)
        self.run_long_words("./keep.so")

    def test_plugin_built_with_find_package_is_installed_and_found_by_name(self):
        (self.work / "CMakeLists.txt").write_text(PROJECT)
        out = self.work / "b"
        self.call([cmake, "-G", "Ninja", "-S", self.work, "-B", out, f"-DCMAKE_PREFIX_PATH={self.prefix}",
                   f"-DCMAKE_C_COMPILER={compiler}"])
        self.call([cmake, "--build", out])
        symbols = self.call(["nm", "-D", "--defined-only", out / "keep.so"]).split("\n")
        self.assertEqual([line.split()[-1] for line in symbols if line], ["pphost_plugin_v1"])
        self.addCleanup((self.plugins / "keep.so").unlink)
        self.call([cmake, "--install", out])
        self.run_long_words("keep")

    def write_words(self):
        """The programs of docs/embedding.md; and what their compiler must be told."""
        guide = next(self.prefix.rglob("embedding.md")).read_text()
        words, samples = re.findall(r"^```c\n(.*?)^```", guide, re.M | re.S)
        (self.work / "words.c").write_text(words)
        (self.work / "samples.c").write_text(samples)
        archive = next(self.prefix.rglob("libpphost.a"))
        undefined = self.call(["nm", "-u", archive])
        return ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror",
                *(["-fsanitize=address,undefined"] if "__asan_init" in undefined else []),
                *(["-fsanitize=thread"] if "__tsan_init" in undefined else []),
                *(["--coverage"] if "__gcov_init" in undefined else [])]

    def run_words(self, program, **env):
        """Each word of the text in its place, and the account of the command line."""
        with (self.work / "text.txt").open("rb") as text:
            plain = subprocess.run(["setarch", "-R", program], stdin=text, capture_output=True, check=False,
                                   cwd=self.work, env=self.env | env, timeout=TIME_LIMIT_S)
        self.assertEqual(plain.returncode, 0, plain.stderr)
        self.assertEqual(plain.stdout.decode().split("\n")[:-1], TEXT.split())
        self.assertRegex(plain.stderr.decode(), r"^done in .*\n  read 4 \+ split \d+ = delivered 6")

    def test_program_built_with_pkg_config_runs_a_pipeline(self):
        strict = self.write_words()
        flags = self.call(["pkg-config", "--cflags", "--libs", "libpphost"]).split()
        shared = next(self.prefix.rglob("libpphost.so"))
        self.call([compiler, *strict, "-o", "words", "words.c", *flags, f"-Wl,-rpath,{shared.parent}"],
                  cwd=self.work)
        self.run_words(self.work / "words")
        self.call([compiler, *strict, "-o", "samples", "samples.c", *flags, f"-Wl,-rpath,{shared.parent}"],
                  cwd=self.work)
        self.assertEqual(self.call(["setarch", "-R", self.work / "samples"]), "1250\n")
        cflags = self.call(["pkg-config", "--cflags", "libpphost"]).split()
        private = [flag for flag in self.call(["pkg-config", "--static", "--libs", "libpphost"]).split()
                   if flag != "-lpphost"]
        self.call([compiler, *strict, *cflags, "-o", "words_static", "words.c",
                   next(self.prefix.rglob("libpphost.a")), *private], cwd=self.work)
        self.run_words(self.work / "words_static", PPHOST_PLUGIN_PATH=str(self.plugins))

    def test_program_built_with_find_package_runs_a_pipeline(self):
        strict = self.write_words()
        (self.work / "CMakeLists.txt").write_text(WORDS_PROJECT)
        out = self.work / "b"
        self.call([cmake, "-G", "Ninja", "-S", self.work, "-B", out, f"-DCMAKE_PREFIX_PATH={self.prefix}",
                   f"-DCMAKE_C_COMPILER={compiler}", f"-DCMAKE_C_FLAGS={' '.join(strict)}"])
        self.call([cmake, "--build", out])
        self.run_words(out / "words_pphost")
        self.run_words(out / "words_pphost_static", PPHOST_PLUGIN_PATH=str(self.plugins))

    def test_manual_and_completion_are_there(self):
        manual = next(self.prefix.rglob("man1/pphost.1")).read_text()
        self.assertRegex(manual, r"(?mi)^\.TH \"?pphost")
        completion = next(self.prefix.rglob("completions/pphost"))
        self.call(["bash", "-n", completion])
        for name in ("LICENSE", "README.md"):
            self.assertTrue(list(self.prefix.rglob(f"doc/pphost/{name}")), name)

    def test_public_headers_are_those_of_the_source(self):
        sources = pathlib.Path(__file__).resolve().parents[2] / "include/pphost"
        installed = next(self.prefix.rglob("include/pphost"))
        self.assertEqual(sorted(path.name for path in installed.iterdir()),
                         sorted(path.name for path in sources.glob("*.h")))

    def test_executable_links_libc_and_libyaml_only(self):
        needed = re.findall(r"NEEDED.*\[(.*?)\]", self.call(["readelf", "-d", self.pphost]))
        if any(name.startswith(("libasan", "libtsan", "libubsan")) for name in needed):
            self.skipTest("a sanitizer build links more")
        self.assertIn("libyaml-0.so.2", needed)
        self.assertLessEqual(set(needed), {"libc.so.6", "libyaml-0.so.2", "ld-linux-x86-64.so.2"})


if __name__ == "__main__":
    build, cmake, compiler = sys.argv[1:4]
    unittest.main(argv=sys.argv[:1])
