package dev.longhand.engine.lora;

import dev.longhand.engine.architecture.AdapterTarget;
import dev.longhand.engine.architecture.LinearModule;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.engine.model.DecoderWeights;
import dev.longhand.kernels.lora.LoraDelta;
import dev.longhand.kernels.lora.LoraMatrix;
import dev.longhand.kernels.matmul.Linear;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A LoRA adapter's matrices in one contiguous buffer of host memory, independent of the files they
 * were read from and of the name the adapter is registered under.
 */
public final class Adapter implements AutoCloseable {
    private final Arena arena;
    private final String identity;
    private final long bytes;
    private final List<Change> changes;

    /**
     * The LoRA delta of one linear layer.
     *
     * @param target its layer and projection in the model
     * @param module its name and shape
     */
    public record Change(AdapterTarget target, LinearModule module, LoraMatrix matrix) {}

    Adapter(Arena arena, String identity, long bytes, List<Change> changes) {
        this.arena = arena;
        this.identity = identity;
        this.bytes = bytes;
        this.changes = List.copyOf(changes);
    }

    /**
     * Returns the SHA-256 over module names, shapes, dtypes, scales and bytes, in hexadecimal.
     * Adapters with equal identities produce bit-identical results. Data that depends on an
     * adapter's content, such as cached keys and values, is keyed by the identity, never by a name.
     */
    public String identity() {
        return identity;
    }

    /** Returns the size of the buffer in host memory, in bytes. */
    public long bytes() {
        return bytes;
    }

    /** Returns the deltas, ordered by layer and projection. */
    public List<Change> changes() {
        return changes;
    }

    /** Returns the largest rank of any delta. */
    public int rankMax() {
        return changes.stream().mapToInt(change -> change.matrix().rank()).max().orElse(0);
    }

    /** Returns the deltas, grouped as the model groups its linear layers. */
    List<LoraDelta> deltas(DecoderWeights weights) {
        Map<Linear, Map<Integer, LoraMatrix>> groups = new LinkedHashMap<>();
        for (Change change : changes) {
            Projection projection = change.target.projection();
            Linear group = weights.layers().get(change.target.layer()).group(projection.group());
            groups.computeIfAbsent(group, any -> new HashMap<>())
                    .put(projection.index(), change.matrix);
        }
        List<LoraDelta> deltas = new ArrayList<>();
        groups.forEach((group, matrices) -> deltas.add(new LoraDelta(group, matrices)));
        return deltas;
    }

    /** Frees the memory. Idempotent. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
