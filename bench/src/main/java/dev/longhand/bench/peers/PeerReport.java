package dev.longhand.bench.peers;

import dev.longhand.bench.generation.ModelSession;
import dev.longhand.bench.model.ModelChoice;
import dev.longhand.bench.report.Provenance;
import dev.longhand.bench.report.RunCost;
import dev.longhand.engine.error.InputException;
import dev.longhand.kernels.Device;
import dev.longhand.kernels.tensor.DType;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * Measures decode and prefill beside llama.cpp on this machine's CPU. Both engines have the same
 * random weights, keys and values in 16 bits and the same number of threads. They run in
 * alternation, and the values are medians of rounds.
 */
@Command(
        name = "peers",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Decode and prefill beside llama.cpp on the CPU, as a Markdown table: llama.cpp's",
            "value, Longhand's, and how many times as fast Longhand is. Random checkpoints and",
            "their GGUF files are kept in --cache."
        })
public final class PeerReport implements Runnable {
    private static final int WARM_UP_STEPS = 4;

    @Option(
            names = "--llama-bench",
            required = true,
            paramLabel = "FILE",
            description = "llama.cpp's benchmark program, build/bin/llama-bench.")
    private Path program = Path.of("");

    @Option(
            names = "--cache",
            required = true,
            paramLabel = "DIR",
            description = "Folder of generated models: 2.8 GB for 0.5b, 8.7 GB for 1.5b.")
    private String cache = "";

    @Option(
            names = "--shapes",
            split = ",",
            defaultValue = "0.5b",
            description = "Default: ${DEFAULT-VALUE}.")
    private List<String> shapes = List.of();

    @Option(
            names = "--weights",
            split = ",",
            defaultValue = "bf16,int8,int4",
            description = "bf16, int8, int4; llama.cpp's are BF16, Q8_0, Q4_0. Default: all.")
    private List<String> weights = List.of();

    @Option(
            names = "--contexts",
            split = ",",
            defaultValue = "0,4096,16384",
            description = "Positions before the decode steps. Default: ${DEFAULT-VALUE}.")
    private List<Integer> contexts = List.of();

    @Option(names = "--prompt", defaultValue = "512", description = "Tokens of the prefill.")
    private int prompt;

    @Option(names = "--steps", defaultValue = "32", description = "Decode steps of a round.")
    private int steps;

    @Option(names = "--rounds", defaultValue = "3", description = "Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(names = "--threads", defaultValue = "0", description = "0 is one per processor.")
    private int threads;

    @Option(
            names = "--llama-options",
            split = " ",
            defaultValue = "",
            paramLabel = "OPTIONS",
            description = "Further options of llama-bench, for example '-fa 1'.")
    private List<String> llamaOptions = List.of();

    @Option(names = "--csv", paramLabel = "FILE", description = "Also writes the measurements.")
    private @Nullable Path csv;

    private String build = "unknown";

    /** Values of both engines over the rounds. */
    private record Values(List<Double> llamaCpp, List<Double> longhand) {
        Values() {
            this(new ArrayList<>(), new ArrayList<>());
        }

        PeerCell cell(ModelChoice choice, GgufType type, PeerCell.Phase phase, int tokens) {
            return new PeerCell(
                    choice.shape(),
                    choice.weights().name().toLowerCase(Locale.ROOT),
                    type.name(),
                    phase,
                    tokens,
                    median(llamaCpp),
                    median(longhand));
        }
    }

    @Override
    public void run() {
        if (rounds < 1 || steps < 1 || prompt < 1) {
            throw new InputException("rounds, steps and the prompt must be at least 1");
        }
        int cores = threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
        LlamaBench llama =
                new LlamaBench(
                        program,
                        cores,
                        llamaOptions.stream().filter(option -> !option.isEmpty()).toList());
        List<ModelChoice> choices = choices(cores);
        System.err.println(cost(choices).text());
        try {
            List<PeerCell> cells = new ArrayList<>();
            for (ModelChoice choice : choices) {
                cells.addAll(measure(choice, llama));
            }
            PeerTable table = new PeerTable(conditions(cores), cells);
            System.out.printf("%n%s%n%s", String.join("\n", table.conditions()), table.markdown());
            if (csv != null) {
                table.write(csv);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        }
    }

    private List<ModelChoice> choices(int cores) {
        List<ModelChoice> choices = new ArrayList<>();
        for (String shape : shapes) {
            for (String name : weights) {
                DType dtype = ModelChoice.weights(name);
                if (GgufType.beside(dtype) == null) {
                    throw new InputException("llama.cpp has no weights beside " + name);
                }
                choices.add(
                        new ModelChoice("", shape, cache, Device.CPU, cores, dtype, DType.BF16));
            }
        }
        return choices;
    }

    /** llama.cpp fills every context for real, at about six positions a step. */
    private RunCost cost(List<ModelChoice> choices) {
        double filled = contexts.stream().mapToInt(Integer::intValue).sum() + 2.0 * prompt;
        double eachRound = filled / 6 + 2.0 * contexts.size() * (steps + WARM_UP_STEPS);
        return choices.stream()
                .map(choice -> choice.cost(rounds * eachRound))
                .reduce(RunCost.NONE, RunCost::plus);
    }

    private List<PeerCell> measure(ModelChoice choice, LlamaBench llama)
            throws IOException, InterruptedException {
        GgufType type = Objects.requireNonNull(GgufType.beside(choice.weights()));
        Path gguf = GgufFile.cached(choice.folder(), type);
        Values prefill = new Values();
        Map<Integer, Values> decode = new LinkedHashMap<>();
        contexts.forEach(context -> decode.put(context, new Values()));
        try (ModelSession session = ModelSession.open(choice, Collections.max(contexts), prompt)) {
            session.fillContext(Collections.max(contexts));
            session.prefill(prompt); // to warm up
            for (int round = 0; round < rounds; round++) {
                System.err.printf("%s %s, round %d%n", choice.shape(), type, round + 1);
                LlamaBench.Speed speed = llama.prefill(gguf, prompt);
                build = speed.build();
                prefill.llamaCpp.add(speed.tokensPerSecond());
                prefill.longhand.add(prefillRate(session));
                for (Map.Entry<Integer, Values> each : decode.entrySet()) {
                    int context = each.getKey();
                    double rate = llama.decode(gguf, context, steps).tokensPerSecond();
                    each.getValue().llamaCpp.add(1000 / rate);
                    each.getValue().longhand.add(stepMillis(session, context));
                }
            }
        }
        List<PeerCell> cells = new ArrayList<>();
        decode.forEach(
                (context, values) ->
                        cells.add(values.cell(choice, type, PeerCell.Phase.DECODE, context)));
        cells.add(prefill.cell(choice, type, PeerCell.Phase.PREFILL, prompt));
        return cells;
    }

    private double prefillRate(ModelSession session) {
        long start = System.nanoTime();
        session.prefill(prompt);
        return prompt * 1e9 / (System.nanoTime() - start);
    }

    /** Returns the mean time of the steps, as llama-bench does. */
    private double stepMillis(ModelSession session, int context) {
        for (int i = 0; i < WARM_UP_STEPS; i++) {
            session.decode(context, i);
        }
        long start = System.nanoTime();
        for (int i = 0; i < steps; i++) {
            session.decode(context, WARM_UP_STEPS + i);
        }
        return (System.nanoTime() - start) / 1e6 / steps;
    }

    private List<String> conditions(int cores) {
        return List.of(
                Provenance.here("").text(),
                "llama.cpp build " + build,
                "%d threads, keys and values in 16 bits, medians of %d rounds"
                                .formatted(cores, rounds)
                        + "; decode in ms/token, prefill in tokens/s");
    }

    private static double median(List<Double> values) {
        double[] sorted = values.stream().mapToDouble(value -> value).sorted().toArray();
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }
}
