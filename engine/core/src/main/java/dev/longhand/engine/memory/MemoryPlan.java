package dev.longhand.engine.memory;

import dev.longhand.engine.error.InputException;

import org.jspecify.annotations.Nullable;

import java.util.Locale;

/**
 * What an engine will take, known before any of it is taken.
 *
 * @param weightBytes the checkpoint's tensors, mapped from its files
 * @param kvBytes the KV pool; committed page by page as sequences grow
 * @param kvPositions positions that the pool holds, of all sequences together
 * @param activationBytes buffers of one step, the sampler's among them
 * @param ropeBytes the table of cosines and sines
 * @param adapterBytesAsked the limit that was asked for LoRA adapters; null takes half of what is
 *     left
 * @param availableBytes what the machine can give; mapped files already in its cache count as
 *     available
 */
public record MemoryPlan(
        long weightBytes,
        long kvBytes,
        long kvPositions,
        long activationBytes,
        long ropeBytes,
        @Nullable Long adapterBytesAsked,
        long availableBytes) {
    /** All that the engine will take; adapters as far as their limit was asked for. */
    public long totalBytes() {
        return withoutAdapters() + (adapterBytesAsked == null ? 0 : adapterBytesAsked);
    }

    private long withoutAdapters() {
        return weightBytes + kvBytes + activationBytes + ropeBytes;
    }

    /** The most that adapters may take together. */
    public long adapterBytesMax() {
        return adapterBytesAsked != null
                ? adapterBytesAsked
                : Math.max(0, (availableBytes - withoutAdapters()) / 2);
    }

    /** Whether it fits. */
    public boolean fits() {
        return totalBytes() <= availableBytes;
    }

    /**
     * Refuses a plan that does not fit, with the numbers and the remedy.
     *
     * @throws InputException if the plan does not fit
     */
    public void requireFit() {
        if (!fits()) {
            throw new InputException(
                    ("not enough memory: weights %s + KV %s for %d positions + buffers %s = %s,"
                         + " available %s; lower EngineConfig.contextTokensMax, or use a smaller"
                         + " model")
                            .formatted(
                                    gib(weightBytes),
                                    gib(kvBytes),
                                    kvPositions,
                                    gib(activationBytes + ropeBytes),
                                    gib(totalBytes()),
                                    gib(availableBytes)));
        }
    }

    /** The plan as a table, one line per item. */
    public String table() {
        return """
        weights      %12s
        KV cache     %12s  (%d positions)
        activations  %12s
        RoPE table   %12s
        adapters     %12s  (at most)
        total        %12s
        available    %12s  %s
        """
                .formatted(
                        gib(weightBytes),
                        gib(kvBytes),
                        kvPositions,
                        gib(activationBytes),
                        gib(ropeBytes),
                        gib(adapterBytesMax()),
                        gib(totalBytes()),
                        gib(availableBytes),
                        fits() ? "(fits)" : "(does not fit)");
    }

    private static String gib(long bytes) {
        return bytes < 1L << 30
                ? String.format(Locale.ROOT, "%.1f MiB", bytes / 0x1p20)
                : String.format(Locale.ROOT, "%.2f GiB", bytes / 0x1p30);
    }
}
