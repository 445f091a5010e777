/** Causal grouped-query attention over paged KV: the contract. */
@NullMarked
package dev.longhand.kernels.attention;

import org.jspecify.annotations.NullMarked;
