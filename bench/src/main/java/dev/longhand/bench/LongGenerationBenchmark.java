package dev.longhand.bench;

import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.History;
import dev.longhand.bench.report.Provenance;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Timeout;
import org.openjdk.jmh.annotations.Warmup;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * A chain of thought of full length through the public API: scheduler, sampler and all. Reports the
 * seconds it takes and, as counters, what one waits for and what the memory allows; the rates along
 * the way are printed and, if asked for, kept in a history.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 0)
@Measurement(iterations = 1)
@Timeout(time = 7, timeUnit = TimeUnit.DAYS) // by itself JMH ends an iteration after 10 minutes
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@State(Scope.Benchmark)
@NullUnmarked // JMH fills the fields
public class LongGenerationBenchmark {
    /** Hugging Face folder; empty for a generated one. */
    @Param("")
    public String model;

    /** Of the generated one: tiny, 0.5b, 1.5b, 3b, 7b, 14b, 32b, 72b. */
    @Param("0.5b")
    public String shape;

    /** Where generated models and adapters are kept. */
    @Param("")
    public String cache;

    @Param("AUTO")
    public String device;

    /** CPU threads; 0 is one per processor. */
    @Param("0")
    public int threads;

    /** BF16: as stored; or a format to quantise to. */
    @Param("BF16")
    public DType weights;

    /** How keys and values are kept: F32, BF16 or INT8; empty as the device does by itself. */
    @Param("")
    public String kv;

    @Param("NONE")
    public AdapterMode adapter;

    /** Sequences side by side. */
    @Param("1")
    public int batch;

    /** Tokens of the prompt. */
    @Param("512")
    public int prompt;

    /** Tokens to generate. */
    @Param("16384")
    public int output;

    /** Tokens over which a rate is taken. */
    @Param("1024")
    public int window;

    /** JSONL file to add the result to; empty for none. */
    @Param("")
    public String history;

    private LongGeneration generation;

    /** Beside the time. */
    @AuxCounters(AuxCounters.Type.EVENTS)
    @State(Scope.Thread)
    public static class Figures {
        /** From submission to the first token. */
        public double ttftMillis;

        /** Of all sequences, after the first token. */
        public double tokensPerSecond;

        /** Of the first window. */
        public double firstTokensPerSecond;

        /** Of the last window. */
        public double lastTokensPerSecond;

        /** Between two tokens, the median. */
        public double p50Millis;

        /** Between two tokens. */
        public double p99Millis;

        /** Computed: weights, adapter, keys and values. */
        public double megabytesPerToken;

        /** That the same JVM read memory with; 0 on a device with a memory of its own. */
        public double bandwidthGigabytesPerSecond;

        /** Bytes times rate; 0 on a device with a memory of its own. */
        public double percentOfBandwidth;

        private void set(BenchResult result) {
            ttftMillis = result.metric(TokenTimes.TTFT);
            tokensPerSecond = result.metric(TokenTimes.TOKENS_PER_SECOND);
            firstTokensPerSecond = result.metric(TokenTimes.FIRST_WINDOW);
            lastTokensPerSecond = result.metric(TokenTimes.LAST_WINDOW);
            p50Millis = result.metric(TokenTimes.P50);
            p99Millis = result.metric(TokenTimes.P99);
            megabytesPerToken = result.metric(TokenTimes.BYTES_PER_TOKEN);
            bandwidthGigabytesPerSecond = result.metrics().getOrDefault(TokenTimes.BANDWIDTH, 0.0);
            percentOfBandwidth = result.metrics().getOrDefault(TokenTimes.OF_BANDWIDTH, 0.0);
        }
    }

    @Setup(Level.Trial)
    public void open() throws InterruptedException {
        Path folder = BenchModel.folder(model, shape, cache);
        generation =
                new LongGeneration(
                        new LongGeneration.Setting(
                                folder,
                                cache,
                                Device.of(device),
                                threads,
                                weights,
                                kv.isEmpty() ? null : DType.valueOf(kv),
                                adapter,
                                batch,
                                prompt,
                                output,
                                window));
        generation.warmUp();
    }

    /** The bandwidth is measured beside the invocation, not in its time. */
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
    public void after(Figures figures) throws IOException {
        generation.measureBandwidth();
        BenchResult result = generation.result();
        figures.set(result);
        System.out.println();
        result.series().forEach(LongGenerationBenchmark::print);
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
