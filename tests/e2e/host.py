# SPDX-License-Identifier: MIT
"""What the end-to-end tests share: running pphost in a folder of its own, and comparing.

A test script is called with the executable, the folder of test plugins and the source folder.  It
holds functions named test_*; run_all() calls each with a Host in a fresh folder.
PPH_GOLDEN_UPDATE=1 writes golden files instead of comparing with them.
"""
import difflib
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import traceback

TIME_LIMIT_S = 60


class Result:
    """How a process ended and what it wrote."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __repr__(self):
        return f"exit {self.code}\n-- stdout\n{self.out}\n-- stderr\n{self.err}"


class Host:
    """pphost in a folder of its own, with an environment that says nothing unexpected."""

    def __init__(self, executable, plugins, source, folder):
        self.executable, self.plugins = executable, plugins
        self.source, self.folder = pathlib.Path(source), pathlib.Path(folder)
        self.env = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "TZ": "UTC", "LANG": "C.UTF-8",
            "PPHOST_PLUGIN_PATH": plugins,
        }
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]

        self.chaos = None
        if b"PPH_CHAOS_SEED" in pathlib.Path(executable).read_bytes():
            self.chaos = os.environ.get("PPH_CHAOS_SEED") or str(random.randrange(10 ** 9))
            self.env["PPH_CHAOS_SEED"] = self.chaos

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text) if isinstance(text, str) else path.write_bytes(text)
        return path

    def sanitized(self):
        """Whether the executable was built with a sanitizer, which needs memory of its own."""
        code = pathlib.Path(self.executable).read_bytes()
        return b"__asan_init" in code or b"__tsan_init" in code

    def start(self, *args, env=None, **kwargs):
        kwargs.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.Popen([self.executable, *args], cwd=kwargs.pop("cwd", self.folder),
                                env={**self.env, **(env or {})}, **kwargs)

    def run(self, *args, stdin="", env=None, **kwargs):
        process = self.start(*args, env=env, **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE,
                                                "stderr": subprocess.PIPE, **kwargs})
        out, err = process.communicate(stdin.encode(), timeout=TIME_LIMIT_S)
        return Result(process.returncode, (out or b"").decode(), (err or b"").decode())

    def plain(self, text):
        """The text without what differs between machines and runs."""
        text = text.replace(str(self.folder), "<dir>")
        text = re.sub(r"/\S*/(\w+\.so)", r"<plugins>/\1", text)
        text = re.sub(r"\d+(\.\d+)? (GiB|MiB|KiB)", "# MiB", text)
        text = re.sub(r"(<dir>\S*) +#", r"\1  #", text)
        return re.sub(r" +(# MiB|MEMORY)", r"  \1", text)

    def golden(self, name, text):
        """Compares the text with tests/e2e/golden/NAME."""
        path = self.source / "tests" / "e2e" / "golden" / name
        same_as(self.plain(text), path)


def same_as(text, path):
    """Fails with a diff when the file does not hold the text."""
    if os.environ.get("PPH_GOLDEN_UPDATE"):
        path.write_text(text)
        return
    expected = path.read_text()
    if text != expected:
        diff = difflib.unified_diff(expected.splitlines(), text.splitlines(), str(path), "got",
                                    lineterm="")
        raise AssertionError("\n".join(diff))


def check(condition, what):
    """Fails with `what`, usually a Result."""
    if not condition:
        raise AssertionError(str(what))


def run_all(module):
    """Runs the script's tests; the exit code says whether all passed."""
    executable, plugins, source = sys.argv[1:4]
    only = sys.argv[4:]
    failed = total = 0
    for name, test in list(vars(module).items()):
        if not name.startswith("test_") or (only and name not in only):
            continue
        total += 1
        with tempfile.TemporaryDirectory(prefix="pphost-") as folder:
            host = Host(executable, plugins, source, os.path.realpath(folder))
            try:
                test(host)
            except Exception:  # pylint: disable=broad-except
                failed += 1
                seed = f" with PPH_CHAOS_SEED={host.chaos}" if host.chaos else ""
                print(f"FAILED {name}{seed}\n{traceback.format_exc()}", flush=True)
    print(f"{total - failed} of {total} passed")
    return 1 if failed or not total else 0
