/** The {@code study} command: a whole study as a pipeline of this program's own commands. */
@NullMarked
package dev.longhand.app.study;

import org.jspecify.annotations.NullMarked;
