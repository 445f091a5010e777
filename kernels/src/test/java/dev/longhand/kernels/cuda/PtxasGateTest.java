package dev.longhand.kernels.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bindings.cuda.PtxAssembler;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What the assembler makes of the kernels: nothing spills, and registers, shared memory and
 * occupancy are those of {@code ptxas.txt}. {@code -Dlonghand.ptxas.update=true} writes that table
 * anew, with the hash of the PTX that it is of. As long as the PTX has that hash, every module is
 * assembled for one architecture in turn, and every second one by CUDA 12.0; {@code
 * -Dlonghand.ptx.all=true} assembles each for all. Without a toolkit the assembler in JCuda's
 * natives still tells spills.
 */
class PtxasGateTest {
    private static final String TABLE = "ptxas.txt";
    private static final String UPDATE_PROPERTY = "longhand.ptxas.update";
    private static final boolean ALL =
            Boolean.getBoolean("longhand.ptx.all") || Boolean.getBoolean(UPDATE_PROPERTY);
    private static final int THREADS = 2;
    private static final Pattern QUANTIZED = Pattern.compile("_(int[48]|fp8)");

    /**
     * Threads per block of kernels that do not bound them, as {@link CudaBackend} launches them:
     * their loops stride by the block, so any number is right.
     */
    private static final Map<String, Integer> LAUNCHED =
            Map.of(
                    "embed_bf16", 256,
                    "embed_f16", 256,
                    "embed_f32", 256,
                    "gather_rows", 256,
                    "find_nonfinite_f32", 256,
                    "find_nonfinite_bf16", 256,
                    "rope_append", 64); // a thread per pair of a head of 128

    private static final Pattern ENTRY =
            Pattern.compile(
                    "\\.visible \\.entry (\\w+)\\([^{]*?\\)\\s*(?:\\.maxntid (\\d+), 1,"
                            + " 1\\s*)?(?:\\.minnctapersm \\d+\\s*)?\\{");

    private static final String HEADER =
            """
            # What ptxas of CUDA %s makes of the kernels, and how full an SM can be of each: warps
            # resident of warps at most. Checked by PtxasGateTest; -Dlonghand.ptxas.update=true writes it.
            # Of the PTX with SHA-256 %s.
            #
            # kernel                 arch    threads  registers  shared    warps
            """
                    .formatted(CudaToolkit.RELEASE, hash());

    private static final String DEPENDENT_HEADER =
            """
            #
            # The same compiled for overlapped launches, of compute_90.
            #
            """;

    /** Those that run what is compiled for overlapped launches. */
    private static final List<GpuArchitecture> OVERLAPPING =
            List.of(GpuArchitecture.SM_90, GpuArchitecture.SM_100, GpuArchitecture.SM_120);

    @Test
    void registersSharedMemoryAndOccupancyAreAsInTheTable(@TempDir Path folder)
            throws IOException, InterruptedException {
        Path ptxas = CudaToolkit.requireRelease("ptxas");
        List<GpuArchitecture> architectures = List.of(GpuArchitecture.values());
        List<KernelResources> kernels = assemble(ptxas, folder, CudaKernels.TEXTS, architectures);
        List<KernelResources> dependent =
                assemble(ptxas, folder, CudaKernels.OVERLAPPED_TEXTS, OVERLAPPING);
        assertNothingSpills(kernels);
        assertNothingSpills(dependent);
        String table = HEADER + table(kernels) + DEPENDENT_HEADER + table(dependent);
        if (Boolean.getBoolean(UPDATE_PROPERTY)) {
            Path file = CudaToolkit.source("test/resources/dev/longhand/kernels/cuda/" + TABLE);
            Files.writeString(file, table);
        } else if (ALL) {
            assertEquals(known(), table, () -> "the table would now be:\n" + table);
        } else {
            assertTrue(known().startsWith(HEADER), "the table is not of this PTX");
            List<String> lines = known().lines().toList();
            assertEquals(List.of(), table.lines().filter(line -> !lines.contains(line)).toList());
        }
    }

    private static String known() throws IOException {
        try (var in = PtxasGateTest.class.getResourceAsStream(TABLE)) {
            assertNotNull(in, TABLE + " is missing");
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static String hash() {
        return KernelResources.sha256(
                Stream.of(CudaKernels.TEXTS, CudaKernels.OVERLAPPED_TEXTS)
                        .flatMap(Stream::of)
                        .map(CudaKernels::ptx)
                        .toArray(byte[][]::new));
    }

    /** CUDA 12.0 knows no sm_100 and sm_120; of quantised weights sm_80 is enough of a minute. */
    @Test
    @EnabledOnOs(value = OS.LINUX, architectures = "amd64")
    void nothingSpillsByJCudasAssemblerEither() {
        List<String> overlapped = List.of(CudaKernels.OVERLAPPED_TEXTS);
        List<KernelResources> kernels = new ArrayList<>();
        for (int i = 0; i < CudaKernels.TEXTS.length; i++) {
            String text = CudaKernels.TEXTS[i];
            String later = text.replace(CudaKernels.SM_80, CudaKernels.SM_90);
            boolean quantized = QUANTIZED.matcher(text).find();
            if (ALL || i % 4 == 0) {
                kernels.addAll(assembleByJCuda(text, "sm_80"));
            }
            if ((ALL || i % 4 == 2) && !quantized) {
                kernels.addAll(assembleByJCuda(overlapped.contains(later) ? later : text, "sm_90"));
            }
        }
        if (ALL) {
            long twice =
                    threads(CudaKernels.TEXTS).keySet().stream()
                            .filter(name -> !QUANTIZED.matcher(name).find())
                            .count();
            assertEquals(threads(CudaKernels.TEXTS).size() + twice, kernels.size());
        }
        assertNothingSpills(kernels);
    }

    @Test
    void occupancyIsThatOfTheCalculator() {
        // by hand: 128 registers, 4 warps: 16384 / 4096 * 4 = 16 warps
        assertEquals(16, GpuArchitecture.SM_80.warpsResident(128, 128, 0));
        // 33 registers are allocated as 40: 16384 / 1280 = 12 warps a quarter, 6 blocks of 8
        assertEquals(48, GpuArchitecture.SM_90.warpsResident(256, 33, 0));
        // 39,936 + 1,024 bytes: 2 blocks in 100 KiB, 4 in 164, 5 in 228
        assertEquals(8, GpuArchitecture.SM_86.warpsResident(128, 32, 39_936));
        assertEquals(16, GpuArchitecture.SM_80.warpsResident(128, 32, 39_936));
        assertEquals(20, GpuArchitecture.SM_90.warpsResident(128, 32, 39_936));
        // blocks of one warp: as many as blocks
        assertEquals(16, GpuArchitecture.SM_86.warpsResident(32, 16, 0));
        assertEquals(24, GpuArchitecture.SM_120.warpsResident(32, 16, 0));
    }

    private static List<KernelResources> assembleByJCuda(String text, String architecture) {
        byte[] ptx = CudaKernels.ptx(text);
        return KernelResources.parse(PtxAssembler.assemble(ptx, architecture).log());
    }

    private static void assertNothingSpills(List<KernelResources> kernels) {
        assertFalse(kernels.isEmpty());
        assertEquals(
                List.of(),
                kernels.stream().filter(kernel -> !kernel.staysInRegisters()).toList(),
                "kernels with spills or a stack frame");
    }

    /** Assembles each text for all architectures, or for one of them in turn. */
    private static List<KernelResources> assemble(
            Path ptxas, Path folder, String[] texts, List<GpuArchitecture> architectures)
            throws IOException, InterruptedException {
        List<Future<String>> logs = new ArrayList<>();
        List<KernelResources> kernels = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(THREADS)) {
            for (int i = 0; i < texts.length; i++) {
                String text = texts[i];
                String name = text.replace('/', '-');
                Path file = Files.write(folder.resolve(name + ".ptx"), CudaKernels.ptx(text));
                int turn = i % architectures.size();
                for (GpuArchitecture architecture :
                        ALL ? architectures : architectures.subList(turn, turn + 1)) {
                    Path cubin = folder.resolve(name + "." + architecture.ptxasName());
                    List<String> command =
                            List.of(
                                    ptxas.toString(),
                                    "--verbose",
                                    "--gpu-name=" + architecture.ptxasName(),
                                    "--output-file=" + cubin,
                                    file.toString());
                    logs.add(threads.submit(() -> CudaToolkit.run(command)));
                }
            }
            for (Future<String> log : logs) {
                kernels.addAll(KernelResources.parse(log.get()));
            }
        } catch (ExecutionException e) {
            throw new AssertionError(e.getCause().getMessage(), e.getCause());
        }
        int each = ALL ? architectures.size() : 1;
        assertEquals(each * threads(texts).size(), kernels.size());
        return kernels;
    }

    /** Threads per block of every kernel. */
    private static Map<String, Integer> threads(String[] texts) {
        Map<String, Integer> threads = new TreeMap<>();
        for (String text : texts) {
            String ptx = new String(CudaKernels.ptx(text), StandardCharsets.UTF_8);
            Matcher entry = ENTRY.matcher(ptx);
            while (entry.find()) {
                String kernel = entry.group(1);
                Integer count =
                        entry.group(2) == null
                                ? LAUNCHED.get(kernel)
                                : Integer.valueOf(entry.group(2));
                assertNotNull(count, "how many threads does " + kernel + " run with?");
                threads.put(kernel, count);
            }
        }
        return threads;
    }

    private static String table(List<KernelResources> kernels) {
        Map<String, Integer> threads = threads(CudaKernels.TEXTS);
        Comparator<KernelResources> order =
                Comparator.comparing(KernelResources::kernel)
                        .thenComparing(kernel -> architecture(kernel));
        StringBuilder table = new StringBuilder();
        for (KernelResources kernel : kernels.stream().sorted(order).toList()) {
            GpuArchitecture architecture = architecture(kernel);
            int block = threads.get(kernel.kernel());
            int warps = architecture.warpsResident(block, kernel.registers(), kernel.sharedBytes());
            table.append(
                    "%-24s %-7s %7d  %9d  %6d  %2d of %d%n"
                            .formatted(
                                    kernel.kernel(),
                                    kernel.architecture(),
                                    block,
                                    kernel.registers(),
                                    kernel.sharedBytes(),
                                    warps,
                                    architecture.warpsMax()));
        }
        return table.toString();
    }

    private static GpuArchitecture architecture(KernelResources kernel) {
        return GpuArchitecture.valueOf(kernel.architecture().toUpperCase(java.util.Locale.ROOT));
    }
}
