package dev.longhand.bench.serving;

import dev.longhand.bench.cli.Counts;
import dev.longhand.bench.model.ModelOptions;
import dev.longhand.engine.Engine;
import dev.longhand.engine.generation.GenerationRequest;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Prints the time between the tokens of a long thought, alone and while short requests come and go,
 * and checks that its tokens are the same. Short requests are submitted at even distances along the
 * thought, whether earlier ones have ended or not.
 */
@Command(
        name = "thought",
        mixinStandardHelpOptions = true,
        description = "Latency of a long thought while short requests come and go.")
public final class ThoughtReport implements Runnable {
    @Mixin private ModelOptions model = new ModelOptions();

    @Option(names = "--tokens", defaultValue = "16384", description = "Tokens of the thought.")
    private int tokens;

    @Option(names = "--requests", defaultValue = "50", description = "Default: ${DEFAULT-VALUE}.")
    private int requests;

    @Option(names = "--prompt", defaultValue = "200", description = "Tokens of each prompt.")
    private int prompt;

    @Option(names = "--answer", defaultValue = "32", description = "Tokens of each answer.")
    private int answer;

    @Option(
            names = "--sequences",
            defaultValue = "8",
            description = "Sequences that decode together.")
    private int sequences;

    @Override
    public void run() {
        Counts.requirePositive("--tokens", tokens);
        Counts.requirePositive("--requests", requests);
        Counts.requirePositive("--prompt", prompt);
        Counts.requirePositive("--answer", answer);
        Counts.requirePositive("--sequences", sequences);
        model.announce(2.3 * tokens);
        int context = prompt + tokens;
        try (Engine engine =
                        Engine.open(
                                model.choice()
                                        .engine()
                                        .withContextTokensMax(context)
                                        .withKvTokensMax(
                                                context + sequences * (prompt + answer + 16))
                                        .withSequencesMax(sequences));
                ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
            System.out.println(engine.backendDescription());
            GenerationRequest thought = SyntheticRequest.of(0, prompt, tokens);
            WatchedGeneration alone =
                    WatchedGeneration.of(engine.submit(thought), tokens, count -> {});
            print("alone", alone.pauses());
            List<Future<WatchedGeneration>> shorts = new ArrayList<>();
            int every = Math.max(1, tokens / (requests + 1));
            WatchedGeneration disturbed =
                    WatchedGeneration.of(
                            engine.submit(thought),
                            tokens,
                            count -> {
                                if ((count + 1) % every == 0 && shorts.size() < requests) {
                                    int number = 1 + shorts.size();
                                    shorts.add(readers.submit(() -> ask(engine, number)));
                                }
                            });
            print("with " + shorts.size() + " requests", disturbed.pauses());
            double[] first = new double[shorts.size()];
            for (int i = 0; i < first.length; i++) {
                var usage = shorts.get(i).get().usage();
                first[i] = (usage.queuedNanos() + usage.prefillNanos()) / 1e6;
            }
            conclude(alone, disturbed, first);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("a short request failed", e.getCause());
        }
    }

    private WatchedGeneration ask(Engine engine, int number) throws InterruptedException {
        GenerationRequest request = SyntheticRequest.of(number, prompt, answer);
        return WatchedGeneration.of(engine.submit(request), answer, count -> {});
    }

    private static void print(String what, double[] pauses) {
        System.out.printf(
                Locale.ROOT,
                "  %-18s between tokens p50 %.2f ms, p99 %.2f ms: %.2fx, longest %.2f ms%n",
                what,
                WatchedGeneration.percentile(pauses, 0.5),
                WatchedGeneration.percentile(pauses, 0.99),
                WatchedGeneration.percentile(pauses, 0.99)
                        / WatchedGeneration.percentile(pauses, 0.5),
                WatchedGeneration.percentile(pauses, 1));
    }

    /**
     * Prints the latency of the short requests and compares the tokens of the thought. A restart of
     * the thought would show in its longest pause, if not in its tokens.
     */
    private void conclude(WatchedGeneration alone, WatchedGeneration disturbed, double[] first) {
        Arrays.sort(first);
        boolean same = Arrays.equals(alone.ids(), disturbed.ids());
        System.out.printf(
                Locale.ROOT,
                "  requests of %d + %d tokens: first token after p50 %.1f ms, p99 %.1f ms%n"
                        + "  the thought's %d tokens are %s%n",
                prompt,
                answer,
                WatchedGeneration.percentile(first, 0.5),
                WatchedGeneration.percentile(first, 0.99),
                disturbed.ids().length,
                same ? "the same as alone" : "NOT the same as alone");
        if (!same) {
            throw new IllegalStateException("the thought changed in company");
        }
    }
}
