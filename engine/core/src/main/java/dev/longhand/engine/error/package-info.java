/** The errors that a user can mend, below every other package so that each can throw them. */
@NullMarked
package dev.longhand.engine.error;

import org.jspecify.annotations.NullMarked;
