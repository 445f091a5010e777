/**
 * Demonstrations: rows of data files in the usual forms, encoded to token ids with marks on the
 * tokens that are learned.
 */
@NullMarked
package dev.longhand.training.data;

import org.jspecify.annotations.NullMarked;
