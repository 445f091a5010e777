/** The files that the study's tools exchange: JSON lines, in which unknown fields are kept. */
@NullMarked
package dev.longhand.study.format;

import org.jspecify.annotations.NullMarked;
