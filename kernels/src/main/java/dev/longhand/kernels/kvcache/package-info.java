/** Paged keys and values: sizes and the opaque cache; each backend has its own layout. */
@NullMarked
package dev.longhand.kernels.kvcache;

import org.jspecify.annotations.NullMarked;
