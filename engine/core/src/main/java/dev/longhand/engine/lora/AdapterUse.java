package dev.longhand.engine.lora;

import dev.longhand.engine.model.DecoderWeights;
import dev.longhand.kernels.backend.BackendMemory;
import dev.longhand.kernels.lora.LoraAdapter;

import org.jspecify.annotations.Nullable;

/**
 * How a generation uses an adapter: not at all, applied during the forward pass, or merged into the
 * weights. Merging rounds the weights once more, so applied and merged uses never share cached keys
 * and values.
 */
public final class AdapterUse {
    private final @Nullable ResidentAdapter resident;
    private final boolean merged;

    private AdapterUse(@Nullable ResidentAdapter resident, boolean merged) {
        this.resident = resident;
        this.merged = merged;
    }

    /** Returns the use of the base model without an adapter. */
    public static AdapterUse none() {
        return new AdapterUse(null, false);
    }

    /** Returns the use of an adapter that the kernels apply. */
    public static AdapterUse applied(ResidentAdapter resident) {
        return new AdapterUse(resident, false);
    }

    /** Returns the use of an adapter that the weights already contain. */
    public static AdapterUse merged(ResidentAdapter resident) {
        return new AdapterUse(resident, true);
    }

    /**
     * Identifies the weights in effect on top of the base: uses with equal identities produce
     * bit-identical results.
     */
    public String identity() {
        if (resident == null) {
            return "base";
        }
        return (merged ? "merged " : "applied ") + resident.content().identity();
    }

    /**
     * Returns the adapter that the kernels must apply, or null if there is none. Device thread
     * only.
     */
    public @Nullable LoraAdapter on(BackendMemory memory, DecoderWeights weights) {
        return resident == null || merged ? null : resident.on(memory, weights);
    }

    /** Releases the hold on the adapter. Call exactly once. */
    public void release() {
        if (resident != null) {
            resident.release();
        }
    }
}
