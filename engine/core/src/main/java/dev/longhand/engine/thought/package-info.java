/** Long chains of thought: their bounds, their token budget, and the detection of loops. */
@NullMarked
package dev.longhand.engine.thought;

import org.jspecify.annotations.NullMarked;
