#!/bin/sh
# Builds the PTX device: build.sh OUT_DIR HEADER_DIR. Needs a C++17 compiler and an x86-64 processor
# with AVX2, FMA and F16C where it runs; elsewhere there is no PTX device, and its tests are skipped.
set -eu
out=$1
headers=$2
here=$(cd "$(dirname "$0")" && pwd)
library=$out/libcuda.so.1
. "$here/../../../../../.mvn/compile.sh"

compiler=$(first_program "${CXX:-}" c++ g++ clang++)
if [ -z "$compiler" ] || [ "$(uname -m)" != x86_64 ]; then
    rm -rf "$out"
    echo "no C++ compiler for x86-64 found: building without the PTX device, its tests will be skipped"
    exit 0
fi

flags="-std=c++17 -O3 -fPIC -fvisibility=hidden -ffp-contract=off -fno-math-errno
    -mavx2 -mfma -mf16c -mlzcnt -mbmi -mbmi2 -Wall -Wextra -Werror -pthread -I$headers -I$here"
compile_all "$out/objects" <<LIST
$(for source in "$here"/*.cpp; do echo "$(basename "$source" .cpp) $source"; done)
LIST
if ! is_linked "$library"; then
    # shellcheck disable=SC2086
    "$compiler" -shared -pthread -static-libstdc++ -static-libgcc -Wl,-soname,libcuda.so.1 \
        -Wl,--exclude-libs,ALL $objects -o "$library.new"
    mv "$library.new" "$library"
    echo "PTX device built by $compiler"
fi
