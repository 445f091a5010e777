package dev.longhand.kernels.cuda;

/**
 * The limits of an SM that bound how many blocks it holds, from the compute capability tables of
 * the CUDA programming guide; the arithmetic is that of NVIDIA's occupancy calculator. All have
 * 65,536 registers in four quarters.
 */
enum GpuArchitecture {
    SM_80(64, 32, 164),
    SM_86(48, 16, 100),
    SM_89(48, 24, 100),
    SM_90(64, 32, 228),
    SM_100(64, 32, 228),
    SM_120(48, 24, 100);

    private static final int LANES = 32;
    private static final int QUARTERS = 4;
    private static final int REGISTERS_PER_QUARTER = 16_384;
    private static final int REGISTER_UNIT = 256; // of a warp
    private static final int SHARED_UNIT = 128;
    private static final int SHARED_RESERVED = 1024; // per block, by the system

    private final int warpsMax;
    private final int blocksMax;
    private final int sharedBytes;

    GpuArchitecture(int warpsMax, int blocksMax, int sharedKib) {
        this.warpsMax = warpsMax;
        this.blocksMax = blocksMax;
        this.sharedBytes = sharedKib * 1024;
    }

    /** As ptxas calls it. */
    String ptxasName() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    /** Warps that an SM holds at most. */
    int warpsMax() {
        return warpsMax;
    }

    /** Warps of a kernel that an SM holds at once. */
    int warpsResident(int threads, int registers, int sharedOfBlock) {
        int warps = Math.ceilDiv(threads, LANES);
        int ofWarp = Math.ceilDiv(registers * LANES, REGISTER_UNIT) * REGISTER_UNIT;
        int byRegisters = REGISTERS_PER_QUARTER / ofWarp * QUARTERS / warps;
        int ofBlock = Math.ceilDiv(sharedOfBlock + SHARED_RESERVED, SHARED_UNIT) * SHARED_UNIT;
        int byShared = sharedBytes / ofBlock;
        int byWarps = warpsMax / warps;
        return warps * Math.min(Math.min(byRegisters, byShared), Math.min(byWarps, blocksMax));
    }
}
