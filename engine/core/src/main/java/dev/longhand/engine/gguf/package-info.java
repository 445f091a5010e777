/** GGUF files: header, tensors, and what they say of model, tokenizer and chat template. */
@NullMarked
package dev.longhand.engine.gguf;

import org.jspecify.annotations.NullMarked;
