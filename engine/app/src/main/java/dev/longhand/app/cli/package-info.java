/** The commands and their options. */
@NullMarked
package dev.longhand.app.cli;

import org.jspecify.annotations.NullMarked;
