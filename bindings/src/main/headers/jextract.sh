#!/bin/sh
# Regenerates the Java bindings of the headers beside it; run after every change of one.
#   JEXTRACT=/path/to/jextract sh jextract.sh
# Made with openjdk/jextract at f9866df on JDK 25 with libclang 14. The output is checked in and
# never edited; only the package above a generated one may import it.
set -eu
cd "$(dirname "$0")"

# generate HEADER PACKAGE CLASS [OPTIONS]: HEADER.h, filtered by HEADER.includes.
generate() {
    header=$1 package=$2 class=$3
    shift 3
    "${JEXTRACT:-jextract}" \
        --output ../java \
        --target-package "dev.longhand.bindings.$package.generated" \
        --header-class-name "$class" \
        "$@" \
        "@$header.includes" \
        "$header.h"
}

generate longhand_cpu cpu LonghandCpu
# By name: the first libcuda.so.1 that the process has loaded answers, wherever its file lay.
generate longhand_cuda_driver cuda LonghandCudaDriver --library :libcuda.so.1
generate ptx_device ptx PtxDeviceControl --library :libcuda.so.1
