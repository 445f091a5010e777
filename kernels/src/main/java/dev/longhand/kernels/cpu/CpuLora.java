package dev.longhand.kernels.cpu;

import dev.longhand.bindings.cpu.NativeLora;
import dev.longhand.kernels.lora.LoraAdapter;
import dev.longhand.kernels.lora.LoraDelta;
import dev.longhand.kernels.matmul.Linear;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.util.HashMap;
import java.util.Map;

/** An adapter whose matrices the C kernels read in place, in host memory. */
final class CpuLora implements LoraAdapter {
    private final Arena arena = Arena.ofShared();
    private final Map<Linear, NativeLora> changes = new HashMap<>();

    CpuLora(Map<CpuLinear, LoraDelta> deltas) {
        for (LoraDelta delta : deltas.values()) {
            NativeLora lora = new NativeLora(arena, delta.linear().matrices().size());
            delta.changes()
                    .forEach(
                            (index, change) ->
                                    lora.set(
                                            index,
                                            change.a().data(),
                                            change.b().data(),
                                            CpuBackend.dtype(change.a()),
                                            change.rank(),
                                            change.outputs(),
                                            change.scale()));
            changes.put(delta.linear(), lora);
        }
    }

    /** The change to a group, or null if the adapter does not change it. */
    @Nullable NativeLora of(Linear linear) {
        return changes.get(linear);
    }

    @Override
    public long bytes() {
        return 0;
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
