/** JMH benchmarks and reports, on a given model folder or a generated one. */
@NullMarked
package dev.longhand.bench;

import org.jspecify.annotations.NullMarked;
