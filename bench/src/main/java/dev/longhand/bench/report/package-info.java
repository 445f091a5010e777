/** From figures to files: a history of results, Markdown tables and charts. */
@NullMarked
package dev.longhand.bench.report;

import org.jspecify.annotations.NullMarked;
