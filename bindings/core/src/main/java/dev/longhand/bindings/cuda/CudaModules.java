package dev.longhand.bindings.cuda;

import dev.longhand.bindings.cuda.JCudaHandles.Function;
import dev.longhand.bindings.cuda.JCudaHandles.HostMemory;
import dev.longhand.bindings.cuda.JCudaHandles.Module;

import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

import org.jspecify.annotations.Nullable;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;

/** The modules of one context, which must be current, and their functions. */
final class CudaModules {
    private static final int ELF_MAGIC = 0x464C457F; // a cubin
    private static final int FATBIN_MAGIC = 0xBA55ED50;
    private static final int LOG_BYTES = 8192;

    private final ContextHealth health;
    private final Map<Long, Module> modules = new HashMap<>();
    private final Map<Long, Function> functions = new HashMap<>();

    CudaModules(ContextHealth health) {
        this.health = health;
    }

    long load(MemorySegment image) {
        requireEnd(image);
        Module module = new Module();
        try (Arena call = Arena.ofConfined()) {
            MemorySegment log = call.allocate(LOG_BYTES);
            // option values are void*; a size is passed in the pointer itself
            MemorySegment values = call.allocate(ValueLayout.ADDRESS, 2);
            values.setAtIndex(ValueLayout.ADDRESS, 0, log);
            values.setAtIndex(ValueLayout.ADDRESS, 1, MemorySegment.ofAddress(LOG_BYTES));
            int[] options = {
                CUjit_option.CU_JIT_ERROR_LOG_BUFFER,
                CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES
            };
            int status =
                    JCudaDriver.cuModuleLoadDataEx(
                            module,
                            new HostMemory(image),
                            options.length,
                            options,
                            new HostMemory(values));
            if (status != CUresult.CUDA_SUCCESS) {
                log.set(ValueLayout.JAVA_BYTE, LOG_BYTES - 1, (byte) 0);
                throw health.failure(status, "cuModuleLoadDataEx", log.getString(0).strip());
            }
        }
        modules.put(module.handle(), module);
        return module.handle();
    }

    /**
     * Checks that PTX text ends with a NUL, where the driver stops reading; other images contain
     * their size.
     */
    private static void requireEnd(MemorySegment image) {
        if (image.byteSize() >= Integer.BYTES) {
            int magic = image.get(ValueLayout.JAVA_INT_UNALIGNED, 0);
            if (magic == ELF_MAGIC || magic == FATBIN_MAGIC) {
                return;
            }
        }
        if (image.byteSize() == 0 || image.get(ValueLayout.JAVA_BYTE, image.byteSize() - 1) != 0) {
            throw new IllegalArgumentException("PTX text must end with a NUL");
        }
    }

    void unload(long handle) {
        Module module = modules.remove(handle);
        if (module == null) {
            throw unknown("module");
        }
        functions.values().removeIf(function -> function.module == handle);
        health.check(JCudaDriver.cuModuleUnload(module), "cuModuleUnload");
    }

    long function(long handle, String name) {
        Module module = modules.get(handle);
        if (module == null) {
            throw unknown("module");
        }
        Function function = new Function(handle, name);
        int status = JCudaDriver.cuModuleGetFunction(function, module, name);
        if (status != CUresult.CUDA_SUCCESS) {
            throw health.failure(status, "cuModuleGetFunction", "kernel " + name);
        }
        functions.put(function.handle(), function);
        return function.handle();
    }

    /** The function of a handle, or null. */
    @Nullable Function describe(long function) {
        return functions.get(function);
    }

    void setSharedMemoryMax(long handle, int bytes) {
        Function function = functions.get(handle);
        if (function == null) {
            throw unknown("function");
        }
        int status =
                JCudaDriver.cuFuncSetAttribute(
                        function,
                        CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                        bytes);
        if (status != CUresult.CUDA_SUCCESS) {
            throw health.failure(
                    status,
                    "cuFuncSetAttribute",
                    "kernel %s, %,d bytes of dynamic shared memory"
                            .formatted(function.name, bytes));
        }
    }

    /** Unloads all remaining modules even if a step fails. */
    void unloadAll(Cleanup cleanup) {
        for (Module module : modules.values()) {
            cleanup.run(() -> health.check(JCudaDriver.cuModuleUnload(module), "cuModuleUnload"));
        }
        modules.clear();
        functions.clear();
    }

    private static IllegalArgumentException unknown(String name) {
        return new IllegalArgumentException("not a living %s of this driver".formatted(name));
    }
}
