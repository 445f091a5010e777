package dev.longhand.kernels.rope;

import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;
import dev.longhand.kernels.tensor.Shape;

import java.lang.foreign.Arena;
import java.util.stream.IntStream;

/**
 * Cosines and sines of every position (Su et al., 2021), computed once on the host.
 *
 * <p>The angle is position * frequency rounded to float, as the models were trained: at position
 * 32,000 the rounding of that product is worth up to 0.001 rad, so a table from double-precision
 * angles would be "more exact" and yet differ from every other implementation. The cosine of the
 * float angle is then taken in double and rounded once.
 */
public final class RopeTable {
    private RopeTable() {}

    /**
     * Builds a table, on all cores.
     *
     * @param arena holds the table; must be shared
     * @param frequencies headDim/2 inverse frequencies, radians per position
     * @param scaling factor on every cosine and sine (YaRN's attention scaling, else 1)
     * @param positions the number of positions
     * @return F32 [positions, headDim]: a position's cosines, then its sines
     */
    public static HostTensor build(Arena arena, float[] frequencies, float scaling, int positions) {
        int half = frequencies.length;
        HostTensor table = HostTensor.allocate(arena, DType.F32, Shape.of(positions, 2L * half));
        IntStream.range(0, positions)
                .parallel()
                .forEach(
                        position -> {
                            long row = 2L * half * position;
                            for (int i = 0; i < half; i++) {
                                double angle = (float) position * frequencies[i];
                                table.set(row + i, (float) Math.cos(angle) * scaling);
                                table.set(row + half + i, (float) Math.sin(angle) * scaling);
                            }
                        });
        return table;
    }
}
