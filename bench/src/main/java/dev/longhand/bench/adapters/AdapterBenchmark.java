package dev.longhand.bench.adapters;

import dev.longhand.bench.jmh.CheckedParameters;
import dev.longhand.bench.jmh.JmhCommand;
import dev.longhand.bench.model.ModelChoice;
import dev.longhand.bench.model.ModelParameters;
import dev.longhand.bench.report.RunCost;
import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Generation;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;

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
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Benchmarks of LoRA adapters on all linear layers: merging one, loading one until its first token,
 * and decoding a batch with none, one or eight. {@link AdapterReport} compares them with the base.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 7)
@Fork(
        value = 1,
        jvmArgsAppend = {JmhCommand.NATIVE_ACCESS, JmhCommand.UNSAFE_ACCESS})
@NullUnmarked // JMH fills the fields
public class AdapterBenchmark extends ModelParameters {
    private static final int ROWS = 8;
    private static final int TOKENS = 17;
    private static final String SWAPPED = "swapped";

    @Param({"64", "256"})
    public int rank;

    private Engine engine;

    @Override
    public void check() {
        super.check();
        requireAtLeast("rank", 1, rank);
        choice().requireAdapters();
    }

    /** A merge reads and writes all weights, a step of eight rows reads them once. */
    @Override
    public RunCost cost(int invocations) {
        return choice().cost(invocations * 2.0 * TOKENS);
    }

    private Path swapped;
    private boolean loaded;

    /** A batch of eight rows. */
    @State(Scope.Benchmark)
    public static class Batch implements CheckedParameters {
        /** The number of different adapters among the rows; 0 is the base. */
        @Param({"0", "1", "8"})
        public int adapters;

        @Override
        public void check() {
            if (adapters < 0 || adapters > ROWS) {
                throw new InputException("adapters must be in 0..8, not " + adapters);
            }
        }
    }

    @Setup(Level.Trial)
    public void open() {
        ModelChoice choice = choice();
        EngineConfig config =
                choice.engine()
                        .withContextTokensMax(64)
                        .withKvTokensMax(64 * ROWS)
                        .withSequencesMax(ROWS);
        for (int i = 0; i < ROWS; i++) {
            config = config.withAdapter(name(i), choice.adapter(rank, i));
        }
        swapped = choice.adapter(rank, ROWS);
        engine = Engine.open(config);
    }

    private static String name(int adapter) {
        return "adapter" + adapter;
    }

    /** Restores the base model after each invocation. */
    @TearDown(Level.Invocation)
    public void restore() throws InterruptedException {
        engine.adapters().unmerge();
        if (loaded) {
            engine.adapters().unload(SWAPPED);
            loaded = false;
        }
    }

    @TearDown(Level.Trial)
    public void close() {
        engine.close();
    }

    /** Merges an adapter into all weights. */
    @Benchmark
    public void merge() throws InterruptedException {
        engine.adapters().merge(name(0));
    }

    /** Loads an adapter from the page cache and generates its first token. */
    @Benchmark
    public void swap() throws InterruptedException {
        engine.adapters().load(SWAPPED, swapped);
        loaded = true;
        engine.submit(request(1).withMaxTokens(1).withAdapter(SWAPPED)).await();
    }

    /** Runs steps of eight rows. The prefill is one of them, since each prompt has one token. */
    @Benchmark
    @OperationsPerInvocation(TOKENS)
    public void step(Batch batch) throws InterruptedException {
        List<Generation> generations = new ArrayList<>();
        for (int row = 0; row < ROWS; row++) {
            GenerationRequest request = request(row + 1).withMaxTokens(TOKENS);
            generations.add(
                    engine.submit(
                            batch.adapters == 0
                                    ? request
                                    : request.withAdapter(name(row % batch.adapters))));
        }
        for (Generation generation : generations) {
            generation.await();
        }
    }

    private static GenerationRequest request(int token) {
        return GenerationRequest.ids(List.of(token))
                .withSampling(SamplingOptions.greedy())
                .ignoringEos();
    }
}
