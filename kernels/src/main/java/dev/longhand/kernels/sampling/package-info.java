/** From logits to the next token: penalties, truncation, draws, log-probabilities. */
@NullMarked
package dev.longhand.kernels.sampling;

import org.jspecify.annotations.NullMarked;
