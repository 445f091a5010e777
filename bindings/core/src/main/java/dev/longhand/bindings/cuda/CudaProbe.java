package dev.longhand.bindings.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Looks for a usable driver. {@code libcuda.so.1} is first opened and queried through the
 * foreign-function interface; JCuda is loaded only if there is a device, and then binds the process
 * to that library. Not yet confirmed on a real GPU.
 */
public final class CudaProbe {
    /** CUDA 12.0: the oldest driver that loads the shipped PTX. */
    static final int DRIVER_VERSION_MIN = 12_000;

    private static final int CUDA_SUCCESS = 0;
    private static final String REMEDY_DRIVER = "install an NVIDIA driver, or use Device.CPU";

    private CudaProbe() {}

    /** Probes the library that the system's loader finds. */
    public static CudaAvailability probe() {
        return probe(CudaLibrary.system());
    }

    /** Probes a library; absent if this process already uses another. */
    public static CudaAvailability probe(CudaLibrary library) {
        CudaLibrary used = CudaProcess.used();
        try {
            if (used != null && !used.equals(library)) {
                throw CudaProcess.otherInUse(library, used.name());
            }
            return look(library);
        } catch (CudaUnavailableException e) {
            return new CudaAvailability.Absent(e.reason(), e.remedy());
        }
    }

    /** Probes a library even if this process uses another; only listing its devices then fails. */
    static CudaAvailability look(CudaLibrary library) {
        try (Arena arena = Arena.ofConfined()) {
            SymbolLookup driver;
            try {
                // for good: drivers are not made to be unloaded after cuInit
                driver = SymbolLookup.libraryLookup(library.name(), Arena.global());
            } catch (IllegalArgumentException e) {
                return new CudaAvailability.Absent(
                        "no " + library.name() + " found", REMEDY_DRIVER);
            }
            return ask(library, driver, arena);
        }
    }

    private static CudaAvailability ask(CudaLibrary library, SymbolLookup driver, Arena arena) {
        int status = call(driver, "cuInit", 0);
        if (status != CUDA_SUCCESS) {
            return new CudaAvailability.Absent(
                    "cuInit failed with status " + status + " (100: no device)",
                    "check that the GPU is visible to this process (nvidia-smi), or use"
                            + " Device.CPU");
        }
        MemorySegment out = arena.allocate(ValueLayout.JAVA_INT);
        if (call(driver, "cuDriverGetVersion", out) != CUDA_SUCCESS) {
            return new CudaAvailability.Absent("the driver tells no version", REMEDY_DRIVER);
        }
        int version = out.get(ValueLayout.JAVA_INT, 0);
        if (version < DRIVER_VERSION_MIN) {
            return new CudaAvailability.Absent(
                    "the driver is for CUDA %d.%d".formatted(version / 1000, version % 1000 / 10),
                    "update it to CUDA %d.0 or later".formatted(DRIVER_VERSION_MIN / 1000));
        }
        status = call(driver, "cuDeviceGetCount", out);
        int count = out.get(ValueLayout.JAVA_INT, 0);
        if (status != CUDA_SUCCESS || count == 0) {
            return new CudaAvailability.Absent("the driver sees no device", REMEDY_DRIVER);
        }
        if (!JCudaNatives.onClassPath()) {
            return new CudaAvailability.Absent(
                    "JCuda is not on the class path",
                    "add dev.longhand:longhand-cuda, type pom, or use Device.CPU");
        }
        return new CudaAvailability.Present(version, JCudaDevices.list(library, version, count));
    }

    private static int call(SymbolLookup driver, String function, int argument) {
        return invoke(handle(driver, function, ValueLayout.JAVA_INT), (Object) argument, function);
    }

    private static int call(SymbolLookup driver, String function, MemorySegment argument) {
        return invoke(handle(driver, function, ValueLayout.ADDRESS), argument, function);
    }

    private static MethodHandle handle(
            SymbolLookup driver, String function, java.lang.foreign.MemoryLayout argument) {
        return Linker.nativeLinker()
                .downcallHandle(
                        driver.findOrThrow(function),
                        FunctionDescriptor.of(ValueLayout.JAVA_INT, argument));
    }

    private static int invoke(MethodHandle handle, Object argument, String function) {
        try {
            return (int) handle.invoke(argument);
        } catch (Throwable e) {
            throw new IllegalStateException("calling " + function, e);
        }
    }
}
