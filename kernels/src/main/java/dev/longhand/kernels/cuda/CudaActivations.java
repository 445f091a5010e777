package dev.longhand.kernels.cuda;

import dev.longhand.kernels.activation.Activation;

/** The launches of {@code swiglu.cu} and {@code soft_cap.cu}. */
final class CudaActivations {
    private static final int THREADS = 256;

    private final KernelCall swiGlu;
    private final KernelCall softCap;

    CudaActivations(CudaKernels kernels) {
        swiGlu = kernels.call("swiglu", "swiglu");
        softCap = kernels.call("soft_cap", "soft_cap");
    }

    /** Returns the number of an activation in {@code activation.cuh}. */
    static int code(Activation activation) {
        return switch (activation) {
            case SILU -> 0;
            case GELU_TANH -> 1;
        };
    }

    void swiGlu(CudaTensor gateUp, Activation activation, CudaTensor out, int rows) {
        int width = (int) out.shape().width();
        swiGlu.begin().parameter(gateUp.address()).parameter(code(activation));
        swiGlu.parameter(out.address()).parameter(width);
        swiGlu.launch(Math.ceilDiv(width, THREADS), rows, 1, THREADS);
    }

    void softCap(CudaTensor x, float cap, int rows) {
        int width = (int) x.shape().width();
        softCap.begin().parameter(x.address()).parameter(cap).parameter(width);
        softCap.launch(Math.ceilDiv(width, THREADS), rows, 1, THREADS);
    }
}
