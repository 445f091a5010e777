/** Ops, layers and memory: times, bytes and the GPU reports. */
@NullMarked
package dev.longhand.bench.kernels;

import org.jspecify.annotations.NullMarked;
