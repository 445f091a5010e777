/** Many requests at a time through the public API. */
@NullMarked
package dev.longhand.bench.serving;

import org.jspecify.annotations.NullMarked;
