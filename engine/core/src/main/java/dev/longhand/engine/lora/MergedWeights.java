package dev.longhand.engine.lora;

import dev.longhand.engine.architecture.AdapterTarget;
import dev.longhand.engine.architecture.LinearModule;
import dev.longhand.engine.architecture.ModelConfig;
import dev.longhand.engine.architecture.ModelLayout;
import dev.longhand.engine.architecture.Projection;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.memory.HostMemory;
import dev.longhand.engine.model.DecoderWeights;
import dev.longhand.engine.weights.Checkpoint;
import dev.longhand.kernels.backend.BackendMemory;
import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.tensor.HostTensor;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Merged copies of the matrices that an adapter changes, computed from the pristine weights of the
 * checkpoint. While installed, they replace the model's own matrices.
 */
public final class MergedWeights implements AutoCloseable {
    private final Checkpoint pristine;
    private final ModelLayout layout;
    private final Arena arena = Arena.ofShared();
    private final Map<String, HostTensor> merged = new HashMap<>();
    private final Set<Integer> layers = new HashSet<>();

    /**
     * Merges, blocking the caller for seconds per billion weights.
     *
     * @param threads threads for the merge; 0 means one per processor
     * @throws InputException if there is no memory for the merged matrices
     * @throws dev.longhand.engine.error.FileChangedException if a file of the checkpoint was
     *     changed
     */
    public MergedWeights(Adapter adapter, Checkpoint pristine, ModelConfig model, int threads) {
        this.pristine = pristine;
        layout = model.layout();
        long wanted = 0;
        for (Adapter.Change change : adapter.changes()) {
            wanted += weights(change.module()).bytes();
        }
        long available = HostMemory.availableBytes();
        if (wanted > available) {
            throw new InputException(
                    "merging takes %d bytes of host memory, available are %d"
                            .formatted(wanted, available));
        }
        try (WeightMerger merger = new WeightMerger(threads)) {
            for (Adapter.Change change : adapter.changes()) {
                String name = change.module().weight();
                HostTensor weights = weights(change.module());
                HostTensor sum = HostTensor.allocate(arena, weights.dtype(), weights.shape());
                merger.merge(name, weights, change.matrix(), sum);
                merged.put(name, sum);
                layers.add(change.target().layer());
            }
            pristine.requireUnchanged();
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private HostTensor weights(LinearModule module) {
        return pristine.tensor(module.weight(), module.shape());
    }

    /** Makes the model compute with these weights. Call on the device thread, between steps. */
    public void install(BackendMemory memory, DecoderWeights weights) {
        reload(memory, weights, merged);
    }

    /**
     * Makes the model compute with the pristine weights again. Call on the device thread, between
     * steps.
     */
    public void uninstall(BackendMemory memory, DecoderWeights weights) {
        reload(memory, weights, Map.of());
    }

    private void reload(
            BackendMemory memory, DecoderWeights weights, Map<String, HostTensor> replacements) {
        for (int layer : layers) {
            Map<Linear, List<HostTensor>> groups = new HashMap<>();
            for (Projection projection : Projection.values()) { // in each group's order
                LinearModule module = layout.linear(new AdapterTarget(layer, projection));
                HostTensor replacement = replacements.get(module.weight());
                groups.computeIfAbsent(
                                weights.layers().get(layer).group(projection.group()),
                                group -> new ArrayList<>())
                        .add(replacement != null ? replacement : weights(module));
            }
            groups.forEach(memory::reload);
        }
    }

    /** Frees the memory. The weights must not be installed. */
    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
