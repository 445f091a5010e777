/** The command line; the only package that prints. */
@NullMarked
package dev.longhand.engine.cli;

import org.jspecify.annotations.NullMarked;
