/** A short run of every benchmark as one report. */
@NullMarked
package dev.longhand.bench.summary;

import org.jspecify.annotations.NullMarked;
