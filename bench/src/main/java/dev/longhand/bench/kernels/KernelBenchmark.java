package dev.longhand.bench.kernels;

import dev.longhand.bench.jmh.JmhCommand;
import dev.longhand.bench.model.DeviceParameters;
import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.cases.OpCase;

import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import java.util.concurrent.TimeUnit;

/**
 * Benchmark of one op of the case table on a device: microseconds per run. {@link KernelReport}
 * times the whole table.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
        value = 1,
        jvmArgsAppend = {JmhCommand.NATIVE_ACCESS, JmhCommand.UNSAFE_ACCESS})
@NullUnmarked // JMH fills the fields
public class KernelBenchmark extends DeviceParameters {
    /** The number of runs between two waits, enough to keep a device's queue filled. */
    private static final int RUNS = 16;

    /** Part of the name of exactly one case. */
    @Param({
        "linear 0.5B qkv BF16 1 x",
        "linear 0.5B o BF16 1 x",
        "linear 0.5B gate, up BF16 1 x",
        "linear 0.5B down BF16 1 x",
        "linear 0.5B down BF16 19 x",
        "linear 0.5B head BF16 1 x",
        "linear 32B down BF16 1 x",
        "normed gated 0.5B BF16 5 x 896",
        "lora 0.5B NORMED BF16",
        "attention 7/1 heads of 64, 700 positions, KV BF16",
        "rms_norm 1 x 896 scale",
        "swiglu 1 x 896 scale",
        "embedding BF16 3 of 1000 x 896",
        "soft_cap 2 x 9000 cap"
    })
    public String op;

    private ComputeBackend backend;

    @Override
    public void check() {
        super.check();
        TimedCase.named(op);
    }

    private TimedCase timed;

    @Setup(Level.Trial)
    public void open() {
        OpCase opCase = TimedCase.named(op);
        backend = openBackend();
        opCase.refusal(backend)
                .ifPresent(
                        reason -> {
                            throw new InputException(opCase.name() + ": " + reason);
                        });
        timed = new TimedCase(opCase, backend);
    }

    @TearDown(Level.Trial)
    public void close() {
        timed.close();
        backend.close();
    }

    @Benchmark
    @OperationsPerInvocation(RUNS)
    public float[] run() {
        for (int i = 0; i < RUNS; i++) {
            timed.run();
        }
        return timed.finish();
    }
}
