package dev.longhand.bench.generation;

import dev.longhand.bench.adapters.AdapterMode;
import dev.longhand.bench.cli.TokenProgress;
import dev.longhand.bench.kernels.MemoryBandwidth;
import dev.longhand.bench.model.ModelChoice;
import dev.longhand.bench.report.BenchResult;
import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Generation;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.status.AdapterInfo;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.IntStream;

/**
 * A long generation through the public API, timed token by token, with measurements of the memory
 * bandwidth before and after.
 */
public final class LongGeneration implements AutoCloseable {
    private static final String ADAPTER = "adapter";
    private static final int WARM_UP_TOKENS = 32;

    /**
     * Settings of one run.
     *
     * @param choice the model; with an adapter it needs a cache folder
     * @param batch the number of sequences that decode together
     * @param prompt the number of tokens of each prompt
     * @param output the number of tokens that each sequence generates
     * @param window the number of tokens over which a rate is taken
     */
    public record Setting(
            ModelChoice choice,
            AdapterMode adapter,
            int batch,
            int prompt,
            int output,
            int window) {
        public Setting {
            requirePositive("batch", batch);
            requirePositive("prompt", prompt);
            if (window < 2 || output < window) {
                throw new InputException(
                        "a window has 2 tokens or more, the output a window or more; given %d and %d"
                                .formatted(window, output));
            }
        }

        private static void requirePositive(String name, int value) {
            if (value < 1) {
                throw new InputException(name + " must be at least 1, not " + value);
            }
        }
    }

    private final Setting setting;
    private final Engine engine;
    private final long[] times; // nanoseconds, as of System.nanoTime
    private long start;
    private final List<Double> bandwidths = new ArrayList<>(); // bytes per second

    /** Opens the model. */
    @SuppressWarnings("MustBeClosedChecker") // closed by close
    LongGeneration(Setting setting) {
        this.setting = setting;
        times = new long[setting.output()];
        int context = setting.prompt() + setting.output();
        EngineConfig config =
                setting.choice()
                        .engine()
                        .withContextTokensMax(context)
                        .withKvTokensMax(setting.batch() * context)
                        .withSequencesMax(setting.batch());
        AdapterMode mode = setting.adapter();
        if (mode.rank() > 0) {
            config = config.withAdapter(ADAPTER, setting.choice().adapter(mode.rank(), 1));
        }
        engine = Engine.open(config);
        try {
            if (mode.merged()) {
                engine.adapters().merge(ADAPTER);
            }
        } catch (RuntimeException e) {
            engine.close();
            throw e;
        } catch (InterruptedException e) {
            engine.close();
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while merging", e);
        }
    }

    /** The description of the backend, without the reason for its choice. */
    private String device() {
        return engine.backendDescription()
                .replaceFirst("^device: ", "")
                .replaceFirst(", (as asked|chosen by auto).*", "");
    }

    /** Opens the model, generates once and closes it. */
    public static BenchResult measure(Setting setting) throws InterruptedException {
        try (LongGeneration generation = new LongGeneration(setting)) {
            generation.warmUp();
            generation.measureBandwidth();
            generation.generate();
            generation.measureBandwidth();
            return generation.result();
        }
    }

    /**
     * Runs a few steps, so that the measurement includes neither JIT compilation nor page faults.
     */
    void warmUp() throws InterruptedException {
        Generation warming =
                engine.submit(request(0).withMaxTokens(Math.min(WARM_UP_TOKENS, times.length)));
        while (warming.next() instanceof GenerationEvent.TokenEmitted) {
            // discarded
        }
    }

    /**
     * Measures the memory bandwidth once more; results use the mean of all measurements. On a
     * shared machine the bandwidth changes during a generation of minutes: from 19 to 27 GB/s in
     * one afternoon.
     */
    void measureBandwidth() {
        MemoryBandwidth.measure(setting.choice().device(), setting.choice().threads())
                .ifPresent(bandwidths::add);
    }

    /** The result of the last generation. */
    BenchResult result() {
        OptionalDouble bandwidth = bandwidths.stream().mapToDouble(each -> each).average();
        StepBytes bytes =
                StepBytes.of(
                        engine.memoryPlan(),
                        engine.model(),
                        setting.choice().weights(),
                        setting.batch(),
                        adapterBytes());
        TokenTimes tokens = new TokenTimes(start, times, setting.prompt(), setting.batch());
        return new BenchResult(
                "LongGeneration",
                parameters(),
                tokens.metrics(setting.window(), bytes, bandwidth),
                tokens.series(setting.window(), bytes, bandwidth));
    }

    private long adapterBytes() {
        return setting.adapter().merged()
                ? 0
                : engine.adapters().list().stream().mapToLong(AdapterInfo::bytes).sum();
    }

    private Map<String, String> parameters() {
        ModelChoice choice = setting.choice();
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("model", choice.name());
        parameters.put("device", device());
        parameters.put("weights", choice.weights().name());
        if (choice.kv() != null) {
            parameters.put("kv", choice.kv().name());
        }
        parameters.put("adapter", setting.adapter().name());
        parameters.put("batch", Integer.toString(setting.batch()));
        parameters.put("prompt", Integer.toString(setting.prompt()));
        parameters.put("output", Integer.toString(setting.output()));
        return parameters;
    }

    /**
     * Generates all sequences and keeps the token times of the sequence that was submitted last:
     * once it has its first token, all sequences decode.
     *
     * @return the number of tokens of all sequences
     */
    int generate() throws InterruptedException {
        start = System.nanoTime();
        List<Generation> generations = new ArrayList<>();
        for (int sequence = 0; sequence < setting.batch(); sequence++) {
            generations.add(engine.submit(request(sequence)));
        }
        Generation last = generations.removeLast();
        TokenProgress progress = new TokenProgress(times.length);
        for (int token = 0; token < times.length; token++) {
            requireToken(last.next());
            times[token] = System.nanoTime();
            progress.generated(token + 1, times[token]);
        }
        requireEnd(last.next());
        for (Generation generation : generations) {
            for (int token = 0; token < times.length; token++) {
                requireToken(generation.next());
            }
            requireEnd(generation.next());
        }
        return setting.batch() * times.length;
    }

    private GenerationRequest request(int sequence) {
        int vocabulary = engine.model().vocabSize();
        List<Integer> prompt =
                IntStream.range(0, setting.prompt())
                        // Spread over the vocabulary, the same in every run.
                        .mapToObj(i -> (int) ((sequence + 1 + i) * 2_654_435_761L % vocabulary))
                        .toList();
        GenerationRequest request =
                GenerationRequest.ids(prompt)
                        .withMaxTokens(setting.output())
                        .withSampling(SamplingOptions.greedy())
                        .ignoringEos();
        return setting.adapter() == AdapterMode.NONE ? request : request.withAdapter(ADAPTER);
    }

    private static void requireToken(@Nullable GenerationEvent event) {
        if (event instanceof GenerationEvent.Failed failed) {
            throw failed.cause();
        }
        if (!(event instanceof GenerationEvent.TokenEmitted)) {
            throw new IllegalStateException("the generation ended early: " + event);
        }
    }

    private static void requireEnd(@Nullable GenerationEvent event) {
        if (!(event instanceof GenerationEvent.Finished)) {
            throw new IllegalStateException("the generation did not end: " + event);
        }
    }

    @Override
    public void close() {
        engine.close();
    }
}
