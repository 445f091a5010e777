/** Long chains of thought: where they begin and end, when they go in circles, what they count. */
@NullMarked
package dev.longhand.engine.thought;

import org.jspecify.annotations.NullMarked;
