/** Damages reasoning traces in the ways of the study, reproducibly. */
@NullMarked
package dev.longhand.study.perturb;

import org.jspecify.annotations.NullMarked;
