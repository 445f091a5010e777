package dev.longhand.training.model;

import dev.longhand.kernels.tensor.Shape;

import java.lang.foreign.MemorySegment;

/**
 * A tensor in training. All segments are f32, row-major and live until the model is closed.
 *
 * @param name name in the files of Hugging Face, such as {@code model.layers.0.mlp.up_proj.weight};
 *     matrices of an adapter end in {@code .lora_A.weight} or {@code .lora_B.weight}
 * @param shape {@code [out, in]} for matrices
 * @param master the values that the optimizer updates
 * @param gradient sum of the step's gradients so far
 * @param firstMoment AdamW's running mean of the gradient
 * @param secondMoment AdamW's running mean of its square
 * @param base what the values have more than the file's: 1 for norms whose files hold them less 1
 */
public record TrainedTensor(
        String name,
        Shape shape,
        MemorySegment master,
        MemorySegment gradient,
        MemorySegment firstMoment,
        MemorySegment secondMoment,
        float base) {
    /** A tensor whose values are those of the file. */
    public TrainedTensor(
            String name,
            Shape shape,
            MemorySegment master,
            MemorySegment gradient,
            MemorySegment firstMoment,
            MemorySegment secondMoment) {
        this(name, shape, master, gradient, firstMoment, secondMoment, 0);
    }
}
