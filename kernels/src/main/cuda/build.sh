#!/bin/sh
# Compiles the CUDA kernels to the PTX that is checked in: build.sh [OUT_DIR [SOURCE...]]
# Needs nvcc; machines without it use the PTX as it is. PtxTextTest fails where the two differ.
# OUT_DIR/sm_80 gets every source's module, OUT_DIR/sm_90 those of dependent_launch.cuh once more, and
# OUT_DIR/layouts.txt the sizes and offsets of the structs that the host writes. A build of all sources
# also writes OUT_DIR/sha256.txt, the hashes of sources and PTX.
#
# A debug build, with which the PTX device's findings name source lines:
#   sh kernels/src/main/cuda/build.sh --lineinfo DIR    and then java -Dlonghand.cuda.ptx=DIR ...
set -eu
here=$(cd "$(dirname "$0")" && pwd)
lineinfo=
if [ "${1:-}" = --lineinfo ]; then
    lineinfo=$1
    shift
    : "${1:?--lineinfo needs OUT_DIR}"
fi
out=$here/../resources/dev/longhand/kernels/cuda
if [ $# -gt 0 ]; then
    out=$1
    shift
fi
mkdir -p "$out/sm_80" "$out/sm_90"
out=$(cd "$out" && pwd)
cd "$here"
all=
[ $# -gt 0 ] || { all=yes && set -- *.cu; }

# compile NAME ARCHITECTURE
compile() {
    ptx=$out/sm_$2/$1.ptx
    # The seed stands in names where the number of nvcc's process would.
    nvcc -ptx -arch="compute_$2" -O3 -std=c++17 ${lineinfo:+-lineinfo} -frandom-seed="$1" \
        "$1.cu" -o "$ptx.nvcc"
    # .version: nvcc writes its own newest; compute_80 and compute_90 code assembles as 7.8, which
    # drivers since CUDA 11.8 load. The comments of nvcc name the compiler's machine, or enclose
    # every line of inline assembly.
    {
        echo "// $1.cu"
        sed -e 's/^\.version .*/.version 7.8/' -e '/^[[:space:]]*\/\//d' -e '/^[[:space:]]*$/d' \
            -e 's/\([^[:space:]]\)[[:space:]][[:space:]]*/\1 /g' "$ptx.nvcc" | awk -f neutral.awk
    } > "$ptx"
    rm "$ptx.nvcc"
}

# A line for each constant of layouts.cu, such as `Problem width int32 48`.
layouts() {
    text=$out/layouts.txt
    nvcc -ptx -arch=compute_80 -std=c++17 layouts.cu -o "$text.nvcc"
    {
        echo "# How nvcc lays out the structs of layouts.cu. Written by build.sh, read by KernelStruct.java."
        awk '/\.u32 / { gsub(/;/, ""); gsub(/__/, " ", $5); print $5, (NF > 5 ? $7 : 0) }' "$text.nvcc"
    } > "$text"
    rm "$text.nvcc"
}

for source; do
    name=${source%.cu}
    case $name in
        layouts) layouts; continue ;;
    esac
    compile "$name" 80 &
    case $name in
        linear_wide* | *_training) ;; # launches do not count there
        *) compile "$name" 90 ;;
    esac
    wait $!
done

if [ -n "$all" ] && [ -z "$lineinfo" ]; then
    {
        echo "# Hashes of the sources and of what build.sh made of them."
        sha256sum -- * | LC_ALL=C sort -k 2
        cd "$out" && sha256sum -- layouts.txt sm_80/*.ptx sm_90/*.ptx | LC_ALL=C sort -k 2
    } > "$out/sha256.txt"
fi
