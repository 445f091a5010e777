/** Reports of an engine about itself: loading progress, memory, load and adapters. */
@NullMarked
package dev.longhand.engine.status;

import org.jspecify.annotations.NullMarked;
