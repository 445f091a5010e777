package dev.longhand.study.workload;

import dev.longhand.engine.error.InputException;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Prompt and output lengths of the study's four benchmarks, answered by long and by short chains of
 * thought: a lognormal body and, at the cap of the context, those that never end.
 *
 * <p>Prompts are 250 tokens that all have in common and a lognormal question; its sigma is what
 * makes the largest of the benchmark's questions as long as it is. Of outputs the means and
 * quantiles are published for AIME24 and AMC23 (long), MATH500 and OlympiadBench (short); the
 * others have those shapes and their own means.
 */
public enum WorkloadMix {
    AIME24_LONG(107, 0.78, 15_902, 0.50, 0.38),
    AMC23_LONG(85, 0.48, 5037, 0.75, 0.05),
    MATH500_LONG(71, 0.93, 3972, 0.75, 0.05),
    OLYMPIADBENCH_LONG(100, 0.95, 8616, 0.75, 0.05),
    AIME24_SHORT(107, 0.78, 687, 0.45, 0.002),
    AMC23_SHORT(85, 0.48, 605, 0.45, 0.002),
    MATH500_SHORT(71, 0.93, 515, 0.45, 0.002),
    OLYMPIADBENCH_SHORT(100, 0.95, 948, 0.41, 0.0074);

    private static final int PROMPT_COMMON = 250;

    /** Where generations without an end were cut, a context of 32,768 with its prompt. */
    private static final int OUTPUT_MAX = 32_400;

    /** The longest question of the four benchmarks, OlympiadBench's: 1503 tokens of prompt. */
    private static final int QUESTION_MAX = 1253;

    /** Of the cumulative normal distribution, Abramowitz and Stegun 26.2.17, to 7.5e-8. */
    private static final List<Double> COEFFICIENTS =
            List.of(1.330274429, -1.821255978, 1.781477937, -0.356563782, 0.319381530);

    private final double questionMean;
    private final double questionSigma;
    private final double outputMean;
    private final double outputSigma;
    private final double capShare;

    WorkloadMix(
            double questionMean,
            double questionSigma,
            double outputMean,
            double outputSigma,
            double capShare) {
        this.questionMean = questionMean;
        this.questionSigma = questionSigma;
        this.outputMean = outputMean;
        this.outputSigma = outputSigma;
        this.capShare = capShare;
    }

    /**
     * Lengths of a request, in tokens.
     *
     * @param prompt at least 1
     * @param output at least 1
     */
    public record Lengths(int prompt, int output) {}

    /**
     * A trace of requests in the order of their arrival, all at once, as an evaluation sends them.
     * Lengths are quantiles at even distances, so that few requests have the shape of many.
     *
     * @param requests how many, at least 1
     * @param scale of all lengths, above 0 and at most 1
     * @throws InputException if one is out of range
     */
    public List<Lengths> trace(int requests, double scale, long seed) {
        if (requests < 1) {
            throw new InputException("requests must be at least 1, not " + requests);
        }
        if (!(scale > 0 && scale <= 1)) {
            throw new InputException("scale must be above 0 and at most 1, not " + scale);
        }
        Random random = new Random(seed);
        List<Integer> prompts = new ArrayList<>();
        List<Integer> outputs = new ArrayList<>();
        for (int i = 0; i < requests; i++) {
            double quantile = (i + 0.5) / requests;
            prompts.add(scaled(prompt(quantile), scale));
            outputs.add(scaled(output(quantile), scale));
        }
        Collections.shuffle(prompts, random);
        Collections.shuffle(outputs, random);
        List<Lengths> trace = new ArrayList<>();
        for (int i = 0; i < requests; i++) {
            trace.add(new Lengths(prompts.get(i), outputs.get(i)));
        }
        return trace;
    }

    private static int scaled(double tokens, double scale) {
        return (int) Math.max(1, Math.round(tokens * scale));
    }

    private double prompt(double quantile) {
        double median = questionMean * Math.exp(-questionSigma * questionSigma / 2);
        return PROMPT_COMMON
                + Math.min(QUESTION_MAX, median * Math.exp(questionSigma * normal(quantile)));
    }

    private double output(double quantile) {
        double body = 1 - capShare;
        if (quantile >= body) {
            return OUTPUT_MAX;
        }
        double bodyMean = (outputMean - capShare * OUTPUT_MAX) / body;
        double median = bodyMean * Math.exp(-outputSigma * outputSigma / 2);
        return Math.min(OUTPUT_MAX, median * Math.exp(outputSigma * normal(quantile / body)));
    }

    /** The standard normal quantile, by halving: 60 steps of an interval of 16. */
    private static double normal(double quantile) {
        double low = -8;
        double high = 8;
        for (int i = 0; i < 60; i++) {
            double middle = (low + high) / 2;
            if (cumulative(middle) < quantile) {
                low = middle;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private static double cumulative(double x) {
        if (x < 0) {
            return 1 - cumulative(-x);
        }
        double t = 1 / (1 + 0.2316419 * x);
        double polynomial = 0;
        for (double coefficient : COEFFICIENTS) {
            polynomial = (polynomial + coefficient) * t;
        }
        return 1 - Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI) * polynomial;
    }
}
