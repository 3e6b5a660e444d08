# SPDX-License-Identifier: MIT
"""What a run needs before it can measure: the peers, built; a text of the right size; the machine's
description."""
import datetime
import hashlib
import os
import pathlib
import platform
import re
import subprocess

from harness import BenchError

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
# Those that the claims use.
PROGRAMS = ["measure", "plugins", "tok_tbb", "tok_go", "hop_tbb", "hop_c"]
LICENCES = pathlib.Path("/usr/share/common-licenses")
CHUNK = 1 << 20


def peers(folder):
    """Builds what is older than its source; says which peers are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "built.txt"
    sources = [HERE / "measure.c", *(HERE / "peers").iterdir(), *(HERE / "plugins").iterdir(),
               ROOT / "include" / "pphost" / "plugin.h"]
    newest = max(path.stat().st_mtime for path in sources if path.is_file())
    if not stamp.exists() or stamp.stat().st_mtime < newest or "left out" in stamp.read_text():
        done = subprocess.run([HERE / "peers" / "build.sh", folder, *PROGRAMS], text=True,
                              capture_output=True, check=False)
        if done.returncode != 0:
            raise BenchError(f"the peers cannot be built:\n{done.stdout}{done.stderr}")
        stamp.write_text(done.stdout)
    print(stamp.read_text(), end="")


def repeated(source, size, target):
    """The text of `source` over and over, cut to `size` bytes."""
    with target.open("wb") as out:
        while (have := out.tell()) < size:
            out.write(source[:size - have])


def cut(corpus, size, target):
    """The first `size` bytes of a longer corpus."""
    with corpus.open("rb") as file, target.open("wb") as out:
        while (have := out.tell()) < size:
            out.write(file.read(min(CHUNK, size - have)))


def corpus(given, size, quick, scratch):
    """A file of `size` bytes: the one given, or one that is made and kept."""
    if given is None and quick:
        texts = b"".join(path.read_bytes() for path in sorted(LICENCES.glob("*"))
                         if path.is_file())
        target = scratch / "licences.txt"
        repeated(texts or HERE.joinpath("README.md").read_bytes(), size, target)
        return target
    if given is None:
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        given = pathlib.Path(cache) / "pphost-corpus" / f"corpus-{size}.txt"
        if not given.exists():
            given.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run([HERE / "corpus.sh", given, str(size)], check=True)
    if not given.is_file() or given.stat().st_size < size:
        raise BenchError(f"{given}: a file of {size} bytes is needed; see --corpus and --bytes")
    if given.stat().st_size > size:
        target = scratch / "corpus.txt"
        cut(given, size, target)
        return target
    return given


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


def cached(build, name):
    """A variable of the build's CMakeCache.txt."""
    text = (build / "CMakeCache.txt").read_text(encoding="utf-8")
    found = re.search(rf"^{name}:\w+=(.*)$", text, re.M)
    return found.group(1) if found else ""


def commit():
    git = ("git", "-c", "safe.directory=*")
    name = said(*git, "rev-parse", "--short=12", "HEAD") or "not a git checkout"
    changed = said(*git, "status", "--porcelain", "--untracked-files=no", "--", ".",
                   ":!bench/RESULTS.md")
    return name + (", with changes" if changed else "")


def sha256(path):
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()


def machine(build, text, scratch):
    """Facts that a figure means nothing without, as (name, value) pairs."""
    compiler = cached(build, "CMAKE_C_COMPILER")
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return [
        ("date", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")),
        ("commit", commit()),
        ("processor", cpu_model()),
        ("cores", str(len(os.sched_getaffinity(0)))),
        ("memory", f"{memory / (1 << 30):.1f} GiB"),
        ("kernel", f"{platform.system()} {platform.release()}"),
        ("compiler", f"{said(compiler, '--version')}, {cached(build, 'CMAKE_BUILD_TYPE')}"),
        ("oneTBB", said("pkg-config", "--modversion", "tbb") or "not installed"),
        ("Go", said("go", "version") or "not installed"),
        ("files are on", said("stat", "-f", "-c", "%T", str(scratch))),
        ("corpus", f"{text.stat().st_size:,} bytes, SHA-256 {sha256(text)}"),
    ]
