/** Paged keys and values: sizes and the opaque cache; the layout belongs to each backend. */
@NullMarked
package dev.longhand.kernels.kvcache;

import org.jspecify.annotations.NullMarked;
