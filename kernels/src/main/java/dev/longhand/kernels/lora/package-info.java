/** Low-rank adapters: changes to linear layers, applied while the layers run. */
@NullMarked
package dev.longhand.kernels.lora;

import org.jspecify.annotations.NullMarked;
