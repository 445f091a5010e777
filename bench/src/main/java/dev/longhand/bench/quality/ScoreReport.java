package dev.longhand.bench.quality;

import dev.longhand.bench.cli.Counts;
import dev.longhand.bench.report.ProcessorTime;
import dev.longhand.engine.file.FolderTree;
import dev.longhand.study.answer.AnswerMode;
import dev.longhand.study.score.ScoreRun;
import dev.longhand.study.workload.WorkloadMix;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Prints how fast generations are scored: synthetic answers with the lengths of the study's long
 * runs, whose last boxes hold integers, so that no answer needs the symbolic comparison.
 */
@Command(
        name = "score",
        mixinStandardHelpOptions = true,
        description = "Scores synthetic generations of the study's lengths and prints the rate.")
public final class ScoreReport implements Runnable {
    private static final int PROBLEMS = 500;
    private static final int CHARACTERS_PER_TOKEN = 4;
    private static final String SENTENCE =
            "Wait, let me check that 17 \\\\cdot 4 = 68, so \\\\frac{68}{4} is 17 again, and"
                    + " perhaps it holds.\\n"
                    + "\\n";

    @Option(
            names = "--generations",
            defaultValue = "100000",
            description = "Default: ${DEFAULT-VALUE}.")
    private int generations;

    @Option(names = "--threads", defaultValue = "2", description = "Default: ${DEFAULT-VALUE}.")
    private int threads;

    @Override
    public void run() {
        Counts.requirePositive("--generations", generations);
        Counts.requirePositive("--threads", threads);
        try {
            Path folder = Files.createTempDirectory("longhand-score");
            try {
                measure(folder);
            } finally {
                FolderTree.delete(folder);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void measure(Path folder) throws IOException, InterruptedException {
        Path problems = folder.resolve("problems.jsonl");
        Path answers = folder.resolve("generations.jsonl");
        try (Writer out = Files.newBufferedWriter(problems)) {
            for (int i = 0; i < PROBLEMS; i++) {
                out.write(
                        "{\"id\":\"p%d\",\"question\":\"q\",\"answers\":[\"%d\"]}\n"
                                .formatted(i, i));
            }
        }
        List<WorkloadMix.Lengths> lengths = WorkloadMix.OLYMPIADBENCH_LONG.trace(generations, 1, 0);
        try (Writer out = Files.newBufferedWriter(answers)) {
            for (int i = 0; i < generations; i++) {
                int output = lengths.get(i).output();
                int sentences = output * CHARACTERS_PER_TOKEN / SENTENCE.length();
                out.write(
                        "{\"id\":\"p%d\",\"sample\":%d,\"finish\":\"eos\",\"output_tokens\":%d,\"text\":\""
                                .formatted(i % PROBLEMS, i / PROBLEMS, output));
                out.write(SENTENCE.repeat(sentences));
                out.write("\\\\boxed{%d}\"}%n".formatted(i % 7 == 0 ? i : i % PROBLEMS));
            }
        }
        long cpu = ProcessorTime.nanos();
        long start = System.nanoTime();
        new ScoreRun(problems, AnswerMode.COMPATIBLE, threads)
                .run(answers, folder.resolve("scores.jsonl"), read -> {});
        double seconds = (System.nanoTime() - start) / 1e9;
        double cpuSeconds = (ProcessorTime.nanos() - cpu) / 1e9;
        double megabytes = Files.size(answers) / 1e6;
        System.out.printf(
                Locale.ROOT,
                "%,d generations, %,.0f MB: %.1f s on %d threads, %.1f MB/s; %.1f s of processor"
                        + " time, %.1f MB/s for each core%n",
                generations,
                megabytes,
                seconds,
                threads,
                megabytes / seconds,
                cpuSeconds,
                megabytes / cpuSeconds);
    }
}
