/** Scores files of generations: verdicts, accuracies and their uncertainty. */
@NullMarked
package dev.longhand.study.score;

import org.jspecify.annotations.NullMarked;
