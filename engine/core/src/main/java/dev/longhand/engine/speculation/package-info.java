/** Draft tokens from repetitions of the text, and when it pays to verify them. */
@NullMarked
package dev.longhand.engine.speculation;

import org.jspecify.annotations.NullMarked;
