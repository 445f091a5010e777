package dev.longhand.bench.serving;

import dev.longhand.bench.cli.Counts;
import dev.longhand.bench.model.ModelOptions;
import dev.longhand.engine.Engine;
import dev.longhand.engine.generation.GenerationRequest;
import dev.longhand.engine.generation.SamplingOptions;
import dev.longhand.engine.generation.Speculation;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Prints the gain of speculation on a text that repeats itself and its cost on one that does not:
 * decode rates of the same request with and without it, in alternating order, after checking that
 * the answers are identical. Random weights fall into loops when decoded greedily; sampled at
 * temperature 1 they do not repeat themselves.
 */
@Command(
        name = "speculation",
        mixinStandardHelpOptions = true,
        description = "Decode rates with and without speculation.")
public final class SpeculationReport implements Runnable {
    private static final Speculation[] MODES = {Speculation.OFF, Speculation.AUTO};

    @Mixin private ModelOptions model = new ModelOptions();

    @Option(names = "--prompt", defaultValue = "64", description = "Tokens of each prompt.")
    private int prompt;

    @Option(names = "--tokens", defaultValue = "256", description = "Tokens of each answer.")
    private int tokens;

    @Option(names = "--rounds", defaultValue = "5", description = "Default: ${DEFAULT-VALUE}.")
    private int rounds;

    @Option(
            names = "--temperatures",
            split = ",",
            defaultValue = "0,1",
            description = "A text for each temperature. Default: ${DEFAULT-VALUE}.")
    private List<Float> temperatures = List.of();

    @Override
    public void run() {
        Counts.requirePositive("--prompt", prompt);
        Counts.requirePositive("--tokens", tokens);
        Counts.requirePositive("--rounds", rounds);
        model.announce(2.0 * temperatures.size() * rounds * (tokens + prompt / 6.0));
        int context = prompt + tokens;
        try (Engine engine =
                Engine.open(
                        model.choice()
                                .engine()
                                .withContextTokensMax(context)
                                .withSequencesMax(1))) {
            System.out.println(engine.backendDescription());
            for (float temperature : temperatures) {
                compare(engine, temperature);
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private void compare(Engine engine, float temperature) throws InterruptedException {
        double[] ratios = new double[rounds];
        double[] without = new double[rounds];
        int draftTokens = 0;
        int acceptedTokens = 0;
        for (int round = 0; round < rounds; round++) {
            GenerationRequest request = request(round, temperature);
            int first = round % 2; // the order alternates
            WatchedGeneration[] runs = new WatchedGeneration[2];
            runs[first] = run(engine, request, MODES[first]);
            runs[1 - first] = run(engine, request, MODES[1 - first]);
            WatchedGeneration plain = runs[0];
            WatchedGeneration drafted = runs[1];
            if (!Arrays.equals(plain.ids(), drafted.ids())) {
                throw new IllegalStateException("speculation changed the text of round " + round);
            }
            without[round] = plain.usage().decodeTokensPerSecond();
            ratios[round] = drafted.usage().decodeTokensPerSecond() / without[round];
            draftTokens += drafted.usage().draftedTokens();
            acceptedTokens += drafted.usage().acceptedTokens();
        }
        Arrays.sort(ratios);
        Arrays.sort(without);
        System.out.printf(
                Locale.ROOT,
                "temperature %.1f, %d answers of %d tokens, the same: %.2f tokens/s without,%n"
                        + "  with %.3fx (%.3f to %.3f); of %d draft tokens %d were accepted%n",
                temperature,
                rounds,
                tokens,
                without[rounds / 2],
                ratios[rounds / 2],
                ratios[0],
                ratios[rounds - 1],
                draftTokens,
                acceptedTokens);
    }

    private GenerationRequest request(int number, float temperature) {
        SamplingOptions sampling =
                SamplingOptions.DEFAULT
                        .withTemperature(temperature)
                        .withTopK(0)
                        .withTopP(1f)
                        .withSeed((long) number);
        return SyntheticRequest.of(number, prompt, tokens).withSampling(sampling);
    }

    private WatchedGeneration run(Engine engine, GenerationRequest request, Speculation speculation)
            throws InterruptedException {
        return WatchedGeneration.of(
                engine.submit(request.withSpeculation(speculation)), tokens, count -> {});
    }
}
