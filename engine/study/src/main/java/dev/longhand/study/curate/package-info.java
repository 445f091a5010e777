/** Makes training data from the generations of a teacher. */
@NullMarked
package dev.longhand.study.curate;

import org.jspecify.annotations.NullMarked;
