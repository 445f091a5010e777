#!/bin/sh
# Compiles the CUDA kernels to the PTX that is checked in: build.sh [OUT_DIR]
# Needs nvcc; machines without it use the PTX as it is. PtxTextTest fails where the two differ.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../resources/dev/longhand/kernels/cuda}
mkdir -p "$out"
cd "$here"
for source in *.cu; do
    name=${source%.cu}
    # The seed stands in names where the number of nvcc's process would.
    nvcc -ptx -arch=compute_80 -O3 -std=c++17 -lineinfo -frandom-seed="$name" "$source" \
        -o "$out/$name.ptx"
    # .version: nvcc writes its own newest; compute_80 code assembles as 7.8, which drivers since
    # CUDA 11.8 load. Comments and paths name the compiler's machine: not ours to publish.
    sed -e 's/^\.version .*/.version 7.8/' -e '/^\/\//d' \
        -e 's|^\(\t*\.file\t[0-9]* "\)[^"]*/\([^"/]*"\).*|\1\2|' "$out/$name.ptx" \
        | awk -f neutral.awk > "$out/$name.tmp"
    mv "$out/$name.tmp" "$out/$name.ptx"
done
