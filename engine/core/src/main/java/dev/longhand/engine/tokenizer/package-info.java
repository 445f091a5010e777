/**
 * Text to token ids through Hugging Face's own tokenizers, and token ids back to text as they come.
 */
@NullMarked
package dev.longhand.engine.tokenizer;

import org.jspecify.annotations.NullMarked;
