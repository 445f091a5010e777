/** Turns files of problems into files of generations; a run survives a kill at any moment. */
@NullMarked
package dev.longhand.batch;

import org.jspecify.annotations.NullMarked;
