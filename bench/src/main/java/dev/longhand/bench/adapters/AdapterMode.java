package dev.longhand.bench.adapters;

/** The LoRA adapter that a benchmark applies to all linear layers. */
public enum AdapterMode {
    NONE(0, false),
    MERGED_R64(64, true),
    MERGED_R256(256, true),
    UNMERGED_R64(64, false),
    UNMERGED_R256(256, false);

    private final int rank;
    private final boolean merged;

    AdapterMode(int rank, boolean merged) {
        this.rank = rank;
        this.merged = merged;
    }

    /** The adapter's rank, 0 for none. */
    public int rank() {
        return rank;
    }

    /** Whether the adapter is merged into the weights. */
    public boolean merged() {
        return merged;
    }
}
