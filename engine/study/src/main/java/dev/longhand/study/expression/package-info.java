/** Expressions in LaTeX, compared by their values at fixed points. */
@NullMarked
package dev.longhand.study.expression;

import org.jspecify.annotations.NullMarked;
