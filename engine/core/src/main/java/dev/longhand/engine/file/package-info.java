/**
 * Bounded, checked reading of the files of a checkpoint folder: what weights, model, tokenizer and
 * chat share. Every refusal names the file and the key.
 */
@NullMarked
package dev.longhand.engine.file;

import org.jspecify.annotations.NullMarked;
