package dev.longhand.engine.architecture;

/**
 * The change of a model's rotary embedding for a context longer than that of the first training.
 */
public sealed interface RopeScaling permits Yarn, Llama3Scaling, FrequencyFactors {
    /**
     * Returns a frequency after the change.
     *
     * @param frequency radians per position of dimension {@code i} without it
     * @param rope the embedding that it belongs to
     */
    float frequency(float frequency, int i, int headDim, RopeConfig rope);

    /** Returns the name of the method. */
    String label();

    /** Returns the factor applied to every cosine and sine: 1 where the method has none. */
    default float attentionScaling() {
        return 1;
    }

    /**
     * Returns the maximum positions of a model, given its {@code max_position_embeddings}: the same
     * where the method extends none.
     */
    default int positions(int maxPositionEmbeddings) {
        return maxPositionEmbeddings;
    }
}
