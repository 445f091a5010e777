/** JMH benchmarks of decoding, prefill and long generation, on a model folder of the caller's. */
@NullMarked
package dev.longhand.bench;

import org.jspecify.annotations.NullMarked;
