/** The results of a study in a folder: what was run, its tables and charts, and every answer. */
@NullMarked
package dev.longhand.study.result;

import org.jspecify.annotations.NullMarked;
