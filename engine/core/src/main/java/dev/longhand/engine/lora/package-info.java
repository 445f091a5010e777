/**
 * LoRA adapters: readers of PEFT folders, adapters in memory with their reference counts, merged
 * weights and merged checkpoints.
 */
@NullMarked
package dev.longhand.engine.lora;

import org.jspecify.annotations.NullMarked;
