/** Token embedding: contract and reference. */
@NullMarked
package dev.longhand.kernels.embedding;

import org.jspecify.annotations.NullMarked;
