/** The command line; the only package that prints. */
@NullMarked
package dev.longhand.app;

import org.jspecify.annotations.NullMarked;
