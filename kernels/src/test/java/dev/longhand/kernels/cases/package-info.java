/**
 * The op table: for every op the shapes that matter, each with its data, its work in FLOPs and
 * bytes, and a plain float implementation. Tests check a backend on it, benchmarks time it.
 */
@NullMarked
package dev.longhand.kernels.cases;

import org.jspecify.annotations.NullMarked;
