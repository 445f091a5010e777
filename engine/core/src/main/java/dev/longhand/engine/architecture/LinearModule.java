package dev.longhand.engine.architecture;

import dev.longhand.kernels.tensor.Shape;

/**
 * A linear layer, or an embedding, as a checkpoint names it.
 *
 * @param name of the module in transformers, for example {@code model.layers.0.mlp.up_proj}
 * @param shape of its weights, [outputs, inputs]; of an embedding [vocabulary, hidden]
 * @param biased whether a bias of its outputs belongs to it
 */
public record LinearModule(String name, Shape shape, boolean biased) {
    static LinearModule biased(String name, int outputs, int inputs) {
        return new LinearModule(name, Shape.of(outputs, inputs), true);
    }

    static LinearModule unbiased(String name, int outputs, int inputs) {
        return new LinearModule(name, Shape.of(outputs, inputs), false);
    }

    /** The name of the tensor of its weights. */
    public String weight() {
        return name + ".weight";
    }

    /** The name of the tensor of its bias. */
    public String bias() {
        return name + ".bias";
    }

    /** Rows of its weights. */
    public int outputs() {
        return Math.toIntExact(shape.extent(0));
    }

    /** Columns of its weights. */
    public int inputs() {
        return Math.toIntExact(shape.extent(1));
    }
}
