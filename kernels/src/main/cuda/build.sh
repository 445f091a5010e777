#!/bin/sh
# Compiles the CUDA kernels to the PTX that is checked in: build.sh [OUT_DIR]
# Needs nvcc; machines without it use the PTX as it is. PtxTextTest fails where the two differ.
# OUT_DIR has every module for compute_80, and in sm_90 those of dependent_launch.cuh once more.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here/../resources/dev/longhand/kernels/cuda}

# compile NAME ARCHITECTURE FOLDER
compile() {
    # The seed stands in names where the number of nvcc's process would.
    nvcc -ptx -arch="compute_$2" -O3 -std=c++17 -lineinfo -frandom-seed="$1" "$1.cu" -o "$3/$1.ptx"
    # .version: nvcc writes its own newest; compute_80 and compute_90 code assembles as 7.8, which
    # drivers since CUDA 11.8 load. Comments and paths name the compiler's machine: not ours to publish.
    sed -e 's/^\.version .*/.version 7.8/' -e '/^\/\//d' \
        -e 's|^\(\t*\.file\t[0-9]* "\)[^"]*/\([^"/]*"\).*|\1\2|' "$3/$1.ptx" \
        | awk -f neutral.awk > "$3/$1.tmp"
    mv "$3/$1.tmp" "$3/$1.ptx"
}

mkdir -p "$out/sm_90"
cd "$here"
for source in *.cu; do
    name=${source%.cu}
    compile "$name" 80 "$out"
    case $name in
        linear_wide*) ;; # of prompts, where launches do not count
        *) compile "$name" 90 "$out/sm_90" ;;
    esac
done
