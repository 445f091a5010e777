/** Checkpoints and adapters with random weights, so that nothing has to be downloaded. */
@NullMarked
package dev.longhand.bench.checkpoint;

import org.jspecify.annotations.NullMarked;
