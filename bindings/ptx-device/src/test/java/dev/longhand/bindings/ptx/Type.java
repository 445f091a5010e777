package dev.longhand.bindings.ptx;

import java.util.Random;

/** What a register of a form under test holds: its size, and values that go wrong easily. */
enum Type {
    P(0, 1, false),
    U8(2, 8, false),
    S8(2, 8, true),
    S8_IN_32(4, 8, true),
    S16_IN_32(4, 16, true),
    B16(2, 16, false),
    U16(2, 16, false),
    S16(2, 16, true),
    F16(2, 16, false),
    BF16(2, 16, false),
    B32(4, 32, false),
    U32(4, 32, false),
    S32(4, 32, true),
    SHIFT(4, 32, false),
    F32(4, 32, false),
    F16X2(4, 32, false),
    BF16X2(4, 32, false),
    B64(8, 64, false),
    U64(8, 64, false),
    S64(8, 64, true),
    F64(8, 64, false);

    private static final long[] WHOLE = {
        0,
        1,
        -1,
        2,
        -2,
        7,
        31,
        32,
        33,
        63,
        64,
        127,
        128,
        255,
        256,
        32767,
        32768,
        65535,
        65536,
        0x7fffffffL,
        0x80000000L,
        0xffffffffL,
        0x100000000L,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        Long.MIN_VALUE + 1,
        0x5555555555555555L,
        0x0123456789abcdefL,
        -128,
        -129,
        -32768,
        -32769
    };
    private static final double[] REAL = {
        0.0,
        -0.0,
        1,
        -1,
        0.5,
        -0.5,
        1.5,
        2.5,
        -2.5,
        1.0 / 3,
        127.5,
        255.5,
        -128.5,
        300,
        1e5,
        1e10,
        -1e10,
        1e19,
        2147483648.0,
        -2147483648.0,
        4294967296.0,
        0x1p63,
        -0x1p63,
        Float.MIN_VALUE,
        -Float.MIN_VALUE,
        Float.MIN_NORMAL,
        -Float.MIN_NORMAL,
        0x1.fffffcp-127,
        -0x1.fffffcp-127,
        Float.MAX_VALUE,
        -Float.MAX_VALUE,
        Double.POSITIVE_INFINITY,
        Double.NEGATIVE_INFINITY,
        Double.NaN,
        0x1.fffffep-1,
        0x1.000002p0,
        0x1.01p0,
        0x1.03p0,
        0x1.002p0,
        0x1.006p0,
        448,
        464,
        465,
        57344,
        65504,
        65520,
        65519,
        0x1p-9,
        0x1p-10,
        0x1.8p-10,
        0x1p-14,
        0x1p-24,
        0x1p-25,
        0x1.8p-25,
        17,
        19,
        21,
        0.4375,
        0x1.fp-7,
        5e-324,
        -1e-310,
        1e300
    };
    private static final int[] HALF = {
        0, 0x8000, 0x3c00, 0xbc00, 1, 0x8001, 0x3ff, 0x400, 0x7bff, 0xfbff, 0x7c00, 0xfc00, 0x7e00,
        0x3555, 0x3c01, 0x4000, 0x1400, 0x1401, 0x2c00
    };
    private static final int[] BRAIN = {
        0, 0x8000, 0x3f80, 0xbf80, 1, 0x8001, 0x7f, 0x80, 0x7f7f, 0xff7f, 0x7f80, 0xff80, 0x7fc0,
        0x3eab, 0x3f81, 0x4000, 0x3b80, 0x3b81, 0x0081
    };

    /** Of a register in memory; 0: a predicate. */
    final int bytes;

    final int bits;
    final boolean signed;

    Type(int bytes, int bits, boolean signed) {
        this.bytes = bytes;
        this.bits = bits;
        this.signed = signed;
    }

    String register() {
        return bytes == 0 ? ".pred" : ".b" + 8 * bytes;
    }

    /** As PTX writes it in a modifier. */
    String ptx() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    /** The bits of a register as the number it means. */
    long value(long register) {
        int unused = 64 - bits;
        return signed ? register << unused >> unused : register << unused >>> unused;
    }

    /** What a register of this type holds of a number. */
    long fit(long value) {
        int unused = 64 - 8 * Math.max(bytes, 1);
        return bytes == 0 ? value & 1 : value(value) << unused >>> unused;
    }

    /** Number i of the edge cases, and after them random values. */
    long sample(int i, Random random) {
        return switch (this) {
            case P -> i & 1;
            case SHIFT -> i < WHOLE.length ? WHOLE[i] & 0xffffffffL : random.nextInt(80);
            case F16 -> i < HALF.length ? HALF[i] : half(random, true);
            case BF16 -> i < BRAIN.length ? BRAIN[i] : half(random, false);
            case F16X2 -> pair(F16, i, random);
            case BF16X2 -> pair(BF16, i, random);
            case F32 ->
                    Integer.toUnsignedLong(
                            Float.floatToRawIntBits(
                                    i < REAL.length ? (float) REAL[i] : real(random)));
            case F64 ->
                    Double.doubleToRawLongBits(
                            i < REAL.length
                                    ? REAL[i]
                                    : i % 2 == 0
                                            ? random.nextGaussian()
                                                    * Math.pow(2, random.nextInt(80) - 40)
                                            : Double.longBitsToDouble(random.nextLong()));
            default -> fit(i < WHOLE.length ? WHOLE[i] : random.nextLong() >> random.nextInt(64));
        };
    }

    /** How many edge cases there are. */
    int edges() {
        return switch (this) {
            case P -> 2;
            case F16, BF16, F16X2, BF16X2 -> HALF.length;
            case F32, F64 -> REAL.length;
            default -> WHOLE.length;
        };
    }

    private static long pair(Type of, int i, Random random) {
        long high = of.sample(random.nextInt(2 * HALF.length), random);
        return high << 16 | of.sample(i, random);
    }

    private static float real(Random random) {
        return switch (random.nextInt(3)) {
            case 0 -> (float) random.nextGaussian();
            case 1 -> (float) (random.nextGaussian() * Math.pow(2, random.nextInt(60) - 30));
            default -> Float.intBitsToFloat(random.nextInt());
        };
    }

    private static long half(Random random, boolean f16) {
        if (random.nextInt(3) == 0) {
            return random.nextInt(1 << 16);
        }
        float value = (float) (random.nextGaussian() * Math.pow(2, random.nextInt(16) - 8));
        return f16 ? Float.floatToFloat16(value) & 0xffffL : Float.floatToRawIntBits(value) >>> 16;
    }

    /** Whether a register has the wanted value; every NaN is as good as another. */
    boolean same(long wanted, long got) {
        return switch (this) {
            case F32 -> wanted == got || isNan(wanted, 0x7f800000L) && isNan(got, 0x7f800000L);
            case F64 ->
                    wanted == got
                            || Double.isNaN(Double.longBitsToDouble(wanted))
                                    && Double.isNaN(Double.longBitsToDouble(got));
            case F16 -> wanted == got || isNan(wanted, 0x7c00) && isNan(got, 0x7c00);
            case BF16 -> wanted == got || isNan(wanted, 0x7f80) && isNan(got, 0x7f80);
            case F16X2, BF16X2 -> {
                Type one = this == F16X2 ? F16 : BF16;
                yield one.same(wanted & 0xffff, got & 0xffff)
                        && one.same(wanted >>> 16, got >>> 16);
            }
            default -> wanted == got;
        };
    }

    private static boolean isNan(long bits, long infinity) {
        long withoutSign = infinity | (infinity & -infinity) - 1;
        return (bits & withoutSign) > infinity;
    }
}
