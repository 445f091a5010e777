package dev.longhand.bench.generation;

import dev.longhand.bench.jmh.JmhCommand;
import dev.longhand.bench.model.ModelParameters;
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

import java.util.concurrent.TimeUnit;

/** Benchmark of the prefill of a prompt in one step, until its first token: seconds per prompt. */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 5)
@Fork(
        value = 1,
        jvmArgsAppend = {JmhCommand.NATIVE_ACCESS, JmhCommand.UNSAFE_ACCESS})
@NullUnmarked // JMH fills the fields
public class PrefillBenchmark extends ModelParameters {
    /** Tokens of the prompt. */
    @Param("512")
    public int prompt;

    private ModelSession session;

    @Override
    public void check() {
        super.check();
        requireAtLeast("prompt", 1, prompt);
    }

    @Override
    public RunCost cost(int invocations) {
        return choice().cost(invocations * prompt / 6.0);
    }

    @Setup(Level.Trial)
    public void open() {
        session = ModelSession.open(choice(), 0, prompt);
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
