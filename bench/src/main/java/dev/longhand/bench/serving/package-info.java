/** Benchmarks of many concurrent requests through the public API. */
@NullMarked
package dev.longhand.bench.serving;

import org.jspecify.annotations.NullMarked;
