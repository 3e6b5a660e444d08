#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# corpus.sh OUT [BYTES]: real text for the benchmarks, from documentation, dictionaries and package
# lists of Debian, repeated and cut to BYTES (1 GiB).  Downloads a few packages with apt-get, installs
# none, and keeps their text in ${XDG_CACHE_HOME:-~/.cache}/pphost-corpus.
set -euo pipefail
out=${1:?usage: corpus.sh OUT [BYTES]}
bytes=${2:-1073741824}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/pphost-corpus
base=$cache/base.txt
packages=(bible-kjv miscfiles debian-faq debian-policy developers-reference manpages manpages-dev
    linux-doc-6.1 dict-gcide)

# What the packages hold that is text, one file after another; no NUL bytes.
make_base() {
    local tree=$1 deb
    (cd "$tree" && apt-get download -qq "${packages[@]}")
    for deb in "$tree"/*.deb; do
        dpkg -x "$deb" "$tree/root"
    done
    {
        find "$tree/root" -type f \( -name '*.txt' -o -name '*.rst' -o -name '*.[1-8]' \) -print0 |
            LC_ALL=C sort -z | xargs -0 cat
        find "$tree/root" -type f \( -name '*.gz' -o -name '*.dz' \) -print0 |
            LC_ALL=C sort -z | xargs -0 zcat -f
        cat /var/lib/apt/lists/*_Packages 2>/dev/null || true
    } | LC_ALL=C tr -d '\000' >"$base.part"
    mv "$base.part" "$base"
}

if [ ! -s "$base" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$cache"
    make_base "$work"
fi

: >"$out.part"
have=0
while [ "$have" -lt "$bytes" ]; do
    head -c "$((bytes - have))" "$base" >>"$out.part"
    have=$(stat -c %s "$out.part")
done
mv "$out.part" "$out"
printf '%s: %s bytes, %s lines\n' "$out" "$bytes" "$(wc -l <"$out")"
