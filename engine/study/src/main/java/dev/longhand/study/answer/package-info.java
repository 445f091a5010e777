/** Scores the final answers of generations. */
@NullMarked
package dev.longhand.study.answer;

import org.jspecify.annotations.NullMarked;
