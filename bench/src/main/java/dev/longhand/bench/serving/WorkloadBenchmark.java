package dev.longhand.bench.serving;

import dev.longhand.bench.jmh.Figures;
import dev.longhand.bench.jmh.JmhCommand;
import dev.longhand.bench.model.ModelParameters;
import dev.longhand.bench.report.RunCost;
import dev.longhand.engine.error.InputException;
import dev.longhand.study.workload.WorkloadMix;

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

import java.util.concurrent.TimeUnit;

/**
 * Benchmark of the requests of an evaluation, submitted at once: the seconds until the last one
 * ends, and tokens/s.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 0)
@Measurement(iterations = 3)
@Timeout(time = 7, timeUnit = TimeUnit.DAYS) // JMH's default ends an iteration after 10 minutes
@Fork(
        value = 1,
        jvmArgsAppend = {JmhCommand.NATIVE_ACCESS, JmhCommand.UNSAFE_ACCESS})
@NullUnmarked // JMH fills the fields
public class WorkloadBenchmark extends ModelParameters {
    @Param // all of them
    public WorkloadMix mix;

    /** The number of requests of the trace. */
    @Param("16")
    public int requests;

    /** Factor on all lengths; 1 keeps the study's lengths, with outputs of up to 32,400 tokens. */
    @Param("0.02")
    public double scale;

    /** Sequences that decode together. */
    @Param("8")
    public int batch;

    private Workload workload;

    @Override
    public void check() {
        super.check();
        requireAtLeast("requests", 1, requests);
        requireAtLeast("batch", 1, batch);
        if (!(scale > 0 && scale <= 1)) {
            throw new InputException("scale must be above 0 and at most 1, not " + scale);
        }
    }

    @Override
    public RunCost cost(int invocations) {
        return choice().cost(invocations * Workload.steps(mix, requests, scale, batch));
    }

    @Setup(Level.Trial)
    public void open() {
        workload = new Workload(choice(), mix, requests, scale, batch);
    }

    @TearDown(Level.Trial)
    public void close() {
        workload.close();
    }

    @Benchmark
    public void run() throws InterruptedException {
        Figures.report(workload.run().metrics());
    }
}
