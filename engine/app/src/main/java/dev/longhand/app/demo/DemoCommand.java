package dev.longhand.app.demo;

import dev.longhand.app.cli.CollectedAnswer;
import dev.longhand.app.cli.Console;
import dev.longhand.app.cli.DeviceOptions;
import dev.longhand.engine.Engine;
import dev.longhand.engine.EngineConfig;
import dev.longhand.engine.generation.GenerationRequest;

import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;

/**
 * {@code longhand demo}: runs the checkpoint in the jar without and with its Long-CoT adapter. It
 * streams an answer of each, then scores both on the held-out problems, in shared batches.
 */
@Command(
        name = "demo",
        description = "Solves word problems with the model in this jar, and with its adapter.")
public final class DemoCommand implements Callable<Integer> {
    private static final String ADAPTER = "long-cot";
    private static final int ANSWER_TOKENS_MAX = 400;
    private static final int CONTEXT_TOKENS_MAX = 512;
    private static final int SEQUENCES = 16;

    @Mixin private DeviceOptions device = new DeviceOptions();

    @Option(
            names = "--problems",
            paramLabel = "N",
            defaultValue = "210",
            description = "Held-out problems to score, at most 210.")
    private int count;

    @Override
    public Integer call() throws InterruptedException {
        Console console = new Console();
        try (DemoCheckpoint demo = DemoCheckpoint.unpack();
                Engine engine =
                        Engine.open(
                                device.apply(EngineConfig.of(demo.checkpoint()))
                                        .withContextTokensMax(CONTEXT_TOKENS_MAX)
                                        .withKvTokensMax(SEQUENCES * CONTEXT_TOKENS_MAX)
                                        .withSequencesMax(SEQUENCES)
                                        .withQueueDepthMax(2 * DemoCheckpoint.PROBLEMS)
                                        .withAdapter(ADAPTER, demo.adapter()))) {
            console.println(engine.backendDescription());
            List<DemoCheckpoint.Problem> problems = demo.problems();
            DemoCheckpoint.Problem first = problems.getFirst();
            console.println("\n" + first.question() + "   (right: " + first.answer() + ")");
            console.println("\nbase:");
            new CollectedAnswer(engine.submit(request(first))).drain(console::print);
            console.println("\n\nwith the adapter:");
            new CollectedAnswer(engine.submit(request(first).withAdapter(ADAPTER)))
                    .drain(console::print);
            console.println("\n\n" + score(engine, problems.subList(0, count())));
        }
        return 0;
    }

    private int count() {
        return Math.clamp(count, 1, DemoCheckpoint.PROBLEMS);
    }

    private static GenerationRequest request(DemoCheckpoint.Problem problem) {
        return GenerationRequest.chat(problem.question()).withMaxTokens(ANSWER_TOKENS_MAX);
    }

    private static String score(Engine engine, List<DemoCheckpoint.Problem> problems)
            throws InterruptedException {
        long begin = System.nanoTime();
        List<CollectedAnswer> ofBase = new ArrayList<>();
        List<CollectedAnswer> ofAdapter = new ArrayList<>();
        for (DemoCheckpoint.Problem problem : problems) {
            ofBase.add(new CollectedAnswer(engine.submit(request(problem))));
            ofAdapter.add(
                    new CollectedAnswer(engine.submit(request(problem).withAdapter(ADAPTER))));
        }
        DemoScore base = new DemoScore("base");
        DemoScore adapter = new DemoScore("with adapter");
        for (int i = 0; i < problems.size(); i++) {
            ofBase.get(i).drain(text -> {});
            base.add(ofBase.get(i), problems.get(i));
            ofAdapter.get(i).drain(text -> {});
            adapter.add(ofAdapter.get(i), problems.get(i));
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        long outputTokens = base.outputTokens() + adapter.outputTokens();
        return String.format(
                Locale.ROOT,
                "%d held-out problems:%n%s%n%s%n%s%n"
                        + "%d prompt and %d output tokens in %.1f s: %.0f output tokens/s%n"
                        + "peak memory: %d MiB resident, %d MiB of it Java heap",
                problems.size(),
                DemoScore.header(),
                base.row(),
                adapter.row(),
                base.promptTokens() + adapter.promptTokens(),
                outputTokens,
                seconds,
                outputTokens / seconds,
                ProcessMemory.peakResidentMebibytes(),
                ProcessMemory.peakHeapMebibytes());
    }
}
