/** Counts the reflection keywords of generations. */
@NullMarked
package dev.longhand.study.keywords;

import org.jspecify.annotations.NullMarked;
