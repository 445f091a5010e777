package dev.longhand.bench;

import dev.longhand.bench.report.BenchResult;
import dev.longhand.kernels.Device;
import dev.longhand.study.workload.WorkloadMix;

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

import java.util.concurrent.TimeUnit;

/** An evaluation's requests, all at once: seconds until the last one ends, tokens per second. */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 0)
@Measurement(iterations = 3)
@Timeout(time = 7, timeUnit = TimeUnit.DAYS) // by itself JMH ends an iteration after 10 minutes
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@State(Scope.Benchmark)
@NullUnmarked // JMH fills the fields
public class WorkloadBenchmark {
    /** Hugging Face folder; empty for a generated one. */
    @Param("")
    public String model;

    /** Of the generated one: tiny, 0.5b, 1.5b, 3b, 7b, 14b, 32b, 72b. */
    @Param("0.5b")
    public String shape;

    /** Where generated models are kept. */
    @Param("")
    public String cache;

    @Param("AUTO")
    public String device;

    /** CPU threads; 0 is one per processor. */
    @Param("0")
    public int threads;

    @Param // all of them
    public WorkloadMix mix;

    /** How many to run. */
    @Param("16")
    public int requests;

    /** Of all lengths: 1 is the study's, with outputs of up to 32,400 tokens. */
    @Param("0.02")
    public double scale;

    /** Sequences that advance together. */
    @Param("8")
    public int batch;

    private Workload workload;

    /** Beside the time. */
    @AuxCounters(AuxCounters.Type.EVENTS)
    @State(Scope.Thread)
    public static class Figures {
        /** Of all requests. */
        public double outputTokens;

        /** Over the whole time, prefills included. */
        public double outputTokensPerSecond;

        /** From submission to the first token, the median. */
        public double ttftMillis;
    }

    @Setup(Level.Trial)
    public void open() {
        workload =
                new Workload(
                        BenchModel.folder(model, shape, cache),
                        Device.of(device),
                        threads,
                        mix,
                        requests,
                        scale,
                        batch);
    }

    @TearDown(Level.Trial)
    public void close() {
        workload.close();
    }

    @Benchmark
    public void run(Figures figures) throws InterruptedException {
        BenchResult result = workload.run();
        figures.outputTokens = result.metric(Workload.OUTPUT_TOKENS);
        figures.outputTokensPerSecond = result.metric(Workload.TOKENS_PER_SECOND);
        figures.ttftMillis = result.metric(Workload.TTFT);
    }
}
