package dev.longhand.bench.kit;

import dev.longhand.bench.kit.StepResult.Status;
import dev.longhand.bench.report.BenchResult;
import dev.longhand.engine.file.FolderTree;

import tools.jackson.databind.json.JsonMapper;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Runs steps as processes of this JVM's own program and class path, each ended at its limit. A
 * step's output is kept as {@code STEP.log}.
 */
final class StepRunner {
    private static final String BENCH = "dev.longhand.bench.Bench";
    private static final String TESTS = "org.junit.platform.console.ConsoleLauncher";
    private static final List<String> PASSED_ON =
            List.of("longhand.module.directory", "longhand.commit");
    private static final String NO_COUNTERS = "ERR_NVGPUCTRPERM";
    private static final int REASON_CHARACTERS_MAX = 300;
    private static final int BAD_INPUT = 2;

    private final Path out;
    private final KitDevice device;

    /**
     * Creates a runner.
     *
     * @param out the results' folder, which exists
     */
    StepRunner(Path out, KitDevice device) {
        this.out = out;
        this.device = device;
    }

    /** Returns the result that a step has in the folder, or runs it. */
    StepResult runOnce(KitStep step) throws IOException, InterruptedException {
        Path file = StepResult.file(out, step.name());
        return Files.exists(file) ? StepResult.read(file) : run(step);
    }

    /** Runs a step, or skips it with the reason; writes its result. */
    StepResult run(KitStep step) throws IOException, InterruptedException {
        StepResult result = result(step);
        result.write(out);
        return result;
    }

    private StepResult result(KitStep step) throws IOException, InterruptedException {
        if (step.arguments(device).isEmpty()) {
            return StepResult.skipped(step, device, "needs a GPU");
        }
        if (!step.wrapper().isEmpty() && !onPath(step.wrapper().getFirst())) {
            return StepResult.skipped(
                    step, device, step.wrapper().getFirst() + " is not on the PATH");
        }
        Files.deleteIfExists(figures(step));
        Files.deleteIfExists(out.resolve(NcuTable.FILE));
        FolderTree.delete(reports(step));
        long start = System.nanoTime();
        Process process =
                new ProcessBuilder(command(step))
                        .redirectErrorStream(true)
                        .redirectOutput(log(step).toFile())
                        .start();
        process.getOutputStream().close();
        boolean ended;
        try {
            ended = process.waitFor(step.limit().toMillis(), TimeUnit.MILLISECONDS);
        } finally {
            end(process);
        }
        return judged(step, ended, process.waitFor(), (System.nanoTime() - start) / 1e9);
    }

    /** Ends a process and those that it started, if they still run. */
    private static void end(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    private StepResult judged(KitStep step, boolean ended, int exit, double seconds)
            throws IOException {
        List<BenchResult> measured = measured(step);
        if (!ended) {
            String note = "ended after %d s".formatted(step.limit().toSeconds());
            return made(step, Status.TIME_LIMIT, seconds, note, measured);
        }
        if (!step.wrapper().isEmpty() && Files.readString(log(step)).contains(NO_COUNTERS)) {
            String note = "the driver allows performance counters to administrators only";
            return made(step, Status.SKIPPED, seconds, note, measured);
        }
        String note = "";
        Status status = exit == 0 ? Status.PASSED : Status.FAILED;
        if (step.program() == KitStep.Program.TESTS) {
            TestCounts counts = TestCounts.read(reports(step));
            note = counts.text();
            if (exit == 0 && counts.ran() == 0) {
                status = counts.skipped() > 0 ? Status.SKIPPED : Status.FAILED;
            }
        }
        if (exit != 0) {
            String reason = "exit status %d: %s".formatted(exit, lastLine(log(step)));
            note = note.isEmpty() || exit > BAD_INPUT ? reason : note;
        }
        return made(step, status, seconds, note, measured);
    }

    private StepResult made(
            KitStep step, Status status, double seconds, String note, List<BenchResult> measured) {
        return new StepResult(step.name(), device.label(), status, seconds, note, measured);
    }

    private List<BenchResult> measured(KitStep step) throws IOException {
        List<BenchResult> all = new ArrayList<>();
        if (Files.exists(figures(step))) {
            JsonMapper mapper = new JsonMapper();
            for (String line : Files.readAllLines(figures(step))) {
                all.add(StepResult.figure(mapper.readTree(line)));
            }
        }
        Path profile = out.resolve(NcuTable.FILE);
        if (Files.exists(profile)) {
            return NcuTable.read(Files.readAllLines(profile)); // times under ncu are not ours
        }
        return all;
    }

    /** The command line of a step. */
    List<String> command(KitStep step) {
        List<String> command = new ArrayList<>(step.wrapper());
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        for (String property : PASSED_ON) {
            String value = System.getProperty(property);
            if (value != null) {
                command.add("-D%s=%s".formatted(property, value));
            }
        }
        command.addAll(step.jvm());
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        if (step.program() == KitStep.Program.TESTS) {
            command.addAll(List.of("-ea", TESTS, "execute", "--disable-banner"));
            command.addAll(List.of("--disable-ansi-colors", "--details=summary"));
            command.addAll(List.of("--include-classname=.*", "--reports-dir=" + reports(step)));
        } else {
            command.add(BENCH);
        }
        command.addAll(step.arguments(device));
        if (step.program() == KitStep.Program.BENCH) {
            command.addAll(List.of("--json", figures(step).toString()));
        }
        return command.stream().map(word -> word.replace(KitStep.OUT, out.toString())).toList();
    }

    private static boolean onPath(String program) {
        return Arrays.stream(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    private Path log(KitStep step) {
        return out.resolve(step.name() + ".log");
    }

    private Path figures(KitStep step) {
        return out.resolve(step.name() + ".jsonl");
    }

    private Path reports(KitStep step) {
        return out.resolve(step.name() + "-tests");
    }

    private static String lastLine(Path log) throws IOException {
        List<String> lines = Files.readAllLines(log).stream().filter(l -> !l.isBlank()).toList();
        String last = lines.isEmpty() ? "no output" : lines.getLast().strip();
        return last.substring(0, Math.min(last.length(), REASON_CHARACTERS_MAX));
    }
}
