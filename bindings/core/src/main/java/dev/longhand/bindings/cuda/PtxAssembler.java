package dev.longhand.bindings.cuda;

import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompileResult;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;

import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;

/**
 * NVIDIA's PTX assembler, out of JCuda's natives: it needs neither a GPU nor a driver nor a
 * toolkit. It is the one of CUDA 12.0, which knows sm_80 to sm_90 and PTX up to version 8.0; a
 * driver assembles with its own, so figures of registers are near those of a GPU, not the same.
 */
public final class PtxAssembler {
    private static boolean loaded;

    /**
     * What a module became.
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
     * @throws IllegalArgumentException with the assembler's words, if it refuses the text
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
     * The text up to a NUL, without its line numbers: over those of a module with several kernels
     * this assembler recurses without end for sm_90, and takes the JVM with it. Nothing that the
     * log tells depends on them. An empty text, too, would end the process.
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

    /** Its exceptions carry no status, so it returns statuses and we make the exceptions. */
    private static void initialize() {
        JNvPTXCompiler.setExceptionsEnabled(false);
    }
}
