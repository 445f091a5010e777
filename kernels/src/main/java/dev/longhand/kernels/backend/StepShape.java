package dev.longhand.kernels.backend;

/**
 * The size of a decoder's largest step, which determines a backend's scratch memory.
 *
 * @param rows rows in the step
 * @param logitRows rows whose logits are computed
 * @param vocabulary logits per row
 * @param inputsMax largest input width of any linear layer
 * @param gateUpOutputs outputs of gate and up together
 * @param sequences sequences that decode together
 * @param heads query heads
 * @param headDim elements of a head
 * @param positionsMax positions of a sequence
 */
public record StepShape(
        int rows,
        int logitRows,
        int vocabulary,
        int inputsMax,
        int gateUpOutputs,
        int sequences,
        int heads,
        int headDim,
        int positionsMax) {}
