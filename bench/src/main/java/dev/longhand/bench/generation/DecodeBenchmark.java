package dev.longhand.bench.generation;

import dev.longhand.bench.model.ModelChoice;
import dev.longhand.bench.model.ModelParameters;

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

import java.util.concurrent.TimeUnit;

/**
 * Benchmark of decode steps of one sequence at a given context: the distribution of milliseconds
 * per token. On a shared machine compare the median (p0.50).
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 5)
@Measurement(iterations = 5, time = 5)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@NullUnmarked // JMH fills the fields
public class DecodeBenchmark extends ModelParameters {
    /** The number of positions in the KV cache. */
    @Param({"0", "4096", "16384"})
    public int context;

    /** Dtype of keys and values: F32, BF16 or INT8; empty for the device's default. */
    @Param("F32")
    public String kv;

    private ModelSession session;
    private int index;

    @Setup(Level.Trial)
    public void open() {
        ModelChoice choice = choice().withKv(ModelChoice.kv(kv));
        session = ModelSession.open(choice, context, 1);
        session.fillContext(context);
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
