package dev.longhand.bench.kit;

import dev.longhand.bench.kit.KitStep.Group;
import dev.longhand.bench.kit.KitStep.Program;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The steps of the kit, in the order in which they run. */
final class KitSteps {
    /** The step that every run begins with. */
    static final KitStep DEVICE =
            bench(
                    "device",
                    Group.CHECK,
                    "device, driver, copy bandwidth; whether overlapped launches and graphs pass",
                    5,
                    List.of("device", "--device", "cuda"),
                    List.of("device", "--device", "ptx"));

    private static final String KERNELS = "dev.longhand.kernels.";
    private static final String ENGINE = "dev.longhand.engine.";

    /** Tests of whole models with adapters, which launch most kernels on small shapes. */
    private static final List<String> SANITIZED =
            List.of(ENGINE + "GoldenTest", ENGINE + "AdapterBatchTest");

    /** Metrics of ncu: time, memory traffic, shares of peaks, warps, registers. */
    private static final String METRICS =
            String.join(
                    ",",
                    "gpu__time_duration.sum",
                    "dram__bytes_read.sum",
                    "dram__throughput.avg.pct_of_peak_sustained_elapsed",
                    "sm__throughput.avg.pct_of_peak_sustained_elapsed",
                    "lts__t_sector_hit_rate.pct",
                    "sm__warps_active.avg.pct_of_peak_sustained_active",
                    "launch__registers_per_thread");

    private KitSteps() {}

    /** Returns all steps. */
    static List<KitStep> all() {
        return Stream.of(List.of(DEVICE), checks(), sanitizers(), benchmarks())
                .flatMap(List::stream)
                .toList();
    }

    private static List<KitStep> checks() {
        return List.of(
                tests(
                        "launches",
                        "overlapped launches (PDL) and graphs give the bits of plain launches",
                        10,
                        List.of(
                                KERNELS + "cuda.LaunchModesTest",
                                KERNELS + "cuda.OverlappedLaunchTest",
                                KERNELS + "cuda.StepGraphsTest"),
                        List.of(
                                "-c=" + KERNELS + "cuda.LaunchModesTest",
                                "-c=" + KERNELS + "cuda.OverlappedLaunchTest",
                                "-c=" + KERNELS + "cuda.StepGraphsTest")),
                tests(
                        "op-table",
                        "every op on every shape, within twice the error of a plain bf16 loop",
                        20,
                        List.of(KERNELS + "cases.OpTableTest"),
                        List.of("-m=" + KERNELS + "cases.OpTableTest#ptx")),
                tests(
                        "goldens",
                        "ids and log-probabilities of transformers, with and without adapters",
                        15,
                        List.of(ENGINE + "GoldenTest"),
                        List.of("-m=" + ENGINE + "GoldenTest#ptx")),
                tests(
                        "batch-invariance",
                        "the same bits alone and in every company, with adapters and drafts",
                        20,
                        List.of(
                                ENGINE + "BatchInvarianceTest",
                                ENGINE + "AdapterBatchTest",
                                ENGINE + "SpeculationTest"),
                        List.of(
                                "-m="
                                        + ENGINE
                                        + "BatchInvarianceTest#sameBitsOnCuda(java.lang.String,"
                                        + " dev.longhand.kernels.tensor.DType)",
                                "-m=" + ENGINE + "AdapterBatchTest#ptx",
                                "-m=" + ENGINE + "SpeculationTest#sameTokensOnCuda")));
    }

    private static List<KitStep> sanitizers() {
        List<KitStep> steps = new ArrayList<>();
        for (String tool : List.of("memcheck", "racecheck", "synccheck", "initcheck")) {
            steps.add(
                    tests(
                                    "sanitizer-" + tool,
                                    "compute-sanitizer's %s over goldens and adapters"
                                            .formatted(tool),
                                    30,
                                    SANITIZED,
                                    List.of())
                            .under(
                                    "compute-sanitizer",
                                    "--tool",
                                    tool,
                                    "--target-processes",
                                    "all",
                                    "--error-exitcode",
                                    "86"));
        }
        return steps;
    }

    private static List<KitStep> benchmarks() {
        return List.of(
                bench(
                        "layer-32b",
                        Group.BENCH,
                        "ops of a 32B layer in bf16 and int4 beside copy bandwidth, LoRA, cuBLAS",
                        15,
                        List.of("gpu", "--device", "cuda"),
                        List.of("gpu", "--device", "ptx", "--plan", "tiny")),
                bench(
                        "kernels",
                        Group.BENCH,
                        "every case of the op table beside the copy bandwidth",
                        20,
                        List.of("kernels", "--device", "cuda"),
                        List.of(
                                "kernels",
                                "--device",
                                "ptx",
                                "--only",
                                "soft_cap 2 x",
                                "--millis",
                                "1")),
                steps("steps-32b-int4", "int4"),
                steps("steps-32b-bf16", "bf16"),
                plainLaunches("steps-no-overlap", "overlap"),
                plainLaunches("steps-no-graphs", "graphs"),
                bench(
                        "adapter-swaps",
                        Group.BENCH,
                        "LoRA adapters loaded while another request generates, 0.5B shape",
                        15,
                        List.of(
                                "adapters",
                                "--device",
                                "cuda",
                                "--shape",
                                "0.5b",
                                "--cache",
                                KitStep.OUT + "/cache"),
                        List.of()),
                bench(
                                "ncu",
                                Group.BENCH,
                                "ncu's metrics of every kernel of a 32B layer's decode step",
                                15,
                                List.of("gpu", "--device", "cuda", "--plan", "profile"),
                                List.of())
                        .under(
                                "ncu",
                                "--csv",
                                "--page",
                                "raw",
                                "--target-processes",
                                "all",
                                "--metrics",
                                METRICS,
                                "--log-file",
                                KitStep.OUT + "/" + NcuTable.FILE));
    }

    private static KitStep steps(String name, String weights) {
        return bench(
                name,
                Group.BENCH,
                "32B in %s: decode at batch 1, 8, 16, 64 and contexts 1k, 16k; prefill; LoRA"
                        .formatted(weights),
                20,
                List.of("steps", "--device", "cuda", "--shape", "32b", "--weights", weights),
                tinySteps(weights));
    }

    /** The same steps without one of the launch modes: the difference is what it gains. */
    private static KitStep plainLaunches(String name, String mode) {
        return bench(
                        name,
                        Group.BENCH,
                        "32B in int4 with -Dlonghand.cuda.%s=false".formatted(mode),
                        10,
                        List.of(
                                "steps",
                                "--device",
                                "cuda",
                                "--shape",
                                "32b",
                                "--weights",
                                "int4",
                                "--batch",
                                "1,8",
                                "--context",
                                "1024",
                                "--prefill",
                                "512",
                                "--ranks",
                                "64"),
                        List.of())
                .with("-Dlonghand.cuda.%s=false".formatted(mode));
    }

    private static List<String> tinySteps(String weights) {
        return List.of(
                "steps",
                "--device",
                "ptx",
                "--shape",
                "tiny",
                "--weights",
                weights,
                "--batch",
                "2",
                "--context",
                "70",
                "--prefill",
                "17",
                "--ranks",
                "8",
                "--samples",
                "1");
    }

    private static KitStep bench(
            String name,
            Group group,
            String what,
            int minutes,
            List<String> onGpu,
            List<String> onPtx) {
        return new KitStep(
                name,
                group,
                what,
                Duration.ofMinutes(minutes),
                List.of(),
                List.of(),
                Program.BENCH,
                onGpu,
                onPtx);
    }

    /**
     * A step of tests.
     *
     * @param classes whose tests for a GPU run
     * @param onPtx selectors of the tests that run on the PTX device
     */
    private static KitStep tests(
            String name, String what, int minutes, List<String> classes, List<String> onPtx) {
        List<String> onGpu = new ArrayList<>(List.of("--include-tag=gpu"));
        classes.forEach(each -> onGpu.add("-c=" + each));
        List<String> stood = new ArrayList<>(onPtx);
        if (!stood.isEmpty()) {
            stood.addFirst("--exclude-tag=gpu");
        }
        return new KitStep(
                name,
                Group.CHECK,
                what,
                Duration.ofMinutes(minutes),
                List.of(),
                List.of(),
                Program.TESTS,
                onGpu,
                stood);
    }
}
