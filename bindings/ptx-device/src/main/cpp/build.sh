#!/bin/sh
# Builds the PTX device: build.sh OUT_DIR HEADER_DIR. Needs a C++17 compiler and an x86-64 processor
# with AVX2, FMA and F16C where it runs; elsewhere there is no PTX device, and its tests are skipped.
set -eu
out=$1
headers=$2
here=$(cd "$(dirname "$0")" && pwd)
library=$out/libcuda.so.1

compiler=
for candidate in "${CXX:-}" c++ g++ clang++; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1; then
        compiler=$candidate
        break
    fi
done
if [ -z "$compiler" ] || [ "$(uname -m)" != x86_64 ]; then
    rm -rf "$out"
    echo "no C++ compiler for x86-64 found: building without the PTX device, its tests will be skipped"
    exit 0
fi
if [ -f "$library" ] && [ -z "$(find "$here" "$headers" -newer "$library" -type f)" ]; then
    exit 0
fi
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

flags="-std=c++17 -O3 -fPIC -fvisibility=hidden -ffp-contract=off -fno-math-errno
    -mavx2 -mfma -mf16c -mlzcnt -mbmi -mbmi2 -Wall -Wextra -Werror -pthread -I$headers -I$here"
running=0
for source in "$here"/*.cpp; do
    # shellcheck disable=SC2086
    "$compiler" $flags -c "$source" -o "$work/$(basename "$source").o" || touch "$work/failed" &
    running=$((running + 1))
    if [ "$running" -ge 2 ]; then
        wait
        running=0
    fi
done
wait
[ ! -e "$work/failed" ] || exit 1
"$compiler" -shared -pthread -static-libstdc++ -static-libgcc -Wl,-soname,libcuda.so.1 \
    -Wl,--exclude-libs,ALL "$work"/*.o -o "$library.new"
mv "$library.new" "$library"
echo "PTX device built by $compiler"
