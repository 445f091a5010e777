package dev.longhand.bench;

import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Generation;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.kernels.Device;

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
import org.openjdk.jmh.annotations.Warmup;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A chain of thought of full length through the public API: scheduler, sampler, detokenizer and
 * all. Reports the seconds it takes and, as a counter, tokens per second.
 */
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 0)
@Measurement(iterations = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@State(Scope.Benchmark)
@NullUnmarked // JMH fills the fields
public class LongGenerationBenchmark {
    /** Hugging Face folder. */
    @Param("")
    public String model;

    /** Tokens to generate after a prompt of eight. */
    @Param("16384")
    public int output;

    @Param("AUTO")
    public Device device;

    private Engine engine;

    /** Beside the time. */
    @AuxCounters(AuxCounters.Type.EVENTS)
    @State(Scope.Thread)
    public static class Rate {
        /** Of the last run. */
        public double decodeTokensPerSecond;
    }

    @Setup(Level.Trial)
    public void open() {
        engine =
                Engine.open(
                        EngineConfig.of(Path.of(model))
                                .device(device)
                                .contextTokensMax(output + 8)
                                .build());
    }

    @TearDown(Level.Trial)
    public void close() {
        engine.close();
    }

    @Benchmark
    public int generate(Rate rate) throws InterruptedException {
        Generation generation =
                engine.submit(
                        GenerationRequest.ids(List.of(1, 2, 3, 4, 5, 6, 7, 8))
                                .withMaxTokens(output)
                                .withSampling(SamplingOptions.greedy())
                                .ignoringEos());
        int tokens = 0;
        for (GenerationEvent event = generation.next(); event != null; event = generation.next()) {
            switch (event) {
                case GenerationEvent.TokenEmitted token -> tokens++;
                case GenerationEvent.Finished end ->
                        rate.decodeTokensPerSecond = end.usage().decodeTokensPerSecond();
                case GenerationEvent.Failed failed -> throw failed.cause();
            }
        }
        return tokens;
    }
}
