package dev.longhand.kernels.backend;

/**
 * The size of a decoder's largest step, from which the scratch memory of a backend follows.
 *
 * @param rows rows of the step
 * @param logitRows rows with logits
 * @param vocabulary logits of a row
 * @param inputsMax inputs of the linear layer with the most
 * @param gateUpOutputs outputs of gate and up together
 */
public record StepShape(
        int rows, int logitRows, int vocabulary, int inputsMax, int gateUpOutputs) {}
