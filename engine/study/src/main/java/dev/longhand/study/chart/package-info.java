/** The study's figures, from its published numbers and one's own. */
@NullMarked
package dev.longhand.study.chart;

import org.jspecify.annotations.NullMarked;
