package dev.longhand.engine.lora;

import dev.longhand.engine.model.DecoderWeights;
import dev.longhand.kernels.backend.BackendMemory;
import dev.longhand.kernels.lora.LoraAdapter;

import org.jspecify.annotations.Nullable;

/**
 * How a generation uses an adapter: not at all, applied as the layers run, or merged into the
 * weights. Merged weights are rounded once more than applied ones, so the two never share keys and
 * values.
 */
public final class AdapterUse {
    private final @Nullable ResidentAdapter resident;
    private final boolean merged;

    private AdapterUse(@Nullable ResidentAdapter resident, boolean merged) {
        this.resident = resident;
        this.merged = merged;
    }

    /** The base alone. */
    public static AdapterUse none() {
        return new AdapterUse(null, false);
    }

    /** An adapter that the kernels apply. */
    public static AdapterUse applied(ResidentAdapter resident) {
        return new AdapterUse(resident, false);
    }

    /** An adapter that the weights contain. */
    public static AdapterUse merged(ResidentAdapter resident) {
        return new AdapterUse(resident, true);
    }

    /** What determines the weights beside the base: two uses of one identity give the same bits. */
    public String identity() {
        if (resident == null) {
            return "base";
        }
        return (merged ? "merged " : "applied ") + resident.content().identity();
    }

    /** What the kernels have to apply, or null; on the device thread. */
    public @Nullable LoraAdapter on(BackendMemory memory, DecoderWeights weights) {
        return resident == null || merged ? null : resident.on(memory, weights);
    }

    /** Lets go of the adapter; once. */
    public void release() {
        if (resident != null) {
            resident.release();
        }
    }
}
