/**
 * The CPU kernel library as Java sees it: found or not found, contexts, native structs. The only
 * package that imports the bindings that jextract generated.
 */
@NullMarked
package dev.longhand.bindings.cpu;

import org.jspecify.annotations.NullMarked;
