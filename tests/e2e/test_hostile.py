# SPDX-License-Identifier: MIT
"""A new user's mistakes, and what files and folders can do to a run: each is told, and nothing is lost.
Usage: test_hostile.py PPHOST PLUGINS SOURCE
"""
import json
import os
import pathlib
import subprocess
import sys

from host import TIME_LIMIT_S, check, run_all

LINES = "a b\nc\n"


def test_two_stages_that_write_one_file_are_named(host):
    host.write("in.txt", LINES)
    (host.folder / "d").mkdir()
    os.symlink("d", host.folder / "link")
    for second in ("same.txt", "./same.txt", "d/../same.txt"):
        host.write("p.yaml", f"""stages:
  - {{use: lines, with: in.txt}}
  - {{name: one, use: write, from: lines, with: same.txt}}
  - {{name: two, use: write, from: lines, with: {second}}}
""")
        for _ in range(2):  # when the file is there, and when it is not
            done = host.run("run", "p.yaml")
            check(done.code == 0 and "warning[W301]: 'one' and 'two' write the same file" in done.err, done)
        (host.folder / "same.txt").unlink()
    host.write("p.yaml", """stages:
  - {use: lines, with: in.txt}
  - {name: one, use: write, from: lines, with: d/x}
  - {name: two, use: jsonl, from: lines, with: link/x}
""")
    check("W301" in host.run("check", "p.yaml").err, "by another name of the folder")
    os.mkfifo(host.folder / "pipe")
    for path in ("/dev/null", "'-'", "pipe"):
        host.write("p.yaml", f"""stages:
  - {{use: lines, with: in.txt}}
  - {{name: one, use: write, from: lines, with: {path}}}
  - {{name: two, use: write, from: lines, with: {path}}}
""")
        done = host.run("check", "p.yaml")
        check(done.code == 0 and done.err == "", (path, done))


def test_a_file_that_is_read_and_written_is_named(host):
    host.write("in.txt", LINES)
    host.write("other.txt", LINES)
    for stage in ("{use: write, with: in.txt}", "{use: jsonl, with: ./in.txt}"):
        host.write("p.yaml", f"stages:\n  - {{use: lines, with: [other.txt, in.txt]}}\n  - {stage}\n")
        done = host.run("check", "p.yaml")
        check(done.code == 0 and "warning[W302]: '" in done.err and "writes the file that 'lines' reads" in done.err, done)
    done = host.run("run", "lines in.txt ! write in.txt")  # it takes the file's place when all is read
    check(done.code == 0 and (host.folder / "in.txt").read_text() == LINES, done)


def test_results_do_not_take_the_place_of_output(host):
    host.write("in.txt", LINES)
    for results in ("out.txt", "./out.txt", str(host.folder / "out.txt")):
        done = host.run("run", "lines in.txt ! write out.txt", "--results", results)
        check(done.code == 64 and "'--results' and stage 'write' would write the same file" in done.err, done)
        check(os.listdir(host.folder) == ["in.txt"], "nothing was begun")
    done = host.run("run", "lines in.txt ! write out.txt", "--results", "")
    check(done.code == 64 and "needs the name of a file" in done.err, done)
    check(host.run("run", "-q", "lines in.txt ! write -", "--results", "-").code == 0, "both to standard output")
    check(host.run("run", "-q", "lines in.txt ! write /dev/null", "--results", "/dev/null").code == 0, "a device")


def test_a_working_directory_that_is_gone_is_told(host):
    folder = host.folder / "gone"
    folder.mkdir()
    host.write("in.txt", LINES)
    for path, code, said in (("in.txt", 78, "'path' of lines is a relative path"), (host.folder / "in.txt", 0, "done in")):
        script = f"cd gone && rmdir ../gone && '{host.executable}' run 'lines {path} ! drop'; code=$?; mkdir '{folder}'; exit $code"
        done = subprocess.run(["bash", "-c", script], cwd=host.folder, env=host.env, capture_output=True, text=True,
                              timeout=TIME_LIMIT_S, check=False)
        check(done.returncode == code and said in done.stderr and "memory" not in done.stderr, done)


def test_what_dead_letters_say_cannot_move_the_cursor(host):
    host.write("d.jsonl", json.dumps({"stage": "picky", "attempt": 2**64 - 1, "data": "x", "origin": "a\033[31m",
                                      "unit": "line\033[2J", "pos": 3}) + "\n")
    host.write("p.yaml", """stages:
  - {use: lines, with: in.txt}
  - {use: 'moody:picky', on_error: dead}
  - {use: drop}
  - {use: jsonl, from: .dead, with: again.jsonl}
""")
    for flags in ((), ("--log", "json")):
        done = host.run("replay", "d.jsonl", "--pipeline", "p.yaml", *flags)
        check(done.code == 3 and "\033" not in done.err, done)
        check("line\\x1B[2J 3 of a\\x1B[31m" in done.err or flags, done)
        letter = json.loads((host.folder / "again.jsonl").read_text())
        check((letter["attempt"], letter["unit"], letter["origin"]) == (1000000001, "line\033[2J", "a\033[31m"), letter)


def test_names_of_plugins_cannot_move_the_cursor(host):
    folder = host.folder / "p\033[2J"
    folder.mkdir()
    code = (pathlib.Path(host.plugins) / "moody.so").read_bytes()
    (folder / "a\033[31m.so").write_bytes(code)
    (folder / "b\033[31m.so").write_bytes(b"no plugin")
    (folder / "crash.so").write_bytes((pathlib.Path(host.plugins) / "crash.so").read_bytes())
    host.write("in.txt", "x\n")
    host.env["PPHOST_PLUGIN_PATH"] = str(folder)
    name = f"{folder}/a\033[31m.so:picky"
    host.write("p.yaml", "stages: [{use: lines, with: in.txt}, {use: " + json.dumps(name) + "}, {use: drop}]\n")
    for args, code, said in ((("plugins",), 0, "a\\x1B[31m:picky"), (("plugins", "--broken"), 0, "b\\x1B[31m.so\n"),
                             (("plugins", name), 0, "a\\x1B[31m.so"), (("plugins", "--json"), 0, "a\\u001b[31m"),
                             (("plugins", f"{folder}/b\033[31m.so"), 78, "b\\x1B[31m.so"),
                             (("run", "p.yaml"), 1, "= plugin "), (("check", "p.yaml"), 0, ""), (("show", "p.yaml"), 0, ""),
                             (("graph", "p.yaml", "--format", "text"), 0, ""), (("graph", "p.yaml", "--format", "dot"), 0, ""),
                             (("run", "generate 1 ! crash:sink"), None, "= plugin ")):
        done = host.run(*args)
        check(code is None or done.code == code, (args, done))
        check(said in done.out + done.err and "\033" not in done.out + done.err, (args, done))


def test_descriptions_that_are_something_else(host):
    (host.folder / "folder.yaml").mkdir()
    host.write("utf16.yaml", "stages: [{use: drop}]".encode("utf-16"))
    host.write("crlf.yaml", b"stages:\r\n  - {use: generate, with: {count: 1}}\r\n  - {use: drop}\r\n")
    host.write("bom.yaml", b"\xef\xbb\xbfstages: [{use: generate, with: {count: 1}}, {use: drop}]\n")
    for name, code, said in ((host.executable, 78, "error["), ("/dev/zero", 78, "E004"), ("/dev/urandom", 78, "E004"),
                             ("/dev/null", 78, "E020"), ("folder.yaml", 66, "E002"), ("utf16.yaml", 78, "UTF-16"),
                             ("no\033[31m\a.yaml", 66, "'no\\x1B[31m\\x07.yaml'"), ("", 66, "is empty"),
                             ("crlf.yaml", 0, ""), ("bom.yaml", 0, "")):
        for verb in ("run", "show"):
            done = host.run(verb, name)
            check(done.code == code and said in done.err and "\033" not in done.err, (verb, name, done))


def test_standard_streams_that_cannot_be_written(host):
    host.write("in.txt", LINES)
    for command in ("run 'lines in.txt ! write -'", "run -q 'lines in.txt ! print'", "check 'lines in.txt ! print'", "help", "run -q --results - 'lines in.txt ! drop'"):
        for stream in (">/dev/full", ">&-"):
            done = subprocess.run(["bash", "-c", f"'{host.executable}' {command} {stream}"], cwd=host.folder, env=host.env,
                                  capture_output=True, text=True, timeout=TIME_LIMIT_S, check=False)
            check(done.returncode == 1 and ("No space left" in done.stderr or "Bad file descriptor" in done.stderr),
                  (command, stream, done))


if __name__ == "__main__":
    sys.exit(run_all(sys.modules[__name__]))
