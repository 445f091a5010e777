/** Causal grouped-query attention over paged KV: contract and reference. */
@NullMarked
package dev.longhand.kernels.attention;

import org.jspecify.annotations.NullMarked;
