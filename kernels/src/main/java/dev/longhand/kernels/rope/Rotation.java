package dev.longhand.kernels.rope;

/**
 * The rotation of queries and keys in training: row r is position r of its sequence, and the pairs
 * (d, d + headDim/2) of each head turn by the angles of {@link RopeTable}. A rotation is
 * orthogonal, so its gradient is the rotation back.
 */
public final class Rotation {
    private Rotation() {}

    /**
     * Rotates in place in double precision.
     *
     * @param x [rows, heads headDim]
     * @param table [positions, headDim]: cosines, then sines
     */
    public static void rotate(double[] x, double[] table, int rows, int headDim, boolean back) {
        int half = headDim / 2;
        int width = x.length / rows;
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < width; i++) {
                if (i % headDim >= half) {
                    continue;
                }
                int at = row * width + i;
                double cosine = table[row * headDim + i % headDim];
                double sine = table[row * headDim + half + i % headDim] * (back ? -1 : 1);
                double first = x[at];
                double second = x[at + half];
                x[at] = first * cosine - second * sine;
                x[at + half] = second * cosine + first * sine;
            }
        }
    }
}
