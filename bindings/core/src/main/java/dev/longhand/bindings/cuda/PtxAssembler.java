package dev.longhand.bindings.cuda;

import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompileResult;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * NVIDIA's PTX assembler from JCuda's native libraries: it needs no GPU, driver or toolkit. It is
 * the version of CUDA 12.0, which supports sm_80 to sm_90 and PTX up to version 8.0. A driver
 * assembles with its own version, so register counts on a GPU are close to these, but not equal.
 */
public final class PtxAssembler {
    private static boolean loaded;

    /**
     * An assembled module.
     *
     * @param architecture for example {@code sm_80}
     * @param log the output of {@code ptxas --verbose}: registers, shared memory, spills by kernel
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
     * @throws IllegalArgumentException with the assembler's message, if it rejects the text
     * @throws CudaUnavailableException if the assembler cannot be loaded
     */
    public static Assembly assemble(byte[] ptx, String architecture) {
        byte[] text = terminated(ptx);
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
     * Returns the text with a NUL at its end. Empty text would crash the process. So would line
     * numbers: for sm_90 this assembler recurses endlessly over those of a module with several
     * kernels. Both are rejected, and shipped modules have no line numbers.
     */
    private static byte[] terminated(byte[] ptx) {
        String text = new String(ptx, StandardCharsets.UTF_8);
        if (text.isBlank()) {
            throw new IllegalArgumentException("no PTX text");
        }
        if (text.lines().anyMatch(line -> line.stripLeading().startsWith(".loc"))) {
            throw new IllegalArgumentException("PTX text with line numbers (.loc)");
        }
        return Arrays.copyOf(ptx, ptx.length + 1);
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

    /** Makes JCuda return statuses, because its own exceptions carry none. */
    private static void initialize() {
        JNvPTXCompiler.setExceptionsEnabled(false);
    }
}
