package dev.longhand.engine.architecture;

import dev.longhand.kernels.tensor.Shape;

/**
 * A linear layer or embedding, as named in a checkpoint.
 *
 * @param name name of the module in transformers, for example {@code model.layers.0.mlp.up_proj}
 * @param shape shape of its weights, [outputs, inputs]; for an embedding [vocabulary, hidden]
 * @param biased whether it has a bias of [outputs]
 */
public record LinearModule(String name, Shape shape, boolean biased) {
    LinearModule(String name, int outputs, int inputs, boolean biased) {
        this(name, Shape.of(outputs, inputs), biased);
    }

    /** Returns the name of its weight tensor. */
    public String weight() {
        return name + ".weight";
    }

    /** Returns the name of its bias tensor. */
    public String bias() {
        return name + ".bias";
    }

    /** Returns the number of outputs, the rows of its weights. */
    public int outputs() {
        return Math.toIntExact(shape.extent(0));
    }

    /** Returns the number of inputs, the columns of its weights. */
    public int inputs() {
        return Math.toIntExact(shape.extent(1));
    }
}
