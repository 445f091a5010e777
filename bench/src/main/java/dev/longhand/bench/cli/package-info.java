/** The way in which all commands of this module run and fail. */
@NullMarked
package dev.longhand.bench.cli;

import org.jspecify.annotations.NullMarked;
