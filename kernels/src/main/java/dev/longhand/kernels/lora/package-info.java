/** Low-rank adapters: changes of linear layers that are applied as the layers run. */
@NullMarked
package dev.longhand.kernels.lora;

import org.jspecify.annotations.NullMarked;
