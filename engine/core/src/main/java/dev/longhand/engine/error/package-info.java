/** Errors that a caller can act on. Every other package may throw them. */
@NullMarked
package dev.longhand.engine.error;

import org.jspecify.annotations.NullMarked;
