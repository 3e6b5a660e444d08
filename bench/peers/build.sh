#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# build.sh DIR [NAME...]: builds the peers, the tools and the plugins, or those named, into DIR.  Debian
# packages: gcc g++ libtbb-dev golang-go, libck-dev for hop_c, libgstreamer1.0-dev for hop_gst, and for
# hop_taskflow the headers of Taskflow.  A peer whose tools are missing is left out, and this says so.
# PPHOST_BUILD: the build whose library `embed` is linked with (build/release), PPHOST_FLAGS: what it was compiled with.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=${1:?usage: build.sh DIR}
shift
names=" ${*:-measure count plugins tok1 tok2p tok_tbb tok_go hop_c hop_tbb hop_go hop_gst hop_taskflow embed embed_tbb micro} "
mkdir -p "$dir"
dir=$(cd "$dir" && pwd) # Go wants an absolute cache

cc=${CC:-gcc}
cxx=${CXX:-g++}
flags=(-O2 -march=native -pthread -D_GNU_SOURCE)

# can COMPILER LANGUAGE HEADER [FLAG...]: whether a file with that header compiles.
can() {
    command -v "$1" >/dev/null &&
        "$1" -x "$2" "${@:4}" -fsyntax-only - <<<"#include <$3>" >/dev/null 2>&1
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

# A program with pphost as a library; it finds that by LD_LIBRARY_PATH.
embed() {
    local build=${PPHOST_BUILD:-$here/../../build/release}
    local library
    library=$(find "$build" -name libpphost.so -print -quit)
    # shellcheck disable=SC2086 # several flags
    c_peer embed ${PPHOST_FLAGS:-} -I "$here/../../include" "${library:?$build has no libpphost.so}"
}

# What is preloaded to count allocations.
count() {
    "$cc" -O2 -fPIC -shared -o "$dir/count.so" "$here/../count.c"
}

hop_gst() {
    local words
    if words=$(pkg-config --cflags --libs gstreamer-1.0 2>/dev/null); then
        # shellcheck disable=SC2086 # several words
        c_peer hop_gst $words
    else
        left_out hop_gst libgstreamer1.0-dev
    fi
}

hop_taskflow() {
    if can "$cxx" c++ taskflow/taskflow.hpp -std=c++20; then
        "$cxx" "${flags[@]}" -std=c++20 -o "$dir/hop_taskflow" "$here/hop_taskflow.cpp"
    else
        left_out hop_taskflow "the headers of Taskflow, taskflow/taskflow.hpp"
    fi
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
build count count
build plugins plugins
build embed embed
build hop_gst hop_gst
build tok_go go_peer tok_go
build hop_go go_peer hop_go

# The kernels and the micro-benchmarks are written for x86.
if [ "$(uname -m)" = x86_64 ]; then
    build tok1 c_peer tok1
    build tok2p c_peer tok2p
    build tok_tbb tok_tbb
    build hop_tbb tbb_peer hop_tbb
    build embed_tbb tbb_peer embed_tbb
    build hop_c hop_c
    build hop_taskflow hop_taskflow
    build micro micro
else
    for name in tok1 tok2p tok_tbb hop_tbb embed_tbb hop_c hop_taskflow micro; do
        build "$name" left_out "$name" "an x86_64 processor"
    done
fi
