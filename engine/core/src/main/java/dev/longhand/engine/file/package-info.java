/**
 * Bounded and checked reading of the files of a model folder. Every error names the file and the
 * key.
 */
@NullMarked
package dev.longhand.engine.file;

import org.jspecify.annotations.NullMarked;
