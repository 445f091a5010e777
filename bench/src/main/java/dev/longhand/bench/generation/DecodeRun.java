package dev.longhand.bench.generation;

import dev.longhand.bench.adapters.AdapterMode;
import dev.longhand.bench.cli.Counts;
import dev.longhand.bench.model.ModelOptions;
import dev.longhand.bench.report.BenchResult;
import dev.longhand.engine.error.InputException;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Opens a model, decodes a few tokens and prints times and memory; meant for models that are too
 * large to run for minutes.
 */
@Command(
        name = "decode",
        mixinStandardHelpOptions = true,
        description = {
            "Opens a model, decodes as many tokens to warm up as it then times, and prints rates,",
            "the share of the bandwidth measured in the same run, and the peak of resident memory."
        })
public final class DecodeRun implements Runnable {
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String PEAK = "VmHWM:";

    @Mixin private ModelOptions model = new ModelOptions();

    @Option(names = "--tokens", defaultValue = "12", description = "Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Option(names = "--prompt", defaultValue = "8", description = "Default: ${DEFAULT-VALUE}.")
    private int prompt;

    @Option(
            names = "--wait",
            description = "Once the model is open, waits for a line on standard input.")
    private boolean wait;

    @Override
    public void run() {
        Counts.requirePositive("--tokens", tokens);
        Counts.requirePositive("--prompt", prompt);
        model.announce(2.0 * tokens + prompt / 3.0);
        LongGeneration.Setting setting =
                new LongGeneration.Setting(
                        model.choice(), AdapterMode.NONE, 1, prompt, tokens, tokens);
        long start = System.nanoTime();
        try (LongGeneration generation = new LongGeneration(setting)) {
            print("open after s", (System.nanoTime() - start) / 1e9);
            printPeak("peak resident GB when open");
            if (wait && System.in.read() < 0) {
                throw new InputException("--wait: standard input ended");
            }
            generation.warmUp();
            printPeak("peak resident GB when warm");
            generation.measureBandwidth();
            generation.generate();
            generation.measureBandwidth();
            BenchResult result = generation.result();
            result.parameters().forEach((name, value) -> System.out.println(name + " " + value));
            result.metrics().forEach((metric, value) -> print(metric.label(), value));
            printPeak("peak resident GB, 1 GB of it to measure bandwidth");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private static void print(String name, double value) {
        System.out.printf(Locale.ROOT, "%s %.3f%n", name, value);
    }

    /**
     * Prints the peak resident memory, mapped files included; prints nothing on systems without
     * /proc.
     */
    private static void printPeak(String name) throws IOException {
        if (Files.isReadable(STATUS)) {
            for (String line : Files.readAllLines(STATUS)) {
                if (line.startsWith(PEAK)) {
                    String kibibytes = line.substring(PEAK.length()).replace("kB", "").strip();
                    print(name, Long.parseLong(kibibytes) * 1024 / 1e9);
                }
            }
        }
    }
}
