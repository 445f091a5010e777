/** Model families: their configuration, and the names and shapes of their tensors. */
@NullMarked
package dev.longhand.engine.architecture;

import org.jspecify.annotations.NullMarked;
