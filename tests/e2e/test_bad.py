# SPDX-License-Identifier: MIT
"""Every description of configs/bad through `pphost check`: the exact words, and the exit code.

Descriptions whose first line is `# config` are compared word by word by a unit test of that layer;
here their messages must be among those shown.
Usage: test_bad.py PPHOST PLUGINS SOURCE
"""
import os
import re
import subprocess
import sys

from host import check, run_all, same_as


def bad_folder(host):
    return host.source / "configs" / "bad"


def checked(host, path):
    """Checks the description from its own folder; PLUGINS/bad holds plugins that are refused."""
    path_env = f"{host.plugins}:{host.plugins}/bad"
    return host.run("check", path.name, cwd=path.parent, env={"PPHOST_PLUGIN_PATH": path_env})


def words(host, text):
    """Without the folders of this machine."""
    text = re.sub(r"(= searched: ).*?(   \(pphost plugins\))", r"\1...\2", text)
    text = re.sub(r"/\S*/(\w+\.so)", r"<plugins>/\1", text)
    return text.replace(str(bad_folder(host)), "<folder>")


def is_of_config(path):
    return path.read_bytes().split(b"\n", 1)[0] == b"# config"


def test_faults_of_plugins_and_graphs_are_said_word_by_word(host):
    paths = [p for p in sorted(bad_folder(host).glob("*.yaml")) if not is_of_config(p)]
    check(len(paths) >= 20, paths)
    wrong = []
    for path in paths:
        result = checked(host, path)
        try:
            check(result.code == 78 and result.out == "", result)
            same_as(words(host, result.err), path.with_suffix(".txt"))
        except AssertionError as fault:
            wrong.append(f"{path.name}: {fault}")
    check(not wrong, "\n".join(wrong))


def test_faults_of_config_are_shown_by_the_command_line_too(host):
    paths = [p for p in sorted(bad_folder(host).glob("*.yaml")) if is_of_config(p)]
    wrong = []
    for path in paths:
        expected = path.with_suffix(".txt").read_text(errors="replace")
        result = checked(host, path)
        if "error[" in expected and result.code != 78:
            wrong.append(f"{path.name}: exit {result.code}")
        for message in re.findall(r"^(?:error|warning)\[.*", expected, re.M):
            if message not in result.err:
                wrong.append(f"{path.name}: {message!r} is missing in {result.err}")
    check(not wrong, "\n".join(wrong))


def test_each_has_its_words(host):
    names = {p.stem for p in bad_folder(host).glob("*.yaml")}
    check(names == {p.stem for p in bad_folder(host).glob("*.txt")}, "a .yaml without .txt")


def test_run_refuses_what_check_refuses(host):
    for name in ("plugin-unknown", "port-unread", "two-kinds-of-fault"):
        path = bad_folder(host) / f"{name}.yaml"
        first = checked(host, path)
        second = host.run("run", path.name, cwd=path.parent,
                          env={"PPHOST_PLUGIN_PATH": f"{host.plugins}:{host.plugins}/bad"})
        check(second.code == 78 and second.err == first.err and second.out == "", second)


def test_hostile_descriptions_cost_little(host):
    """10^5 brackets, binary garbage, an alias bomb: refused at once, in little memory."""
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"{new}: &{new} [{', '.join(['*' + old] * 10)}]\n"
        for old, new in zip("abcdefgh", "bcdefghi"))
    for text in ("[" * 100000, "{a: " * 100000, bomb, os.urandom(50000), "\0" * 1000,
                 "a" * (2 << 20), "- " * 100000, "&a " * 10000):
        path = host.write("hostile.yaml", text)
        limit = "" if host.sanitized() else "ulimit -v 500000; ulimit -t 2; "
        result = subprocess.run(["sh", "-c", f"{limit}exec {host.executable} check {path}"],
                                capture_output=True, check=False, timeout=60)
        check(result.returncode == 78 and result.stderr.startswith(b"error[E0"), result)


if __name__ == "__main__":
    sys.exit(run_all(sys.modules[__name__]))
