# SPDX-License-Identifier: MIT
"""What a run needs beside a text: the peers, built; the machine's description."""
import datetime
import os
import pathlib
import platform
import re
import subprocess

from harness import BenchError, best_kernel

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
# Those that the claims use.
PROGRAMS = ["measure", "count", "plugins", "embed", "tok_tbb", "tok2p", "tok_go", "hop_tbb", "hop_c",
            "hop_go", "hop_gst", "hop_taskflow", "embed_tbb", "micro"]


def build_peers(folder, build, names):
    """Builds those named; what could not be built, and why."""
    env = {**os.environ, "PPHOST_BUILD": str(build),
           "PPHOST_FLAGS": cached(build, "CMAKE_C_FLAGS") if sanitised(build) else ""}
    done = subprocess.run([HERE / "peers" / "build.sh", folder, *names], text=True, env=env,
                          capture_output=True, check=False)
    if done.returncode != 0:
        raise BenchError(f"the peers cannot be built:\n{done.stdout}{done.stderr}")
    return done.stdout


def peers(folder, build):
    """Builds all when a source is newer, else tries those again that were left out; says which ones
    still are."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "built.txt"
    sources = [HERE / "measure.c", HERE / "count.c", *(HERE / "peers").iterdir(),
               *(HERE / "plugins").iterdir(), *(ROOT / "include" / "pphost").iterdir()]
    newest = max(path.stat().st_mtime for path in sources if path.is_file())
    names = PROGRAMS
    if stamp.exists() and stamp.stat().st_mtime >= newest:
        names = re.findall(r"^left out: (\w+)", stamp.read_text(), re.M)
    if names:
        stamp.write_text(build_peers(folder, build, names))
    print(stamp.read_text(), end="")


# --- the machine ---


def said(*argv):
    """The first line that a command prints, or nothing."""
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=ROOT)
    except OSError:
        return ""
    return done.stdout.splitlines()[0] if done.returncode == 0 and done.stdout else ""


def cpu_model():
    text = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    found = {key: value for key, value in re.findall(r"^([\w ]+?)\s*: (.*)$", text, re.M)}
    where = [f"{key} {found[key]}" for key in ("cpu family", "model") if key in found]
    return f"{found.get('model name', platform.machine())} ({', '.join(where)})"


def sanitised(build):
    """Whether the build has a sanitizer in it: nothing can be preloaded or traced then."""
    return "-fsanitize" in cached(build, "CMAKE_C_FLAGS")


def cached(build, name):
    """A variable of the build's CMakeCache.txt."""
    text = (build / "CMakeCache.txt").read_text(encoding="utf-8")
    found = re.search(rf"^{name}:\w+=(.*)$", text, re.M)
    return found.group(1) if found else ""


def commit():
    git = ("git", "-c", "safe.directory=*")
    name = said(*git, "rev-parse", "--short=12", "HEAD") or "not a git checkout"
    changed = said(*git, "status", "--porcelain", "--untracked-files=no", "--", ".",
                   ":!bench/RESULTS.md", ":!bench/plots")
    return name + (", with changes" if changed else "")


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")


def machine(build, scratch):
    """Facts that a figure means nothing without, as (name, value) pairs."""
    compiler = cached(build, "CMAKE_C_COMPILER")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return [
        ("processor", f"{cpu_model()}; {best_kernel()} is the best kernel it has"),
        ("cores", str(len(os.sched_getaffinity(0)))),
        ("memory", f"{memory / (1 << 30):.1f} GiB"),
        ("kernel", f"{platform.system()} {platform.release()}"),
        ("compiler", f"{said(compiler, '--version')}, {cached(build, 'CMAKE_BUILD_TYPE')}"),
        ("oneTBB", said("pkg-config", "--modversion", "tbb") or "not installed"),
        ("Go", said("go", "version") or "not installed"),
        ("Python", platform.python_version()),
        ("files are on", said("stat", "-f", "-c", "%T", str(scratch))),
    ]
