/** Guessing the next tokens from what the text repeats, and when a guess pays. */
@NullMarked
package dev.longhand.engine.speculation;

import org.jspecify.annotations.NullMarked;
