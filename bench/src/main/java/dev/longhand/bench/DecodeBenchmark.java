package dev.longhand.bench;

import dev.longhand.kernels.BackendChoice;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.backend.ComputeBackend;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.NullUnmarked;
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
import org.openjdk.jmh.annotations.Warmup;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * One sequence, one token per step, at a given context: the distribution of milliseconds per token.
 * On a machine with neighbours the median (p0.50) is the figure to compare.
 */
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 5)
@Measurement(iterations = 5, time = 5)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@State(Scope.Benchmark)
@NullUnmarked // JMH fills the fields
public class DecodeBenchmark {
    /** Hugging Face folder; empty for a generated one. */
    @Param("")
    public String model;

    /** Of the generated one: tiny, 0.5b, 1.5b, 3b, 7b, 14b, 32b, 72b. */
    @Param("0.5b")
    public String shape;

    /** Where generated models are kept. */
    @Param("")
    public String cache;

    /** Tokens in the cache. */
    @Param({"0", "4096", "16384"})
    public int context;

    /** CPU threads; 0 is one per processor. */
    @Param("0")
    public int threads;

    /** F32, BF16 or INT8. */
    @Param("F32")
    public DType kv;

    /** BF16: as stored; or a format to quantise to. */
    @Param("BF16")
    public DType weights;

    @Param("AUTO")
    public String device;

    private ModelSession session;
    private int index;

    @Setup(Level.Trial)
    public void open() {
        Path folder = BenchModel.folder(model, shape, cache);
        ComputeBackend backend = BackendChoice.open(Device.of(device), threads).backend();
        session =
                new ModelSession(
                        folder, backend, backend, BenchModel.quantized(weights), kv, context, 1);
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
