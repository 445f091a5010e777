/** Rotary position embedding fused with the KV append: table, contract and reference. */
@NullMarked
package dev.longhand.kernels.rope;

import org.jspecify.annotations.NullMarked;
