package dev.longhand.kernels.tensor;

/** The 16-bit format of a group's scale. */
public enum ScaleType {
    BF16 {
        @Override
        short bits(float scale) {
            return BFloat16.bits(scale);
        }

        @Override
        float value(short bits) {
            return Float.intBitsToFloat(bits << Short.SIZE);
        }
    },
    F16 {
        @Override
        short bits(float scale) {
            return Float.floatToFloat16(scale);
        }

        @Override
        float value(short bits) {
            return Float.float16ToFloat(bits);
        }
    };

    /** The bits of a scale, rounded to this format. */
    abstract short bits(float scale);

    /** The exact value of a stored scale. */
    abstract float value(short bits);
}
