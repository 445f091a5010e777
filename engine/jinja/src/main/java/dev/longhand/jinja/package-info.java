/**
 * Jinja for chat templates: compiled once, rendered many times within limits. The language is that
 * of transformers' chat templates: jinja2's sandboxed environment with {@code trim_blocks}, {@code
 * lstrip_blocks}, loop controls and the {@code generation} tag.
 */
@NullMarked
package dev.longhand.jinja;

import org.jspecify.annotations.NullMarked;
