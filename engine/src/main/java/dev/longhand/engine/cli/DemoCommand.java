package dev.longhand.engine.cli;

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
 * {@code longhand demo}: the whole path on a checkpoint that ships in the jar. Streams a few
 * answers and scores the held-out problems, all submitted at once and answered in batches.
 */
@Command(name = "demo", description = "Solves word problems with the model in this jar.")
final class DemoCommand implements Callable<Integer> {
    private static final int STREAMED = 3;
    private static final int ANSWER_TOKENS_MAX = 64;

    @Mixin private ModelOptions.DeviceOptions device = new ModelOptions.DeviceOptions();

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
                                device.apply(EngineConfig.of(demo.folder()))
                                        .contextTokensMax(512)
                                        .kvTokensMax(4096)
                                        .build())) {
            console.println(engine.backendDescription());
            List<DemoCheckpoint.Problem> problems = demo.problems();
            for (DemoCheckpoint.Problem problem : problems.subList(0, STREAMED)) {
                console.println("\n" + problem.question());
                Answer answer = new Answer(engine.submit(request(problem)));
                answer.drain(console::print);
                console.println("   (right: " + problem.answer() + ")");
            }
            console.println("\n" + score(engine, problems.subList(0, count())));
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
        List<Answer> answers = new ArrayList<>();
        for (DemoCheckpoint.Problem problem : problems) {
            answers.add(new Answer(engine.submit(request(problem))));
        }
        int right = 0;
        long promptTokens = 0;
        long outputTokens = 0;
        for (int i = 0; i < answers.size(); i++) {
            Answer answer = answers.get(i);
            answer.drain(text -> {});
            right += answer.text().contains("\\boxed{" + problems.get(i).answer() + "}") ? 1 : 0;
            promptTokens += answer.usage().promptTokens();
            outputTokens += answer.usage().outputTokens();
        }
        double seconds = (System.nanoTime() - begin) / 1e9;
        return String.format(
                Locale.ROOT,
                "%d of %d held-out problems right (%.1f %%)%n"
                        + "%d prompt and %d output tokens in %.1f s: %.0f output tokens/s%n"
                        + "peak memory: %d MiB resident, %d MiB of it Java heap",
                right,
                problems.size(),
                100.0 * right / problems.size(),
                promptTokens,
                outputTokens,
                seconds,
                outputTokens / seconds,
                ProcessMemory.peakResidentMebibytes(),
                ProcessMemory.peakHeapMebibytes());
    }
}
