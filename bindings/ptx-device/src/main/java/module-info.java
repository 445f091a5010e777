import dev.longhand.bindings.cuda.CudaEmulator;
import dev.longhand.bindings.ptx.PtxEmulator;

/** The PTX device: a CUDA device in C++ that runs PTX on the CPU and checks every access. */
module dev.longhand.ptxdevice {
    requires dev.longhand.bindings;
    requires transitive org.jspecify;

    exports dev.longhand.bindings.ptx;

    provides CudaEmulator with
            PtxEmulator;
}
