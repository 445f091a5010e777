/** Java APIs of native libraries: the CPU kernel library and the CUDA driver. */
module dev.longhand.bindings {
    requires transitive org.jspecify;
    requires static jcuda;
    requires static jcublas;

    exports dev.longhand.bindings.cpu to
            dev.longhand.kernels;
    exports dev.longhand.bindings.cuda to
            dev.longhand.kernels,
            dev.longhand.ptxdevice;
    exports dev.longhand.bindings.library to
            dev.longhand.ptxdevice;
}
