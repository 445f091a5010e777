#!/bin/sh
# The CPU kernels with their AVX-512 and VNNI code emulated, to test it on an x86-64 processor that has
# AVX2 only; once by hand after a change to that code, as it is slow. From the project's root:
#   sh kernels/src/test/c/emulated/build.sh DIR
#   mvn -pl kernels -am test -Dlonghand.cpu.library=DIR/liblonghand_cpu.so \
#       -Dtest='OpTableTest#cpu,QuantizedLinearTest,Int8ValuesTest' -Dsurefire.failIfNoSpecifiedTests=false
set -eu
out=$1
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../../../../..
sources=$root/kernels/src/main/c
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

flags="-std=gnu11 -O2 -fPIC -fvisibility=hidden -ffp-contract=off -fno-math-errno -pthread -w -Wno-psabi
    -I$here -I$root/bindings/core/src/main/headers -I$sources"
target="-mavx2 -mfma -mf16c"
compile() { # compile SOURCE NAME FLAGS...
    source=$1 name=$2
    shift 2
    # shellcheck disable=SC2086
    "${CC:-cc}" $flags "$@" -c "$sources/$source.c" -o "$work/$name.o"
}
for op in embed rms_norm linear rope_append attention swiglu quantize find_nonfinite; do
    # shellcheck disable=SC2086
    compile $op "$op.avx512" -DLH_ISA_AVX512 $target
    # shellcheck disable=SC2086
    compile $op "$op.avx2" -DLH_ISA_AVX2 $target
    compile $op "$op.baseline"
done
# shellcheck disable=SC2086
compile linear linear.avx512vnni -DLH_ISA_AVX512 -DLH_VNNI $target
compile dispatch dispatch -DLH_WITH_avx512vnni '-D__builtin_cpu_supports(name)=1'
compile pool pool
"${CC:-cc}" -shared -pthread "$work"/*.o -lm -o "$out/liblonghand_cpu.so"
