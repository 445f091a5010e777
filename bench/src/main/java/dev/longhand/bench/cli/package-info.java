/** What the commands of this module share. */
@NullMarked
package dev.longhand.bench.cli;

import org.jspecify.annotations.NullMarked;
