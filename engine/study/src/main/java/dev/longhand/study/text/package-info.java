/** Text as Python treats it, since harnesses that are repeated here are written in it. */
@NullMarked
package dev.longhand.study.text;

import org.jspecify.annotations.NullMarked;
