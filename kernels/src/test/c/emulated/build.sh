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
. "$root/.mvn/compile.sh"

compiler=$(first_program "${CC:-}" cc gcc clang)
flags="-std=gnu11 -O2 -fPIC -fvisibility=hidden -ffp-contract=off -fno-math-errno -pthread -w -Wno-psabi
    -I$here -I$root/bindings/core/src/main/headers -I$sources"
avx2="-mavx2 -mfma -mf16c"
vnni='-DLH_WITH_avx512vnni -D__builtin_cpu_supports(name)=1'
compile_all "$out/objects" <<LIST
$(for source in "$sources"/ops/*.c; do
    name=$(basename "$source" .c)
    echo "$name.avx512 $source -DLH_ISA=avx512 -DLH_ISA_AVX512 $avx2"
    echo "$name.avx2 $source -DLH_ISA=avx2 -DLH_ISA_AVX2 $avx2"
    echo "$name.baseline $source -DLH_ISA=baseline"
done)
linear.avx512vnni $sources/ops/linear.c -DLH_ISA=avx512vnni -DLH_ISA_AVX512 -DLH_VNNI $avx2
dispatch $sources/dispatch.c $vnni
pool $sources/pool.c
LIST
# shellcheck disable=SC2086
"$compiler" -shared -pthread $objects -lm -o "$out/liblonghand_cpu.so"
