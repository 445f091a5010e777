/** Training of LoRA adapters; today it writes them. */
@NullMarked
package dev.longhand.training;

import org.jspecify.annotations.NullMarked;
