#!/bin/sh
# Regenerates the Java bindings of longhand_cpu.h; run after every change of that header.
#   JEXTRACT=/path/to/jextract sh jextract.sh
# Made with openjdk/jextract at f9866df on JDK 25 with libclang 14. The output is checked in and
# never edited; only dev.longhand.bindings.cpu may import it.
set -eu
cd "$(dirname "$0")"
"${JEXTRACT:-jextract}" \
    --output ../java \
    --target-package dev.longhand.bindings.cpu.generated \
    --header-class-name LonghandCpu \
    @longhand_cpu.includes \
    longhand_cpu.h
