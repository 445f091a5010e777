package dev.longhand.kernels.embedding;

/** The gradient of {@link Embedding}: dtable[id(r), :] += scale dout[r, :], rows ascending. */
public final class EmbeddingGradient {
    private EmbeddingGradient() {}

    /** Adds to dtable in double precision. */
    public static void backward(double[] dout, int[] ids, double scale, double[] dtable) {
        int width = dout.length / ids.length;
        for (int row = 0; row < ids.length; row++) {
            for (int i = 0; i < width; i++) {
                dtable[ids[row] * width + i] += scale * dout[row * width + i];
            }
        }
    }
}
