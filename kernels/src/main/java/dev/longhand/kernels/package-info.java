/** The choice of the backend on which an engine computes. */
@NullMarked
package dev.longhand.kernels;

import org.jspecify.annotations.NullMarked;
