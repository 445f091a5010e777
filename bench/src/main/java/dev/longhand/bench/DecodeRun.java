package dev.longhand.bench;

import dev.longhand.bench.cli.CommandLines;
import dev.longhand.bench.report.BenchResult;
import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.tensor.DType;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * Opens one model, decodes some tokens and says how long it took and what memory, for models that
 * are too large to run them for minutes:
 *
 * <pre>java -cp bench/target/benchmarks.jar dev.longhand.bench.DecodeRun DIR --tokens 12</pre>
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

    @Parameters(index = "0", paramLabel = "DIR", description = "Hugging Face folder.")
    private Path model = Path.of("");

    @Option(names = "--tokens", defaultValue = "12", description = "Default: ${DEFAULT-VALUE}.")
    private int tokens;

    @Option(names = "--prompt", defaultValue = "8", description = "Default: ${DEFAULT-VALUE}.")
    private int prompt;

    @Option(
            names = "--weights",
            defaultValue = "BF16",
            description =
                    "BF16 (as stored), or a format to quantise to. Default: ${DEFAULT-VALUE}.")
    private DType weights = DType.BF16;

    @Option(names = "--device", defaultValue = "auto", description = "Default: ${DEFAULT-VALUE}.")
    private Device device = Device.AUTO;

    @Option(names = "--threads", defaultValue = "0", description = "0 is one per processor.")
    private int threads;

    @Option(
            names = "--wait",
            description = "Once the model is open, waits for a line on standard input.")
    private boolean wait;

    /** Runs the command and exits with its status. */
    public static void main(String[] arguments) {
        System.exit(CommandLines.run(new DecodeRun(), arguments));
    }

    @Override
    public void run() {
        LongGeneration.Setting setting =
                new LongGeneration.Setting(
                        model,
                        "",
                        device,
                        threads,
                        weights,
                        null,
                        AdapterMode.NONE,
                        1,
                        prompt,
                        tokens,
                        tokens);
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
            result.metrics().forEach(DecodeRun::print);
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

    /** Mapped files included; nothing where the system does not tell. */
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
