/** Divides thoughts into paragraphs and reasoning steps. */
@NullMarked
package dev.longhand.study.segment;

import org.jspecify.annotations.NullMarked;
