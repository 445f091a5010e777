package dev.longhand.kernels.cuda;

/** The kernels of training that are neither products nor attention. */
record TrainingKernels(
        KernelCall embedF32,
        KernelCall embedBf16,
        KernelCall embedBackward,
        KernelCall rmsNorm,
        KernelCall rmsNormBackward,
        KernelCall rmsNormBackwardWeight,
        KernelCall biasBackward,
        KernelCall rotate,
        KernelCall swiGlu,
        KernelCall swiGluBackward,
        KernelCall dropout,
        KernelCall crossEntropy,
        KernelCall update,
        KernelCall sumOfSquares,
        KernelCall round) {
    static TrainingKernels of(CudaKernels kernels) {
        String norm = "rms_norm_training";
        String optimizer = "optimizer_training";
        return new TrainingKernels(
                kernels.call("embed", "embed_f32"),
                kernels.call("embed", "embed_bf16"),
                kernels.call("embed_training", "embed_backward"),
                kernels.call("rms_norm", "rms_norm"),
                kernels.call(norm, "rms_norm_backward"),
                kernels.call(norm, "rms_norm_backward_weight"),
                kernels.call(norm, "bias_backward"),
                kernels.call("rope_training", "rope_rotate"),
                kernels.call("swiglu_training", "swiglu_forward"),
                kernels.call("swiglu_training", "swiglu_backward"),
                kernels.call("dropout_training", "dropout"),
                kernels.call("loss_training", "cross_entropy"),
                kernels.call(optimizer, "adamw"),
                kernels.call(optimizer, "sum_of_squares"),
                kernels.call(optimizer, "round_to_bf16"));
    }
}
