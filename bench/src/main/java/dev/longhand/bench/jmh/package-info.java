/** How JMH runs the benchmarks: checked parameters, metrics beside the time, narrow output. */
@NullMarked
package dev.longhand.bench.jmh;

import org.jspecify.annotations.NullMarked;
