/**
 * Answers in a format: formats become automata over bytes, and these become sets of tokens that the
 * sampler may take.
 */
@NullMarked
package dev.longhand.engine.constraint;

import org.jspecify.annotations.NullMarked;
