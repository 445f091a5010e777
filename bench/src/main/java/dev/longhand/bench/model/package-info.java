/** The model of a benchmark: which one, from where, and how an engine opens it. */
@NullMarked
package dev.longhand.bench.model;

import org.jspecify.annotations.NullMarked;
