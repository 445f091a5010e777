/**
 * LoRA adapters: PEFT folders as they are, adapters in memory and who uses them, merged weights and
 * merged checkpoints.
 */
@NullMarked
package dev.longhand.engine.lora;

import org.jspecify.annotations.NullMarked;
