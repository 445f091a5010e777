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
 * The content of a LoRA adapter in host memory, one contiguous buffer, independent of the files it
 * came from and of the name it is known by.
 */
public final class Adapter implements AutoCloseable {
    private final Arena arena;
    private final String identity;
    private final long bytes;
    private final List<Change> changes;

    /**
     * The change of one linear layer.
     *
     * @param target its place in the model
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
     * SHA-256 over places, shapes, dtypes, scales and bytes, in hexadecimal: two adapters with the
     * same identity give the same bits. Whatever depends on an adapter's content, such as cached
     * keys and values, is known by this and never by a name.
     */
    public String identity() {
        return identity;
    }

    /** Bytes of host memory. */
    public long bytes() {
        return bytes;
    }

    /** What changes, by layer and projection. */
    public List<Change> changes() {
        return changes;
    }

    /** The largest rank. */
    public int rankMax() {
        return changes.stream().mapToInt(change -> change.matrix().rank()).max().orElse(0);
    }

    /** The changes as they fall on the groups of linear layers of a model. */
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

    /** Gives the memory back; idempotent. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
