/** The instructions of IFEval, as programs that check whether a response follows them. */
@NullMarked
package dev.longhand.study.instruction;

import org.jspecify.annotations.NullMarked;
