# SPDX-License-Identifier: MIT
"""check, show, graph, plugins, version, help and complete: what they print.
Usage: test_verbs.py PPHOST PLUGINS SOURCE
"""
import json
import os
import re
import subprocess
import sys

from host import check, run_all

CHAIN = """name: chain
threads: 2
vars: {in: a.txt, user: app}
stages:
  - use: lines
    with: {path: "${var:in}"}
  - use: split
    workers: 2
    queue: 100
  - name: out
    use: write
    with: {path: "${OUT:-out.txt}"}
    queue: {items: 10, bytes: 64KiB}
    order: any
"""

BRANCHES = """threads: 2
stages:
  - name: a
    use: generate
    with: {count: 10}
  - name: b
    use: generate
    with: {count: 10}
  - name: kind
    use: moody:sorter
    from: [a, b]
    on_error: dead
  - name: odd
    use: drop
    from: kind
  - name: even
    use: drop
    from: kind.even
  - name: rejects
    use: drop
    from: .dead
"""


def ok(result):
    check(result.code == 0 and result.err == "", result)
    return result.out


def test_version(host):
    out = ok(host.run("version"))
    check(re.fullmatch(r"pphost \d+\.\d+\.\d+\nplugin interface 1\n", out), out)
    check(ok(host.run("--version")) == out, out)


def test_help(host):
    out = ok(host.run("help"))
    verbs = re.findall(r"^  ([a-z]+) ", out, re.M)
    check(verbs == ["run", "check", "show", "graph", "replay", "plugins", "complete", "version", "help"],
          verbs)
    check(ok(host.run("--help")) == out and ok(host.run("-h")) == out, "spellings")
    host.golden("help.txt", out)
    for verb in verbs:
        page = ok(host.run("help", verb))
        check(page == ok(host.run(verb, "--help")), verb)
        host.golden(f"help-{verb}.txt", page)


def test_manual_page_has_no_faults(host):
    page = ok(host.run("help", "--man"))
    check(page.startswith(".TH PPHOST 1"), page)
    try:
        lint = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=page.encode(),
                              capture_output=True, check=True)
    except FileNotFoundError:
        return  # a machine without groff
    check(lint.stderr == b"", lint.stderr.decode())


def complete(host, *words):
    script = host.write("complete.bash", ok(host.run("complete", "bash")))
    line = " ".join(f"'{word}'" for word in words)
    code = (f"source {script}; COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; "
            "_pphost 2>/dev/null; printf '%s\\n' \"${COMPREPLY[@]}\"")
    return subprocess.run(["bash", "-c", code], cwd=host.folder, capture_output=True, check=True,
                          text=True).stdout.split("\n")[:-1]


def test_completion_in_bash(host):
    host.write("my file.yaml", "")
    check(complete(host, "pphost", "ru") == ["run"], "verb")
    check(complete(host, "pphost", "run", "--th") == ["--threads"], "flag")
    check(complete(host, "pphost", "run", "--log", "j") == ["json"], "choice")
    check(complete(host, "pphost", "run", "my") == ["my file.yaml"], "file")
    check(complete(host, "pphost", "replay", "x", "--pipeline", "my") == ["my file.yaml"], "value")
    check(complete(host, "pphost", "help", "ver") == ["version"], "operand")


def test_check_of_a_chain(host):
    host.write("p.yaml", CHAIN)
    host.golden("check-chain.txt", ok(host.run("check", "p.yaml", "--memory", "2GB")))


def test_check_of_branches(host):
    host.write("p.yaml", BRANCHES)
    host.golden("check-branches.txt", ok(host.run("check", "p.yaml", "--memory", "8MB", "--set",
                                                  "max_in_flight=1000")))


def test_check_opens_nothing(host):
    host.write("p.yaml", CHAIN)
    ok(host.run("check", "p.yaml"))
    ok(host.run("run", "--dry-run", "p.yaml"))
    check(sorted(os.listdir(host.folder)) == ["p.yaml"], os.listdir(host.folder))


def test_dry_run_says_what_check_says(host):
    host.write("p.yaml", CHAIN)
    check(ok(host.run("run", "--dry-run", "p.yaml")) == ok(host.run("check", "p.yaml")), "text")


def test_check_of_several_files_goes_on_after_a_bad_one(host):
    host.write("good.yaml", CHAIN)
    host.write("bad.yaml", "stages: [{use: linse}]\n")
    result = host.run("check", "bad.yaml", "nofile.yaml", "good.yaml")
    check(result.code == 78, result)
    check("good.yaml: ok" in result.out, result)
    check("error[E201]: no plugin 'linse'" in result.err and "nofile.yaml" in result.err, result)
    check(host.run("check", "good.yaml", "nofile.yaml").code == 66, "66")


def test_check_as_json(host):
    host.write("good.yaml", CHAIN)
    host.write("bad.yaml", "stages: [{use: linse}]\n")
    result = host.run("check", "--json", "good.yaml", "bad.yaml")
    check(result.code == 78 and result.err == "", result)
    good, bad = json.loads(result.out)
    check(good["ok"] and good["exit"] == 0 and good["diagnostics"] == [], good)
    check([s["name"] for s in good["stages"]] == ["lines", "split", "out"], good)
    check(good["stages"][2]["queue"] == {"items": 10, "bytes": 65536, "full": "block"}, good)
    check(good["edges"] == [{"from": "lines", "port": "out", "to": "split"},
                            {"from": "split", "port": "out", "to": "out"}], good)
    check(good["memory_bytes"] >= sum(s["memory_bytes"] for s in good["stages"]), good)
    check(not bad["ok"] and bad["exit"] == 78, bad)
    check(bad["diagnostics"][0]["code"] == "E201", bad)
    check(bad["diagnostics"][0]["line"] == 1, bad)


def test_show_writes_every_default(host):
    host.write("p.yaml", CHAIN)
    host.golden("show-chain.txt", ok(host.run("show", "p.yaml")))


def test_show_explains_origins(host):
    host.write("p.yaml", CHAIN)
    out = ok(host.run("show", "--explain", "p.yaml", "in=b.txt", "--set", "split.workers=3",
                      env={"OUT": "o.txt"}))
    host.golden("show-explain.txt", out)


def test_show_can_be_shown_again(host):
    for text in (CHAIN, BRANCHES):
        host.write("p.yaml", text)
        once = ok(host.run("show", "p.yaml"))
        host.write("q.yaml", once)
        twice = ok(host.run("show", "q.yaml"))
        check(twice.split("stages:")[1] == once.split("stages:")[1], twice)
        explained = ok(host.run("show", "--explain", "p.yaml"))
        host.write("r.yaml", explained)
        check(ok(host.run("show", "r.yaml")).split("stages:")[1] == once.split("stages:")[1],
              explained)


def test_show_masks_secrets(host):
    host.write("password", "hunter2\n")
    host.write("p.yaml", """context: {db: {user: app, password: "${file:password}"}}
vars: {p: "${file:password}"}
stages:
  - use: generate
    with: {count: 1}
  - use: moody:vault
    with: {token: swordfish, user: "a ${ctx:db.password} b", file: "dir/${var:p}"}
""")
    for flags in ((), ("--explain",)):
        out = ok(host.run("show", *flags, "p.yaml"))
        check("hunter2" not in out and "swordfish" not in out, out)
        check(out.count("‹secret›") == 4, out)


def test_show_of_a_one_liner(host):
    out = ok(host.run("show", "lines a.txt ! split ! write -"))
    check("use: split" in out and "path: -" in out or 'path: "-"' in out, out)


def test_graphs(host):
    for name, text in (("chain", CHAIN), ("branches", BRANCHES)):
        host.write("p.yaml", text)
        for form in ("text", "dot", "mermaid"):
            out = ok(host.run("graph", "--format", form, "p.yaml"))
            host.golden(f"graph-{name}-{form}.txt", out)
        check(ok(host.run("graph", "p.yaml")) ==
              ok(host.run("graph", "--format", "dot", "p.yaml")), "not a terminal: dot")


def test_plugins_are_listed(host):
    lines = ok(host.run("plugins")).splitlines()
    check(lines[0].split() == ["NAME", "KIND", "WHAT", "IT", "DOES"], lines)
    names = [line.split()[0] for line in lines[1:]]
    for name in ("count", "drop", "generate", "head", "lines", "print", "split", "write"):
        check(name in names, names)
    check(any(n.endswith("picky") or n.startswith("moody") for n in names), names)


def test_plugin_is_described(host):
    out = ok(host.run("plugins", "lines"))
    for word in ("lines", "path", "max_line", "64MiB"):
        check(word in out, out)
    described = json.loads(ok(host.run("plugins", "lines", "--json")))
    check(described["name"] == "lines" and described["kind"] == "generator", described)
    listed = json.loads(ok(host.run("plugins", "--json")))
    check(described in listed, listed)


def test_unknown_plugin_gets_the_nearest(host):
    result = host.run("plugins", "spilt")
    check(result.code == 78 and result.out == "", result)
    check("no plugin 'spilt'" in result.err and "did you mean 'split'?" in result.err, result)


def test_broken_plugins_are_listed_with_the_reason(host):
    (host.folder / "plugins").mkdir()
    host.write("plugins/text.so", "no ELF file at all")
    result = host.run("plugins")
    check(result.code == 0 and "1 file on the plugin path is no usable plugin" in result.err, result)
    out = ok(host.run("plugins", "--broken"))
    check("plugins/text.so\n   = " in out, out)
    broken = json.loads(ok(host.run("plugins", "--broken", "--json")))
    check([b["name"] for b in broken] == ["text"] and broken[0]["why"], broken)


def test_output_that_cannot_be_written_is_an_error(host):
    host.write("p.yaml", CHAIN)
    for args in (("plugins",), ("plugins", "lines"), ("check", "p.yaml"), ("show", "p.yaml"),
                 ("graph", "p.yaml"), ("version",), ("help",), ("help", "--man"),
                 ("complete", "bash"), ("check", "--json", "p.yaml")):
        with open("/dev/full", "wb") as full:
            result = host.run(*args, stdout=full)
        check(result.code == 1, (args, result))
        check("cannot write to standard output: No space left on device" in result.err, result)


def test_closed_standard_output_is_an_error(host):
    code = f"exec {host.executable} version >&-"
    result = subprocess.run(["sh", "-c", code], capture_output=True, text=True, check=False)
    check(result.returncode == 1 and "cannot write to standard output" in result.stderr, result)


def test_links_little(host):
    out = subprocess.run(["ldd", host.executable], capture_output=True, text=True,
                         check=True).stdout
    names = {line.split()[0].split("/")[-1].split(".so")[0] for line in out.splitlines()}
    sanitizers = {"libasan", "libubsan", "libtsan", "libm", "libgcc_s", "libstdc++", "libdl",
                  "libpthread", "librt"} if host.sanitized() else set()
    extra = names - sanitizers - {"linux-vdso", "libyaml-0", "libc"}
    check(all(name.startswith("ld-linux") for name in extra), out)


if __name__ == "__main__":
    sys.exit(run_all(sys.modules[__name__]))
