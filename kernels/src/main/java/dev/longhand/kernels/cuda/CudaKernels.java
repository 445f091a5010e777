package dev.longhand.kernels.cuda;

import dev.longhand.bindings.cuda.CudaDriver;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The PTX that ships in the jar, loaded once per context, and its kernels by name. Linear layers of
 * quantised weights are in modules of their own, which are loaded when a backend first asks for
 * one. Where launches may overlap, modules whose kernels wait for those in front of them ({@code
 * dependent_launch.cuh}) are loaded as they are compiled for that.
 */
final class CudaKernels {
    private static final String[] ALWAYS = {
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

    /** Those of quantised weights. */
    private static final String[] QUANTIZED = {
        "linear_skinny_fp8",
        "linear_skinny_int4",
        "linear_skinny_int4_g128",
        "linear_skinny_int8",
        "linear_skinny_int8_g128",
        "linear_wide_fp8",
        "linear_wide_int4",
        "linear_wide_int4_g128",
        "linear_wide_int8",
        "linear_wide_int8_g128"
    };

    /** One module per source file. */
    static final String[] MODULES =
            Stream.of(ALWAYS, QUANTIZED).flatMap(Stream::of).toArray(String[]::new);

    /** Where the texts for devices that overlap launches are. */
    static final String DEPENDENT_FOLDER = "sm_90/";

    /** Those texts, of all modules but those of many rows. */
    static final String[] DEPENDENT =
            Stream.of(MODULES)
                    .filter(name -> !name.startsWith("linear_wide"))
                    .map(CudaKernels::dependent)
                    .toArray(String[]::new);

    private final CudaDriver driver;
    private final Function<String, byte[]> ptx;
    private final Map<String, Long> modules = new HashMap<>();

    /**
     * Loads what every model needs.
     *
     * @param ptx the PTX text of a module by its name, for overlapped launches by one of {@link
     *     #DEPENDENT}
     */
    CudaKernels(CudaDriver driver, Function<String, byte[]> ptx) {
        this.driver = driver;
        this.ptx = ptx;
        for (String name : ALWAYS) {
            modules.put(name, load(name));
        }
    }

    private static String dependent(String module) {
        return DEPENDENT_FOLDER + module;
    }

    private boolean overlapped(String module) {
        return driver.device().overlapsLaunches()
                && Arrays.asList(DEPENDENT).contains(dependent(module));
    }

    private long load(String module) {
        byte[] text = ptx.apply(overlapped(module) ? dependent(module) : module);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment image = arena.allocate(text.length + 1L);
            MemorySegment.copy(text, 0, image, ValueLayout.JAVA_BYTE, 0, text.length);
            return driver.loadModule(image);
        }
    }

    /** A PTX text as it ships, by its name. */
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

    /** A kernel, to be called with parameters of these sizes. */
    KernelCall call(Arena arena, String module, String kernel, int... parameterBytes) {
        Long handle = modules.computeIfAbsent(module, this::load);
        long function = driver.function(handle, kernel);
        return new KernelCall(arena, function, overlapped(module), parameterBytes);
    }
}
