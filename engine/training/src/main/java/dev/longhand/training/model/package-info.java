/** Models whose tensors are trained: forward and backward pass, gradients and their update. */
@NullMarked
package dev.longhand.training.model;

import org.jspecify.annotations.NullMarked;
