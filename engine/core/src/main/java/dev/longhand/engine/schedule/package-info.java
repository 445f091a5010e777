/** Admission of sequences, the rows of each step, and the one thread that runs the steps. */
@NullMarked
package dev.longhand.engine.schedule;

import org.jspecify.annotations.NullMarked;
