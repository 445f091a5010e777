/** Native APIs as Java sees them: the CPU kernel library, the CUDA driver and the PTX device. */
module dev.longhand.bindings {
    requires transitive org.jspecify;
    requires jcuda;
    requires static jcublas;

    exports dev.longhand.bindings.cpu to
            dev.longhand.kernels,
            dev.longhand.bench;
    exports dev.longhand.bindings.cuda to
            dev.longhand.kernels,
            dev.longhand.bench;
    exports dev.longhand.bindings.ptx to
            dev.longhand.kernels,
            dev.longhand.bench;
}
