#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# build.sh DIR [NAME...]: builds the peers, `measure` and the plugins, or those named, into DIR.  Debian packages: gcc
# g++ libtbb-dev golang-go, and libck-dev for hop_c.  A peer whose tools are missing is left out, and
# this says so.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=${1:?usage: build.sh DIR}
shift
names=" ${*:-measure plugins tok1 tok2p tok_tbb tok_go hop_c hop_tbb hop_go micro} "
mkdir -p "$dir"
dir=$(cd "$dir" && pwd) # Go wants an absolute cache

cc=${CC:-gcc}
cxx=${CXX:-g++}
flags=(-O2 -march=native -pthread -D_GNU_SOURCE)

# can COMPILER LANGUAGE HEADER: whether a file with that header compiles.
can() {
    command -v "$1" >/dev/null &&
        "$1" -x "$2" -fsyntax-only - <<<"#include <$3>" >/dev/null 2>&1
}

left_out() {
    rm -f "$dir/$1"
    printf 'left out: %s (needs %s)\n' "$1" "$2"
}

c_peer() {
    local name=$1
    shift
    "$cc" "${flags[@]}" -std=gnu17 -o "$dir/$name" "$here/$name.c" "$@"
}

tbb_peer() {
    local name=$1
    shift
    if can "$cxx" c++ tbb/parallel_pipeline.h; then
        "$cxx" "${flags[@]}" -std=c++17 -o "$dir/$name" "$here/$name.cpp" "$@" -ltbb
    else
        left_out "$name" "$cxx and libtbb-dev"
    fi
}

go_peer() {
    local name=$1
    if command -v go >/dev/null; then
        GO111MODULE=off GOFLAGS='' GOCACHE="$dir/go-cache" \
            go build -o "$dir/$name" "$here/$name.go"
    else
        left_out "$name" golang-go
    fi
}

# build NAME COMMAND...: when NAME is wanted.
build() {
    if [[ $names == *" $1 "* ]]; then
        "${@:2}"
    fi
}

measure() {
    "$cc" -O2 -o "$dir/measure" "$here/../measure.c"
}

# Plugins as a third party builds them, with nothing but the header.
plugins() {
    local source
    mkdir -p "$dir/plugins"
    for source in "$here"/../plugins/*.c; do
        "$cc" "${flags[@]}" -std=gnu17 -fPIC -shared -fvisibility=hidden -I "$here/../../include" \
            -o "$dir/plugins/$(basename "$source" .c).so" "$source"
    done
}

tok_tbb() {
    "$cc" "${flags[@]}" -c -o "$dir/tok_kernel.o" "$here/tok_kernel.c"
    tbb_peer tok_tbb "$dir/tok_kernel.o"
}

hop_c() {
    if can "$cc" c ck_ring.h; then
        c_peer hop_c -ldl
    else
        left_out hop_c libck-dev
    fi
}

micro() {
    c_peer micro -ldl
    "$cc" -O2 -shared -fPIC -o "$dir/plug.so" "$here/plug.c"
}

build measure measure
build plugins plugins
build tok_go go_peer tok_go
build hop_go go_peer hop_go

# The kernels and the micro-benchmarks are written for x86.
if [ "$(uname -m)" = x86_64 ]; then
    build tok1 c_peer tok1
    build tok2p c_peer tok2p
    build tok_tbb tok_tbb
    build hop_tbb tbb_peer hop_tbb
    build hop_c hop_c
    build micro micro
else
    for name in tok1 tok2p tok_tbb hop_tbb hop_c micro; do
        build "$name" left_out "$name" "an x86_64 processor"
    done
fi
