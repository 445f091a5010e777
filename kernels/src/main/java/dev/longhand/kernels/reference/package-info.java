/** The oracle: every op in plain Java with double accumulation. */
@NullMarked
package dev.longhand.kernels.reference;

import org.jspecify.annotations.NullMarked;
