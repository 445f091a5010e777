/** Measured values, and results as files: a JSONL history, Markdown tables and SVG charts. */
@NullMarked
package dev.longhand.bench.report;

import org.jspecify.annotations.NullMarked;
