/** Which backend an engine computes on, and why. */
@NullMarked
package dev.longhand.kernels;

import org.jspecify.annotations.NullMarked;
