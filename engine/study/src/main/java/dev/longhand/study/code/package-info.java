/** Programs as answers: their tests, run in a sandbox. */
@NullMarked
package dev.longhand.study.code;

import org.jspecify.annotations.NullMarked;
