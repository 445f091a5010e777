package dev.longhand.kernels.tensor;

/** How the scale of a group is stored, in 16 bits. */
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

    /** Rounds a scale to what is stored. */
    abstract short bits(float scale);

    /** A stored scale, exact. */
    abstract float value(short bits);
}
