/**
 * Entry point of the library: open an {@link dev.longhand.engine.Engine}, submit requests, read
 * events.
 */
@NullMarked
package dev.longhand.engine;

import org.jspecify.annotations.NullMarked;
