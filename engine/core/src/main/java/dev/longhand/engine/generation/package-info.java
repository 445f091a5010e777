/** Requests and their results: prompts, sampling options, events, finish reasons. */
@NullMarked
package dev.longhand.engine.generation;

import org.jspecify.annotations.NullMarked;
