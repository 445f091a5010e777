/** What a model takes of memory, known before any of it is taken. */
@NullMarked
package dev.longhand.engine.memory;

import org.jspecify.annotations.NullMarked;
