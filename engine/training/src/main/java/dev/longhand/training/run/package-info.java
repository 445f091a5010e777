/**
 * Training runs: the order of the steps, the schedule, evaluation, checkpoints, the log, and the
 * loop that drives a model in training.
 */
@NullMarked
package dev.longhand.training.run;

import org.jspecify.annotations.NullMarked;
