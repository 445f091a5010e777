#!/bin/sh
# Regenerates the Java bindings of the headers beside it and in ptx-device; run after every change of one.
#   JEXTRACT=/path/to/jextract sh jextract.sh
# Made with openjdk/jextract at f9866df on JDK 25 with libclang 14. The output is checked in and
# never edited; only the package above a generated one may import it.
set -eu
bindings=$(cd "$(dirname "$0")/../../../.." && pwd)

# generate MODULE HEADER PACKAGE CLASS [OPTIONS]: HEADER.h of a module, filtered by HEADER.includes.
generate() {
    module=$1 header=$2 package=$3 class=$4
    shift 4
    cd "$bindings/$module/src/main/headers"
    "${JEXTRACT:-jextract}" \
        --output ../java \
        --target-package "dev.longhand.bindings.$package.generated" \
        --header-class-name "$class" \
        "$@" \
        "@$header.includes" \
        "$header.h"
}

generate core longhand_cpu cpu LonghandCpu
generate core longhand_training cpu LonghandTraining
# By name: the first libcuda.so.1 that the process has loaded answers, wherever its file lay.
generate core longhand_cuda_driver cuda LonghandCudaDriver --library :libcuda.so.1
generate ptx-device ptx_device ptx PtxDeviceControl --library :libcuda.so.1
