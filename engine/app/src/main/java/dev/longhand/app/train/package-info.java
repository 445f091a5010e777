/** The command {@code train}. */
@NullMarked
package dev.longhand.app.train;

import org.jspecify.annotations.NullMarked;
