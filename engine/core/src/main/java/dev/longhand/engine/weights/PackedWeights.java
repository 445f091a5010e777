package dev.longhand.engine.weights;

import dev.longhand.kernels.tensor.DType;
import dev.longhand.kernels.tensor.HostTensor;

/** The weights of a linear layer that a checkpoint stores quantised, in a layout of its own. */
public sealed interface PackedWeights permits PackedLinear, PackedBlocks {
    /** Returns the dtype that they are repacked to, which holds them exactly. */
    DType dtype();

    /** Returns the size in the files, in bytes. */
    long bytes();

    /**
     * Repacks the weights in parallel on all cores, without changing their values.
     *
     * @param packed zero-filled, [outputs, inputs], in {@link #dtype}
     */
    void writeTo(HostTensor packed);

    /** Releases the pages of mapped files; a later access reads them again. */
    void unload();
}
