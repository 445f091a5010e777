/** Tensors of a checkpoint folder, mapped read-only from its safetensors files. */
@NullMarked
package dev.longhand.engine.weights;

import org.jspecify.annotations.NullMarked;
