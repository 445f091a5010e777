package dev.longhand.study.workload;

import dev.longhand.engine.error.InputException;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Prompt and output lengths of the study's four benchmarks, with long and with short chains of
 * thought. Output lengths are lognormal, with a share of outputs that reach the limit.
 *
 * <p>A prompt consists of 250 common tokens and a question of lognormal length, whose sigma is
 * fitted to the longest question of the benchmark. Means and quantiles of outputs are published for
 * AIME24 and AMC23 (long), and for MATH500 and OlympiadBench (short); the other mixes combine those
 * shapes with their own means.
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

    /** The limit on outputs: a context of 32,768 tokens minus the prompt. */
    private static final int OUTPUT_MAX = 32_400;

    /** The longest question, from OlympiadBench: a prompt of 1,503 tokens. */
    private static final int QUESTION_MAX = 1253;

    /**
     * Polynomial coefficients that approximate the cumulative normal distribution to 7.5e-8
     * (Abramowitz and Stegun 26.2.17).
     */
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
     * @param prompt the length of the prompt, at least 1
     * @param output the length of the output, at least 1
     */
    public record Lengths(int prompt, int output) {}

    /**
     * Generates a trace of requests that arrive at once, as in an evaluation. Lengths are evenly
     * spaced quantiles in random order, so that short traces have the shape of long ones.
     *
     * @param requests the number of requests, at least 1
     * @param scale a factor on all lengths, above 0 and at most 1
     * @param seed determines the order
     * @throws InputException if an argument is out of range
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

    /** The standard normal quantile, by 60 bisections of [-8, 8]. */
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
