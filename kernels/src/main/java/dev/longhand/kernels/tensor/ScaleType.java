package dev.longhand.kernels.tensor;

/** The format of a group's scale. */
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
    },
    /** A signed byte, times an F16 factor that the groups of a block share. */
    NESTED {
        @Override
        short bits(float scale) {
            throw new UnsupportedOperationException("a nested scale has two parts");
        }

        @Override
        float value(short bits) {
            return (byte) bits;
        }
    };

    /** Bytes that a group stores. */
    int bytes() {
        return this == NESTED ? Byte.BYTES : Short.BYTES;
    }

    /** Bytes that a block stores for all its groups. */
    int blockBytes() {
        return this == NESTED ? Short.BYTES : 0;
    }

    /** The bits of a scale, rounded to this format. */
    abstract short bits(float scale);

    /** The exact value of a stored scale; of a nested one, without its factor. */
    abstract float value(short bits);
}
