package dev.longhand.bench.kit;

import dev.longhand.engine.error.InputException;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;

/** Runs the steps of the GPU kit; see {@code bench/gpu-kit/README.md}. */
@Command(
        name = "kit",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Checks and times the CUDA path on this machine's GPU, in steps. A step is a process",
            "that is ended at its limit; a step that has its result in the folder is not repeated.",
            "Exit status: 0 if no step failed, else 1."
        })
public final class KitCommand implements Callable<Integer> {
    @Parameters(
            index = "0",
            arity = "0..1",
            description = "check or bench; without it, both.",
            paramLabel = "WHAT")
    private KitStep.@Nullable Group group;

    @Option(
            names = "--device",
            defaultValue = "cuda",
            description = "cuda, or ptx, which stands in for a GPU. Default: ${DEFAULT-VALUE}.")
    private KitDevice device = KitDevice.CUDA;

    @Option(
            names = "--out",
            defaultValue = "gpu-kit-results",
            paramLabel = "DIR",
            description = "Folder for results. Default: ${DEFAULT-VALUE}.")
    private Path out = Path.of("");

    @Option(
            names = "--only",
            split = ",",
            paramLabel = "STEP",
            description = "Only these steps, even if they have results.")
    private List<String> only = List.of();

    @Option(names = "--list", description = "Lists the steps and their limits.")
    private boolean list;

    @Override
    public Integer call() throws IOException, InterruptedException {
        List<KitStep> steps = chosen();
        if (list) {
            steps.forEach(
                    step ->
                            System.out.printf(
                                    "%-6s %-20s %3d min  %s%n",
                                    step.group().name().toLowerCase(Locale.ROOT),
                                    step.name(),
                                    step.limit().toMinutes(),
                                    step.what()));
            return 0;
        }
        out = out.toAbsolutePath().normalize();
        Files.createDirectories(out);
        requireSameDevice();
        StepRunner runner = new StepRunner(out, device);
        StepResult found = runner.run(KitSteps.DEVICE);
        report(found);
        if (found.bad()) {
            throw new InputException("no device, so no other step runs: " + found.note());
        }
        boolean bad = false;
        for (KitStep step : steps) {
            if (!step.equals(KitSteps.DEVICE)) {
                System.out.printf(
                        "%-20s at most %d min: %s%n",
                        step.name(), step.limit().toMinutes(), step.what());
                StepResult result = only.isEmpty() ? runner.runOnce(step) : runner.run(step);
                report(result);
                bad |= result.bad();
            }
        }
        System.out.println("report: " + KitReport.file(out));
        return bad ? 1 : 0;
    }

    private List<KitStep> chosen() {
        List<String> names = KitSteps.all().stream().map(KitStep::name).toList();
        for (String name : only) {
            if (!names.contains(name)) {
                throw new InputException(
                        "there is no step '%s'; there are %s"
                                .formatted(name, String.join(", ", names)));
            }
        }
        return KitSteps.all().stream()
                .filter(step -> only.isEmpty() || only.contains(step.name()))
                .filter(step -> group == null || step.group() == group)
                .toList();
    }

    /** Results of two devices do not share a folder. */
    private void requireSameDevice() throws IOException {
        for (StepResult result : KitReport.read(out)) {
            if (!result.device().equals(device.label())) {
                throw new InputException(
                        "%s has results of device %s; name another folder with --out"
                                .formatted(out, result.device()));
            }
        }
    }

    /** Prints a result and writes the report anew, in case the next step is the last. */
    private void report(StepResult result) throws IOException {
        System.out.printf(
                Locale.ROOT,
                "%-20s %s, %.1f s%s%n",
                result.step(),
                result.status().label(),
                result.seconds(),
                result.note().isEmpty() ? "" : ", " + result.note());
        KitReport.write(out, device);
    }
}
