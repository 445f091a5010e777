/** Benchmarks of one generation: prefill, decode steps, and chains of thought of full length. */
@NullMarked
package dev.longhand.bench.generation;

import org.jspecify.annotations.NullMarked;
