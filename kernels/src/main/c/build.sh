#!/bin/sh
# Builds the CPU kernels: build.sh OUT_DIR HEADER_DIR
# Every op is compiled once per instruction set, linear layers once more with VNNI where the compiler
# knows it; dispatch.c picks one at run time, so the library runs on any processor of its
# architecture. Without a C compiler the build goes on without it.
set -eu
out=$1
headers=$2
here=$(cd "$(dirname "$0")" && pwd)
library=$out/liblonghand_cpu.so

compiler=
for candidate in "${CC:-}" cc gcc clang; do
    if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1; then
        compiler=$candidate
        break
    fi
done
if [ -z "$compiler" ]; then
    rm -rf "$out"
    echo "no C compiler found: building without CPU kernels, the engine will use the slow reference backend"
    exit 0
fi

if [ -f "$library" ] && [ -z "$(find "$here" "$headers" -newer "$library" -type f)" ]; then
    exit 0
fi
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Loops at whole 32 bytes: where a neighbour shares the core, attention took 10 to 14 % longer when an
# unrelated change had moved them.
flags="-std=gnu11 -O3 -falign-loops=32 -fPIC -fvisibility=hidden -ffp-contract=off -fno-math-errno
    -Wall -Wextra -Werror -pthread -I$headers -I$here"
all_ops="embed rms_norm linear rope_append attention swiglu quantize find_nonfinite"
avx512="-DLH_ISA_AVX512 -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -mf16c"
avx2="-DLH_ISA_AVX2 -mavx2 -mfma -mf16c"
case $(uname -m) in
    x86_64) isas="avx512vnni avx512 avx2vnni avx2 baseline" ;;
    *) isas="baseline" ;;
esac
built=
with=
for isa in $isas; do
    ops=$all_ops
    case $isa in
        avx512vnni) ops=linear target="$avx512 -DLH_VNNI -mavx512vnni" ;;
        avx512) target=$avx512 ;;
        avx2vnni) ops=linear target="$avx2 -DLH_VNNI -mavxvnni" ;;
        avx2) target=$avx2 ;;
        *) target= ;;
    esac
    # shellcheck disable=SC2086
    if [ "$ops" = linear ] && ! "$compiler" $target -E -x c /dev/null >/dev/null 2>&1; then
        continue # an older compiler
    fi
    for op in $ops; do
        # shellcheck disable=SC2086
        "$compiler" $flags $target -c "$here/$op.c" -o "$work/$op.$isa.o"
    done
    built="$built${built:+, }$isa"
    with="$with -DLH_WITH_$isa"
done
for source in dispatch pool; do
    # shellcheck disable=SC2086
    "$compiler" $flags $with -c "$here/$source.c" -o "$work/$source.o"
done
"$compiler" -shared -pthread "$work"/*.o -lm -o "$library.new"
mv "$library.new" "$library"
echo "CPU kernels built by $compiler: $built"
