#!/bin/sh
# Builds the CPU kernels: build.sh OUT_DIR HEADER_DIR
# Every op is compiled once per instruction set. Linear layers are compiled once more with VNNI, and
# products of training with the dot product of bf16, where the compiler knows them. dispatch.c picks one
# at run time, so the library runs on any processor of its architecture. Without a C compiler the build
# goes on without it.
set -eu
out=$1
headers=$2
here=$(cd "$(dirname "$0")" && pwd)
library=$out/liblonghand_cpu.so
. "$here/../../../../.mvn/compile.sh"

compiler=$(first_program "${CC:-}" cc gcc clang)
if [ -z "$compiler" ]; then
    rm -rf "$out"
    echo "no C compiler found: building without CPU kernels, the engine will use the slow reference backend"
    exit 0
fi

# Loops at whole 32 bytes: where a neighbour shares the core, attention took 10 to 14 % longer when an
# unrelated change had moved them.
flags="-std=gnu11 -O3 -falign-loops=32 -fPIC -fvisibility=hidden -ffp-contract=off -fno-math-errno
    -Wall -Wextra -Werror -pthread -I$headers -I$here"
avx512="-DLH_ISA_AVX512 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -mf16c"
avx2="-DLH_ISA_AVX2 -mavx2 -mfma -mf16c"
case $(uname -m) in
    x86_64) isas="baseline avx512 avx512vnni avx512bf16 avx2 avx2vnni" ;; # the slowest to compile comes first
    *) isas="baseline" ;;
esac
built=
with=
list=
for isa in $isas; do
    ops=$here/ops/*.c
    case $isa in
        avx512) target=$avx512 ;;
        avx512vnni) ops=$here/ops/linear.c target="$avx512 -DLH_VNNI -mavx512vnni" ;;
        avx512bf16) ops=$here/ops/linear_training.c target="$avx512 -DLH_BF16_DOT -mavx512bf16" ;;
        avx2) target=$avx2 ;;
        avx2vnni) ops=$here/ops/linear.c target="$avx2 -DLH_VNNI -mavxvnni" ;;
        *) target= ;;
    esac
    # shellcheck disable=SC2086
    case $isa in
        *vnni | *bf16) # which an older compiler does not know
            "$compiler" $target -E -x c /dev/null >/dev/null 2>&1 || continue
            ;;
    esac
    for source in $ops; do
        list="$list$(basename "$source" .c).$isa $source -DLH_ISA=$isa $target
"
    done
    built="$built${built:+, }$isa"
    with="$with -DLH_WITH_$isa"
done
for source in "$here"/*.c; do
    list="$list$(basename "$source" .c) $source $with
"
done
compile_all "$out/objects" <<LIST
$list
LIST
if ! is_linked "$library"; then
    # shellcheck disable=SC2086
    "$compiler" -shared -pthread $objects -lm -o "$library.new"
    mv "$library.new" "$library"
    echo "CPU kernels built by $compiler: $built"
fi
