package dev.longhand.bindings.cuda;

import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompileResult;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;

import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;

/**
 * NVIDIA's PTX assembler from JCuda's native libraries: it needs no GPU, driver or toolkit. It is
 * CUDA 12.0's and knows sm_80 to sm_90 and PTX up to version 8.0. A driver assembles with its own
 * version, so register counts on a GPU are close to these, not equal.
 */
public final class PtxAssembler {
    private static boolean loaded;

    /**
     * An assembled module.
     *
     * @param architecture for example {@code sm_80}
     * @param log what {@code ptxas --verbose} says: registers, shared memory and spills by kernel
     */
    public record Assembly(String architecture, String log) {}

    private interface SizeOf {
        int get(nvPTXCompilerHandle compiler, long[] bytes);
    }

    private interface TextOf {
        int get(nvPTXCompilerHandle compiler, byte[] text);
    }

    private PtxAssembler() {}

    /**
     * Assembles the PTX text of a module.
     *
     * @throws IllegalArgumentException with the assembler's message, if it refuses the text
     * @throws CudaUnavailableException if this system cannot load it
     */
    public static Assembly assemble(byte[] ptx, String architecture) {
        byte[] text = withoutLines(ptx);
        load();
        nvPTXCompilerHandle compiler = new nvPTXCompilerHandle();
        check(JNvPTXCompiler.nvPTXCompilerCreate(compiler, text.length, text), "create");
        try {
            String[] options = {"--gpu-name=" + architecture, "--verbose"};
            int status = JNvPTXCompiler.nvPTXCompilerCompile(compiler, options.length, options);
            if (status != nvPTXCompileResult.NVPTXCOMPILE_SUCCESS) {
                String errors =
                        read(
                                compiler,
                                JNvPTXCompiler::nvPTXCompilerGetErrorLogSize,
                                JNvPTXCompiler::nvPTXCompilerGetErrorLog);
                throw new IllegalArgumentException(
                        "%s for %s: %s"
                                .formatted(
                                        nvPTXCompileResult.stringFor(status),
                                        architecture,
                                        errors.strip()));
            }
            return new Assembly(
                    architecture,
                    read(
                            compiler,
                            JNvPTXCompiler::nvPTXCompilerGetInfoLogSize,
                            JNvPTXCompiler::nvPTXCompilerGetInfoLog));
        } finally {
            check(JNvPTXCompiler.nvPTXCompilerDestroy(compiler), "destroy");
        }
    }

    /**
     * The text up to a NUL, without line numbers: for sm_90 this assembler recurses endlessly over
     * those of a module with several kernels and crashes the JVM. The log does not depend on them.
     * An empty text would crash the process, too.
     */
    private static byte[] withoutLines(byte[] ptx) {
        String text = new String(ptx, StandardCharsets.UTF_8);
        if (text.isBlank()) {
            throw new IllegalArgumentException("no PTX text");
        }
        String kept =
                text.lines()
                        .filter(line -> !line.stripLeading().startsWith(".loc"))
                        .collect(Collectors.joining("\n", "", "\n\0"));
        return kept.getBytes(StandardCharsets.UTF_8);
    }

    private static String read(nvPTXCompilerHandle compiler, SizeOf sizeOf, TextOf textOf) {
        long[] bytes = new long[1];
        check(sizeOf.get(compiler, bytes), "size of a log");
        byte[] text = new byte[Math.toIntExact(bytes[0]) + 1];
        if (bytes[0] > 0) {
            check(textOf.get(compiler, text), "log");
        }
        int end = 0;
        while (text[end] != 0) {
            end++;
        }
        return new String(text, 0, end, StandardCharsets.UTF_8);
    }

    private static void check(int status, String what) {
        if (status != nvPTXCompileResult.NVPTXCOMPILE_SUCCESS) {
            throw new IllegalStateException(
                    "PTX assembler, %s: %s".formatted(what, nvPTXCompileResult.stringFor(status)));
        }
    }

    private static synchronized void load() {
        if (!loaded) {
            JCudaNatives.load("JNvPTXCompiler", "JCuda's PTX assembler", PtxAssembler::initialize);
            loaded = true;
        }
    }

    /** Has JCuda return statuses, because its own exceptions carry none. */
    private static void initialize() {
        JNvPTXCompiler.setExceptionsEnabled(false);
    }
}
