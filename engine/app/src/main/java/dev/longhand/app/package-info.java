/** The command line; these packages alone print. */
@NullMarked
package dev.longhand.app;

import org.jspecify.annotations.NullMarked;
