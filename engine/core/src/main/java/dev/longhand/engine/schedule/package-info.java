/** Which rows go into the next step, and the one thread that runs the steps. */
@NullMarked
package dev.longhand.engine.schedule;

import org.jspecify.annotations.NullMarked;
