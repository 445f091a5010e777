package dev.longhand.kernels.tensor;

import java.lang.foreign.Arena;
import java.util.Random;

/** Random matrices in formats that only come from checkpoints, with every part of the format. */
public final class RandomQuantized {
    private RandomQuantized() {}

    /** Returns a matrix that its shape determines. */
    public static HostTensor matrix(Arena arena, DType dtype, Shape shape) {
        HostTensor tensor = HostTensor.allocate(arena, dtype, shape);
        QuantFormat format = dtype.format();
        Random random = new Random(shape.elements());
        QuantizedMatrix matrix = new QuantizedMatrix(tensor);
        for (int row = 0; row < shape.rows(); row++) {
            for (int group = 0; group < matrix.groups(); group++) {
                int[] codes = random.ints(matrix.group(), 0, 1 << matrix.bits()).toArray();
                if (format.nested()) {
                    if (group % format.blockGroups() == 0) {
                        matrix.putFactors(row, group, half(random), half(random));
                    }
                    int scale = random.nextInt(256) - 128;
                    matrix.putNested(row, group, scale, random.nextInt(256) - 128, codes);
                } else if (format.storesMinima()) {
                    matrix.putRaised(row, group, half(random), half(random), codes);
                } else {
                    int zero =
                            format.storesZeros()
                                    ? random.nextInt((1 << matrix.bits()) + 1)
                                    : format.fixedZero();
                    matrix.put(row, group, half(random), zero, codes);
                }
            }
        }
        return tensor;
    }

    /** A value of F16 from 0 to 2. */
    private static float half(Random random) {
        return Float.float16ToFloat((short) random.nextInt(0x4000));
    }
}
