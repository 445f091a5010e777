package dev.longhand.bench.generation;

import dev.longhand.bench.jmh.Figures;
import dev.longhand.bench.jmh.JmhCommand;
import dev.longhand.bench.kernels.MemoryBandwidth;
import dev.longhand.bench.model.ModelChoice;
import dev.longhand.bench.model.ModelParameters;
import dev.longhand.bench.report.Metric;
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
import org.openjdk.jmh.annotations.Warmup;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.concurrent.TimeUnit;

/**
 * Benchmark of decode steps of one sequence at a given context: the distribution of milliseconds
 * per token, the mean tokens/s and their share of the memory bandwidth. On a shared machine compare
 * the median (p0.50).
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 5)
@Measurement(iterations = 5, time = 5)
@Fork(
        value = 1,
        jvmArgsAppend = {JmhCommand.NATIVE_ACCESS, JmhCommand.UNSAFE_ACCESS})
@NullUnmarked // JMH fills the fields
public class DecodeBenchmark extends ModelParameters {
    /** The number of positions in the KV cache. */
    @Param({"0", "4096", "16384"})
    public int context;

    /** Dtype of keys and values: F32, BF16 or INT8; empty for the device's default. */
    @Param("F32")
    public String kv;

    private ModelSession session;
    private StepBytes bytes;
    private OptionalDouble bandwidth;
    private int index;
    private long start;

    @Override
    protected ModelChoice choice() {
        return super.choice().withKv(ModelChoice.kv(kv));
    }

    @Override
    public void check() {
        super.check();
        requireAtLeast("context", 0, context);
    }

    @Override
    public RunCost cost(int invocations) {
        return choice().cost(0);
    }

    @Setup(Level.Trial)
    public void open() {
        ModelChoice choice = choice();
        bytes = StepBytes.of(choice, context);
        session = ModelSession.open(choice, context, 1);
        session.fillContext(context);
    }

    /** Measures the bandwidth before every iteration: neighbours move it within minutes. */
    @Setup(Level.Iteration)
    public void begin() {
        bandwidth = MemoryBandwidth.measure(device(), threads);
        index = 0;
        start = System.nanoTime();
    }

    @TearDown(Level.Iteration)
    public void end() {
        double rate = index * 1e9 / (System.nanoTime() - start);
        double read = bytes.perToken(context + 1, 1);
        Map<Metric, Double> figures = new LinkedHashMap<>();
        figures.put(TokenTimes.TOKENS_PER_SECOND, rate);
        figures.put(TokenTimes.BYTES_PER_TOKEN, read / 1e6);
        bandwidth.ifPresent(
                limit -> {
                    figures.put(TokenTimes.BANDWIDTH, limit / 1e9);
                    figures.put(TokenTimes.OF_BANDWIDTH, 100 * rate * read / limit);
                });
        Figures.report(figures);
    }

    @TearDown(Level.Trial)
    public void close() {
        session.close();
    }

    @Benchmark
    public int decode() {
        return session.decode(context, index++ & Integer.MAX_VALUE);
    }
}
