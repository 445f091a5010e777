/** The model and the device of a benchmark, as options of commands and as JMH parameters. */
@NullMarked
package dev.longhand.bench.model;

import org.jspecify.annotations.NullMarked;
