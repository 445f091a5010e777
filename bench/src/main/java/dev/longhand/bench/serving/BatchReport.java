package dev.longhand.bench.serving;

import dev.longhand.bench.cli.Counts;
import dev.longhand.bench.model.ModelOptions;
import dev.longhand.engine.Engine;
import dev.longhand.engine.Generation;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Prints the throughput of a batch of requests relative to that of the same requests one after
 * another, in alternating rounds, after checking that the answers are identical.
 */
@Command(
        name = "batch",
        mixinStandardHelpOptions = true,
        description = "Throughput of a batch beside the same requests one after another.")
public final class BatchReport implements Runnable {
    @Mixin private ModelOptions model = new ModelOptions();

    @Option(names = "--batch", defaultValue = "8", description = "Default: ${DEFAULT-VALUE}.")
    private int batch;

    @Option(names = "--prompt", defaultValue = "16", description = "Tokens of each prompt.")
    private int prompt;

    @Option(names = "--tokens", defaultValue = "48", description = "Tokens of each answer.")
    private int tokens;

    @Option(names = "--rounds", defaultValue = "3", description = "Default: ${DEFAULT-VALUE}.")
    private int rounds;

    /** The answers to all requests, and the time that all took together. */
    private record Round(List<int[]> ids, double seconds) {}

    @Override
    public void run() {
        Counts.requirePositive("--batch", batch);
        Counts.requirePositive("--prompt", prompt);
        Counts.requirePositive("--tokens", tokens);
        Counts.requirePositive("--rounds", rounds);
        model.announce(rounds * (tokens * (batch + 1.3) + batch * prompt / 3.0));
        int context = prompt + tokens;
        try (Engine engine =
                Engine.open(
                        model.choice()
                                .engine()
                                .withContextTokensMax(context)
                                .withKvTokensMax(batch * context)
                                .withSequencesMax(batch))) {
            System.out.println(engine.backendDescription());
            double[] ratios = new double[rounds];
            double[] alone = new double[rounds];
            double[] together = new double[rounds];
            for (int round = 0; round < rounds; round++) {
                Round one = round(engine, round, 1);
                Round all = round(engine, round, batch);
                for (int i = 0; i < batch; i++) {
                    if (!Arrays.equals(one.ids.get(i), all.ids.get(i))) {
                        throw new IllegalStateException(
                                "request %d of round %d has a different answer in the batch"
                                        .formatted(i, round));
                    }
                }
                alone[round] = batch * tokens / one.seconds;
                together[round] = batch * tokens / all.seconds;
                ratios[round] = one.seconds / all.seconds;
            }
            print(alone, together, ratios);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Runs the requests of a round, {@code atATime} of them at once. Prompts differ between rounds,
     * so that no round finds pages of an earlier round in the prefix cache.
     */
    private Round round(Engine engine, int round, int atATime) throws InterruptedException {
        List<int[]> ids = new ArrayList<>();
        long start = System.nanoTime();
        for (int first = 0; first < batch; first += atATime) {
            List<Generation> generations = new ArrayList<>();
            for (int i = first; i < first + atATime; i++) {
                int number = round * batch + i;
                generations.add(engine.submit(SyntheticRequest.of(number, prompt, tokens)));
            }
            for (Generation each : generations) {
                ids.add(WatchedGeneration.of(each, tokens, count -> {}).ids());
            }
        }
        return new Round(ids, (System.nanoTime() - start) / 1e9);
    }

    private void print(double[] alone, double[] together, double[] ratios) {
        Arrays.sort(alone);
        Arrays.sort(together);
        Arrays.sort(ratios);
        System.out.printf(
                Locale.ROOT,
                "%d requests of %d + %d tokens, medians of %d rounds, the same answers:%n"
                        + "  one after another %.2f tokens/s%n"
                        + "  in a batch        %.2f tokens/s: %.2fx (%.2f to %.2f)%n",
                batch,
                prompt,
                tokens,
                rounds,
                alone[rounds / 2],
                together[rounds / 2],
                ratios[rounds / 2],
                ratios[0],
                ratios[rounds - 1]);
    }
}
