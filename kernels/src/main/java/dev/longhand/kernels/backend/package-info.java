/** The door through which a model computes: the ops of a Qwen2 step over opaque tensors. */
@NullMarked
package dev.longhand.kernels.backend;

import org.jspecify.annotations.NullMarked;
