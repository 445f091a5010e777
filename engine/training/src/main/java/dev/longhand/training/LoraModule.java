package dev.longhand.training;

import dev.longhand.kernels.tensor.Shape;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;

/**
 * The LoRA of one linear layer: the layer's weights change by {@code scale * B * A}.
 *
 * @param name the name of the layer in transformers, such as {@code
 *     model.layers.0.self_attn.q_proj}
 * @param inputs the columns of A
 * @param outputs the rows of B
 * @param a writes A, [rank, inputs]
 * @param b writes B, [outputs, rank]
 */
public record LoraModule(String name, int inputs, int outputs, Matrix a, Matrix b) {
    /** A matrix as row-major, little-endian elements of the adapter's element type. */
    public interface Matrix {
        /** Writes all elements. */
        void write(WritableByteChannel channel) throws IOException;
    }

    /** The last part of the name, by which PEFT selects layers: {@code q_proj}. */
    String target() {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    Shape aShape(int rank) {
        return Shape.of(rank, inputs);
    }

    Shape bShape(int rank) {
        return Shape.of(outputs, rank);
    }
}
