# SPDX-License-Identifier: MIT
"""Wrong command lines: what is said, on standard error, and exit code 64.
Usage: test_usage.py PPHOST PLUGINS SOURCE
"""
import sys

from host import check, run_all


def refused(host, *args):
    result = host.run(*args)
    check(result.code == 64 and result.out == "", result)
    return result.err


def test_no_verb(host):
    check(refused(host) == "error: a verb is missing   (pphost help)\n", "text")


def test_unknown_verb_gets_the_nearest(host):
    check("no verb 'chekc'; did you mean 'check'?" in refused(host, "chekc"), "text")


def test_verbs_of_later_versions_are_named(host):
    for verb in ("test", "top", "tap", "ctl", "new", "bench", "join", "nodes", "schema",
                 "explain"):
        check(refused(host, verb, "x") ==
              f"error: 'pphost {verb}' is not available in this version\n", verb)


def test_flags_of_later_versions_are_named(host):
    for verb, flag in (("run", "--resume"), ("run", "--for"),
                       ("run", "--items"), ("run", "--only"), ("run", "--trace"),
                       ("run", "--http"), ("run", "--watch"),
                       ("run", "--stall=abort"), ("check", "--fuzz"),
                       ("graph", "--live"), ("show", "--json"), ("plugins", "--path")):
        check(refused(host, verb, "x", flag) == f"error: 'pphost {verb} {flag.split('=')[0]}' "
              "is not available in this version\n", flag)


def test_things_that_are_not_there_yet_are_named(host):
    check("'pphost check PLUGIN.so' is not available" in refused(host, "check", "a.so"), "check")
    check("'pphost complete zsh' is not available" in refused(host, "complete", "zsh"), "zsh")
    check("--format svg' is not available" in refused(host, "graph", "--format", "svg", "x"), "svg")


def test_unknown_flag_gets_the_nearest(host):
    check("'run' has no flag '--quite'; did you mean '--quiet'?" in
          refused(host, "run", "x", "--quite"), "text")


def test_operands_that_do_not_fit(host):
    check("'run' needs a FILE" in refused(host, "run"), "none")
    check("'run' does not take 'b'" in refused(host, "run", "a", "b"), "two")
    check("'version' does not take 'x'" in refused(host, "version", "x"), "version")
    check("takes no NAME" in refused(host, "plugins", "--broken", "x"), "broken")
    check("needs the name of a shell" in refused(host, "complete"), "complete")
    check("no verb 'rnu'" in refused(host, "help", "rnu"), "help")


def test_values_that_do_not_fit(host):
    for value in ("0", "-1", "x", "1025", ""):
        check("'--threads' needs a whole number from 1 to 1024" in
              refused(host, "run", "x", "--threads", value), value)
    for value in ("0", "512", "64mb", "1KB", "2000TiB", ""):
        check("'--memory' needs a size from 1MB to 1024TiB, such as 512MB" in
              refused(host, "run", "x", "--memory", value), value)
    check("'--log' cannot be 'xml'" in refused(host, "run", "x", "--log", "xml"), "log")
    check("'--threads' needs N behind it" in refused(host, "run", "x", "--threads"), "missing")
    check("'--inline' takes no value" in refused(host, "run", "x", "--inline=1"), "value")
    check("exclude each other" in refused(host, "run", "x", "-q", "-v"), "both")


if __name__ == "__main__":
    sys.exit(run_all(sys.modules[__name__]))
