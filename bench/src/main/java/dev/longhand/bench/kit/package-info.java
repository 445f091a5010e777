/** The GPU kit: checks and benchmarks of the CUDA path in steps that are bounded and resumable. */
@NullMarked
package dev.longhand.bench.kit;

import org.jspecify.annotations.NullMarked;
