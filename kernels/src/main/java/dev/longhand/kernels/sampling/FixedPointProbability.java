package dev.longhand.kernels.sampling;

/**
 * Probabilities of tokens, relative to the likeliest one's, as integers: 2^42 is 1. Sums of
 * integers are the same in any order, so that the host, and a device that adds in its own order,
 * find the same nucleus and sample the same token. A probability below 2^-42 of the best is 0: in a
 * vocabulary of 2^18 tokens at most 1 sample in 16 million would have been one of those tokens.
 *
 * <p>2^x is computed by IEEE single multiplications and additions in a fixed order, none fused, as
 * in {@code sample.cu}. Its error is a few units in 2^-24 of the probabilities that matter.
 */
public final class FixedPointProbability {
    /** The largest vocabulary: 2^20 probabilities of 2^42 sum to 2^62, within a long. */
    static final int VOCABULARY_MAX = 1 << 20;

    private static final int ONE_BITS = 42;
    private static final double LOG2_E = 1.4426950408889634;

    /** The lowest exponent: 2^x is 0 in units of 2^-42, and 63 is a valid shift distance. */
    private static final float LOWEST = -63;

    /** 1.5 * 2^23: adding a number to it rounds that to a whole number. */
    private static final float ROUNDER = 12_582_912;

    private FixedPointProbability() {}

    /** The factor that converts a difference of logits to an exponent of 2. */
    public static float scale(double temperature) {
        return (float) Math.min(LOG2_E / temperature, Float.MAX_VALUE);
    }

    /** The probability of a logit, 0 to 2^42; {@code max} is the largest logit; both finite. */
    static long of(float logit, float max, float scale) {
        float exponent = Math.max((logit - max) * scale, LOWEST);
        float whole = (exponent + ROUNDER) - ROUNDER;
        float x = exponent - whole; // in -0.5..0.5: the Taylor series of 2^x is exact to 1 in 10^8
        float power = 1.5252734e-5f;
        power = power * x + 1.5403530e-4f;
        power = power * x + 1.3333558e-3f;
        power = power * x + 0.009618129f;
        power = power * x + 0.05550411f;
        power = power * x + 0.2402265f;
        power = power * x + 0.6931472f;
        power = power * x + 1;
        return (long) (int) (power * 0x1p30f) << (ONE_BITS - 30) >> -(int) whole;
    }

    /** The smallest probability that is at least {@code share} of the likeliest token's. */
    public static long least(float share) {
        return (long) Math.ceil(Math.scalb((double) share, ONE_BITS));
    }

    /**
     * The difference between a logit and its log-probability.
     *
     * @param mass sum of the probabilities of the vocabulary at temperature 1
     */
    public static double normaliser(float max, long mass) {
        return max + Math.log(Math.scalb((double) mass, -ONE_BITS));
    }

    /** A share of a mass, 0 to 1, in units of 2^-64. */
    public static long fraction(float share) {
        return (long) Math.scalb((double) share, 63) << 1;
    }

    /** A fraction of a mass, rounded up, and at least 1. */
    static long part(long mass, long fraction) {
        long part = Math.unsignedMultiplyHigh(mass, fraction) + (mass * fraction == 0 ? 0 : 1);
        return Math.max(1, part);
    }
}
