/** Threads and heap for the work of requests that is not a step of the model. */
@NullMarked
package dev.longhand.engine.work;

import org.jspecify.annotations.NullMarked;
