package dev.longhand.kernels.sampling;

/**
 * The counter-based generator Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1,
 * 2, 3", 2011). A random number is a pure function of seed and position, so a resumed, preempted or
 * batched sequence gets the same ones, on any device.
 */
final class Philox {
    private static final int ROUNDS = 10;
    private static final long MULTIPLIER_0 = 0xD2511F53L;
    private static final long MULTIPLIER_1 = 0xCD9E8D57L;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;

    private Philox() {}

    /**
     * A uniform whole number in 0..bound - 1: the bound times 64 random bits read as a fraction.
     */
    static long below(long bound, long seed, long position) {
        return Math.unsignedMultiplyHigh(block(seed, position, 0), bound);
    }

    /** Words 0 (high half) and 1 (low half) of the block for a key and a 128-bit counter. */
    static long block(long key, long counterLow, long counterHigh) {
        int c0 = (int) counterLow;
        int c1 = (int) (counterLow >>> 32);
        int c2 = (int) counterHigh;
        int c3 = (int) (counterHigh >>> 32);
        int k0 = (int) key;
        int k1 = (int) (key >>> 32);
        for (int round = 0; round < ROUNDS; round++) {
            long product0 = MULTIPLIER_0 * Integer.toUnsignedLong(c0);
            long product1 = MULTIPLIER_1 * Integer.toUnsignedLong(c2);
            c0 = (int) (product1 >>> 32) ^ c1 ^ k0;
            c1 = (int) product1;
            c2 = (int) (product0 >>> 32) ^ c3 ^ k1;
            c3 = (int) product0;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        return Integer.toUnsignedLong(c0) << 32 | Integer.toUnsignedLong(c1);
    }
}
