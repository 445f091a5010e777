/** The interface between models and devices: the ops of a decoder step over opaque tensors. */
@NullMarked
package dev.longhand.kernels.backend;

import org.jspecify.annotations.NullMarked;
