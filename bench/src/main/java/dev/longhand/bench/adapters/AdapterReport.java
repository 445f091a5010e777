package dev.longhand.bench.adapters;

import dev.longhand.bench.cli.Counts;
import dev.longhand.bench.model.ModelChoice;
import dev.longhand.bench.model.ModelOptions;
import dev.longhand.bench.report.BenchResult;
import dev.longhand.bench.report.Metric;
import dev.longhand.bench.report.ResultOptions;
import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.Generation;
import dev.longhand.engine.generation.GenerationEvent;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Prints the cost of unmerged adapters: the time per step relative to the base, in alternating
 * rounds, so that each ratio compares measurements close in time. Also prints the time from loading
 * an adapter to its first token, and the pause that this causes for another generation.
 */
@Command(
        name = "adapters",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Time per step with LoRA adapters beside the base, and the time to load one while",
            "another generates. Needs --cache, where the random adapters are kept."
        })
public final class AdapterReport implements Runnable {
    private static final int ROWS = 8;
    private static final int TOKENS = 17; // the first comes from the prefill
    private static final int RANK = 64;
    private static final int LARGE_RANK = 256;

    @Mixin private ModelOptions model = new ModelOptions();
    @Mixin private ResultOptions output = new ResultOptions();

    @Option(names = "--rounds", defaultValue = "9", description = "Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Override
    public void run() {
        Counts.requirePositive("--rounds", rounds);
        model.announce(rounds * 5.0 * TOKENS * 1.2);
        ModelChoice choice = model.choice();
        EngineConfig config =
                choice.engine().withContextTokensMax(1024).withKvTokensMax(ROWS * 1024);
        for (int i = 0; i < ROWS; i++) {
            config = config.withAdapter(small(i), choice.adapter(RANK, i));
        }
        config = config.withAdapter("large", choice.adapter(LARGE_RANK, 0));
        Path swapped = choice.adapter(RANK, ROWS);
        try (Engine engine = Engine.open(config)) {
            List<BenchResult> results = new ArrayList<>(costs(engine));
            results.add(swaps(engine, swapped));
            output.report("LoRA adapters, " + engine.backendDescription(), results);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private static String small(int index) {
        return "small" + index;
    }

    private List<BenchResult> costs(Engine engine) throws InterruptedException {
        List<@Nullable String> adapters = new ArrayList<>();
        for (int i = 0; i < ROWS; i++) {
            adapters.add(small(i));
        }
        Map<String, List<@Nullable String>> cases = new LinkedHashMap<>();
        cases.put("1 row, base", Collections.singletonList(null));
        cases.put("1 row, r=" + RANK, List.of(small(0)));
        cases.put("1 row, r=" + LARGE_RANK, List.of("large"));
        cases.put(ROWS + " rows, base", Collections.nCopies(ROWS, null));
        cases.put(ROWS + " rows, " + ROWS + " adapters of r=" + RANK, adapters);
        Map<String, List<Double>> times = new LinkedHashMap<>();
        for (int round = -1; round < rounds; round++) {
            for (Map.Entry<String, List<@Nullable String>> each : cases.entrySet()) {
                double millis = millisPerStep(engine, each.getValue());
                if (round >= 0) {
                    times.computeIfAbsent(each.getKey(), any -> new ArrayList<>()).add(millis);
                }
            }
        }
        List<BenchResult> results = new ArrayList<>();
        List<Double> base = List.of();
        for (Map.Entry<String, List<Double>> each : times.entrySet()) {
            base = each.getKey().endsWith("base") ? each.getValue() : base;
            double[] ratios = new double[rounds];
            for (int round = 0; round < rounds; round++) {
                ratios[round] = each.getValue().get(round) / base.get(round);
            }
            Map<Metric, Double> metrics = new LinkedHashMap<>();
            double[] millis = each.getValue().stream().mapToDouble(x -> x).toArray();
            metrics.put(Metric.of("ms/step"), median(millis));
            metrics.put(new Metric("of base, median of rounds", "x"), median(ratios));
            metrics.put(new Metric("least", "x"), Arrays.stream(ratios).min().orElse(0));
            metrics.put(new Metric("most", "x"), Arrays.stream(ratios).max().orElse(0));
            results.add(
                    new BenchResult("Adapters", Map.of("case", each.getKey()), metrics, Map.of()));
        }
        return results;
    }

    /** Times a step that decodes one row with each of these adapters; null is the base. */
    private static double millisPerStep(Engine engine, List<@Nullable String> adapters)
            throws InterruptedException {
        List<Generation> generations = new ArrayList<>();
        for (int row = 0; row < adapters.size(); row++) {
            generations.add(engine.submit(request(adapters.get(row), row + 1, TOKENS)));
        }
        long nanos = 0;
        for (Generation generation : generations) {
            nanos = Math.max(nanos, generation.await().usage().decodeNanos());
        }
        return nanos / 1e6 / (TOKENS - 1);
    }

    private static GenerationRequest request(@Nullable String adapter, int token, int tokens) {
        GenerationRequest request =
                GenerationRequest.ids(List.of(token))
                        .withMaxTokens(tokens)
                        .withSampling(SamplingOptions.greedy())
                        .ignoringEos();
        return adapter == null ? request : request.withAdapter(adapter);
    }

    /** Loads and unloads an adapter while another generation runs. */
    private BenchResult swaps(Engine engine, Path swapped) throws InterruptedException {
        double[] load = new double[rounds];
        double[] first = new double[rounds];
        double[] again = new double[rounds];
        double[] gaps = new double[rounds];
        double[] step = new double[rounds];
        for (int round = 0; round < rounds; round++) {
            Pulse pulse = new Pulse(engine.submit(request(null, 1, 1000)));
            Thread.sleep(1500);
            step[round] = pulse.takeMedian();
            long start = System.nanoTime();
            engine.adapters().load("swapped", swapped);
            load[round] = (System.nanoTime() - start) / 1e6;
            engine.submit(request("swapped", 2, 1)).await();
            first[round] = (System.nanoTime() - start) / 1e6;
            gaps[round] = pulse.takeMax();
            start = System.nanoTime();
            engine.submit(request("swapped", 3, 1)).await();
            again[round] = (System.nanoTime() - start) / 1e6;
            pulse.stop();
            engine.adapters().unload("swapped");
        }
        Map<Metric, Double> metrics = new LinkedHashMap<>();
        metrics.put(new Metric("loaded after", "ms"), median(load));
        metrics.put(new Metric("first token after", "ms"), median(first));
        metrics.put(new Metric("first token, loaded before", "ms"), median(again));
        metrics.put(new Metric("longest pause of the other", "ms"), median(gaps));
        metrics.put(new Metric("its step", "ms"), median(step));
        Map<String, String> parameters = new LinkedHashMap<>();
        parameters.put("adapter", "r=%d, page-cached file".formatted(RANK));
        parameters.put("rounds", Integer.toString(rounds));
        return new BenchResult("Swap while another generates", parameters, metrics, Map.of());
    }

    /** Reads a generation and keeps the times between its tokens. */
    private static final class Pulse {
        private final Generation generation;
        private final Thread reader;
        private List<Double> pauses = new ArrayList<>();

        Pulse(Generation generation) {
            this.generation = generation;
            reader = Thread.ofPlatform().start(this::read);
        }

        private void read() {
            try {
                long last = System.nanoTime();
                while (generation.next() instanceof GenerationEvent.TokenEmitted) {
                    long now = System.nanoTime();
                    add((now - last) / 1e6);
                    last = now;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }

        private synchronized void add(double millis) {
            pauses.add(millis);
        }

        private synchronized double[] take() {
            double[] taken = pauses.stream().mapToDouble(x -> x).toArray();
            pauses = new ArrayList<>();
            return taken;
        }

        double takeMedian() {
            return median(take());
        }

        double takeMax() {
            return Arrays.stream(take()).max().orElse(0);
        }

        void stop() throws InterruptedException {
            generation.cancel();
            reader.join();
        }
    }

    private static double median(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return sorted.length == 0 ? 0 : sorted[sorted.length / 2];
    }
}
