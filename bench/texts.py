# SPDX-License-Identifier: MIT
"""The texts that are worked on: found or made once, and kept."""
import hashlib
import os
import pathlib
import subprocess

from harness import BenchError

HERE = pathlib.Path(__file__).resolve().parent
LICENCES = pathlib.Path("/usr/share/common-licenses")
CHUNK = 1 << 20


def repeated(source, size, target):
    """The text of `source` over and over, cut to `size` bytes."""
    with target.open("wb") as out:
        while (have := out.tell()) < size:
            out.write(source[:size - have])


def cut(corpus, size, scratch):
    """A file of the first `size` bytes of a text, which is made when it is not there."""
    target = scratch / f"text-{size}.txt"
    if target.exists() and target.stat().st_mtime_ns >= corpus.stat().st_mtime_ns:
        return target
    part = target.with_suffix(".part")
    with corpus.open("rb") as file, part.open("wb") as out:
        while (have := out.tell()) < size:
            out.write(file.read(min(CHUNK, size - have)))
    return part.rename(target)


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
    return cut(given, size, scratch) if given.stat().st_size > size else given


def sha256(path):
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            digest.update(block)
    return digest.hexdigest()
