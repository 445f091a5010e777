/** Runs the commands of this module and reports their errors. */
@NullMarked
package dev.longhand.bench.cli;

import org.jspecify.annotations.NullMarked;
