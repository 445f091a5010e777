package dev.longhand.bench.generation;

import dev.longhand.bench.adapters.AdapterMode;
import dev.longhand.bench.jmh.Figures;
import dev.longhand.bench.jmh.JmhCommand;
import dev.longhand.bench.model.ModelChoice;
import dev.longhand.bench.model.ModelParameters;
import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.History;
import dev.longhand.bench.report.Provenance;
import dev.longhand.bench.report.RunCost;

import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Timeout;
import org.openjdk.jmh.annotations.Warmup;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Benchmark of a chain of thought of full length through the public API, scheduler and sampler
 * included. It reports the seconds, rates, latencies and the share of the memory bandwidth. The
 * rates of all windows are printed and, if a file is named, appended to a history.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 0)
@Measurement(iterations = 1)
@Timeout(time = 7, timeUnit = TimeUnit.DAYS) // JMH's default ends an iteration after 10 minutes
@Fork(
        value = 1,
        jvmArgsAppend = {JmhCommand.NATIVE_ACCESS, JmhCommand.UNSAFE_ACCESS})
@NullUnmarked // JMH fills the fields
public class LongGenerationBenchmark extends ModelParameters {
    /** Dtype of keys and values: F32, BF16 or INT8; empty for the device's default. */
    @Param("")
    public String kv;

    @Param("NONE")
    public AdapterMode adapter;

    /** Sequences that decode together. */
    @Param("1")
    public int batch;

    /** Tokens of the prompt. */
    @Param("512")
    public int prompt;

    /** Tokens to generate. */
    @Param("16384")
    public int output;

    /** The number of tokens over which a rate is taken. */
    @Param("1024")
    public int window;

    /** The JSONL file to which the result is appended; empty for none. */
    @Param("")
    public String history;

    private LongGeneration generation;

    @Override
    public void check() {
        super.check();
        setting();
    }

    /** A prompt, the tokens and, at long contexts, about as much again for keys and values. */
    @Override
    public RunCost cost(int invocations) {
        return choice().cost(invocations * (batch * prompt / 6.0 + 1.3 * output));
    }

    private LongGeneration.Setting setting() {
        return new LongGeneration.Setting(
                choice().withKv(ModelChoice.kv(kv)), adapter, batch, prompt, output, window);
    }

    @Setup(Level.Trial)
    public void open() throws InterruptedException {
        generation = new LongGeneration(setting());
        generation.warmUp();
    }

    /** Measures the bandwidth outside the timed invocation. */
    @Setup(Level.Invocation)
    public void before() {
        generation.measureBandwidth();
    }

    @TearDown(Level.Trial)
    public void close() {
        generation.close();
    }

    @Benchmark
    public int generate() throws InterruptedException {
        return generation.generate();
    }

    @TearDown(Level.Invocation)
    public void after() throws IOException {
        generation.measureBandwidth();
        BenchResult result = generation.result();
        Figures.report(result.metrics());
        System.out.println();
        result.series().forEach((metric, values) -> print(metric.label(), values));
        if (!history.isEmpty()) {
            new History(Path.of(history)).append(Provenance.here(""), result);
        }
    }

    private static void print(String name, List<Double> values) {
        System.out.print(String.format(Locale.ROOT, "%16s", name));
        values.forEach(value -> System.out.print(String.format(Locale.ROOT, " %8.1f", value)));
        System.out.println();
    }
}
