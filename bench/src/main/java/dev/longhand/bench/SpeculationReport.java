package dev.longhand.bench;

import dev.longhand.bench.cli.CommandLines;
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
 * Prints what guessing ahead gains on a text that repeats itself and what it costs on one that does
 * not: decode rates of the same request with and without, by turns, after checking that the answers
 * are the same to the token. Small vocabularies and random weights fall into loops when decoded
 * greedily; drawn at temperature 1 they say nothing twice.
 *
 * <pre>java -cp bench/target/benchmarks.jar dev.longhand.bench.SpeculationReport --cache DIR</pre>
 */
@Command(
        name = "speculation-report",
        mixinStandardHelpOptions = true,
        description = "Decoding with guesses against decoding without.")
public final class SpeculationReport implements Runnable {
    private static final Speculation[] MODES = {Speculation.OFF, Speculation.AUTO};

    @Mixin private ServingModel model = new ServingModel();

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
            description = "One text each. Default: ${DEFAULT-VALUE}.")
    private List<Float> temperatures = List.of();

    /** Runs the command and exits with its status. */
    public static void main(String[] arguments) {
        System.exit(CommandLines.run(new SpeculationReport(), arguments));
    }

    @Override
    public void run() {
        int context = prompt + tokens;
        try (Engine engine =
                Engine.open(model.engine().contextTokensMax(context).sequencesMax(1).build())) {
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
        int drafted = 0;
        int accepted = 0;
        for (int round = 0; round < rounds; round++) {
            GenerationRequest request = request(round, temperature);
            int turn = round % 2; // who comes first takes turns
            WatchedGeneration[] runs = new WatchedGeneration[2];
            runs[turn] = run(engine, request, MODES[turn]);
            runs[1 - turn] = run(engine, request, MODES[1 - turn]);
            WatchedGeneration plain = runs[0];
            WatchedGeneration guessed = runs[1];
            if (!Arrays.equals(plain.ids(), guessed.ids())) {
                throw new IllegalStateException("guessing changed the text of round " + round);
            }
            without[round] = plain.usage().decodeTokensPerSecond();
            ratios[round] = guessed.usage().decodeTokensPerSecond() / without[round];
            drafted += guessed.usage().draftedTokens();
            accepted += guessed.usage().acceptedTokens();
        }
        Arrays.sort(ratios);
        Arrays.sort(without);
        System.out.printf(
                Locale.ROOT,
                "temperature %.1f, %d answers of %d tokens, the same: %.2f tokens/s without, with"
                        + " %.3fx (%.3f to %.3f); of %d guesses %d came true%n",
                temperature,
                rounds,
                tokens,
                without[rounds / 2],
                ratios[rounds / 2],
                ratios[0],
                ratios[rounds - 1],
                drafted,
                accepted);
    }

    private GenerationRequest request(int number, float temperature) {
        SamplingOptions sampling =
                SamplingOptions.builder()
                        .temperature(temperature)
                        .topK(0)
                        .topP(1f)
                        .seed((long) number)
                        .build();
        return ServingModel.request(number, prompt, tokens).withSampling(sampling);
    }

    private WatchedGeneration run(Engine engine, GenerationRequest request, Speculation speculation)
            throws InterruptedException {
        return WatchedGeneration.of(
                engine.submit(request.withSpeculation(speculation)), tokens, count -> {});
    }
}
