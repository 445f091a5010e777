/**
 * Compares Longhand with llama.cpp: the same random weights, alternating runs, one table and its
 * chart.
 */
@NullMarked
package dev.longhand.bench.peers;

import org.jspecify.annotations.NullMarked;
