package dev.longhand.engine.status;

import dev.longhand.engine.error.InputException;

import org.jspecify.annotations.Nullable;

import java.util.Locale;

/**
 * Memory that an engine needs, computed before any of it is allocated. All sizes are in bytes.
 *
 * @param weightBytes the weights, in the formats that the engine keeps them in
 * @param kvBytes the KV pool; on a CPU, the system commits its pages as sequences grow
 * @param kvPositions positions that the pool holds for all sequences together
 * @param activationBytes buffers of one step, including the scratch memory of the backend
 * @param ropeBytes the table of cosines and sines
 * @param adapterBytesAsked the configured limit for LoRA adapters; null takes half of the rest
 * @param availableBytes free memory of the device, counting mapped files that are already cached
 */
public record MemoryPlan(
        long weightBytes,
        long kvBytes,
        long kvPositions,
        long activationBytes,
        long ropeBytes,
        @Nullable Long adapterBytesAsked,
        long availableBytes) {
    /** Total bytes, with the adapters' limit if one is configured. */
    public long totalBytes() {
        return withoutAdapters() + (adapterBytesAsked == null ? 0 : adapterBytesAsked);
    }

    private long withoutAdapters() {
        return weightBytes + kvBytes + activationBytes + ropeBytes;
    }

    /** Limit for all adapters together, in bytes. */
    public long adapterBytesMax() {
        return adapterBytesAsked != null
                ? adapterBytesAsked
                : Math.max(0, (availableBytes - withoutAdapters()) / 2);
    }

    /** Memory that is available for the KV pool beside everything else, in bytes. */
    public long kvBytesMax() {
        return availableBytes - (totalBytes() - kvBytes);
    }

    /** Whether the total is available. */
    public boolean fits() {
        return totalBytes() <= availableBytes;
    }

    /**
     * Requires that the plan fits.
     *
     * @throws InputException if it does not, with the sizes and the remedy
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
