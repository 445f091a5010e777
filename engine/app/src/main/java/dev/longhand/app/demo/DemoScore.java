package dev.longhand.app.demo;

import dev.longhand.app.cli.CollectedAnswer;
import dev.longhand.study.answer.BoxedAnswer;
import dev.longhand.study.keywords.ReflectionKeywords;

import java.util.Locale;

/** Scores the answers of one model to the demo's problems. */
final class DemoScore {
    private final String name;
    private int problems;
    private int right;
    private long promptTokens;
    private long outputTokens;
    private long keywords;

    DemoScore(String name) {
        this.name = name;
    }

    /** Adds a drained answer. */
    void add(CollectedAnswer answer, DemoCheckpoint.Problem problem) {
        problems++;
        right += BoxedAnswer.contains(answer.result().text(), problem.answer()) ? 1 : 0;
        promptTokens += answer.result().usage().promptTokens();
        outputTokens += answer.result().usage().outputTokens();
        keywords += ReflectionKeywords.count(answer.result().text());
    }

    static String header() {
        return "                right      accuracy   tokens per answer   keywords per answer";
    }

    String row() {
        return String.format(
                Locale.ROOT,
                "%-12s %3d of %3d     %5.1f %%             %7.1f               %7.2f",
                name,
                right,
                problems,
                100.0 * right / problems,
                (double) outputTokens / problems,
                (double) keywords / problems);
    }

    long promptTokens() {
        return promptTokens;
    }

    long outputTokens() {
        return outputTokens;
    }
}
