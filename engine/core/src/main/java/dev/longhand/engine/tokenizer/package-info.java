/**
 * Encoding of text to token ids through Hugging Face's tokenizers library, and incremental decoding
 * of token ids to text.
 */
@NullMarked
package dev.longhand.engine.tokenizer;

import org.jspecify.annotations.NullMarked;
