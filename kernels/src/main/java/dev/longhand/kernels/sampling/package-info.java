/** From logits to the next token: penalties, truncation, sampling, log-probabilities. */
@NullMarked
package dev.longhand.kernels.sampling;

import org.jspecify.annotations.NullMarked;
