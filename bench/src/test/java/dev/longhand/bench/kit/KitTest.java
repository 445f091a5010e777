package dev.longhand.bench.kit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.longhand.bench.kit.KitStep.Group;
import dev.longhand.bench.kit.KitStep.Program;
import dev.longhand.bench.kit.StepResult.Status;
import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.Metric;
import dev.longhand.bench.report.Provenance;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/** The runner of the GPU kit, over steps that need no device. */
class KitTest {
    private static final Provenance HERE =
            new Provenance(Instant.EPOCH, "abc", "a processor", 2, 1L << 30, "25");

    @TempDir private Path folder;

    private static KitStep bench(String name, int millis, String... arguments) {
        return new KitStep(
                name,
                Group.CHECK,
                "what",
                Duration.ofMillis(millis),
                List.of(),
                List.of(),
                Program.BENCH,
                List.of(arguments),
                List.of());
    }

    /** Every class of a step is there, and has tests for a GPU if the step says so. */
    @Test
    void stepsNameWhatExists() {
        List<KitStep> steps = KitSteps.all();
        assertEquals(steps.size(), steps.stream().map(KitStep::name).distinct().count());
        StepRunner runner = new StepRunner(folder, KitDevice.CUDA);
        for (KitStep step : steps) {
            assertFalse(step.onGpu().isEmpty(), step.name());
            List<String> command = runner.command(step);
            assertFalse(command.toString().contains(KitStep.OUT), command.toString());
            assertTrue(command.containsAll(step.jvm()), command.toString());
            boolean tests = step.program() == Program.TESTS;
            assertEquals(tests, command.contains("--include-tag=gpu"), step.name());
            assertEquals(!tests, command.contains("--json"), step.name());
        }
    }

    @Test
    void aStepFailsWithItsLastLine() throws Exception {
        StepRunner runner = new StepRunner(folder, KitDevice.CUDA);
        StepResult result = runner.run(bench("none", 60_000, "kernels", "--only", "nothing"));
        assertEquals(Status.FAILED, result.status(), result.note());
        assertTrue(result.note().contains("'nothing' in its name"), result.note());
        assertTrue(result.bad());
        assertEquals(result, StepResult.read(StepResult.file(folder, "none")));
    }

    @Test
    void aStepWithAResultIsNotRepeated() throws Exception {
        StepRunner runner = new StepRunner(folder, KitDevice.CUDA);
        KitStep step = bench("version", 60_000, "kernels", "--only", "nothing");
        StepResult earlier =
                new StepResult("version", "cuda", Status.PASSED, 5, "earlier", List.of());
        earlier.write(folder);
        assertEquals(earlier, runner.runOnce(step));
        Files.delete(StepResult.file(folder, "version"));
        assertEquals(Status.FAILED, runner.runOnce(step).status());
    }

    @Test
    void aStepIsEndedAtItsLimit() throws Exception {
        StepRunner runner = new StepRunner(folder, KitDevice.CUDA);
        StepResult result = runner.run(bench("long", 1, "--version"));
        assertEquals(Status.TIME_LIMIT, result.status());
        assertTrue(result.seconds() < 30, "" + result.seconds());
        assertTrue(ProcessHandle.current().descendants().noneMatch(ProcessHandle::isAlive));
    }

    @Test
    void whatIsMissingIsSkippedWithTheReason() throws Exception {
        KitStep plain = bench("a", 60_000, "--version");
        StepResult onPtx = new StepRunner(folder, KitDevice.PTX).run(plain);
        assertEquals(Status.SKIPPED, onPtx.status());
        assertEquals("needs a GPU", onPtx.note());
        StepResult wrapped =
                new StepRunner(folder, KitDevice.CUDA).run(plain.under("no-such-program"));
        assertEquals("no-such-program is not on the PATH", wrapped.note());
        assertFalse(wrapped.bad());
    }

    @Test
    void aTestStepPassesIfATestRan() throws IOException {
        Files.writeString(
                folder.resolve("TEST-junit-jupiter.xml"),
                """
                <testsuite tests="3" skipped="1" failures="1" errors="0">
                <testcase name="a" classname="K"/>
                <testcase name="b" classname="K"><failure message="m">f</failure></testcase>
                <testcase name="c" classname="K"><skipped><![CDATA[no GPU
                more]]></skipped></testcase>
                </testsuite>
                """);
        TestCounts counts = TestCounts.read(folder);
        assertEquals(2, counts.ran());
        assertEquals(
                "1 tests passed, 1 failed, first K b, 1 skipped, first: no GPU", counts.text());
        assertEquals(0, TestCounts.read(folder.resolve("empty")).ran());
    }

    @Test
    void ncu() {
        BenchResult kernel =
                NcuTable.read(
                                List.of(
                                        "==PROF== Connected",
                                        "\"ID\",\"Kernel Name\",\"gpu__time_duration.sum\"",
                                        "\"\",\"\",\"us\"",
                                        "\"0\",\"linear(int, float)\",\"1,000.5\"",
                                        "\"1\",\"linear(int, float)\",\"2,000.5\"",
                                        "\"2\",\"attention\",\"3\""))
                        .getFirst();
        assertEquals("linear(int, float)", kernel.parameter("kernel"));
        assertEquals("2", kernel.parameter("launches"));
        assertEquals(1500.5, kernel.metric(new Metric("gpu__time_duration.sum", "us")));
        assertEquals(List.of(), NcuTable.read(List.of("==ERROR== no")));
    }

    @Test
    void theReport() {
        BenchResult device =
                new BenchResult(
                        "Device",
                        Map.of("name", "H200"),
                        Map.of(new Metric("copy", "GB/s"), 4000.0),
                        Map.of());
        List<StepResult> results =
                List.of(
                        new StepResult("device", "cuda", Status.PASSED, 2.5, "", List.of(device)),
                        new StepResult(
                                "op-table", "cuda", Status.FAILED, 9, "1 failed", List.of()));
        String text = KitReport.text(KitDevice.CUDA, results, HERE);
        assertTrue(text.startsWith("# GPU kit on H200\n"), text);
        assertTrue(text.contains("| op-table | FAILED | 1 failed | 9.000 |"), text);
        assertTrue(text.contains("## device: Device\n\n| name | copy GB/s |"), text);
        String first = KitReport.text(KitDevice.PTX, results, HERE).lines().findFirst().orElse("");
        assertTrue(first.contains("without a GPU"), first);
    }
}
