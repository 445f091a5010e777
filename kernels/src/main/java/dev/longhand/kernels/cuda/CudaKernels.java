package dev.longhand.kernels.cuda;

import dev.longhand.bindings.cuda.CudaDriver;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;

/** The PTX that ships in the jar, loaded once per context, and its kernels by name. */
final class CudaKernels {
    /** One module per source file. */
    static final String[] MODULES = {
        "attention",
        "embed",
        "find_nonfinite",
        "linear_skinny",
        "linear_wide",
        "lora_shrink",
        "rms_norm",
        "rope_append",
        "sample",
        "swiglu"
    };

    private final CudaDriver driver;
    private final Map<String, Long> modules = new HashMap<>();

    /**
     * Loads every module.
     *
     * @param ptx the PTX text of a module by its name
     */
    CudaKernels(CudaDriver driver, Function<String, byte[]> ptx) {
        this.driver = driver;
        for (String name : MODULES) {
            modules.put(name, load(ptx.apply(name)));
        }
    }

    private long load(byte[] text) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment image = arena.allocate(text.length + 1L);
            MemorySegment.copy(text, 0, image, ValueLayout.JAVA_BYTE, 0, text.length);
            return driver.loadModule(image);
        }
    }

    /** The PTX text of a module as it ships. */
    static byte[] ptx(String name) {
        try (InputStream in = CudaKernels.class.getResourceAsStream(name + ".ptx")) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks " + name + ".ptx");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The handle of a kernel. */
    long function(String module, String kernel) {
        Long handle = modules.get(module);
        if (handle == null) {
            throw new IllegalArgumentException("no module " + module);
        }
        return driver.function(handle, kernel);
    }
}
