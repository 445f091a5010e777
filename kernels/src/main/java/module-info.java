import dev.longhand.bindings.cuda.CudaEmulator;

/** The ops of a decoder step over tensors, and the backends that compute them. */
module dev.longhand.kernels {
    requires dev.longhand.bindings;
    requires transitive org.jspecify;

    exports dev.longhand.kernels;
    exports dev.longhand.kernels.activation to
            dev.longhand.engine,
            dev.longhand.training;
    exports dev.longhand.kernels.attention to
            dev.longhand.engine,
            dev.longhand.training;
    exports dev.longhand.kernels.backend;
    exports dev.longhand.kernels.batch;
    exports dev.longhand.kernels.kvcache;
    exports dev.longhand.kernels.lora;
    exports dev.longhand.kernels.matmul;
    exports dev.longhand.kernels.norm;
    exports dev.longhand.kernels.optimizer to
            dev.longhand.training;
    exports dev.longhand.kernels.quantization;
    exports dev.longhand.kernels.rope;
    exports dev.longhand.kernels.sampling;
    exports dev.longhand.kernels.tensor;

    uses CudaEmulator;
}
