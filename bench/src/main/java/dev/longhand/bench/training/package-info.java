/** The speed and the memory of training. */
@NullMarked
package dev.longhand.bench.training;

import org.jspecify.annotations.NullMarked;
