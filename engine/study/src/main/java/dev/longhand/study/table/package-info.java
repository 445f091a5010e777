/** The study's tables, with its published numbers beside one's own. */
@NullMarked
package dev.longhand.study.table;

import org.jspecify.annotations.NullMarked;
