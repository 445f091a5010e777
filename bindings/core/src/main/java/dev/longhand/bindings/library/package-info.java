/** Loading of the shared libraries that are packed in our jars. */
@NullMarked
package dev.longhand.bindings.library;

import org.jspecify.annotations.NullMarked;
