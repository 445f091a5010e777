/** Measures the effect of quantised weights on predictions. */
@NullMarked
package dev.longhand.bench.quality;

import org.jspecify.annotations.NullMarked;
