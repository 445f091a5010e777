/**
 * The Java API of the CPU kernel library: availability, contexts, native structs. The only package
 * that imports the library's jextract bindings.
 */
@NullMarked
package dev.longhand.bindings.cpu;

import org.jspecify.annotations.NullMarked;
