package dev.longhand.study.score;

import dev.longhand.study.format.Score;

import org.jspecify.annotations.Nullable;

/**
 * A generation with its verdict.
 *
 * @param score the verdict
 * @param benchmark the problem's benchmark
 * @param finish why the generation ended
 * @param tokens the tokens of its text, without the end token; null if the file lacks the count
 * @param keywords the reflection keywords in its text
 */
record Scored(
        Score score, String benchmark, String finish, @Nullable Integer tokens, long keywords) {}
