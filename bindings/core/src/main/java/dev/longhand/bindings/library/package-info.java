/** Shared libraries that travel inside our jars, and how they get into the process. */
@NullMarked
package dev.longhand.bindings.library;

import org.jspecify.annotations.NullMarked;
