/** JMH benchmarks and reports, on a model folder of the caller's or a generated one. */
@NullMarked
package dev.longhand.bench;

import org.jspecify.annotations.NullMarked;
