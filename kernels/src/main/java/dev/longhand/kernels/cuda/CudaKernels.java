package dev.longhand.kernels.cuda;

import dev.longhand.bindings.cuda.CudaQueue;
import dev.longhand.kernels.tensor.DType;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The kernels by name, from PTX modules in the jar that are loaded once per context. Linear layers
 * of quantised weights have modules of their own, which are loaded when a backend first asks for
 * one. Every module is compiled for {@code sm_80}. Modules whose kernels wait for the preceding
 * launch ({@code dependent_launch.cuh}) are also compiled for {@code sm_90}; devices that overlap
 * launches load that version.
 *
 * <p>The system property {@value #FOLDER_PROPERTY} names a folder to read the modules from instead
 * of the jar. {@code build.sh --lineinfo} makes such a folder with line information, so that the
 * PTX device's findings name source lines.
 */
final class CudaKernels {
    /** Names a folder of modules to load instead of those in the jar. */
    static final String FOLDER_PROPERTY = "longhand.cuda.ptx";

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
        "soft_cap",
        "swiglu"
    };

    /** Modules of training, next to {@code embed} and {@code rms_norm}. */
    private static final String[] TRAINING = {
        "attention_training",
        "dropout_training",
        "embed_training",
        "expand_training",
        "linear_training",
        "loss_training",
        "optimizer_training",
        "rms_norm_training",
        "rope_training",
        "swiglu_training"
    };

    /** The quantised dtypes that {@code weights.cuh} decodes. */
    static final List<DType> QUANTIZED_TYPES =
            List.of(DType.INT8, DType.INT4, DType.INT8_G128, DType.INT4_G128, DType.FP8);

    /** Modules for quantised weights: for each format one for few rows and one for many. */
    private static final String[] QUANTIZED =
            QUANTIZED_TYPES.stream()
                    .flatMap(
                            dtype ->
                                    Stream.of("linear_skinny_", "linear_wide_")
                                            .map(kind -> kind + dtype.label()))
                    .toArray(String[]::new);

    /** The folder of the PTX texts for any device. */
    static final String SM_80 = "sm_80/";

    /** The folder of the PTX texts for devices that overlap launches. */
    static final String SM_90 = "sm_90/";

    /** The names of the PTX texts for any device, one per module. */
    static final String[] TEXTS =
            Stream.of(ALWAYS, QUANTIZED, TRAINING)
                    .flatMap(Stream::of)
                    .map(SM_80::concat)
                    .toArray(String[]::new);

    /**
     * The names of the PTX texts for overlapped launches: every module of inference except {@code
     * linear_wide}.
     */
    static final String[] OVERLAPPED_TEXTS =
            Stream.of(ALWAYS, QUANTIZED)
                    .flatMap(Stream::of)
                    .filter(module -> !module.startsWith("linear_wide"))
                    .map(SM_90::concat)
                    .toArray(String[]::new);

    private final CudaQueue queue;
    private final Arena arena;
    private final Function<String, byte[]> ptx;
    private final Map<String, Loaded> modules = new HashMap<>();
    private LaunchModes modes;

    /** A loaded module and the signatures of its kernels. */
    private record Loaded(long handle, Map<String, KernelSignature> signatures) {}

    /**
     * Loads the modules that inference with every model needs, after a trial of the launch modes.
     *
     * @param memory holds the values of the trial
     * @param arena holds the parameters of calls
     * @param ptx reads a PTX text by its name, one of {@link #TEXTS} or {@link #OVERLAPPED_TEXTS}
     */
    CudaKernels(CudaQueue queue, DeviceMemory memory, Arena arena, Function<String, byte[]> ptx) {
        this(queue, memory, arena, ptx, ALWAYS);
    }

    /** Returns why weights in a quantised dtype cannot be read, for those that cannot. */
    static Map<DType, String> unsupportedWeights() {
        return DType.quantizedTypes().stream()
                .filter(dtype -> !QUANTIZED_TYPES.contains(dtype))
                .collect(
                        Collectors.toMap(
                                dtype -> dtype,
                                dtype ->
                                        "the CUDA kernels do not read weights in "
                                                + dtype.label()));
    }

    private CudaKernels(
            CudaQueue queue,
            DeviceMemory memory,
            Arena arena,
            Function<String, byte[]> ptx,
            String[] first) {
        this.arena = arena;
        this.queue = queue;
        this.ptx = ptx;
        LaunchModes allowed = LaunchModes.allowed(queue.driver().device());
        modes = allowed;
        modes = tried(memory);
        if (!modes.equals(allowed)) {
            System.getLogger(CudaKernels.class.getName())
                    .log(
                            System.Logger.Level.WARNING,
                            "%s changes results in a trial; overlapped launches: %s, graphs: %s"
                                    .formatted(
                                            queue.driver().device().name(),
                                            modes.overlapped() ? "on" : "off",
                                            modes.recorded() ? "on" : "off"));
            modules.clear(); // their versions for overlapped launches
        }
        for (String name : first) {
            modules.computeIfAbsent(name, this::load);
        }
    }

    /** Loads the modules of training instead; arguments as in the constructor. */
    static CudaKernels ofTraining(
            CudaQueue queue, DeviceMemory memory, Arena arena, Function<String, byte[]> ptx) {
        return new CudaKernels(queue, memory, arena, ptx, TRAINING);
    }

    private LaunchModes tried(DeviceMemory memory) {
        String module = "rms_norm";
        try (LaunchTrial trial =
                new LaunchTrial(
                        queue, memory, call(module, module, false), call(module, module, true))) {
            return modes.confirmedBy(trial::run);
        }
    }

    /** Whether kernels may start before the preceding one ends. */
    boolean overlapsLaunches() {
        return modes.overlapped();
    }

    /** Whether decode steps are recorded. */
    boolean recordsSteps() {
        return modes.recorded();
    }

    private boolean overlapped(String module) {
        return modes.overlapped() && Arrays.asList(OVERLAPPED_TEXTS).contains(SM_90 + module);
    }

    private Loaded load(String module) {
        byte[] text = ptx.apply((overlapped(module) ? SM_90 : SM_80) + module);
        try (Arena local = Arena.ofConfined()) {
            MemorySegment image = local.allocate(text.length + 1L);
            MemorySegment.copy(text, 0, image, ValueLayout.JAVA_BYTE, 0, text.length);
            long handle = queue.driver().loadModule(image);
            String ptx = new String(text, StandardCharsets.ISO_8859_1);
            return new Loaded(handle, KernelSignature.parse(ptx));
        }
    }

    /**
     * Reads a PTX text by name, from the folder of {@link #FOLDER_PROPERTY} or else from the jar.
     */
    static byte[] ptx(String name) {
        String folder = System.getProperty(FOLDER_PROPERTY);
        try {
            return folder == null
                    ? shipped(name)
                    : Files.readAllBytes(Path.of(folder, name + ".ptx"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Reads a PTX text by name from the jar. */
    static byte[] shipped(String name) throws IOException {
        try (InputStream in = CudaKernels.class.getResourceAsStream(name + ".ptx")) {
            if (in == null) {
                throw new IllegalStateException("the jar lacks " + name + ".ptx");
            }
            return in.readAllBytes();
        }
    }

    /** Returns the call of a kernel; loads its module if necessary. */
    KernelCall call(String module, String kernel) {
        return call(module, kernel, overlapped(module));
    }

    private KernelCall call(String module, String kernel, boolean overlapped) {
        Loaded loaded = modules.computeIfAbsent(module, this::load);
        long function = queue.driver().function(loaded.handle, kernel);
        KernelSignature signature = Objects.requireNonNull(loaded.signatures.get(kernel));
        return new KernelCall(arena, queue, function, signature, overlapped);
    }
}
