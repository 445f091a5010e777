/** Losses: cross entropy of logits and its gradient. */
@NullMarked
package dev.longhand.kernels.loss;

import org.jspecify.annotations.NullMarked;
