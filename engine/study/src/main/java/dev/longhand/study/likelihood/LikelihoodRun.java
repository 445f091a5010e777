package dev.longhand.study.likelihood;

import dev.longhand.batch.AppendFile;
import dev.longhand.batch.BatchRun;
import dev.longhand.batch.JsonLine;
import dev.longhand.engine.Engine;
import dev.longhand.engine.error.InputException;
import dev.longhand.engine.file.LockFile;
import dev.longhand.engine.file.OpenResources;
import dev.longhand.study.format.BenchmarkProblem;
import dev.longhand.study.format.JsonLines;
import dev.longhand.study.format.Score;
import dev.longhand.study.format.Summary;
import dev.longhand.study.score.Statistics;

import org.jspecify.annotations.Nullable;

import tools.jackson.databind.node.ObjectNode;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Evaluates a file of problems with options; the scores have the order of the problems. A run that
 * was killed goes on after the last whole line. The first question of a subject runs alone, so that
 * the others find its description and examples in the cache.
 */
public final class LikelihoodRun {
    private final OptionScorer scorer;
    private final OptionPrompts prompts;
    private final String settings;
    private final int atATime;

    /**
     * Prepares a run.
     *
     * @param adapter the name of a loaded adapter; null is the base
     * @param settings identifies the model and the options; other scores are not continued
     * @param atATime the number of problems at once
     */
    public LikelihoodRun(
            Engine engine,
            @Nullable String adapter,
            OptionPrompts prompts,
            String settings,
            int atATime) {
        scorer = new OptionScorer(engine, adapter);
        this.prompts = prompts;
        this.settings = settings;
        this.atATime = atATime;
    }

    /**
     * Writes the scores that a file lacks, and beside it, with the ending {@code .summary.json},
     * the summary.
     *
     * @throws InputException if a problem has no options, or the file holds other scores
     */
    @SuppressWarnings("MustBeClosedChecker") // the resources close it
    public Summary run(List<BenchmarkProblem> problems, Path out, BatchRun.Progress progress)
            throws InterruptedException {
        List<OptionPrompt> all = problems.stream().map(prompts::of).toList();
        try (OpenResources resources = new OpenResources()) {
            resources.add(LockFile.of(out));
            AppendFile file = resources.add(AppendFile.open(out));
            int[] stored = {0};
            file.read((number, start, line) -> stored[0]++);
            file.cut(file.size());
            claim(out, stored[0] > 0);
            ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();
            try {
                score(problems, all, stored[0], file, workers, progress);
            } finally {
                workers.shutdownNow();
            }
            file.force();
            Summary summary = summary(problems, JsonLines.readAll(out, Score::of));
            Files.writeString(
                    out.resolveSibling(out.getFileName() + ".summary.json"),
                    JsonLine.format(summary.json()) + "\n");
            return summary;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Notes the settings beside the scores, or refuses scores that others made. */
    private void claim(Path out, boolean exists) throws IOException {
        Path note = out.resolveSibling(out.getFileName() + ".settings");
        if (!exists) {
            Files.writeString(note, settings + "\n");
        } else if (!Files.exists(note) || !Files.readString(note).strip().equals(settings)) {
            throw new InputException(
                    out
                            + ": holds scores of other problems, models or options; choose another"
                            + " file");
        }
    }

    private void score(
            List<BenchmarkProblem> problems,
            List<OptionPrompt> all,
            int stored,
            AppendFile file,
            ExecutorService workers,
            BatchRun.Progress progress)
            throws InterruptedException {
        Queue<Future<Score>> waiting = new ArrayDeque<>();
        int done = stored;
        String group = "";
        progress.answered(done, all.size());
        for (int i = stored; i < all.size(); i++) {
            BenchmarkProblem problem = problems.get(i);
            OptionPrompt prompt = all.get(i);
            boolean first = !prompt.group().equals(group);
            group = prompt.group();
            waiting.add(workers.submit(() -> scorer.score(problem, prompt)));
            while (waiting.size() >= atATime || (first && !waiting.isEmpty())) {
                file.append(taken(waiting.remove()));
                progress.answered(++done, all.size());
            }
        }
        while (!waiting.isEmpty()) {
            file.append(taken(waiting.remove()));
            progress.answered(++done, all.size());
        }
    }

    private static String taken(Future<Score> score) throws InterruptedException {
        try {
            return score.get().json() + "\n";
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause
                    ? cause
                    : new IllegalStateException(e.getCause());
        }
    }

    private Summary summary(List<BenchmarkProblem> problems, List<Score> scores) {
        int right = 0;
        int perCharacter = 0;
        int perByte = 0;
        Map<String, int[]> subjects = new TreeMap<>();
        for (int i = 0; i < scores.size(); i++) {
            Score score = scores.get(i);
            int own = Boolean.TRUE.equals(score.correct()) ? 1 : 0;
            right += own;
            perCharacter += score.others().path("acc_norm").asBoolean(false) ? 1 : 0;
            perByte += score.others().path("acc_bytes").asBoolean(false) ? 1 : 0;
            int[] counts =
                    subjects.computeIfAbsent(
                            OptionPrompts.subject(problems.get(i)), key -> new int[2]);
            counts[0] += own;
            counts[1]++;
        }
        int count = scores.size();
        ObjectNode others = JsonLine.newObject();
        others.put("acc_norm", percent(perCharacter, count));
        others.put("acc_bytes", percent(perByte, count));
        if (subjects.size() > 1) {
            ObjectNode each = others.putObject("subjects");
            subjects.forEach((name, counts) -> each.put(name, percent(counts[0], counts[1])));
        }
        return new Summary(
                problems.getFirst().benchmark(),
                count,
                count,
                right,
                percent(right, count),
                Statistics.wilson(right, count),
                Map.of(1, percent(right, count) / 100),
                null,
                null,
                null,
                null,
                0,
                0,
                null,
                settings,
                others);
    }

    private static double percent(int part, int whole) {
        return 100.0 * part / whole;
    }
}
