package dev.longhand.bench.generation;

import dev.longhand.bench.adapters.AdapterMode;
import dev.longhand.bench.model.ModelChoice;
import dev.longhand.bench.model.ModelParameters;
import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.History;
import dev.longhand.bench.report.Provenance;

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
 * Benchmark of a chain of thought of full length through the public API, scheduler and sampler
 * included. It reports the seconds and, as counters, rates, latencies and the share of the memory
 * bandwidth. The rates of all windows are printed and, if a file is named, appended to a history.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 0)
@Measurement(iterations = 1)
@Timeout(time = 7, timeUnit = TimeUnit.DAYS) // JMH's default ends an iteration after 10 minutes
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
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

    /** The metrics of the result that JMH reports beside the time. */
    @AuxCounters(AuxCounters.Type.EVENTS)
    @State(Scope.Thread)
    public static class Figures {
        private BenchResult result;

        /** Time from submission to the first token. */
        public double ttftMillis() {
            return result.metric(TokenTimes.TTFT);
        }

        /** Tokens of all sequences per second, after the first token. */
        public double tokensPerSecond() {
            return result.metric(TokenTimes.TOKENS_PER_SECOND);
        }

        /** The rate over the first window. */
        public double firstTokensPerSecond() {
            return result.metric(TokenTimes.FIRST_WINDOW);
        }

        /** The rate over the last window. */
        public double lastTokensPerSecond() {
            return result.metric(TokenTimes.LAST_WINDOW);
        }

        /** The median time between two tokens. */
        public double p50Millis() {
            return result.metric(TokenTimes.P50);
        }

        /** The 99th percentile of the time between two tokens. */
        public double p99Millis() {
            return result.metric(TokenTimes.P99);
        }

        /** The computed megabytes that each token has to read. */
        public double megabytesPerToken() {
            return result.metric(TokenTimes.BYTES_PER_TOKEN);
        }

        /** Host memory bandwidth measured in this JVM; 0 on a device with memory of its own. */
        public double bandwidthGigabytesPerSecond() {
            return result.metrics().getOrDefault(TokenTimes.BANDWIDTH, 0.0);
        }

        /**
         * Bytes per token times rate, in percent of the bandwidth; 0 on a device with its own
         * memory.
         */
        public double percentOfBandwidth() {
            return result.metrics().getOrDefault(TokenTimes.OF_BANDWIDTH, 0.0);
        }
    }

    @Setup(Level.Trial)
    public void open() throws InterruptedException {
        ModelChoice choice = choice().withKv(ModelChoice.kv(kv));
        generation =
                new LongGeneration(
                        new LongGeneration.Setting(choice, adapter, batch, prompt, output, window));
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
    public void after(Figures figures) throws IOException {
        generation.measureBandwidth();
        BenchResult result = generation.result();
        figures.result = result;
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
