/** Benchmarks whose options are compared by the log-likelihood that a model gives them. */
@NullMarked
package dev.longhand.study.likelihood;

import org.jspecify.annotations.NullMarked;
