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

/** A prompt in one step, up to its first token: seconds per prompt. */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 5)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@State(Scope.Benchmark)
@NullUnmarked // JMH fills the fields
public class PrefillBenchmark {
    /** Hugging Face folder; empty for a generated one. */
    @Param("")
    public String model;

    /** Of the generated one: tiny, 0.5b, 1.5b, 3b, 7b, 14b, 32b, 72b. */
    @Param("0.5b")
    public String shape;

    /** Where generated models are kept. */
    @Param("")
    public String cache;

    /** Tokens of the prompt. */
    @Param("512")
    public int prompt;

    /** CPU threads; 0 is one per processor. */
    @Param("0")
    public int threads;

    /** BF16: as stored; or a format to quantise to. */
    @Param("BF16")
    public DType weights;

    @Param("AUTO")
    public String device;

    private ModelSession session;

    @Setup(Level.Trial)
    public void open() {
        Path folder = BenchModel.folder(model, shape, cache);
        ComputeBackend backend = BackendChoice.open(Device.of(device), threads).backend();
        session =
                new ModelSession(
                        folder,
                        backend,
                        backend,
                        BenchModel.quantized(weights),
                        backend.capabilities().kvDtype(),
                        0,
                        prompt);
    }

    @TearDown(Level.Trial)
    public void close() {
        session.close();
    }

    @Benchmark
    public int prefill() {
        return session.prefill(prompt);
    }
}
