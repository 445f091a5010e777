/** Quantises the weights of a model in host memory. */
@NullMarked
package dev.longhand.kernels.quantization;

import org.jspecify.annotations.NullMarked;
