/** Memory that a model needs, computed before any of it is allocated. */
@NullMarked
package dev.longhand.engine.memory;

import org.jspecify.annotations.NullMarked;
