package dev.longhand.training.model;

/**
 * The place of a run's memory on a GPU. Each layout keeps less on the GPU than the one before, and
 * moves more between it and host memory; all give the same bits.
 */
public enum DeviceLayout {
    /** All on the GPU, except an embedding table of which only rows are read. */
    RESIDENT,

    /** The inputs of the layers in host memory, except two: each goes there and comes back once. */
    INPUTS_ON_HOST,

    /** Both moments in host memory as well: they come and go with each update. */
    MOMENTS_ON_HOST,

    /** The frozen layers in host memory as well, except two, which come while it computes. */
    STREAMED;

    /** Returns whether a method has memory to place so: trained weights are never streamed. */
    public boolean allows(TrainingMethod method) {
        return this != STREAMED || method instanceof LoraSettings;
    }

    boolean inputsOnHost() {
        return this != RESIDENT;
    }

    boolean momentsOnHost() {
        return this == MOMENTS_ON_HOST || this == STREAMED;
    }

    boolean streamed() {
        return this == STREAMED;
    }
}
