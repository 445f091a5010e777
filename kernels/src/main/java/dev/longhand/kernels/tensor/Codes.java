package dev.longhand.kernels.tensor;

/** The meaning of a quantised format's codes, before zero and scale are applied. */
public enum Codes {
    /** Integers 0..255. */
    UINT8(8),
    /** Integers 0..15. */
    UINT4(4),
    /** Floats of {@link E4m3}. */
    E4M3(8) {
        @Override
        float value(int code) {
            return E4m3.value(code);
        }
    };

    private final int bits;

    Codes(int bits) {
        this.bits = bits;
    }

    /** Bits of a code: 8 or 4. */
    public int bits() {
        return bits;
    }

    /** The value of a code, exact. */
    float value(int code) {
        return code;
    }
}
