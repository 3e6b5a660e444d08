# SPDX-License-Identifier: MIT
"""What README.md and the documents show is run, in a fresh clone, with the executable that was just built.

A fenced block whose first line names a file in a comment (`# words.yaml`, `/* keep.c: ... */`) is written
to that file.  In a `console` block, a line `$ ...` is a command and what follows is what it prints on
both channels; `...` stands for any text, and alone on a line for any lines.  All commands run in one
shell, in order.  `./dev` is run with --dry-run: it builds for minutes.
Usage: test_readme.py SOURCE BUILD
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
NAMED = re.compile(r"^(?:#|/\*) ([\w./-]+\.(?:yaml|c|txt))\b")
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
MARK = "@@ next command"
TIME_LIMIT_S = 120

source = build = None


def blocks(text):
    """(language, lines) of each fenced block."""
    return [(m.group(1), m.group(2).splitlines()) for m in BLOCK.finditer(text)]


def commands(text):
    """(command, expected lines) of each `$` line of the console blocks."""
    found = []
    for language, lines in blocks(text):
        if language != "console":
            continue
        for line in lines:
            if line.startswith("$ "):
                found.append((line[2:], []))
            elif found:
                found[-1][1].append(line)
    return found


def pattern(expected):
    """A regular expression for the expected lines."""
    parts = []
    for line in expected:
        if line.strip() == "...":
            parts.append(r"(?:.*\n)*?")
        else:
            parts.append(r"[^\n]*?".join(re.escape(word) for word in line.split("...")) + r"\n")
    return re.compile("".join(parts) + r"\Z")


def whole(lines):
    """The pipeline; around stages and keys of a stage, which are shown alone, what they need."""
    if any(line.startswith("stages:") for line in lines):
        return "\n".join(lines) + "\n"
    head = "stages:\n  - {use: generate, with: {count: 1}}\n"
    if lines[0].startswith("- "):
        return head + "  - {use: head, with: 1, on_error: dead}\n  - {use: drop}\n" + \
            "".join(f"  {line}\n" for line in lines)
    return head + "  - use: head\n    with: 1\n" + "".join(f"    {line}\n" for line in lines) + \
        "  - {use: drop}\n  - {use: drop, from: .dead}\n"


def fresh_clone(target):
    """What a stranger gets from git, with what is changed here and not yet committed."""
    home = target.parent / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[safe]\n\tdirectory = *\n")
    env = {**os.environ, "HOME": str(home)}

    def git(*arguments):
        return subprocess.run(["git", *arguments], env=env, check=True, capture_output=True,
                              text=True).stdout

    if shutil.which("git") is None or not (source / ".git").exists():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("build", ".git"))
        return
    git("clone", "-q", str(source), str(target))
    for name in git("-C", str(source), "diff", "--name-only", "HEAD").splitlines():
        if (source / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source / name, target / name)


class Readme(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = pathlib.Path(tempfile.mkdtemp(prefix="pphost-readme-"))
        cls.addClassCleanup(shutil.rmtree, cls.top)
        cls.clone = cls.top / "pphost"
        fresh_clone(cls.clone)
        (cls.clone / "build").mkdir(exist_ok=True)
        (cls.clone / "build/release").symlink_to(build)
        cls.text = (cls.clone / "README.md").read_text(encoding="utf-8")

    def write_files(self):
        names = []
        for _, lines in blocks(self.text):
            named = NAMED.match(lines[0]) if lines else None
            if named:
                path = self.clone / named.group(1)
                self.assertFalse(path.exists(), f"{path} is shown twice, or is in the repository")
                path.write_text("\n".join(lines) + "\n", encoding="utf-8")
                names.append(named.group(1))
        return names

    def run_all(self, lines):
        """What each command printed, and its exit code."""
        script = ["PS4="]
        for line in lines:
            script += [line, f'printf "\\n%s %d\\n" "{MARK}" $?']
        env = {name: value for name, value in os.environ.items() if not name.startswith("PPHOST_")}
        env.update(HOME=str(self.top / "home"), NO_COLOR="1", LC_ALL="C.UTF-8")
        done = subprocess.run(["bash", "-c", "\n".join(script)], cwd=self.clone, env=env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=TIME_LIMIT_S,
                              check=False)
        parts = re.split(rf"\n{MARK} (\d+)\n", done.stdout)
        return list(zip(parts[0::2], map(int, parts[1::2])))

    def test_commands_print_what_is_shown(self):
        self.assertGreater(len(self.write_files()), 1)
        ours = [(line, expected) for line, expected in commands(self.text)
                if not line.startswith("./dev")]
        self.assertGreater(len(ours), 3)
        self.run_and_compare("README", ours)

    def other_documents(self):
        return [path for path in self.documents() if path != self.clone / "README.md"]

    def test_commands_of_the_documents_print_what_is_shown(self):
        checked = 0
        for path in self.other_documents():
            ours = [(line, expected) for line, expected in commands(path.read_text(encoding="utf-8"))
                    if not line.startswith("./dev")]
            if ours:
                self.run_and_compare(path.relative_to(self.clone).as_posix(), ours)
                checked += len(ours)
        self.assertGreater(checked, 9)

    def run_and_compare(self, name, ours):
        """Runs the (command, expected lines) of a document, which each must end with 0."""
        results = self.run_all([line for line, _ in ours])

        self.assertEqual(len(results), len(ours))
        for (line, expected), (printed, code) in zip(ours, results):
            with self.subTest(document=name, command=line):
                said = printed.rstrip("\n") + "\n" if printed.strip("\n") else ""
                if not pattern(expected).match(said):
                    self.fail(f"$ {line}\nprinted (exit {code}):\n{said}\nbut the document shows:\n"
                              + "\n".join(expected))
                if not re.search(r"; echo \$\?$", line):
                    self.assertEqual(code, 0, said)

    def test_first_two_commands_are_those_of_dev(self):
        lines = [line for line, _ in commands(self.text)]
        self.assertEqual(lines[:2], ["./dev demo", "./dev test"])
        subprocess.run(["bash", "-n", self.clone / "dev"], check=True)
        for path in self.other_documents():
            lines += [line for line, _ in commands(path.read_text(encoding="utf-8"))]
        for line in filter(lambda line: line.startswith("./dev"), lines):
            with self.subTest(command=line):
                dry = line.split("#")[0].replace("./dev", "./dev --dry-run", 1)
                done = subprocess.run(["bash", "-c", dry], cwd=self.clone, capture_output=True,
                                      text=True, check=False, stdin=subprocess.DEVNULL)
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertIn("cmake --preset", done.stdout)

    def test_demo_runs_the_job_of_the_examples(self):
        done = subprocess.run(["./dev", "--dry-run", "demo"], cwd=self.clone, text=True,
                              capture_output=True, check=True)
        job = re.search(r"^\$ \S+/pphost run (\S+) ", done.stdout, re.M)
        self.assertIsNotNone(job, done.stdout)
        self.assertTrue((self.clone / job.group(1)).is_file())

    def documents(self):
        return sorted(path for folder in (".", "docs", "configs", "configs/bad", "configs/seeds", "bench")
                      for path in (self.clone / folder).glob("*.md"))

    def test_pipelines_of_the_readme_are_run(self):
        shown = [lines for language, lines in blocks(self.text) if language == "yaml"]
        ours = " ".join(line for line, _ in commands(self.text))
        self.assertGreater(len(shown), 1)
        for lines in shown:
            named = NAMED.match(lines[0])
            self.assertTrue(named and named.group(1) in ours, "\n".join(lines))

    def test_pipelines_of_the_documents_are_right(self):
        checked = 0
        env = {**os.environ, "PPHOST_PLUGIN_PATH": str(build / "configs/seeds")}
        for path in self.other_documents():
            text = path.read_text(encoding="utf-8")
            for language, lines in blocks(text):
                named = NAMED.match(lines[0]) if lines else None
                if named and f"./{named.group(1)}" in text:  # checked with the one that uses it
                    (self.clone / named.group(1)).write_text("\n".join(lines), encoding="utf-8")
                    continue
                if language != "yaml":
                    continue
                with self.subTest(file=path.name, pipeline=lines[0]):
                    done = subprocess.run([build / "bin/pphost", "check", "-"], text=True,
                                          input=whole(lines), stderr=subprocess.STDOUT,
                                          stdout=subprocess.PIPE, check=False, cwd=self.clone,
                                          env=env)
                    self.assertEqual(done.returncode, 0, done.stdout)
                    checked += 1
        self.assertGreater(checked, 5)

    def test_links_lead_somewhere(self):
        for path in self.documents():
            name = path.relative_to(self.clone).as_posix()
            for link in LINK.findall(path.read_text(encoding="utf-8")):
                if "://" not in link:
                    with self.subTest(file=name, link=link):
                        self.assertTrue((path.parent / link).exists())


class Pattern(unittest.TestCase):
    """The comparison itself can fail."""

    def test_dots_stand_for_text_and_lines(self):
        self.assertTrue(pattern(["done in ... s", "...", "end"]).match("done in 1.2 s\na\nb\nend\n"))

    def test_other_text_does_not_match(self):
        self.assertFalse(pattern(["done in ... s"]).match("failed in 1 s\n"))
        self.assertFalse(pattern(["one"]).match("one\ntwo\n"))
        self.assertFalse(pattern([]).match("one\n"))


if __name__ == "__main__":
    source, build = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
    unittest.main(argv=sys.argv[:1])
