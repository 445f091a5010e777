package dev.longhand.kernels.attention;

/**
 * Where the attention of families differs.
 *
 * @param scale factor of the product of a query and a key
 * @param cap bound of the scores, which become cap tanh(score / cap); 0 without one
 * @param window positions that a query sees, its own included; 0 for all up to its own
 */
public record AttentionOptions(float scale, float cap, int window) {
    /** Checks the values. */
    public AttentionOptions {
        if (!(scale > 0) || !(cap >= 0) || window < 0) {
            throw new IllegalArgumentException(
                    "attention of scale %s, cap %s, window %d".formatted(scale, cap, window));
        }
    }

    /** Returns those of ordinary attention: the scale 1 / sqrt(headDim) and no bounds. */
    public static AttentionOptions of(int headDim) {
        return new AttentionOptions((float) (1 / Math.sqrt(headDim)), 0, 0);
    }

    /** Returns the same with another window. */
    public AttentionOptions withWindow(int positions) {
        return new AttentionOptions(scale, cap, positions);
    }

    /** Returns the first position that the query at {@code position} sees. */
    public int first(int position) {
        return window == 0 ? 0 : Math.max(0, position - window + 1);
    }

    /** Returns the score of a product of a query and a key, in double precision. */
    public double score(double product) {
        double score = product * scale;
        return cap == 0 ? score : cap * Math.tanh(score / cap);
    }

    /** Returns the derivative of {@link #score} by the product. */
    public double slope(double product) {
        double bound = cap == 0 ? 0 : Math.tanh(product * scale / cap);
        return scale * (1 - bound * bound);
    }
}
