/** Measures the cost of LoRA adapters. */
@NullMarked
package dev.longhand.bench.adapters;

import org.jspecify.annotations.NullMarked;
