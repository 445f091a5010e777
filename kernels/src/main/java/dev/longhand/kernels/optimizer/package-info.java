/** Optimizers of training: AdamW and the norm of gradients. */
@NullMarked
package dev.longhand.kernels.optimizer;

import org.jspecify.annotations.NullMarked;
