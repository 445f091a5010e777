package dev.longhand.kernels.lora;

import dev.longhand.kernels.matmul.Linear;
import dev.longhand.kernels.matmul.LinearMatrix;

import org.jspecify.annotations.Nullable;

import java.util.Map;

/**
 * The changes of an adapter to one group of linear layers.
 *
 * @param linear the group
 * @param changes by the index of the matrix in the group; other matrices are unchanged
 */
public record LoraDelta(Linear linear, Map<Integer, LoraMatrix> changes) {
    public LoraDelta {
        changes = Map.copyOf(changes);
        changes.forEach(
                (index, change) -> {
                    LinearMatrix matrix = linear.matrices().get(index);
                    if (change.inputs() != matrix.inputs()
                            || change.outputs() != matrix.outputs()) {
                        throw new IllegalArgumentException(
                                "a change of %d -> %d does not fit a matrix of %d -> %d"
                                        .formatted(
                                                change.inputs(),
                                                change.outputs(),
                                                matrix.inputs(),
                                                matrix.outputs()));
                    }
                });
    }

    /** The change to a matrix, or null if it is unchanged. */
    public @Nullable LoraMatrix change(int index) {
        return changes.get(index);
    }
}
