/** Trained models as files: PEFT folders and Hugging Face checkpoints, replaced as a whole. */
@NullMarked
package dev.longhand.training.output;

import org.jspecify.annotations.NullMarked;
