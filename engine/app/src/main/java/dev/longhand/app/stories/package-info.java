/**
 * Arithmetic word problems with direct answers or long chains of thought, in any number: what the
 * demo's models and the small study learn from.
 */
@NullMarked
package dev.longhand.app.stories;

import org.jspecify.annotations.NullMarked;
