/** The ragged batch of one step: decode rows and prompt chunks, mixed, as native arrays. */
@NullMarked
package dev.longhand.kernels.batch;

import org.jspecify.annotations.NullMarked;
