/**
 * A study as a pipeline of stages: which of them have to run, and in what order. Their commands are
 * run by the caller.
 */
@NullMarked
package dev.longhand.study.pipeline;

import org.jspecify.annotations.NullMarked;
